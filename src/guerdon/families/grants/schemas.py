"""Rewards that customers get, as events tell of them."""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from guerdon.families.campaigns.schemas import SimpleCampaign
from guerdon.families.customers.schemas import SimpleCustomer
from guerdon.families.publications.schemas import CustomerEventPublication
from guerdon.families.rewards.schemas import Assignment, SimpleRewardResult
from guerdon.families.vouchers.schemas import SimpleVoucher


class RewardRedemption(msgspec.Struct, kw_only=True):
    """What is owed for a reward, and whether it was handed out."""

    id: str
    state: str
    created_at: str
    updated_at: str | None
    voucher_id: str
    campaign_id: str
    customer_id: str
    reward_assignment_id: str
    source_id: str
    source_type: str


class Source(msgspec.Struct):
    """What a reward was got by."""

    id: str
    type: str = "redemption"


class Amount(msgspec.Struct, kw_only=True):
    """Credits in minor units, or points."""

    amount: int | UnsetType = UNSET
    points: int | UnsetType = UNSET


class RewardRedemptionEvent(msgspec.Struct, kw_only=True):
    """Data of customer.reward_redemptions.*: the card, or the referral code, that it was got with."""

    customer: SimpleCustomer
    holder: SimpleCustomer
    voucher: SimpleVoucher
    campaign: SimpleCampaign
    reward_redemption: RewardRedemption
    reward: SimpleRewardResult
    reward_assignment: Assignment
    source: Source
    balance: Amount | None = None
    publication: CustomerEventPublication | UnsetType = UNSET


class ReferralTierParameters(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What a referral tier reacts to."""

    event_type: str
    custom_event: dict[str, str] | UnsetType = UNSET


class SimpleReferralTier(msgspec.Struct, kw_only=True):
    """A referral tier inside an event."""

    id: str
    campaign_id: str
    banner: str
    parameters: ReferralTierParameters


class Rewarded(msgspec.Struct, kw_only=True):
    """Data of customer.rewarded; null is what did not cause it."""

    customer: SimpleCustomer
    holder: SimpleCustomer
    voucher: SimpleVoucher
    campaign: SimpleCampaign
    redemption: Any = None
    reward: SimpleRewardResult
    referral_tier: SimpleReferralTier | None = None
    balance: Amount | None = None
    custom_event: Any = None
    customer_event: None = None
