"""What a project has under way, by the group that caused it: events not yet handed on, and jobs not yet done."""

from collections.abc import Sequence

from guerdon.db.transaction import Transaction

# A job that failed and waits for its next attempt is not under way: nobody knows whether it will ever succeed.
_JOBS = """
SELECT group_id FROM jobs WHERE project_id = $1 AND parked_at IS NULL AND (leased_until > now() OR due_at <= now())
"""
_GROUPS = f"SELECT group_id FROM outbox WHERE project_id = $1 UNION {_JOBS}"
_BUSY = f"""
SELECT EXISTS (SELECT FROM outbox WHERE project_id = $1 AND group_id = ANY($2))
    OR EXISTS ({_JOBS} AND group_id = ANY($2))
"""


async def groups(db: Transaction, project_id: str) -> list[str]:
    """The groups of which something is under way now."""
    return [row["group_id"] for row in await db.rows(_GROUPS, project_id)]


async def busy(db: Transaction, project_id: str, groups: Sequence[str]) -> bool:
    """Whether something of these groups is under way still; what follows from a thing has the thing's group."""
    return await db.value(_BUSY, project_id, groups)
