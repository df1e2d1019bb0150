"""What a process knows of the definitions behind decisions: learned from one read, left out of the next."""

from collections.abc import Collection, Iterable, Sequence
from typing import TypeVar

from guerdon.db.definitions import Known
from guerdon.families.campaigns.store import CAMPAIGNS, CampaignRow
from guerdon.families.categories.store import CATEGORIES, CategoryRow
from guerdon.families.products import known as goods
from guerdon.families.promotion_tiers.store import TIERS, TierRow
from guerdon.families.redeemables.gathered.rows import Asked, Gathered, Moving
from guerdon.families.stacking_rules.store import STACKING_RULES
from guerdon.families.validation_rules.store import ASSIGNMENTS, RULES, AssignmentRow, RuleRow

N = TypeVar("N", CampaignRow, TierRow, RuleRow, CategoryRow)
_ONLY = ""  # the name of what a project has one of


def knows(known: Known, asked: Asked) -> bool:
    """Whether everything that the request names by itself is known, or known not to exist."""
    return (
        _ONLY in known.rows(STACKING_RULES)
        and goods.knows(known, asked.products, asked.skus)
        and _all_in(known.rows(TIERS), asked.tiers)
        and _all_in(known.rows(CAMPAIGNS), asked.campaigns)
    )


def complete(known: Known, asked: Asked, moving: Moving) -> Gathered | None:
    """What changes all the time, with the definitions behind it; None if one of them is not known."""
    try:
        tiers = known.present(TIERS, asked.tiers)
        campaigns = known.present(CAMPAIGNS, _ids(asked.campaigns, (*moving.vouchers, *tiers), "campaign_id"))
        assignments = [*moving.assignments, *_assignments(known, [row.id for row in (*tiers, *campaigns)])]
        products, skus = goods.goods(known, asked.products, asked.skus)
        return Gathered(
            vouchers=moving.vouchers,
            tiers=tiers,
            campaigns=campaigns,
            assignments=assignments,
            rules=known.present(RULES, _ids((), assignments, "rule_id")),
            categories=known.present(CATEGORIES, _ids((), (*moving.vouchers, *tiers, *campaigns), "category_id")),
            products=products,
            skus=skus,
            locks=moving.locks,
            customer=moving.customer,
            order=moving.order,
            stacking=known.rows(STACKING_RULES)[_ONLY],
        )
    except KeyError:
        return None


def learn(known: Known, asked: Asked, found: Gathered) -> int:
    """Notes what a whole read has found, and what it has not; how many rows it may have added."""
    owners = (*found.vouchers, *found.tiers)
    campaign_ids = _ids(asked.campaigns, owners, "campaign_id")
    _note(known.rows(TIERS), asked.tiers, found.tiers)
    _note(known.rows(CAMPAIGNS), campaign_ids, found.campaigns)
    _note(known.rows(RULES), _ids((), found.assignments, "rule_id"), found.rules)
    _note(known.rows(CATEGORIES), _ids((), (*owners, *found.campaigns), "category_id"), found.categories)
    goods.learn(known, asked.products, asked.skus, (found.products, found.skus))
    lists = known.lists(ASSIGNMENTS)
    for related_id in (*asked.tiers, *campaign_ids):
        lists[related_id] = [one for one in found.assignments if one.related_object_id == related_id]
    known.rows(STACKING_RULES)[_ONLY] = found.stacking
    return 1 + len(asked.products) + len(asked.skus) + len(asked.tiers) + len(campaign_ids) + len(found.rules)


def _all_in(rows: Collection[str], names: Sequence[str]) -> bool:
    return all(name in rows for name in names)


def _ids(named: Iterable[str], rows: Iterable[object], column: str) -> set[str]:
    """The names, and what the rows refer to."""
    return {*named, *(found for row in rows if (found := getattr(row, column)) is not None)}


def _assignments(known: Known, ids: Iterable[str]) -> list[AssignmentRow]:
    lists = known.lists(ASSIGNMENTS)
    return [one for related_id in ids for one in lists[related_id]]


def _note(rows: dict[str, N | None], names: Iterable[str], found: Iterable[N]) -> None:
    """By id."""
    by_id = {row.id: row for row in found}
    rows.update((name, by_id.get(name)) for name in names)
