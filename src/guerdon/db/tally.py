"""Counts of what happens too often for a row each time: added to a table soon (see `Soon`)."""

from collections import Counter
from datetime import date

import msgspec

from guerdon.db.pool import UNREACHABLE, Pool, acquired
from guerdon.db.soon import Soon
from guerdon.db.transaction import Transaction

# In the order of the key, so that processes that add at the same time wait for each other, and never both.
_ADD = """
INSERT INTO tallies AS t (project_id, subject_id, day, name, times)
SELECT * FROM unnest($1::text[], $2::text[], $3::date[], $4::text[], $5::bigint[]) AS n ORDER BY 1, 2, 3, 4
ON CONFLICT (project_id, subject_id, day, name) DO UPDATE SET times = t.times + excluded.times
"""
_READ = """
SELECT name, sum(times)::bigint AS times FROM tallies
WHERE project_id = $1 AND subject_id = $2
  AND day >= coalesce($3::date, '-infinity') AND day <= coalesce($4::date, 'infinity')
GROUP BY name
"""
_FORGET = "DELETE FROM tallies WHERE project_id = $1 AND subject_id = $2"


class Counted(msgspec.Struct, frozen=True):
    """What happened to what, and on which day of the project."""

    project_id: str
    subject_id: str
    day: date
    name: str


class Tally:
    """The counts of one process."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._counts: Counter[Counted] = Counter()
        self._soon = Soon(self._save)

    def add(self, what: Counted) -> None:
        """Counts it once. Never fails and never waits."""
        self._counts[what] += 1
        self._soon.touch()

    async def close(self) -> None:
        """Saves what is still to be saved, if the database can be reached."""
        await self._soon.close()

    async def _save(self) -> bool:
        counts, self._counts = self._counts, Counter()
        if not counts:
            return False
        columns = zip(*((*msgspec.structs.astuple(what), times) for what, times in counts.items()), strict=True)
        try:
            async with acquired(self._pool) as connection:
                await connection.execute(_ADD, *map(list, columns))
        except UNREACHABLE:
            self._counts.update(counts)
            raise
        return bool(self._counts)


async def times(
    db: Transaction, project_id: str, subject_id: str, first: date | None, last: date | None
) -> dict[str, int]:
    """How often each thing happened to the subject between two days, both included; None is without end."""
    return {row["name"]: row["times"] for row in await db.rows(_READ, project_id, subject_id, first, last)}


async def forget(db: Transaction, project_id: str, subject_id: str) -> None:
    await db.write(_FORGET, project_id, subject_id)
