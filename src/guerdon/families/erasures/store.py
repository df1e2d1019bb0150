"""Forgetting customers: what there is of them outside their own row, and what is left to be forgotten."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from guerdon.db.table import Table
from guerdon.db.transaction import Transaction


class ErasureRow(msgspec.Struct, frozen=True):
    """A customer of whom there may still be events. `entities` are those whose events may name the customer."""

    id: str
    customer_id: str
    entities: list[str]
    created_at: datetime


ERASURES = Table("erasures", ErasureRow)
_TRACES = """
SELECT EXISTS (SELECT FROM events WHERE project_id = $1 AND entity_id = $2)
    OR EXISTS (SELECT FROM publications WHERE project_id = $1 AND customer_id = $2)
"""
_ENTITIES = """
SELECT id FROM publications WHERE project_id = $1 AND customer_id = $2
UNION SELECT unnest(vouchers_id) FROM publications WHERE project_id = $1 AND customer_id = $2
UNION SELECT id FROM redemptions WHERE project_id = $1 AND customer_id = $2
UNION SELECT id FROM distributions WHERE project_id = $1
"""
_ORDERS = "DELETE FROM orders WHERE project_id = $1 AND customer_id = $2 RETURNING id"
_PUBLICATIONS = "UPDATE publications SET tracking_id = NULL WHERE project_id = $1 AND customer_id = $2"
_SEGMENTS = """
SELECT count(*) FROM segment_members m JOIN segments s ON s.project_id = m.project_id AND s.id = m.segment_id
WHERE m.project_id = $1 AND m.customer_id = $2
"""
# An event that is still to be sent, or that a job is about to read, stays until that is done.
_EVENTS = """
DELETE FROM events e WHERE e.project_id = $1 AND e.entity_id = ANY($2)
AND (e.entity_id = $3 OR strpos(e.data, $3) > 0)
AND NOT EXISTS (
    SELECT FROM deliveries d WHERE d.project_id = $1 AND d.event_number = e.number AND d.due_at IS NOT NULL
)
AND NOT EXISTS (SELECT FROM jobs j WHERE j.project_id = $1 AND (j.payload ->> 'event_number')::bigint = e.number)
RETURNING e.type
"""
_LEFT = """
SELECT EXISTS (
    SELECT FROM events WHERE project_id = $1 AND entity_id = ANY($2) AND (entity_id = $3 OR strpos(data, $3) > 0)
) OR EXISTS (SELECT FROM outbox WHERE project_id = $1 AND (entity_id = $3 OR strpos(data, $3) > 0))
"""
_UNFINISHED = "SELECT DISTINCT project_id FROM erasures"


async def has_traces(db: Transaction, project_id: str, customer_id: str) -> bool:
    """Whether there is something of a customer who was deleted."""
    return await db.value(_TRACES, project_id, customer_id)


async def entities(db: Transaction, project_id: str, customer_id: str) -> list[str]:
    """The customer, what was published to them or redeemed by them, and what may have been sent to them."""
    return [customer_id, *(row[0] for row in await db.rows(_ENTITIES, project_id, customer_id))]


async def count_segments(db: Transaction, project_id: str, customer_id: str) -> int:
    """In how many segments the customer is known to be."""
    return await db.value(_SEGMENTS, project_id, customer_id)


async def forget_orders(db: Transaction, project_id: str, customer_id: str) -> int:
    return len(await db.write(_ORDERS, project_id, customer_id))


async def forget_publications(db: Transaction, project_id: str, customer_id: str) -> None:
    """Takes the source id off what was published; whom a code was given to stays as an id of nobody."""
    await db.write(_PUBLICATIONS, project_id, customer_id)


async def forget_events(db: Transaction, project_id: str, customer_id: str, about: Sequence[str]) -> list[str]:
    """Removes the events of these entities that name the customer and are not needed any more; returns their types."""
    return [row["type"] for row in await db.write(_EVENTS, project_id, list(about), customer_id)]


async def anything_left(db: Transaction, project_id: str, customer_id: str, about: Sequence[str]) -> bool:
    return await db.value(_LEFT, project_id, list(about), customer_id)


async def projects_with_erasures(db: Transaction) -> list[str]:
    """The projects in which something is still to be forgotten."""
    return [row["project_id"] for row in await db.rows(_UNFINISHED)]
