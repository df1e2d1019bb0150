"""How redeemables go together: the project's settings, and in what order which of them get their turn. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import msgspec

from guerdon.engine import refusals
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

    def is_common(self, redeemable: Redeemable) -> bool:
        return not (self.is_exclusive(redeemable) or self.is_joint(redeemable))

    def is_joint(self, redeemable: Redeemable) -> bool:
        return not self.is_exclusive(redeemable) and _any_in(redeemable, self.joint_categories)

    def no_effect(self, redeemable: Redeemable) -> Skip | None:
        """Why one that changes nothing is left out, if it is; its category decides before the project does."""
        category = next((one for one in redeemable.category_ids if one in self.no_effect_skip_categories), None)
        if category is not None:
            return refusals.no_effect(category)
        if _any_in(redeemable, self.no_effect_redeem_anyway_categories):
            return None
        return refusals.no_effect(None) if self.redeemables_no_effect_rule == "SKIP" else None

    def takes_initial_amount(self, redeemable: Redeemable) -> bool:
        """Whether percentages are of the amount that the request began with."""
        if _any_in(redeemable, self.initial_amount_mode_categories):
            return True
        if _any_in(redeemable, self.discounted_amount_mode_categories):
            return False
        return self.discount_calculation_mode == "INITIAL_AMOUNT"


DEFAULT = Stacking()
_OWN = "applicable_redeemables_category_limits"


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
    if len(ordered) < 2:  # noqa: PLR2004 - alone
        return tuple(map(Turn, ordered))
    excluding = next((one for one in ordered if settings.is_exclusive(one) and is_valid(one)), None)
    if excluding is None:
        return tuple(map(Turn, ordered))
    if settings.grouped_redeemables_sorting_rule == "JOINT_ALWAYS_LAST":
        ordered.sort(key=settings.is_joint)
    skip = refusals.excluded(excluding.id)
    return tuple(Turn(one, skip if settings.is_common(one) else None) for one in ordered)


def over_limit(redeemable: Redeemable, applied: Sequence[Redeemable], settings: Stacking) -> Skip | None:
    """The limit that those applied so far have used up for this one."""
    if len(applied) >= settings.applicable_redeemables_limit:
        limit = settings.applicable_redeemables_limit
        return refusals.over_limit("applicable_redeemables_limit", limit, len(applied))
    for category in redeemable.category_ids:
        same = _of(category, applied)
        own = settings.applicable_redeemables_category_limits.get(category)
        limit = settings.applicable_redeemables_per_category_limit if own is None else own
        if limit is not None and same >= limit:
            setting = "applicable_redeemables_per_category_limit" if own is None else _OWN
            return refusals.over_limit(setting, limit, same, category)
    return _over_exclusive(redeemable, applied, settings) if settings.is_exclusive(redeemable) else None


def _over_exclusive(redeemable: Redeemable, applied: Sequence[Redeemable], settings: Stacking) -> Skip | None:
    exclusive = [one for one in applied if settings.is_exclusive(one)]
    limit = settings.applicable_exclusive_redeemables_limit
    if len(exclusive) >= limit:
        return refusals.over_limit("applicable_exclusive_redeemables_limit", limit, len(exclusive))
    limit = settings.applicable_exclusive_redeemables_per_category_limit
    for category in redeemable.category_ids:
        same = _of(category, exclusive)
        if limit is not None and same >= limit:
            return refusals.over_limit("applicable_exclusive_redeemables_per_category_limit", limit, same, category)
    return None


def hierarchy(redeemable: Redeemable) -> int:
    """The lowest number of its categories; 1, as for a category that was given none, if it has no category."""
    return min((category.hierarchy for category in redeemable.categories), default=1)


def _of(category: str, redeemables: Sequence[Redeemable]) -> int:
    return sum(category in one.category_ids for one in redeemables)


def _any_in(redeemable: Redeemable, categories: Sequence[str]) -> bool:
    return any(category in categories for category in redeemable.category_ids)
