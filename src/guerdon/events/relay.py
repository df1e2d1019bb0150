"""The relay: takes a project's outbox, numbers the events in order of commit, and hands them to what follows from them.

Numbering happens here and not where events are written, because numbers that concurrent writers draw can become visible
out of order, and a reader that goes on from its last number would then skip an event. One relay drains a project at a
time. It runs no code of the engine, so no reaction can stop the stream.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import msgspec

from guerdon.clock import real_now
from guerdon.db.pool import UNREACHABLE
from guerdon.db.transaction import Transaction
from guerdon.events.doorbell import Bell, Wakeup
from guerdon.events.outbox import Event
from guerdon.events.work import Runtime
from guerdon.telemetry import logger

BATCH = 500

# Jumps from project to project through the primary key instead of reading the whole outbox.
_PROJECTS = """
WITH RECURSIVE waiting AS (
    (SELECT project_id FROM outbox ORDER BY project_id LIMIT 1)
    UNION ALL
    SELECT (SELECT project_id FROM outbox o WHERE o.project_id > w.project_id ORDER BY project_id LIMIT 1)
    FROM waiting w WHERE w.project_id IS NOT NULL
)
SELECT project_id FROM waiting WHERE project_id IS NOT NULL
"""
_LOCK = "SELECT last_number FROM event_feeds WHERE project_id = $1 FOR UPDATE SKIP LOCKED"
_COLUMNS = ", ".join(Event.__struct_fields__)
_MOVE = f"""
WITH taken AS (
    DELETE FROM outbox WHERE project_id = $1
    AND seq IN (SELECT seq FROM outbox WHERE project_id = $1 ORDER BY seq LIMIT $2) RETURNING *
), kept AS (
    INSERT INTO events (project_id, number, recorded_at, {_COLUMNS})
    SELECT $1, $3::bigint + row_number() OVER (ORDER BY seq), $4, {_COLUMNS} FROM taken
    RETURNING number, id, type, entity_id, group_id, campaign_id, quiet, created_at
)
SELECT * FROM kept ORDER BY number
"""
_ADVANCE = "UPDATE event_feeds SET last_number = $2 WHERE project_id = $1"

log = logger("relay")


class Numbered(msgspec.Struct, frozen=True):
    """An event in its place in the project's feed, without its data."""

    number: int
    id: str
    type: str
    entity_id: str
    group_id: str
    campaign_id: str | None
    quiet: bool
    created_at: datetime
    recorded_at: datetime


# What follows from events: writes its own rows in the relay's transaction and says which bells to ring afterwards.
Consumer = Callable[[Transaction, str, Sequence[Numbered]], Awaitable[Sequence[Bell]]]


class Relay:
    """Drains the outbox for as long as it runs; any number of processes may run one."""

    def __init__(self, runtime: Runtime, consumers: Sequence[Consumer]) -> None:
        self._runtime = runtime
        self._consumers = consumers
        self.wakeup = Wakeup()

    async def run(self) -> None:
        """Until cancelled. A database that is away is waited for."""
        while True:
            self.wakeup.begin()
            try:
                full = await self.drain()
            except UNREACHABLE as error:
                log.warning("database_unreachable", error=str(error))
                full = False
            if not full:
                await self.wakeup.wait()

    async def drain(self) -> bool:
        """One batch of every project that has any; True if one was full, so that there is probably more."""
        async with Transaction(self._runtime.pool) as db:
            projects = [row["project_id"] for row in await db.rows(_PROJECTS)]
        taken = [await self._drain_project(project_id) for project_id in projects]
        return any(count == BATCH for count in taken)

    async def _drain_project(self, project_id: str) -> int:
        bells: set[Bell] = set()
        async with Transaction(self._runtime.pool) as db:
            feed = await db.write_row(_LOCK, project_id)
            if feed is None:  # another relay is at it, or the project is gone
                return 0
            now = real_now()
            rows = await db.write(_MOVE, project_id, BATCH, feed["last_number"], now)
            events = [Numbered(*row.values(), recorded_at=now) for row in rows]
            if not events:
                return 0
            for consume in self._consumers:
                bells.update(await consume(db, project_id, events))
            await db.write(_ADVANCE, project_id, events[-1].number)
        self._runtime.doorbell.ring(*bells)
        return len(events)
