"""Redemptions of rewards on the wire: the request, the answer, and the forms in which events show them."""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from guerdon.families.campaigns.schemas import SimpleCampaign
from guerdon.families.customers.schemas import SimpleCustomer
from guerdon.families.orders.schemas import NewOrder, Order, SimpleOrder
from guerdon.families.products.schemas import Product, Sku
from guerdon.families.rewards.schemas import Assignment, SimpleProduct, SimpleSku
from guerdon.families.vouchers.schemas import SimpleVoucher, Voucher

Metadata = dict[str, Any]


class WantedReward(msgspec.Struct, kw_only=True):
    """The reward that is wanted. `points` says how many to pay where a reward has no price of its own."""

    id: str
    points: int | None = None


class NewRedemption(msgspec.Struct, kw_only=True):
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

    customer: SimpleCustomer
    assignment_id: str
    voucher: None = None
    product: Product | None
    sku: Sku | None
    loyalty_tier_id: None = None
    id: str
    name: str
    object: str = "reward"
    created_at: str
    updated_at: str | UnsetType | None = UNSET
    parameters: dict[str, Any]
    metadata: Metadata
    type: str


class SimpleRewardResult(msgspec.Struct, kw_only=True):
    """The reward of a redemption inside an event."""

    assignment_id: str
    product: SimpleProduct | UnsetType = UNSET
    sku: SimpleSku | UnsetType = UNSET
    id: str
    object: str = "reward"
    name: str
    type: str


class FullSimpleRewardResult(SimpleRewardResult, kw_only=True):
    """The reward inside the redemption of an event."""

    customer: SimpleCustomer
    created_at: str
    updated_at: str | None
    parameters: dict[str, Any]
    metadata: Metadata


class HeldVoucher(Voucher, kw_only=True):
    """A card with its holder."""

    holder: SimpleCustomer


class Redemption(msgspec.Struct, kw_only=True):
    """The answer: a reward that was paid with points."""

    id: str
    object: str = "redemption"
    date: str
    customer_id: str
    tracking_id: str
    metadata: Metadata
    amount: int
    redemption: None = None
    result: str
    status: str
    order: Order | None
    channel: Channel
    customer: SimpleCustomer
    related_object_type: str = "voucher"
    related_object_id: str
    voucher: HeldVoucher
    reward: RewardResult
    loyalty_card: PaidPoints


class _EventRedemption(msgspec.Struct, kw_only=True):
    """What the forms inside events share. Without an order there is no key for it, as its schema has no null."""

    id: str
    customer_id: str
    tracking_id: str
    date: str
    amount: int
    order: SimpleOrder | UnsetType = UNSET
    customer: SimpleCustomer
    result: str
    status: str
    voucher: SimpleVoucher
    metadata: Metadata
    object: str = "redemption"


class SimpleRedemption(_EventRedemption, kw_only=True):
    """A redemption in its own events and in those of points."""

    reward: FullSimpleRewardResult
    channel: Channel


class InternalRedemption(_EventRedemption, kw_only=True):
    """A redemption in the event of its reward and in those of the order that came with it."""

    reward: RewardResult
    created_at: str
    channel_type: str = "API"
    channel_id: str
    related_object_type: str = "voucher"
    related_object_id: str
    related_object_parent_id: str
    campaign_name: str


class RewardRedemption(msgspec.Struct, kw_only=True):
    """What is owed for a redeemed reward, and whether it was handed out."""

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


class RedemptionSucceeded(msgspec.Struct, kw_only=True):
    """Data of redemption.succeeded, and without `created_at` of customer.redemption.succeeded."""

    customer: SimpleCustomer
    order: SimpleOrder | None
    campaign: SimpleCampaign
    voucher: SimpleVoucher
    holder: SimpleCustomer
    promotion_tier: None = None
    promotion_stack: None = None
    redemption: SimpleRedemption
    created_at: str | UnsetType = UNSET


class RedeemedFrom(msgspec.Struct):
    """What a reward was redeemed with."""

    id: str
    type: str = "redemption"


class RewardRedemptionEvent(msgspec.Struct, kw_only=True):
    """Data of customer.reward_redemptions.*."""

    customer: SimpleCustomer
    holder: SimpleCustomer
    voucher: SimpleVoucher
    campaign: SimpleCampaign
    reward_redemption: RewardRedemption
    reward: SimpleRewardResult
    reward_assignment: Assignment
    source: RedeemedFrom
    balance: None = None


class Rewarded(msgspec.Struct, kw_only=True):
    """Data of customer.rewarded."""

    customer: SimpleCustomer
    holder: SimpleCustomer
    voucher: SimpleVoucher
    campaign: SimpleCampaign
    redemption: InternalRedemption
    reward: SimpleRewardResult
    referral_tier: None = None
    balance: None = None
    custom_event: None = None
    customer_event: None = None
