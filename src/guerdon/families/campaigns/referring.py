"""Referral programs on the wire."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from guerdon.engine.money import GREATEST


class ReferralEvent(msgspec.Struct, kw_only=True):
    """The custom event by which a customer is referred."""

    id: str | None = None
    name: str | None = None


class RewardParent(msgspec.Struct, kw_only=True):
    """The campaign whose card a referred customer gets something on."""

    id: str
    name: str | None = None
    object: str | None = None


class RefereeReward(msgspec.Struct, kw_only=True):
    """Points, or credits in minor units, for a referred customer."""

    type: Literal["LOYALTY_CARD", "GIFT_VOUCHER"]
    amount: Annotated[int, Meta(ge=1, le=GREATEST)]
    related_object_parent: RewardParent


class NewReferralProgram(msgspec.Struct, kw_only=True):
    """What counts as a referral, and what a referred customer gets besides the code's discount."""

    conversion_event_type: Literal["redemption", "custom_event"]
    custom_event: ReferralEvent | None = None
    referee_reward: RefereeReward | None = None
