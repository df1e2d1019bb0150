"""Points that wait: their table and every statement on it."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import msgspec

from guerdon.db.table import Table
from guerdon.db.transaction import Transaction
from guerdon.engine.points import ExpirationRules
from guerdon.families.loyalties.places import Place

WAITING = "PENDING"


class PendingRow(msgspec.Struct, frozen=True, kw_only=True):
    """Points of a card that can be used from a day on. `expiration_rules` are those of the rule that gave them."""

    id: str
    voucher_id: str
    campaign_id: str
    customer_id: str
    order_id: str
    earning_rule_id: str
    points: int
    status: str = WAITING
    activates_on: date
    expiration_rules: dict[str, Any] | None = None
    details: dict[str, Any]
    created_at: datetime
    updated_at: datetime | None = None

    @property
    def expiration(self) -> ExpirationRules | None:
        return msgspec.convert(self.expiration_rules, ExpirationRules | None)


PENDING = Table("pending_points", PendingRow)
_OF_ORDER = f"{PENDING.select} AND order_id = $2 AND status = 'PENDING' ORDER BY voucher_id, id"
_DUE_PROJECTS = """
SELECT p.id FROM projects p WHERE EXISTS (
    SELECT FROM pending_points w JOIN vouchers v ON v.project_id = w.project_id AND v.id = w.voucher_id
    WHERE w.project_id = p.id AND w.status = 'PENDING' AND v.holder_id IS NOT NULL
    AND w.activates_on <= ((now() + p.clock_offset) AT TIME ZONE p.timezone)::date
)
"""
_FIRST_DAY = """
SELECT activates_on FROM pending_points w JOIN vouchers v ON v.project_id = w.project_id AND v.id = w.voucher_id
WHERE w.project_id = $1 AND w.status = 'PENDING' AND v.holder_id IS NOT NULL ORDER BY activates_on LIMIT 1
"""
_DUE = """
SELECT DISTINCT activates_on, voucher_id FROM pending_points
WHERE project_id = $1 AND status = 'PENDING' AND activates_on <= $2 AND (activates_on, voucher_id) > ($3, $4)
ORDER BY activates_on, voucher_id LIMIT $5
"""
_DUE_BETWEEN = f"""
{PENDING.select} AND status = 'PENDING' AND activates_on <= $2 AND (activates_on, voucher_id) > ($3, $4)
AND (activates_on, voucher_id) <= ($5, $6) ORDER BY activates_on, voucher_id, id FOR UPDATE
"""
_ACTIVATED = """
UPDATE pending_points w SET status = 'ACTIVATED', updated_at = $3
FROM unnest($1::text[], $2::text[]) AS n (project_id, id)
WHERE w.project_id = n.project_id AND w.id = n.id
"""


async def of_order(db: Transaction, project_id: str, order_id: str) -> list[PendingRow]:
    """The points that wait because of an order."""
    return [PENDING.read(row) for row in await db.rows(_OF_ORDER, project_id, order_id)]


async def projects_with_due_points(db: Transaction) -> list[str]:
    """The projects where the day of some waiting points has come."""
    return [row["id"] for row in await db.rows(_DUE_PROJECTS)]


async def first_day(db: Transaction, project_id: str) -> date | None:
    """The next day on which points can be used that wait now."""
    return await db.value(_FIRST_DAY, project_id)


async def due(db: Transaction, project_id: str, day: date, after: Place, limit: int) -> list[Place]:
    """The next cards with waiting points that have their day."""
    rows = await db.rows(_DUE, project_id, day, after.day, after.card_id, limit)
    return [Place(*row.values()) for row in rows]


async def due_between(db: Transaction, project_id: str, day: date, after: Place, last: Place) -> list[PendingRow]:
    """The waiting points that have their day, after a place and up to another, locked, in the order of their days."""
    places = after.day, after.card_id, last.day, last.card_id
    return [PENDING.read(row) for row in await db.write(_DUE_BETWEEN, project_id, day, *places)]


async def activated(db: Transaction, project_id: str, entries: Sequence[PendingRow], at: datetime) -> list[PendingRow]:
    """The entries, which the caller holds, as those of points that can be used now."""
    await db.write(_ACTIVATED, [project_id] * len(entries), [entry.id for entry in entries], at)
    return [msgspec.structs.replace(entry, status="ACTIVATED", updated_at=at) for entry in entries]
