"""Imports of orders in the background; no event tells of them (EVENTS.md §5)."""

from typing import Any

from guerdon.events.work import Work
from guerdon.families.async_actions import bulk
from guerdon.families.async_actions.bulk import Kind, Row
from guerdon.families.customers.jobs import FOLLOW
from guerdon.families.orders import save
from guerdon.families.orders.schemas import NewOrder
from guerdon.http import wire
from guerdon.jobs import queue

IMPORT = "orders.import"


async def import_orders(work: Work, payload: dict[str, Any]) -> dict[str, Any] | None:
    """Makes or changes one piece of the orders; their customers may then be in other segments."""
    changed: dict[str, None] = {}

    async def apply(row: Row) -> None:
        made = await save.upsert(work, wire.convert(row, NewOrder), quiet=True)
        if made.customer_id is not None:
            changed[made.customer_id] = None

    more = await bulk.apply_piece(work, payload["action_id"], Kind("source_id", imported="order"), apply)
    await queue.enqueue_if_followed(work, FOLLOW, list(changed))
    return payload if more else None


JOBS = {IMPORT: import_orders}
