"""Members, points, earning rules and offers of rewards on the wire."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from guerdon.clock import Day, Moment
from guerdon.engine.money import GREATEST
from guerdon.engine.points import ExpirationRules
from guerdon.families.campaigns.schemas import SimpleCampaign
from guerdon.families.customers.schemas import NewCustomer, SimpleCustomer
from guerdon.families.publications.schemas import CustomerEventPublication
from guerdon.families.rewards.schemas import Assignment, NewAssignment, Points, Reward
from guerdon.families.vouchers.schemas import SimpleVoucher, Voucher
from guerdon.http.wire import Text

Metadata = dict[str, Any]
Change = Annotated[int, Meta(ge=-GREATEST, le=GREATEST)]
PointsText = Annotated[str, Meta(pattern=r"^[1-9][0-9]{0,14}$")]
MOST_AT_ONCE = 100


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
    has_more: bool
    more_starting_after: str | UnsetType
    object: str = "list"
    data_ref: str = "data"


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


class Step(msgspec.Struct, kw_only=True):
    """So many points for every whole `every`, in the smallest unit of the currency."""

    every: Annotated[int, Meta(ge=1, le=GREATEST)]
    points: Points | PointsText
    points_formula: Any = None


class OrderSteps(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Which amount of the order counts."""

    amount: Step | None = None
    total_amount: Step | None = None


class FixedPoints(msgspec.Struct, tag_field="type", tag="FIXED", kw_only=True):
    """The same points every time."""

    points: Points | PointsText
    points_formula: Any = None


class ProportionalPoints(msgspec.Struct, tag_field="type", tag="PROPORTIONAL", kw_only=True):
    """Points in proportion to what was paid."""

    calculation_type: Literal["ORDER_AMOUNT", "ORDER_TOTAL_AMOUNT"]
    order: OrderSteps | None = None


class NewSource(msgspec.Struct, kw_only=True):
    """What the rule is called."""

    banner: Text | None = None


class Unsupported(msgspec.Struct, kw_only=True):
    """What rules cannot keep yet: named, so that it can be refused."""

    pending_points: Any = None
    validity_timeframe: Any = None
    validity_day_of_week: Any = None
    validity_hours: Any = None


class NewEarningRule(Unsupported, kw_only=True):
    """A rule to be made."""

    event: Text
    validation_rule_id: str | None = None
    loyalty: FixedPoints | ProportionalPoints
    source: NewSource | None = None
    active: bool | None = None
    start_date: Moment | None = None
    expiration_date: Moment | None = None
    expiration_rules: ExpirationRules | None = None
    metadata: Metadata | None = None


class EarningRulePatch(Unsupported, kw_only=True):
    """What can be changed about a rule. What is not sent stays, null clears what may be absent, metadata are merged."""

    validation_rule_id: str | UnsetType | None = UNSET
    loyalty: FixedPoints | ProportionalPoints | None = None
    source: NewSource | None = None
    active: bool | None = None
    start_date: Moment | UnsetType | None = UNSET
    expiration_date: Moment | UnsetType | None = UNSET
    expiration_rules: ExpirationRules | UnsetType | None = UNSET
    metadata: Metadata | None = None


NewEarningRules = Annotated[list[NewEarningRule], Meta(min_length=1, max_length=MOST_AT_ONCE)]


class Source(msgspec.Struct, kw_only=True):
    """Where a rule belongs."""

    banner: str | UnsetType = UNSET
    object_id: str
    object_type: str = "campaign"


class EarningRule(msgspec.Struct, kw_only=True):
    """A rule by which customers earn points."""

    id: str
    created_at: str
    updated_at: str | None
    validation_rule_id: str | None = None
    loyalty: dict[str, Any]
    event: str
    source: Source
    active: bool
    start_date: str | UnsetType = UNSET
    expiration_date: str | UnsetType = UNSET
    expiration_rules: dict[str, Any] | UnsetType = UNSET
    object: str = "earning_rule"
    automation_id: str
    metadata: Metadata


class SimpleEarningRule(msgspec.Struct, kw_only=True):
    """A rule inside the event of a movement."""

    id: str
    campaign_id: str
    validation_rule_id: str | None = None
    parameters: dict[str, Any]
    automation_id: str
    active: bool
    source: Source
    loyalty: dict[str, Any]
    event: str
    metadata: Metadata


class EarningRules(msgspec.Struct):
    """A page of rules."""

    data: list[EarningRule]
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


class EarningRuleEvent(msgspec.Struct):
    """Data of campaign.earning_rule.assigned, .updated, .enabled, .disabled and .deleted."""

    campaign: SimpleCampaign
    earning_rule: EarningRule


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
    holder_loyalty_tier: None = None
    balance: Balance
    order: Any = None
    event: Any = None
    earning_rule: SimpleEarningRule | None = None
    segment: None = None
    loyalty_tier: None = None
    redemption: Any = None
    rollback: Any = None
    reward: Reward | None = None
    custom_event: None = None
    source_voucher: None = None
    destination_voucher: None = None


class RewardedPoints(msgspec.Struct, kw_only=True):
    """Data of customer.rewarded.loyalty_points; the card as it was before."""

    customer: SimpleCustomer
    holder: SimpleCustomer
    voucher: SimpleVoucher
    campaign: SimpleCampaign
    loyalty_tier: None = None
    earning_rule: EarningRule
    balance: Balance
    order: Any
    event: dict[str, Any]
    publication: CustomerEventPublication | UnsetType = UNSET
