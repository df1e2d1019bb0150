"""How several redeemables of one request work together, on the wire."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

Most30 = Annotated[int, Meta(ge=1, le=30)]
Most5 = Annotated[int, Meta(ge=1, le=5)]
CategoryIds = Annotated[list[str], Meta(max_length=1_000)]


class NewStackingRules(msgspec.Struct, kw_only=True):
    """What is to be in force. What is not sent, or null, stays as it is: at first, at its default."""

    redeemables_limit: Most30 | None = None
    applicable_redeemables_limit: Most30 | None = None
    applicable_redeemables_per_category_limit: Most30 | UnsetType | None = UNSET
    applicable_redeemables_category_limits: dict[str, Most30] | None = None
    applicable_exclusive_redeemables_limit: Most5 | None = None
    applicable_exclusive_redeemables_per_category_limit: Most30 | UnsetType | None = UNSET
    exclusive_categories: CategoryIds | None = None
    joint_categories: CategoryIds | None = None
    redeemables_application_mode: Literal["ALL", "PARTIAL"] | None = None
    redeemables_sorting_rule: Literal["REQUESTED_ORDER", "CATEGORY_HIERARCHY"] | None = None
    grouped_redeemables_sorting_rule: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    redeemables_products_application_mode: Literal["STACK", "ONCE"] | None = None
    redeemables_no_effect_rule: Literal["REDEEM_ANYWAY", "SKIP"] | None = None
    no_effect_skip_categories: CategoryIds | None = None
    no_effect_redeem_anyway_categories: CategoryIds | None = None
    redeemables_rollback_order_mode: Literal["WITH_ORDER", "WITHOUT_ORDER"] | None = None
    discount_calculation_mode: Literal["INITIAL_AMOUNT", "DISCOUNTED_AMOUNT"] | None = None
    initial_amount_mode_categories: CategoryIds | None = None
    discounted_amount_mode_categories: CategoryIds | None = None


class StackingRules(msgspec.Struct, kw_only=True):
    """What is in force; without an id and dates where a project has only the defaults."""

    id: str | UnsetType = UNSET
    redeemables_limit: int = 30
    applicable_redeemables_limit: int = 5
    applicable_redeemables_per_category_limit: int | None = None
    applicable_redeemables_category_limits: dict[str, int] = {}
    applicable_exclusive_redeemables_limit: int = 1
    applicable_exclusive_redeemables_per_category_limit: int | None = None
    exclusive_categories: list[str] = []
    joint_categories: list[str] = []
    redeemables_application_mode: str = "ALL"
    redeemables_sorting_rule: str = "REQUESTED_ORDER"
    grouped_redeemables_sorting_rule: str = "JOINT_ALWAYS_LAST"
    redeemables_products_application_mode: str = "STACK"
    redeemables_no_effect_rule: str = "REDEEM_ANYWAY"
    no_effect_skip_categories: list[str] = []
    no_effect_redeem_anyway_categories: list[str] = []
    redeemables_rollback_order_mode: str = "WITH_ORDER"
    discount_calculation_mode: str = "DISCOUNTED_AMOUNT"
    initial_amount_mode_categories: list[str] = []
    discounted_amount_mode_categories: list[str] = []
    created_at: str | UnsetType = UNSET
    updated_at: str | UnsetType = UNSET


class StackingRulesList(msgspec.Struct):
    """The one set of rules of a project."""

    data: list[StackingRules]
    total: int
    object: str = "list"
    data_ref: str = "data"


# Lists of which a category can be in one at most.
DISJOINT = (
    ("exclusive_categories", "joint_categories"),
    ("no_effect_skip_categories", "no_effect_redeem_anyway_categories"),
    ("initial_amount_mode_categories", "discounted_amount_mode_categories"),
)
LISTS = tuple(name for pair in DISJOINT for name in pair)
