"""Validation rules and their assignments: the tables and every statement on them."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import msgspec

from guerdon.db.table import Table
from guerdon.db.transaction import Transaction


class RuleRow(msgspec.Struct, frozen=True, kw_only=True):
    """A rule as it is stored, its parts as the wire has them. `collection_ids` are the collections that it names."""

    id: str
    name: str
    type: str
    context_type: str
    rules: dict[str, Any]
    bundle_rules: dict[str, Any] | None = None
    applicable_to: dict[str, Any]
    error: dict[str, Any] | None = None
    collection_ids: list[str] = []
    created_at: datetime
    updated_at: datetime | None = None


class AssignmentRow(msgspec.Struct, frozen=True, kw_only=True):
    """That a rule binds something."""

    id: str
    rule_id: str
    related_object_id: str
    related_object_type: str
    created_at: datetime


class Binding(msgspec.Struct, frozen=True):
    """An assignment with its rule."""

    assignment: AssignmentRow
    rule: RuleRow


RULES = Table("validation_rules", RuleRow)
ASSIGNMENTS = Table("validation_rule_assignments", AssignmentRow)
_REMOVE = f"DELETE FROM validation_rules WHERE project_id = $1 AND id = $2 RETURNING {RULES.columns}"
_NAMING = "SELECT id FROM validation_rules WHERE project_id = $1 AND $2 = ANY(collection_ids) ORDER BY id"
_COUNTS = """
SELECT rule_id, count(*) AS assignments FROM validation_rule_assignments
WHERE project_id = $1 AND rule_id = ANY($2) GROUP BY rule_id
"""
_ASSIGN = f"{ASSIGNMENTS.insert_sql} ON CONFLICT ON CONSTRAINT validation_rule_assignments_once DO NOTHING RETURNING id"
_OF = f"{ASSIGNMENTS.select} AND related_object_id = ANY($2) ORDER BY created_at, id"
_FORGET = "DELETE FROM validation_rule_assignments WHERE project_id = $1 AND related_object_id = ANY($2)"


async def by_ids(db: Transaction, project_id: str, ids: Collection[str]) -> dict[str, RuleRow]:
    """Those that exist, by id."""
    return {row.id: row for row in await RULES.several(db, project_id, ids)}


async def hold(db: Transaction, project_id: str, ids: Collection[str]) -> dict[str, RuleRow]:
    """Those that exist, by id; they cannot be deleted until the transaction ends."""
    return {row.id: row for row in await RULES.hold_several(db, project_id, ids)}


async def remove(db: Transaction, project_id: str, rule_id: str) -> RuleRow | None:
    """Deletes the rule with its assignments and returns it; None if somebody else did."""
    record = await db.write_row(_REMOVE, project_id, rule_id)
    return None if record is None else RULES.read(record)


async def naming(db: Transaction, project_id: str, collection_id: str) -> list[str]:
    """The ids of the rules that name a collection."""
    return [record["id"] for record in await db.rows(_NAMING, project_id, collection_id)]


async def counts(db: Transaction, project_id: str, rule_ids: Collection[str]) -> dict[str, int]:
    """To how many things each rule is assigned, by id; those that are assigned to nothing are missing."""
    records = await db.rows(_COUNTS, project_id, sorted(rule_ids)) if rule_ids else []
    return {record["rule_id"]: record["assignments"] for record in records}


async def assign(db: Transaction, project_id: str, row: AssignmentRow) -> bool:
    """False if the rule binds this already."""
    return await db.write_row(_ASSIGN, project_id, *msgspec.structs.astuple(row)) is not None


async def assignment_of(db: Transaction, project_id: str, related_id: str, rule_id: str) -> AssignmentRow | None:
    return await ASSIGNMENTS.get(db, project_id, related_object_id=related_id, rule_id=rule_id)


async def assignments_of(
    db: Transaction, project_id: str, related_ids: Collection[str]
) -> dict[str, list[AssignmentRow]]:
    """The assignments of vouchers, campaigns, tiers and the like, oldest first, by the id of what they bind."""
    found: dict[str, list[AssignmentRow]] = {}
    for record in await db.rows(_OF, project_id, sorted(related_ids)) if related_ids else ():
        row = ASSIGNMENTS.read(record)
        found.setdefault(row.related_object_id, []).append(row)
    return found


async def bindings_of(db: Transaction, project_id: str, related_ids: Collection[str]) -> dict[str, list[Binding]]:
    """The rules that bind vouchers, campaigns, tiers and the like, by the id of what they bind."""
    assigned = await assignments_of(db, project_id, related_ids)
    rules = await by_ids(db, project_id, {row.rule_id for rows in assigned.values() for row in rows})
    return {
        related_id: [Binding(row, rules[row.rule_id]) for row in rows if row.rule_id in rules]
        for related_id, rows in assigned.items()
    }


async def forget(db: Transaction, project_id: str, related_ids: Collection[str]) -> None:
    """Removes the assignments of what is being deleted."""
    if related_ids:
        await db.write(_FORGET, project_id, sorted(related_ids))
