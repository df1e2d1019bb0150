"""Stacking rules: at most one row per project, with the settings that are not left at their defaults."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from guerdon.db.table import Table
from guerdon.db.transaction import Transaction
from guerdon.families.stacking_rules.schemas import StackingRules


class StackingRulesRow(msgspec.Struct, frozen=True, kw_only=True):
    """The settings as the wire has them."""

    id: str
    settings: dict[str, Any]
    created_at: datetime
    updated_at: datetime | None = None


STACKING_RULES = Table("stacking_rules", StackingRulesRow)
_NOT_TOLD = {"discount_calculation_mode", "initial_amount_mode_categories", "discounted_amount_mode_categories"}
_DEFAULTS: dict[str, Any] = msgspec.to_builtins(StackingRules())
_CREATE = f"{STACKING_RULES.insert_sql} ON CONFLICT DO NOTHING RETURNING id"
_LOCK = f"{STACKING_RULES.select} FOR UPDATE"


async def current(db: Transaction, project_id: str) -> StackingRulesRow | None:
    """None where the defaults are in force."""
    return await STACKING_RULES.get(db, project_id)


async def stacking_rules(db: Transaction, project_id: str) -> dict[str, Any]:
    """What is in force in the project, as the wire has it, with every default and without id and dates."""
    return in_force(await current(db, project_id))


def in_force(row: StackingRulesRow | None) -> dict[str, Any]:
    """The same of the project's row; what has no limit is left out."""
    found = msgspec.to_builtins(msgspec.convert(row.settings, StackingRules)) if row else _DEFAULTS
    return {name: value for name, value in found.items() if value is not None}


def shown(settings: Mapping[str, Any]) -> dict[str, Any]:
    """What is in force as the answers of decisions tell it: without the discount modes."""
    return {name: value for name, value in settings.items() if name not in _NOT_TOLD}


async def lock(db: Transaction, project_id: str) -> StackingRulesRow | None:
    """As they are now, held until the transaction ends; None where the defaults are in force."""
    record = await db.write_row(_LOCK, project_id)
    return None if record is None else STACKING_RULES.read(record)


async def create(db: Transaction, project_id: str, row: StackingRulesRow) -> bool:
    """False if the project has some already."""
    return await db.write_row(_CREATE, project_id, *msgspec.structs.astuple(row)) is not None
