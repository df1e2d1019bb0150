"""The feed of a project's events: its statements."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from guerdon.db.transaction import Transaction

# The lock of the relay makes numbers visible in their order: what is at or below the last one is there, all of it.
_LAST = "SELECT last_number FROM event_feeds WHERE project_id = $1"
_BETWEEN = """
SELECT number, id, type, created_at, entity_id, group_id, event_source, data FROM events
WHERE project_id = $1 AND number > $2 AND number <= $3 AND ($4::text[] IS NULL OR type = ANY($4))
ORDER BY number LIMIT $5
"""


class FedEvent(msgspec.Struct, frozen=True):
    """An event in its place in the feed; `event_source` and `data` are JSON text."""

    number: int
    id: str
    type: str
    created_at: datetime
    entity_id: str
    group_id: str
    event_source: str
    data: str


async def last_number(db: Transaction, project_id: str) -> int:
    """The number of the project's latest event, 0 where there is none yet."""
    return await db.value(_LAST, project_id) or 0


async def between(
    db: Transaction, project_id: str, after: int, last: int, types: Sequence[str] | None, limit: int
) -> list[FedEvent]:
    """The first events after a number, up to another."""
    return [FedEvent(*row.values()) for row in await db.rows(_BETWEEN, project_id, after, last, types, limit)]
