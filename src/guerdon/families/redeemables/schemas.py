"""Redemptions on the wire: as answers, and in the forms in which events show them."""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from guerdon.families.campaigns.schemas import SimpleCampaign
from guerdon.families.customers.schemas import NewCustomer, SimpleCustomer
from guerdon.families.orders.schemas import NewOrder, Order, SimpleOrder
from guerdon.families.products.schemas import Product, Sku
from guerdon.families.promotion_tiers.schemas import SimpleTier, Tier
from guerdon.families.promotions.schemas import SimpleStack
from guerdon.families.redeemables.answers import Applicable
from guerdon.families.redeemables.request import WantedReward
from guerdon.families.rewards.schemas import SimpleRewardResult
from guerdon.families.vouchers.schemas import SimpleVoucher, Voucher

Metadata = dict[str, Any]


class CardRedemption(msgspec.Struct, kw_only=True):
    """A reward to be paid with a card's points, perhaps along with an order."""

    reward: WantedReward | None = None
    order: NewOrder | None = None
    metadata: Metadata | None = None


class Channel(msgspec.Struct):
    """Through what a redemption came."""

    channel_id: str
    channel_type: str = "API"


class PaidPoints(msgspec.Struct):
    """What a card paid."""

    points: int


class RewardResult(msgspec.Struct, kw_only=True):
    """The reward of a redemption, with what it hands out; null is what it does not."""

    customer: SimpleCustomer | None
    assignment_id: str
    voucher: Voucher | None = None
    product: Product | None
    sku: Sku | None
    loyalty_tier_id: str | None = None
    id: str
    name: str
    object: str = "reward"
    created_at: str
    updated_at: str | UnsetType | None = UNSET
    parameters: dict[str, Any]
    metadata: Metadata
    type: str


class FullSimpleRewardResult(SimpleRewardResult, kw_only=True):
    """The reward inside the redemption of an event."""

    customer: SimpleCustomer | None
    created_at: str
    updated_at: str | None
    parameters: dict[str, Any]
    metadata: Metadata


class HeldVoucher(Voucher, kw_only=True):
    """A voucher with its holder, if it has one."""

    holder: SimpleCustomer | UnsetType = UNSET


class PaidCredits(msgspec.Struct):
    """What a gift card paid, in minor units; negative where it was given back."""

    amount: int


class SessionKey(msgspec.Struct):
    """The session that a redemption used up."""

    key: str


class Related(msgspec.Struct, kw_only=True):
    """Another redemption of the same request, or a rollback."""

    id: str
    date: str


class RelatedRedemptions(msgspec.Struct, kw_only=True):
    """The children of a redemption, and what undid it."""

    rollbacks: list[Related] | UnsetType = UNSET
    redemptions: list[Related] | UnsetType = UNSET


class Redemption(msgspec.Struct, kw_only=True):
    """A redemption, or a rollback, as an answer."""

    id: str
    object: str = "redemption"
    date: str
    customer_id: str | None
    tracking_id: str | None
    metadata: Metadata | None
    amount: int | UnsetType = UNSET
    redemption: str | None = None
    reason: str | UnsetType = UNSET
    result: str
    status: str
    session: SessionKey | UnsetType = UNSET
    related_redemptions: RelatedRedemptions | UnsetType = UNSET
    failure_code: str | UnsetType = UNSET
    failure_message: str | UnsetType = UNSET
    order: Order | None
    channel: Channel
    customer: SimpleCustomer | None
    related_object_type: str
    related_object_id: str
    voucher: HeldVoucher | UnsetType = UNSET
    promotion_tier: Tier | UnsetType = UNSET
    reward: RewardResult | UnsetType = UNSET
    gift: PaidCredits | UnsetType = UNSET
    loyalty_card: PaidPoints | UnsetType = UNSET


class Redeemed(msgspec.Struct, kw_only=True):
    """The answer: the redemptions, and those redeemables that were not redeemed."""

    redemptions: list[Redemption]
    parent_redemption: Redemption | UnsetType = UNSET
    order: Order | UnsetType = UNSET
    inapplicable_redeemables: list[Applicable]
    skipped_redeemables: list[Applicable]


