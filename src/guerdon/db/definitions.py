"""What a process remembers of definitions: rows that nearly every request reads and hardly any changes.

Who changes a definition leaves the number of the transaction in `definition_changes` (migration 0094). Who reads what
changes all the time asks in the same statement whether a change can be seen that could not be seen in the snapshot in
which the remembered rows were read. If there is none, they are what the statement would have read itself.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from guerdon.clock import real_now
from guerdon.db.pool import Connection, Pool
from guerdon.db.table import R, Table
from guerdon.db.transaction import Transaction

T = TypeVar("T")
# Snapshots are remembered for much less than changes are kept.
_REMEMBERED = timedelta(minutes=10)
_FORGET = """
DELETE FROM definition_changes WHERE (project_id, xid) IN (
    SELECT project_id, xid FROM definition_changes WHERE changed_at < now() - interval '1 day'
    ORDER BY changed_at LIMIT 100000
)
"""
_MOST_ROWS = 20_000  # of all projects together, some 40 MB

SNAPSHOT = "pg_current_snapshot()::text"


def changed_since(snapshot: str) -> str:
    """Whether definitions of the project $1 have changed since that snapshot, as text in a parameter."""
    return f"""EXISTS (
        SELECT FROM definition_changes WHERE project_id = $1 AND xid >= pg_snapshot_xmin({snapshot}::text::pg_snapshot)
        AND NOT pg_visible_in_snapshot(xid, {snapshot}::text::pg_snapshot)
    )"""


class Known:
    """Definitions of one project as they were in a snapshot, by the names they were looked up by; None is nothing."""

    def __init__(self, snapshot: str, connections: int, read_at: datetime) -> None:
        self.snapshot = snapshot
        self.connections = connections
        self.read_at = read_at
        self._rows: dict[str, dict[str, Any]] = {}
        self._lists: dict[str, dict[str, Any]] = {}

    def rows(self, table: Table[R]) -> dict[str, R | None]:
        """One row each."""
        return self._rows.setdefault(table.name, {})

    def present(self, table: Table[R], names: Iterable[str]) -> list[R]:
        """The rows that these names have. Errors: KeyError for a name that nothing is known of."""
        rows = self.rows(table)
        return [row for name in names if (row := rows[name]) is not None]

    def lists(self, table: Table[R]) -> dict[str, list[R]]:
        """All rows that belong to something."""
        return self._lists.setdefault(table.name, {})


class Reading(Protocol[T]):
    """A way to read something of which a part are definitions."""

    def knows(self, known: Known) -> bool:
        """Whether the definitions that are named beforehand are known, or known not to exist."""
        ...

    async def rest(self, known: Known) -> tuple[T | None, bool]:
        """Reads the rest; None if a definition is missing. And whether any has changed since the snapshot."""
        ...

    async def whole(self, since: str | None) -> tuple[T, str, bool]:
        """Reads everything; its snapshot; and whether a definition has changed since that other one, if any."""
        ...

    def learn(self, known: Known, found: T) -> int:
        """Notes the definitions of what a whole read has found, and what it has not; how many rows these may be."""
        ...


class Definitions:
    """What is known of every project. Rows are shared by all who read them: nobody may change what is in them."""

    def __init__(self, pool: Pool, now: Callable[[], datetime] = real_now) -> None:
        self._pool = pool
        self._now = now
        self._known: dict[str, Known] = {}
        self._count = 0

    async def read(self, db: Transaction, project_id: str, reading: Reading[T]) -> T:
        """What there is now, read as shortly as can be."""
        if not db.untouched:  # what a transaction has changed, nobody else may believe before it is committed
            return (await reading.whole(None))[0]
        known = self.known(project_id)
        if known is not None and reading.knows(known):
            found, changed = await reading.rest(known)
            if self._holds(project_id, known, changed=changed) and found is not None:
                return found
            known = self.known(project_id)
        connections = self._pool.connected
        found, snapshot, changed = await reading.whole(known and known.snapshot)
        if known is None or not self._holds(project_id, known, changed=changed):
            known = self._known[project_id] = Known(snapshot, connections, self._now())
        self._count += reading.learn(known, found)
        if self._count > _MOST_ROWS:
            self._known.clear()
            self._count = 0
        return found

    def known(self, project_id: str) -> Known | None:
        """What is known, if it is worth asking whether it has changed."""
        known = self._known.get(project_id)
        return None if known is None or self._now() - known.read_at > _REMEMBERED else known

    def _holds(self, project_id: str, known: Known, *, changed: bool) -> bool:
        """Whether what is known still holds, after it was asked; otherwise it is forgotten.

        It does not after a new connection either: the database may have been restored, or come back from a crash
        without the last of what others had seen.
        """
        if not changed and known.connections == self._pool.connected:
            return True
        if self._known.get(project_id) is known:
            del self._known[project_id]
        return False


async def forget_old_changes(connection: Connection) -> None:
    """Deletes what nobody who remembers asks for any more; what is too much for once, the next time."""
    await connection.execute(_FORGET)
