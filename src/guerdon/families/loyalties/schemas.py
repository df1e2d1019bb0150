"""Members, points, earning rules and offers of rewards on the wire."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from guerdon.clock import Day
from guerdon.engine.money import GREATEST
from guerdon.families.campaigns.schemas import SimpleCampaign
from guerdon.families.customers.schemas import NewCustomer, SimpleCustomer
from guerdon.families.loyalties.earning_schemas import MOST_AT_ONCE, EarningRule, SimpleEarningRule
from guerdon.families.orders.schemas import NewOrder, SimpleOrder
from guerdon.families.publications.schemas import CustomerEventPublication
from guerdon.families.rewards.schemas import Assignment, NewAssignment, Reward
from guerdon.families.vouchers.schemas import SimpleVoucher, Voucher
from guerdon.http.wire import Text

Metadata = dict[str, Any]
Change = Annotated[int, Meta(ge=-GREATEST, le=GREATEST)]


class NewMember(msgspec.Struct, kw_only=True):
    """A card for a customer: the one named, or the next free one."""

    customer: NewCustomer | str
    voucher: str | None = None
    channel: Text | None = None
    metadata: Metadata | None = None
    source_id: Annotated[str, Meta(min_length=1, max_length=500)] | None = None


class Members(msgspec.Struct):
    """A page of cards."""

    vouchers: list[Voucher]
    total: int
    object: str = "list"
    data_ref: str = "vouchers"


class BalanceChange(msgspec.Struct, kw_only=True):
    """Points to be added, or taken where negative. Without a type, added ones expire as the campaign says."""

    points: Change
    expiration_type: Literal["PROGRAM_RULES", "CUSTOM_DATE", "NON_EXPIRING"] | None = None
    expiration_date: Day | None = None
    reason: Text | None = None
    source_id: Text | None = None


class Transfer(msgspec.Struct, kw_only=True):
    """Points to be taken from a card and put on that of the path."""

    code: Annotated[str, Meta(min_length=1, max_length=500)]
    points: Annotated[int, Meta(ge=1, le=GREATEST)]
    reason: Text | None = None
    source_id: Text | None = None


Transfers = Annotated[list[Transfer], Meta(min_length=1, max_length=MOST_AT_ONCE)]


class EstimateRequest(msgspec.Struct, kw_only=True):
    """Whose order is to be estimated; an order that is named by its id may be changed by what is sent with it."""

    customer: NewCustomer | None = None
    order: NewOrder | None = None


class NamedCampaign(msgspec.Struct):
    """The campaign of an estimate."""

    id: str
    name: str
    object: str = "campaign"


class Estimate(msgspec.Struct):
    """How many points an order would bring."""

    campaign: NamedCampaign
    points_estimation: int


class Related(msgspec.Struct):
    """Whose balance it is."""

    id: str
    type: str = "voucher"


class Balance(msgspec.Struct, kw_only=True):
    """A card after a movement: `points` moved, `total` were added and not taken off again, `balance` are left."""

    points: int
    total: int
    balance: int
    type: str = "loyalty_card"
    object: str = "balance"
    related_object: Related
    operation_type: str | UnsetType = UNSET


class Transaction(msgspec.Struct, kw_only=True):
    """A movement of a card."""

    id: str
    source_id: str | None
    voucher_id: str
    campaign_id: str | None
    source: str | None
    reason: str | None
    type: str
    details: dict[str, Any]
    related_transaction_id: str | None
    created_at: str


class Transactions(msgspec.Struct):
    """A slice of a ledger."""

    data: list[Transaction]
    has_more: bool | UnsetType
    more_starting_after: str | UnsetType
    object: str = "list"
    data_ref: str = "data"
    total: int | UnsetType = UNSET


class BucketPoints(msgspec.Struct):
    """What is left in a bucket."""

    total_points: int


class Bucket(msgspec.Struct, kw_only=True):
    """Points that expire together; without a date they never do."""

    id: str
    voucher_id: str
    campaign_id: str | None
    bucket: BucketPoints
    status: str
    expires_at: str | UnsetType = UNSET
    created_at: str
    updated_at: str | UnsetType = UNSET
    object: str = "loyalty_points_bucket"


class Buckets(msgspec.Struct):
    """A page of buckets, those that expire soonest first."""

    data: list[Bucket]
    total: int
    object: str = "list"
    data_ref: str = "data"


class NewCampaignAssignment(NewAssignment, kw_only=True):
    """A reward to be offered in the campaign of the path."""

    reward: str


class NewRewardAssignment(NewAssignment, kw_only=True):
    """A campaign in which the reward of the path is to be offered."""

    campaign: str


NewCampaignAssignments = Annotated[list[NewCampaignAssignment], Meta(min_length=1, max_length=MOST_AT_ONCE)]


class MemberReward(msgspec.Struct):
    """A reward that a card can be exchanged for, and at what price."""

    reward: Reward
    assignment: Assignment
    object: str = "loyalty_reward"


class MemberRewards(msgspec.Struct):
    """Everything that a card can be exchanged for."""

    data: list[MemberReward]
    total: int
    object: str = "list"
    data_ref: str = "data"


class AssignmentEvent(msgspec.Struct):
    """Data of campaign.reward.assignment.created, .updated and .deleted."""

    campaign: SimpleCampaign
    reward: Reward
    reward_assignment: Assignment


class PointsAdded(msgspec.Struct, kw_only=True):
    """Data of voucher.loyalty_card.points_added and its twin of the customer."""

    customer: SimpleCustomer
    campaign: SimpleCampaign
    voucher: SimpleVoucher
    balance: Balance
    transaction: Transaction


class PointsExpired(msgspec.Struct, kw_only=True):
    """Data of voucher.loyalty_card.points_expired and its twin of the customer."""

    voucher: SimpleVoucher
    points: int
    campaign: SimpleCampaign
    customer: SimpleCustomer
    buckets: list[Bucket]
    transaction: Transaction


class TransactionCreated(msgspec.Struct, kw_only=True):
    """Data of voucher.loyalty_card.transaction.created: what its details name, in full; null what they do not."""

    transaction: Transaction
    voucher: Voucher
    campaign: SimpleCampaign
    holder: SimpleCustomer | None
    holder_loyalty_tier: Any = None
    balance: Balance
    order: Any = None
    event: Any = None
    earning_rule: SimpleEarningRule | None = None
    segment: Any = None
    loyalty_tier: Any = None
    redemption: Any = None
    rollback: Any = None
    reward: Reward | None = None
    custom_event: Any = None
    source_voucher: SimpleVoucher | None = None
    destination_voucher: SimpleVoucher | None = None


class PendingPointsView(msgspec.Struct, kw_only=True):
    """Points that wait for the day on which they can be used."""

    id: str
    voucher_id: str
    campaign_id: str
    customer_id: str
    order_id: str
    points: int
    activates_at: str
    details: dict[str, Any]
    created_at: str
    updated_at: str | UnsetType = UNSET


class PendingPointsList(msgspec.Struct):
    """A slice of the points that wait."""

    data: list[PendingPointsView]
    has_more: bool
    more_starting_after: str | UnsetType
    object: str = "list"
    data_ref: str = "data"


class PendingChange(msgspec.Struct, kw_only=True):
    """By how much waiting points are to be more, or less where negative."""

    points: Change


class PendingBalance(msgspec.Struct, kw_only=True):
    """Waiting points of a card after a change: `points` more or less, `total` wait. Events show `balance` as well."""

    points: int
    total: int
    object: str = "balance"
    balance: int | UnsetType = UNSET
    related_object: Related
    operation_type: str


class PendingPointsChanged(msgspec.Struct, kw_only=True):
    """Data of pending_points.added, .updated and .canceled, for the project and for the customer."""

    customer: SimpleCustomer
    campaign: SimpleCampaign
    voucher: SimpleVoucher
    voucher_pending_points_balance: PendingBalance
    order: SimpleOrder | None
    pending_points: PendingPointsView


class PendingPointsActivated(msgspec.Struct, kw_only=True):
    """Data of pending_points.activated, for the project and for the customer."""

    customer: SimpleCustomer
    campaign: SimpleCampaign
    voucher: SimpleVoucher
    balance: Balance
    order: SimpleOrder | None
    transaction: Transaction
    pending_points: PendingPointsView


class PointsTransferred(msgspec.Struct, kw_only=True):
    """Data of customer.voucher.loyalty_card.points_transferred, for either holder; cards as they are afterwards."""

    customer: SimpleCustomer
    campaign: SimpleCampaign
    voucher: SimpleVoucher
    source_voucher: SimpleVoucher
    destination_voucher: SimpleVoucher
    balance: Balance
    transaction: Transaction


class RewardedPoints(msgspec.Struct, kw_only=True):
    """Data of customer.rewarded.loyalty_points; the card as it was before."""

    customer: SimpleCustomer
    holder: SimpleCustomer
    voucher: SimpleVoucher
    campaign: SimpleCampaign
    loyalty_tier: Any = None
    earning_rule: EarningRule
    balance: Balance
    order: Any
    event: dict[str, Any]
    publication: CustomerEventPublication | UnsetType = UNSET
