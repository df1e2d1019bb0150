"""What is owed to customers at a moment: what there is now, less what has changed since."""

from datetime import date, datetime

import msgspec

from guerdon.db import reports
from guerdon.db.transaction import Transaction

_POINTS = """
SELECT day, sum(points)::bigint AS points FROM (
    SELECT expires_on AS day, points FROM points_buckets
    WHERE project_id = $1 AND status = 'ACTIVE' AND ($2::text IS NULL OR campaign_id = $2)
    UNION ALL
    SELECT day, -points FROM points_changes
    WHERE project_id = $1 AND NOT waiting AND created_at > $3 AND ($2::text IS NULL OR campaign_id = $2)
) one GROUP BY day HAVING sum(points) <> 0 ORDER BY day
"""
_WAITING = """
SELECT day, sum(points)::bigint AS points FROM (
    SELECT activates_on AS day, points FROM pending_points
    WHERE project_id = $1 AND status = 'PENDING' AND ($2::text IS NULL OR campaign_id = $2)
    UNION ALL
    SELECT day, -points FROM points_changes
    WHERE project_id = $1 AND waiting AND created_at > $3 AND ($2::text IS NULL OR campaign_id = $2)
) one GROUP BY day HAVING sum(points) <> 0 ORDER BY day
"""
_CREDITS = """
SELECT coalesce(sum(v.balance - coalesce(later.amount, 0)), 0)::bigint FROM vouchers v LEFT JOIN LATERAL (
    SELECT sum(t.amount) AS amount FROM voucher_transactions t
    WHERE t.project_id = v.project_id AND t.voucher_id = v.id AND t.created_at > $3
) later ON true
WHERE v.project_id = $1 AND v.type = 'GIFT_VOUCHER' AND v.created_at <= $3 AND ($2::text IS NULL OR v.campaign_id = $2)
"""


class Due(msgspec.Struct, frozen=True):
    """Points of a day; None is for ever."""

    day: date | None
    points: int


class Owed(msgspec.Struct, frozen=True):
    """Points by their last day, points that wait by the day on which they can be used, and cents on gift cards."""

    points: list[Due]
    waiting: list[Due]
    credits: int


async def owed(db: Transaction, project_id: str, campaign_id: str | None, at: datetime) -> Owed:
    """All of it as things stand at one moment; in a transaction of its own, which it begins."""
    await reports.begin(db, reports.WHOLE_TABLES)
    asked = (project_id, campaign_id, at)
    return Owed(
        points=[Due(*row.values()) for row in await db.rows(_POINTS, *asked)],
        waiting=[Due(*row.values()) for row in await db.rows(_WAITING, *asked)],
        credits=await db.value(_CREDITS, *asked),
    )
