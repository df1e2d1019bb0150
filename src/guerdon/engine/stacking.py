"""How redeemables go together: the project's settings, and in what order which of them get their turn. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import msgspec

from guerdon.engine.redeemable import Redeemable
from guerdon.engine.refusals import Skip

Amounts = Literal["INITIAL_AMOUNT", "DISCOUNTED_AMOUNT"]


class Stacking(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of a project; the defaults are those of a project that has set nothing."""

    redeemables_limit: int = 30
    applicable_redeemables_limit: int = 5
    applicable_redeemables_per_category_limit: int | None = None
    applicable_redeemables_category_limits: Mapping[str, int] = {}
    applicable_exclusive_redeemables_limit: int = 1
    applicable_exclusive_redeemables_per_category_limit: int | None = None
    exclusive_categories: Sequence[str] = ()
    joint_categories: Sequence[str] = ()
    redeemables_application_mode: Literal["ALL", "PARTIAL"] = "ALL"
    redeemables_sorting_rule: Literal["REQUESTED_ORDER", "CATEGORY_HIERARCHY"] = "REQUESTED_ORDER"
    grouped_redeemables_sorting_rule: str = "JOINT_ALWAYS_LAST"
    redeemables_products_application_mode: Literal["STACK", "ONCE"] = "STACK"
    redeemables_no_effect_rule: Literal["REDEEM_ANYWAY", "SKIP"] = "REDEEM_ANYWAY"
    no_effect_skip_categories: Sequence[str] = ()
    no_effect_redeem_anyway_categories: Sequence[str] = ()
    redeemables_rollback_order_mode: Literal["WITH_ORDER", "WITHOUT_ORDER"] = "WITH_ORDER"
    discount_calculation_mode: Amounts = "DISCOUNTED_AMOUNT"
    initial_amount_mode_categories: Sequence[str] = ()
    discounted_amount_mode_categories: Sequence[str] = ()

    def is_exclusive(self, redeemable: Redeemable) -> bool:
        return _any_in(redeemable, self.exclusive_categories)

    def is_joint(self, redeemable: Redeemable) -> bool:
        return not self.is_exclusive(redeemable) and _any_in(redeemable, self.joint_categories)

    def skips_no_effect(self, redeemable: Redeemable) -> bool:
        """Whether one that changes nothing is left out; its category decides before the project does."""
        if _any_in(redeemable, self.no_effect_skip_categories):
            return True
        if _any_in(redeemable, self.no_effect_redeem_anyway_categories):
            return False
        return self.redeemables_no_effect_rule == "SKIP"

    def takes_initial_amount(self, redeemable: Redeemable) -> bool:
        """Whether percentages are of the amount that the request began with."""
        if _any_in(redeemable, self.initial_amount_mode_categories):
            return True
        if _any_in(redeemable, self.discounted_amount_mode_categories):
            return False
        return self.discount_calculation_mode == "INITIAL_AMOUNT"


DEFAULT = Stacking()
_EXCLUDED = Skip("exclusion_rules_not_met", "Redeemable cannot be applied due to exclusion rules")
_LIMIT = Skip("applicable_redeemables_limit_exceeded", "Applicable redeemables limit exceeded")
_CATEGORY = Skip(
    "applicable_redeemables_per_category_limit_exceeded", "Applicable redeemables limit per category exceeded"
)
_EXCLUSIVE = Skip("applicable_exclusive_redeemables_limit_exceeded", "Applicable exclusive redeemables limit exceeded")
_EXCLUSIVE_CATEGORY = Skip(
    "applicable_exclusive_redeemables_per_category_limit_exceeded",
    "Applicable exclusive redeemables limit per category exceeded",
)


class Turn(msgspec.Struct, frozen=True):
    """One redeemable, and why it does not get its turn if it does not."""

    redeemable: Redeemable
    skip: Skip | None = None


def turns(
    redeemables: Sequence[Redeemable], settings: Stacking, is_valid: Callable[[Redeemable], bool]
) -> tuple[Turn, ...]:
    """All of them in the order of application. `is_valid` tells whether one holds by itself, on the order as sent.

    A single valid exclusive one keeps every common one out, wherever it stands.
    """
    ordered = list(redeemables)
    if settings.redeemables_sorting_rule == "CATEGORY_HIERARCHY":
        ordered.sort(key=hierarchy)
    if len(ordered) < 2 or not any(map(settings.is_exclusive, ordered)):  # noqa: PLR2004 - alone
        return tuple(map(Turn, ordered))
    if settings.grouped_redeemables_sorting_rule == "JOINT_ALWAYS_LAST":
        ordered.sort(key=settings.is_joint)
    if not any(settings.is_exclusive(one) and is_valid(one) for one in ordered):
        return tuple(map(Turn, ordered))
    return tuple(
        Turn(one, None if settings.is_exclusive(one) or settings.is_joint(one) else _EXCLUDED) for one in ordered
    )


def over_limit(redeemable: Redeemable, applied: Sequence[Redeemable], settings: Stacking) -> Skip | None:
    """The limit that those applied so far have used up for this one."""
    if len(applied) >= settings.applicable_redeemables_limit:
        return _LIMIT
    for category in redeemable.category_ids:
        same = sum(category in one.category_ids for one in applied)
        own = settings.applicable_redeemables_category_limits.get(category)
        limit = settings.applicable_redeemables_per_category_limit if own is None else own
        if limit is not None and same >= limit:
            return _CATEGORY
    return _over_exclusive(redeemable, applied, settings) if settings.is_exclusive(redeemable) else None


def _over_exclusive(redeemable: Redeemable, applied: Sequence[Redeemable], settings: Stacking) -> Skip | None:
    exclusive = [one for one in applied if settings.is_exclusive(one)]
    if len(exclusive) >= settings.applicable_exclusive_redeemables_limit:
        return _EXCLUSIVE
    limit = settings.applicable_exclusive_redeemables_per_category_limit
    if limit is not None and any(
        sum(category in one.category_ids for one in exclusive) >= limit for category in redeemable.category_ids
    ):
        return _EXCLUSIVE_CATEGORY
    return None


def hierarchy(redeemable: Redeemable) -> int:
    """The lowest number of its categories; 1, as for a category that was given none, if it has no category."""
    return min((category.hierarchy for category in redeemable.categories), default=1)


def _any_in(redeemable: Redeemable, categories: Sequence[str]) -> bool:
    return any(category in categories for category in redeemable.category_ids)