class RedemptionsList(msgspec.Struct):
    """A page of redemptions and rollbacks."""

    redemptions: list[Redemption]
    total: int
    object: str = "list"
    data_ref: str = "redemptions"


class VoucherRedemptions(msgspec.Struct, kw_only=True):
    """How often a voucher may be redeemed and was, with its redemptions and rollbacks."""

    quantity: int | None
    redeemed_quantity: int
    redeemed_points: int | UnsetType = UNSET
    redeemed_amount: int | UnsetType = UNSET
    object: str = "list"
    url: str
    data_ref: str = "redemption_entries"
    total: int
    redemption_entries: list[Redemption]


class RollbackWish(msgspec.Struct, kw_only=True):
    """Why a redemption is undone, and by whom."""

    reason: str | None = None
    tracking_id: str | None = None
    customer: NewCustomer | None = None
    order: NewOrder | None = None
    metadata: Metadata | None = None


class RolledBack(msgspec.Struct, kw_only=True):
    """The answer: what undid a stack of redemptions."""

    rollbacks: list[Redemption]
    parent_rollback: Redemption | UnsetType = UNSET
    order: Order | UnsetType = UNSET


class _EventRedemption(msgspec.Struct, kw_only=True):
    """What the forms inside events share. Without an order there is no key for it, as its schema has no null."""

    id: str
    customer_id: str | None
    tracking_id: str | UnsetType = UNSET
    date: str
    amount: int | UnsetType = UNSET
    order: SimpleOrder | UnsetType = UNSET
    customer: SimpleCustomer | UnsetType = UNSET
    result: str
    status: str
    voucher: SimpleVoucher | UnsetType = UNSET
    promotion_tier: SimpleTier | UnsetType = UNSET
    redemption: str | UnsetType = UNSET
    reason: str | UnsetType = UNSET
    failure_code: str | UnsetType = UNSET
    failure_message: str | UnsetType = UNSET
    metadata: Metadata | None
    object: str = "redemption"


class SimpleRedemption(_EventRedemption, kw_only=True):
    """A redemption in its own events and in those of points and credits."""

    reward: FullSimpleRewardResult | UnsetType = UNSET
    channel: Channel


class InternalRedemption(_EventRedemption, kw_only=True):
    """A redemption in the event of its reward and in those of the order that came with it."""

    reward: RewardResult | UnsetType = UNSET
    created_at: str
    channel_type: str
    channel_id: str
    parent_redemption_id: str | UnsetType = UNSET
    related_object_type: str | UnsetType = UNSET
    related_object_id: str | UnsetType = UNSET
    related_object_parent_id: str | UnsetType = UNSET
    campaign_name: str | UnsetType = UNSET


class RedemptionEvent(msgspec.Struct, kw_only=True):
    """Data of redemption.* and customer.redemption.*; rollbacks carry what they undo and themselves."""

    customer: SimpleCustomer | UnsetType = UNSET
    order: SimpleOrder | None
    campaign: SimpleCampaign | UnsetType | None
    voucher: SimpleVoucher | UnsetType | None
    holder: SimpleCustomer | None
    promotion_tier: SimpleTier | None = None
    promotion_stack: SimpleStack | None = None
    redemption: SimpleRedemption
    redemption_rollback: SimpleRedemption | UnsetType = UNSET
    created_at: str | UnsetType = UNSET


class Named(msgspec.Struct):
    """A redeemable by its id, or by what it was asked by if there is none like that."""

    id: str
    type: str


class SimpleValidation(msgspec.Struct, kw_only=True):
    """A validation in its customer's log."""

    id: str
    session_id: str | UnsetType = UNSET
    status: str
    created_at: str
    customer_id: str
    redeemables: list[Named]
    skipped_redeemables: list[Named]
    inapplicable_redeemables: list[Named]


class ValidationEvent(msgspec.Struct):
    """Data of customer.validation.*."""

    customer: SimpleCustomer
    validation: SimpleValidation
