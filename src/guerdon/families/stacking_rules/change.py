"""Setting stacking rules, and deleting the categories that they may name."""

from typing import Any

import msgspec
from msgspec import UNSET

from guerdon.errors import ApiError, in_use, invalid_payload, not_found
from guerdon.events.work import Work
from guerdon.families.categories import store as categories
from guerdon.families.categories.store import CATEGORIES, CategoryRow
from guerdon.families.stacking_rules import store
from guerdon.families.stacking_rules.schemas import DISJOINT, LISTS, NewStackingRules, StackingRules
from guerdon.families.stacking_rules.store import STACKING_RULES, StackingRulesRow

_LIMITS = "applicable_redeemables_category_limits"
# Nullable on the wire; every other null means that nothing was said.
_NULLABLE = frozenset(
    {"applicable_redeemables_per_category_limit", "applicable_exclusive_redeemables_per_category_limit"}
)


async def create(work: Work, new: NewStackingRules) -> StackingRulesRow:
    """Errors: stacking_rules_exist for a second set, invalid_payload, not_found for a category."""
    settings = _settings({}, new)
    await work.db.begin()
    await categories.hold(work.db, work.project.id, _named(new))
    row = StackingRulesRow(id=work.new_id("stk_"), settings=settings, created_at=work.now)
    if not await store.create(work.db, work.project.id, row):
        details = "Cannot exist more stacking rules for given project"
        raise ApiError(409, "stacking_rules_exist", "Stacking rules exist", details)
    return row


async def update(work: Work, row: StackingRulesRow, new: NewStackingRules) -> StackingRulesRow:
    """The rules after the change; lists are replaced. Errors: invalid_payload, not_found."""
    await work.db.begin()
    await categories.hold(work.db, work.project.id, _named(new))
    held = await store.lock(work.db, work.project.id)
    if held is None or held.id != row.id:
        raise not_found("stacking_rules", row.id)
    changed = msgspec.structs.replace(held, settings=_settings(held.settings, new), updated_at=work.now)
    await STACKING_RULES.update(work.db, work.project.id, changed)
    return changed


async def delete_category(work: Work, row: CategoryRow, *, detach: bool) -> None:
    """Deletes a category; from stacking rules that name it too, if it is to be detached.

    Errors: not_found if somebody else was faster, resource_in_use.
    """
    await work.db.begin()
    if not await CATEGORIES.delete(work.db, work.project.id, row.id):  # waits for those who are about to name it
        raise not_found("category", row.id)
    held = await store.lock(work.db, work.project.id)
    if held is None or row.id not in _categories_of(held.settings):
        return
    if not detach:
        raise in_use("category", row.id, "stacking_rules", [held.id])
    changed = msgspec.structs.replace(held, settings=_without(held.settings, row.id), updated_at=work.now)
    await STACKING_RULES.update(work.db, work.project.id, changed)


def _settings(current: dict[str, Any], new: NewStackingRules) -> dict[str, Any]:
    """What is in force after the change. Errors: invalid_payload."""
    sent = {
        name: value
        for name, value in msgspec.structs.asdict(new).items()
        if value is not UNSET and (value is not None or name in _NULLABLE)
    }
    settings = {**current, **sent}
    whole = msgspec.convert(settings, StackingRules)
    if whole.applicable_redeemables_limit > whole.redeemables_limit:
        raise invalid_payload(f"Property .applicable_redeemables_limit must be <= {whole.redeemables_limit}")
    for first, second in DISJOINT:
        both = sorted(set(getattr(whole, first)) & set(getattr(whole, second)))
        if both:
            raise invalid_payload(f"Properties .{first} and .{second} must not both have {both[0]}")
    return settings


def _named(new: NewStackingRules) -> set[str]:
    """The categories that the request names."""
    return _categories_of({name: getattr(new, name) or [] for name in (*LISTS, _LIMITS)})


def _categories_of(settings: dict[str, Any]) -> set[str]:
    return {category for name in (*LISTS, _LIMITS) for category in settings.get(name, ())}


def _without(settings: dict[str, Any], category_id: str) -> dict[str, Any]:
    kept = {name: [one for one in settings[name] if one != category_id] for name in LISTS if name in settings}
    limits = {key: most for key, most in settings.get(_LIMITS, {}).items() if key != category_id}
    return {**settings, **kept, **({_LIMITS: limits} if _LIMITS in settings else {})}
