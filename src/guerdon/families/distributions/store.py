"""Distributions: their table, and their channels as endpoints."""

from datetime import datetime
from typing import Any

import msgspec

from guerdon.db.table import Order, Table, Where
from guerdon.db.transaction import Transaction
from guerdon.webhooks import store as webhooks
from guerdon.webhooks.store import Endpoint


class DistributionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A distribution as it is stored."""

    id: str
    name: str
    status: str
    trigger: dict[str, Any]
    action: dict[str, Any]
    channels: list[dict[str, Any]]
    created_at: datetime
    updated_at: datetime | None = None


DISTRIBUTIONS = Table("distributions", DistributionRow)
NEWEST_FIRST = Order("id")
_EVENT_DATA = "SELECT recorded_at, data FROM events WHERE project_id = $1 AND number = $2"


class RecordedEvent(msgspec.Struct, frozen=True):
    """When an event was recorded, and its data as JSON text."""

    recorded_at: datetime
    data: str


async def page(db: Transaction, project_id: str, after: str | None, limit: int) -> list[DistributionRow]:
    rows, _ = await DISTRIBUTIONS.page(
        db, project_id, Where().add("id < {}", after), NEWEST_FIRST, limit=limit, offset=0
    )
    return rows


async def set_endpoints(db: Transaction, project_id: str, distribution_id: str, wanted: list[Endpoint]) -> None:
    """Makes these the endpoints of a distribution; what was pending for one that goes is given up."""
    present = {endpoint.id for endpoint in await webhooks.endpoints(db, project_id, distribution_id)}
    for endpoint_id in present - {endpoint.id for endpoint in wanted}:
        await webhooks.remove_endpoint(db, project_id, endpoint_id)
    for endpoint in wanted:
        put = webhooks.ENDPOINTS.update if endpoint.id in present else webhooks.ENDPOINTS.insert
        await put(db, project_id, endpoint)


async def event(db: Transaction, project_id: str, number: int) -> RecordedEvent | None:
    row = await db.row(_EVENT_DATA, project_id, number)
    return None if row is None else RecordedEvent(*row.values())
