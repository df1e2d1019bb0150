"""Earning rules on the wire."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from guerdon.engine.earning import Basis
from guerdon.engine.money import GREATEST
from guerdon.engine.points import ExpirationRules
from guerdon.families.campaigns.schemas import SimpleCampaign
from guerdon.families.rewards.schemas import Points
from guerdon.families.vouchers.schemas import NewTimes, TimesPatch
from guerdon.http.wire import Text

Metadata = dict[str, Any]
PointsText = Annotated[str, Meta(pattern=r"^[1-9][0-9]{0,14}$")]
Formula = Annotated[str, Meta(min_length=1)]
Name = Annotated[str, Meta(min_length=1, max_length=500)]
MOST_AT_ONCE = 100


class Goods(msgspec.Struct, kw_only=True):
    """Goods whose lines count."""

    object: Literal["products_collection", "product", "sku"]
    id: Name


class Step(msgspec.Struct, kw_only=True):
    """So many points for every whole `every`: minor units of money, units of goods, or what metadata count."""

    every: Annotated[int, Meta(ge=1, le=GREATEST)]
    points: Points | PointsText
    points_formula: Formula | None = None


class PropertyStep(Step, kw_only=True):
    """The same of the number that metadata have for a property."""

    property: Name


class GoodsStep(Step, kw_only=True):
    """The same of the lines of some goods, named one by one or by the first of them alone."""

    object: Literal["products_collection", "product", "sku"] | None = None
    id: Name | None = None
    applicable_to: Annotated[list[Goods], Meta(max_length=MOST_AT_ONCE)] | None = None


class OrderSteps(msgspec.Struct, kw_only=True):
    """Which number of the order counts."""

    amount: Step | None = None
    total_amount: Step | None = None
    metadata: PropertyStep | None = None


class ItemSteps(msgspec.Struct, kw_only=True):
    """Which number of the order's lines counts."""

    quantity: GoodsStep | None = None
    amount: GoodsStep | None = None
    subtotal_amount: GoodsStep | None = None


class MetadataSteps(msgspec.Struct, kw_only=True):
    """Which property of metadata counts."""

    metadata: PropertyStep | None = None


class FixedPoints(msgspec.Struct, tag_field="type", tag="FIXED", kw_only=True):
    """The same points every time."""

    points: Points | PointsText
    points_formula: Formula | None = None


class ProportionalPoints(msgspec.Struct, tag_field="type", tag="PROPORTIONAL", kw_only=True):
    """Points in proportion to something; the block that the type of calculation names must be there."""

    calculation_type: Basis
    order: OrderSteps | None = None
    order_items: ItemSteps | None = None
    customer: MetadataSteps | None = None
    custom_event: MetadataSteps | None = None


NewLoyalty = FixedPoints | ProportionalPoints


class NewSource(msgspec.Struct, kw_only=True):
    """What the rule is called."""

    banner: Text | None = None


class PendingPoints(msgspec.Struct, kw_only=True):
    """How many days points wait before they can be used."""

    period_type: Literal["DAY"] = "DAY"
    period_value: Annotated[int, Meta(ge=1, le=90)]


class EventRef(msgspec.Struct, kw_only=True):
    """The custom event that the rule is about."""

    schema_id: str | None = None


class Ref(msgspec.Struct, kw_only=True):
    """The segment or tier that the rule is about."""

    id: str | None = None


class NewEarningRule(NewTimes, kw_only=True):
    """A rule to be made."""

    event: Name
    custom_event: EventRef | None = None
    segment: Ref | None = None
    loyalty_tier: Ref | None = None
    validation_rule_id: str | None = None
    loyalty: NewLoyalty
    source: NewSource | None = None
    active: bool | None = None
    pending_points: PendingPoints | None = None
    expiration_rules: ExpirationRules | None = None
    metadata: Metadata | None = None


class EarningRulePatch(TimesPatch, kw_only=True):
    """What can be changed about a rule. What is not sent stays, null clears what may be absent, metadata are merged."""

    validation_rule_id: str | UnsetType | None = UNSET
    loyalty: NewLoyalty | None = None
    source: NewSource | None = None
    active: bool | None = None
    pending_points: PendingPoints | UnsetType | None = UNSET
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
    custom_event: dict[str, str] | UnsetType = UNSET
    segment: dict[str, str] | UnsetType = UNSET
    loyalty_tier: dict[str, str] | UnsetType = UNSET
    pending_points: PendingPoints | UnsetType = UNSET
    source: Source
    active: bool
    start_date: str | UnsetType = UNSET
    expiration_date: str | UnsetType = UNSET
    validity_timeframe: dict[str, Any] | UnsetType = UNSET
    validity_day_of_week: list[int] | UnsetType = UNSET
    validity_hours: dict[str, Any] | UnsetType = UNSET
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


class EarningRuleEvent(msgspec.Struct):
    """Data of campaign.earning_rule.assigned, .updated, .enabled, .disabled and .deleted."""

    campaign: SimpleCampaign
    earning_rule: EarningRule
