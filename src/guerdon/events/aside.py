"""Events of what writes nothing itself: only logs of activity have them, a moment later."""

from collections import deque

from guerdon.db.pool import UNREACHABLE, Pool
from guerdon.db.soon import Soon
from guerdon.db.transaction import Transaction
from guerdon.events import outbox
from guerdon.events.doorbell import Bell, Doorbell
from guerdon.events.outbox import Event
from guerdon.telemetry import logger

_AT_ONCE = 1_000
_MOST = 20_000  # of a database that is away for long, these are as many as are kept for it

log = logger("aside")


class Aside:
    """The events of one process that are to be recorded soon (see `Soon`)."""

    def __init__(self, pool: Pool, doorbell: Doorbell) -> None:
        self._pool = pool
        self._doorbell = doorbell
        self._events: deque[tuple[str, Event]] = deque()
        self._soon = Soon(self._save)

    def add(self, project_id: str, event: Event) -> None:
        """Notes an event of a customer. Never fails and never waits."""
        if len(self._events) >= _MOST:
            log.warning("event_dropped", project_id=project_id, type=event.type)
            return
        self._events.append((project_id, event))
        self._soon.touch()

    async def close(self) -> None:
        """Records what is still to be recorded, if the database can be reached."""
        await self._soon.close()

    async def _save(self) -> bool:
        while self._events:
            some = [self._events.popleft() for _ in range(min(_AT_ONCE, len(self._events)))]
            try:
                async with Transaction(self._pool) as db:
                    await outbox.copy_of_present(db, some)
            except UNREACHABLE:
                self._events.extendleft(reversed(some))
                raise
            self._doorbell.ring(Bell.OUTBOX)
        return False
