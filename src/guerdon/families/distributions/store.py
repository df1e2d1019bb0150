"""Distributions: their table, and their channels as endpoints."""

from datetime import datetime
from typing import Any

import msgspec

from guerdon.db.table import Order, Table, Where
from guerdon.db.transaction import Transaction
from guerdon.webhooks import store as webhooks
from guerdon.webhooks.store import Endpoint


class DistributionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A distribution as it is stored. At `due_at` it goes to customers without an event of theirs, after `reached`."""

    id: str
    name: str
    status: str
    trigger: dict[str, Any]
    action: dict[str, Any]
    channels: list[dict[str, Any]]
    created_at: datetime
    updated_at: datetime | None = None
    live_at: datetime | None = None
    due_at: datetime | None = None
    reached: str | None = None


DISTRIBUTIONS = Table("distributions", DistributionRow)
NEWEST_FIRST = Order("id")
_EVENT = "SELECT id, type, created_at, recorded_at, data FROM events WHERE project_id = $1 AND number = $2"
# Whoever changes or pauses it waits, others who hold it do not.
_HOLD = f"{DISTRIBUTIONS.select} AND id = $2 FOR KEY SHARE"
_HOLD_ENDPOINTS = f"{webhooks.ENDPOINTS.select} AND source_id = $2 ORDER BY id FOR SHARE"


# One whose channels were switched off stays where it is until it is set live again.
_GOING = """status = 'LIVE' AND EXISTS (
    SELECT FROM endpoints e
    WHERE e.project_id = distributions.project_id AND e.source_id = distributions.id AND e.active
)"""
_DUE = f"""
{DISTRIBUTIONS.select} AND due_at <= $2 AND {_GOING} ORDER BY due_at, id LIMIT 1 FOR NO KEY UPDATE
"""
_DUE_PROJECTS = f"""
SELECT p.id FROM projects p WHERE EXISTS (
    SELECT FROM distributions WHERE project_id = p.id AND due_at <= now() + p.clock_offset AND {_GOING}
)
"""
_TOLD = "UPDATE distributions SET status = $3, due_at = $4, reached = $5 WHERE project_id = $1 AND id = $2"


class RecordedEvent(msgspec.Struct, frozen=True):
    """An event, when it happened and was recorded, and its data as JSON text."""

    id: str
    type: str
    created_at: datetime
    recorded_at: datetime
    data: str


async def page(db: Transaction, project_id: str, after: str | None, limit: int) -> list[DistributionRow]:
    rows, _ = await DISTRIBUTIONS.page(
        db, project_id, Where().add("id < {}", after), NEWEST_FIRST, limit=limit, offset=0
    )
    return rows


async def hold(db: Transaction, project_id: str, distribution_id: str) -> tuple[DistributionRow, list[Endpoint]] | None:
    """The distribution and its channels as they are now and stay until the transaction ends; None if it is gone."""
    record = await db.write_row(_HOLD, project_id, distribution_id)
    if record is None:
        return None
    endpoints = await db.write(_HOLD_ENDPOINTS, project_id, distribution_id)
    return DISTRIBUTIONS.read(record), [webhooks.ENDPOINTS.read(row) for row in endpoints]


async def endpoints(db: Transaction, project_id: str, distribution_id: str) -> list[Endpoint]:
    """Its channels, in their order; none unless it is live, or was until its retries were used up."""
    found = await webhooks.endpoints(db, project_id, distribution_id)
    return sorted(found, key=lambda endpoint: int(endpoint.id.partition(".")[2] or 0))


async def set_endpoints(db: Transaction, project_id: str, present: list[Endpoint], wanted: list[Endpoint]) -> None:
    """Makes these the endpoints of a distribution; what was pending for one that goes is given up."""
    names = {endpoint.id for endpoint in present}
    for endpoint_id in sorted(names - {endpoint.id for endpoint in wanted}):
        await webhooks.remove_endpoint(db, project_id, endpoint_id)
    for endpoint in wanted:
        put = webhooks.ENDPOINTS.update if endpoint.id in names else webhooks.ENDPOINTS.insert
        await put(db, project_id, endpoint)


async def event(db: Transaction, project_id: str, number: int) -> RecordedEvent | None:
    row = await db.row(_EVENT, project_id, number)
    return None if row is None else RecordedEvent(*row.values())


async def due(db: Transaction, project_id: str, now: datetime) -> DistributionRow | None:
    """The one that has waited longest to go to its customers, held until the transaction ends."""
    record = await db.write_row(_DUE, project_id, now)
    return None if record is None else DISTRIBUTIONS.read(record)


async def told(db: Transaction, project_id: str, row: DistributionRow) -> None:
    """Notes how far it has come."""
    await db.write(_TOLD, project_id, row.id, row.status, row.due_at, row.reached)


async def projects_with_due(db: Transaction) -> list[str]:
    """The projects in which it is time for a distribution to go to its customers."""
    return [row["id"] for row in await db.rows(_DUE_PROJECTS)]
