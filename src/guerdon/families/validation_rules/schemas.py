"""Validation rules and their assignments on the wire."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from guerdon.http.wire import Amount, Text

_DISCOUNTS = (
    "",
    ".discount.apply_to_order",
    ".discount.apply_to_items",
    ".discount.apply_to_items_proportionally",
    ".discount.apply_to_items_proportionally_by_quantity",
    ".discount.apply_to_items_by_quantity",
    ".discount.fixed.apply_to_items",
    ".discount.percent.apply_to_items",
)
_GIFTS = ("", ".gift.apply_to_order", ".gift.apply_to_items")
_TIER_EVENTS = ("joined", "left", "upgraded", "downgraded", "prolonged")
GLOBAL = "global"
# What a rule can be meant for.
CONTEXTS = frozenset(
    {
        GLOBAL,
        "campaign.loyalty_program",
        "voucher.loyalty_card",
        "reward_assignment.pay_with_points",
        *(
            f"{holder}{use}"
            for holder in (
                "campaign.discount_coupons",
                "campaign.referral_program",
                "campaign.promotion",
                "voucher.discount_voucher",
            )
            for use in _DISCOUNTS
        ),
        *(f"{holder}{use}" for holder in ("campaign.gift_vouchers", "voucher.gift_voucher") for use in _GIFTS),
        "earning_rule.order.paid",
        "earning_rule.custom_event",
        "earning_rule.customer.segment.entered",
        *(f"earning_rule.customer.tier.{event}" for event in _TIER_EVENTS),
        *(
            f"distribution.{event}"
            for event in ("custom_event", "order.paid", "order.created", "order.canceled", "order.updated")
        ),
    }
)
RelatedType = Literal["voucher", "promotion_tier", "campaign", "earning_rule", "distribution", "reward_assignment"]
Units = Amount
Definition = dict[str, Any]


class RuleError(msgspec.Struct, omit_defaults=True):
    """What to say where a rule is not met."""

    message: Text | None = None


class RuleNode(msgspec.Struct, kw_only=True):
    """One condition of a rule, with conditions of its own where it is about goods."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    property: Text | None = None
    conditions: Definition | None = None
    rules: Definition | None = None
    error: RuleError | None = None


class Entry(msgspec.Struct, omit_defaults=True, kw_only=True):
    """Goods that a discount is for, or not for: how much of it they get, and how many of them get it."""

    object: Literal["product", "sku", "products_collection"]
    id: str | None = None
    source_id: str | None = None
    product_id: str | None = None
    product_source_id: str | None = None
    strict: bool | None = None
    price: Amount | float | None = None
    price_formula: Text | float | None = None
    effect: (
        Literal[
            "APPLY_TO_EVERY",
            "APPLY_TO_CHEAPEST",
            "APPLY_FROM_CHEAPEST",
            "APPLY_TO_MOST_EXPENSIVE",
            "APPLY_FROM_MOST_EXPENSIVE",
        ]
        | None
    ) = None
    quantity_limit: Units | None = None
    aggregated_quantity_limit: Units | None = None
    amount_limit: Amount | None = None
    aggregated_amount_limit: Amount | None = None
    product_campaign_quantity_limit: Units | None = None
    product_campaign_quantity_limit_formula: Text | None = None
    product_customer_campaign_quantity_limit: Units | None = None
    product_customer_campaign_quantity_limit_formula: Text | None = None
    product_in_collection_campaign_quantity_limit: Units | None = None
    product_in_collection_campaign_quantity_limit_formula: Text | None = None
    product_in_collection_customer_campaign_quantity_limit: Units | None = None
    product_in_collection_customer_campaign_quantity_limit_formula: Text | None = None
    product_promotion_tier_quantity_limit: Units | None = None
    product_promotion_tier_quantity_limit_formula: Text | None = None
    product_customer_promotion_tier_quantity_limit: Units | None = None
    product_customer_promotion_tier_quantity_limit_formula: Text | None = None
    product_in_collection_promotion_tier_quantity_limit: Units | None = None
    product_in_collection_promotion_tier_quantity_limit_formula: Text | None = None
    product_in_collection_customer_promotion_tier_quantity_limit: Units | None = None
    product_in_collection_customer_promotion_tier_quantity_limit_formula: Text | None = None
    repeat: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    skip_initially: Annotated[int, Meta(ge=0, le=1_000_000)] | None = None
    target: Literal["ITEM", "UNIT"] | None = None


class NewApplicableTo(msgspec.Struct, kw_only=True):
    """Which goods a discount is for."""

    included: Annotated[list[Entry], Meta(max_length=1_000)] | None = None
    excluded: Annotated[list[Entry], Meta(max_length=1_000)] | None = None
    included_all: bool | None = None


class RuleBody(msgspec.Struct, kw_only=True):
    """What can be said of a rule besides its name."""

    rules: Definition | None = None
    bundle_rules: Definition | UnsetType | None = UNSET
    applicable_to: NewApplicableTo | None = None
    error: RuleError | None = None
    type: Literal["expression", "basic", "advanced", "complex"] | None = None
    context_type: str | None = None


class NewRule(RuleBody, kw_only=True):
    """A rule to be made."""

    name: Annotated[str, Meta(min_length=1, max_length=500)]


class RulePatch(RuleBody, kw_only=True):
    """What can be changed about a rule. What is not sent stays; `bundle_rules` null removes them."""

    name: Annotated[str, Meta(min_length=1, max_length=500)] | None = None


class ValidationRule(msgspec.Struct, kw_only=True):
    """A rule, and to how many things it is assigned."""

    id: str
    name: str
    rules: Definition
    bundle_rules: Definition | UnsetType = UNSET
    error: Definition | UnsetType = UNSET
    applicable_to: Definition
    type: str
    context_type: str
    created_at: str
    updated_at: str | UnsetType = UNSET
    assignments_count: int
    object: str = "validation_rules"


class RulesList(msgspec.Struct):
    """A page of rules."""

    data: list[ValidationRule]
    total: int
    object: str = "list"
    data_ref: str = "data"


class NewRuleAssignment(msgspec.Struct, kw_only=True):
    """What a rule is to be assigned to: by id, and a voucher also by its code."""

    related_object_type: RelatedType
    related_object_id: Annotated[str, Meta(min_length=1)]


class RuleAssignment(msgspec.Struct, kw_only=True):
    """That a rule binds something."""

    id: str
    rule_id: str
    related_object_id: str
    related_object_type: str
    created_at: str
    object: str = "validation_rules_assignment"


class RuleAssignmentsList(msgspec.Struct):
    """A page of assignments."""

    data: list[RuleAssignment]
    total: int
    object: str = "list"
    data_ref: str = "data"


class RuleCreated(msgspec.Struct):
    """Data of business_validation_rule.created."""

    rule: ValidationRule
    created_at: str


class RuleUpdated(msgspec.Struct):
    """Data of business_validation_rule.updated."""

    rule: ValidationRule
    updated_at: str


class RuleDeleted(msgspec.Struct):
    """Data of business_validation_rule.deleted."""

    rule: ValidationRule
    deleted_at: str


class About(msgspec.Struct, kw_only=True):
    """What a rule is assigned to, as events show it; everything that it is not is null, a voucher left out."""

    voucher: Any = UNSET
    campaign: Any = None
    distribution: Any = None
    earning_rule: Any = None
    promotion_tier: Any = None


class RuleAssignmentEvent(About, kw_only=True):
    """Data of business_validation_rule.assignment.created and .deleted."""

    rule: ValidationRule
    assignment: RuleAssignment
