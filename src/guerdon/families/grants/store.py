"""What customers are owed for rewards, and what they have got: table and statements."""

from collections.abc import Collection
from datetime import date, datetime, timedelta

import msgspec

from guerdon.db.table import Table
from guerdon.db.transaction import Transaction


class RewardRedemptionRow(msgspec.Struct, frozen=True, kw_only=True):
    """What is owed for a reward. A material one is PENDING until somebody says that it was handed out.

    `referral_tier_id` is there if it is owed for a referral instead of a redemption.
    `granted_id` is the code that was published, or the card that `granted_amount` credits or points are put on.
    """

    id: str
    state: str
    voucher_id: str
    campaign_id: str
    customer_id: str
    reward_assignment_id: str
    reward_id: str | None = None
    referral_tier_id: str | None = None
    source_id: str
    source_type: str = "redemption"
    granted_id: str | None = None
    granted_amount: int | None = None
    publication_id: str | None = None
    created_at: datetime
    updated_at: datetime | None = None


MOST_RUNS_A_DAY = 10
REWARD_REDEMPTIONS = Table("reward_redemptions", RewardRedemptionRow)
_COMPLETE = f"""
UPDATE reward_redemptions SET state = 'COMPLETED', updated_at = $3
WHERE project_id = $1 AND id = $2 AND state = 'CREATED' RETURNING {REWARD_REDEMPTIONS.columns}
"""
_HOLD = f"{REWARD_REDEMPTIONS.select} AND source_id = ANY($2) AND state <> 'ROLLEDBACK' ORDER BY id FOR UPDATE"
_UNDO = "UPDATE reward_redemptions SET state = 'ROLLEDBACK', updated_at = $3 WHERE project_id = $1 AND id = ANY($2)"
_GRANTED = """
SELECT source_id, granted_id FROM reward_redemptions
WHERE project_id = $1 AND source_id = ANY($2) AND granted_id IS NOT NULL
"""


_RUN = """
INSERT INTO automatic_redemptions AS a (project_id, reward_assignment_id, customer_id, day, runs)
VALUES ($1, $2, $3, $4, 1)
ON CONFLICT (project_id, reward_assignment_id, customer_id)
DO UPDATE SET day = excluded.day, runs = CASE WHEN a.day = excluded.day THEN a.runs + 1 ELSE 1 END
WHERE a.day <> excluded.day OR a.runs < $5 RETURNING runs
"""
_BLOCKED_PROJECTS = f"""
SELECT p.id FROM projects p WHERE EXISTS (
    SELECT FROM automatic_redemptions a WHERE a.project_id = p.id AND a.runs >= {MOST_RUNS_A_DAY}
    AND a.day < ((now() + p.clock_offset) AT TIME ZONE p.timezone)::date
)
"""
_FIRST_BLOCKED = f"""
SELECT day FROM automatic_redemptions WHERE project_id = $1 AND runs >= {MOST_RUNS_A_DAY} ORDER BY day LIMIT 1
"""
_UNBLOCK = f"""
DELETE FROM automatic_redemptions a USING (
    SELECT project_id, reward_assignment_id, customer_id FROM automatic_redemptions
    WHERE project_id = $1 AND runs >= {MOST_RUNS_A_DAY} AND day < $2 ORDER BY day LIMIT $3 FOR UPDATE
) old
WHERE a.project_id = old.project_id AND a.reward_assignment_id = old.reward_assignment_id
    AND a.customer_id = old.customer_id
RETURNING a.reward_assignment_id, a.customer_id
"""


class Blocked(msgspec.Struct, frozen=True, order=True):
    """A customer for whom the engine has redeemed an offer as often as it may on a day."""

    assignment_id: str
    customer_id: str


async def begin_run(db: Transaction, project_id: str, assignment_id: str, customer_id: str, day: date) -> bool:
    """Counts one more run of the engine for the customer; False if there were as many as may be that day."""
    return await db.write_row(_RUN, project_id, assignment_id, customer_id, day, MOST_RUNS_A_DAY) is not None


async def projects_with_blocked(db: Transaction) -> list[str]:
    """The projects where the day is over on which the engine has redeemed as often as it may."""
    return [row["id"] for row in await db.rows(_BLOCKED_PROJECTS)]


async def first_day(db: Transaction, project_id: str) -> date | None:
    """The next day on which the engine may redeem again for somebody."""
    last: date | None = await db.value(_FIRST_BLOCKED, project_id)
    return None if last is None else last + timedelta(days=1)


async def unblock(db: Transaction, project_id: str, day: date, limit: int) -> list[Blocked]:
    """Some of those for whom the engine may redeem again on that day."""
    return sorted(Blocked(*row.values()) for row in await db.write(_UNBLOCK, project_id, day, limit))


async def complete(db: Transaction, project_id: str, row_id: str, at: datetime) -> RewardRedemptionRow | None:
    """What is handed over now; None if it was, or is no longer to be."""
    row = await db.write_row(_COMPLETE, project_id, row_id, at)
    return None if row is None else REWARD_REDEMPTIONS.read(row)


async def undo(
    db: Transaction, project_id: str, source_ids: Collection[str], at: datetime
) -> list[RewardRedemptionRow]:
    """Takes back what is owed for these redemptions; returns it as it was before."""
    found = [REWARD_REDEMPTIONS.read(row) for row in await db.write(_HOLD, project_id, sorted(source_ids))]
    if found:
        await db.write(_UNDO, project_id, [row.id for row in found], at)
    return found


async def granted(db: Transaction, project_id: str, source_ids: Collection[str]) -> dict[str, str]:
    """The ids of the codes that were given, by redemption."""
    rows = await db.rows(_GRANTED, project_id, sorted(source_ids)) if source_ids else []
    return {row["source_id"]: row["granted_id"] for row in rows}
