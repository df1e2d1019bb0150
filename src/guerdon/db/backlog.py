"""How much of the installation's work is waiting, for metrics."""

import msgspec

from guerdon.db.transaction import Transaction

# For all projects at once: estimates would do, but these tables are short when all is well.
_COUNTS = """
SELECT (SELECT count(project_id) FROM outbox), (SELECT count(project_id) FROM deliveries WHERE due_at IS NOT NULL),
    (SELECT count(project_id) FROM jobs WHERE parked_at IS NULL),
    (SELECT count(project_id) FROM jobs WHERE parked_at IS NOT NULL)
"""


class Backlog(msgspec.Struct, frozen=True):
    """Rows that wait: events for the relay, deliveries for an attempt, jobs for their turn, jobs for a person."""

    outbox: int
    deliveries: int
    jobs: int
    parked_jobs: int


async def backlog(db: Transaction) -> Backlog:
    (row,) = await db.rows(_COUNTS)
    return Backlog(*row.values())
