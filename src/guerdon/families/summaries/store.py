"""What happened in a campaign between two moments, counted from the rows that it left."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from guerdon.db.transaction import Transaction


class Asked(msgspec.Struct, frozen=True):
    """A campaign and a time: from a moment on and before another; None is without end."""

    project_id: str
    campaign_id: str
    since: datetime | None
    before: datetime | None


def _within(column: str) -> str:
    return f"{column} >= coalesce($3, '-infinity'::timestamptz) AND {column} < coalesce($4, 'infinity'::timestamptz)"


# The orders in which these read rows lead to the index that has them, whatever the planner believes of the tables.
_VOUCHERS = f"""
SELECT id, balance FROM vouchers WHERE project_id = $1 AND campaign_id BETWEEN $2 AND $2 AND {_within("created_at")}
ORDER BY campaign_id, created_at DESC NULLS LAST, id DESC OFFSET 0
"""
_LEDGER = """
SELECT voucher_id, type, amount, created_at FROM voucher_transactions
WHERE project_id = $1 AND campaign_id BETWEEN $2 AND $2 ORDER BY campaign_id, id DESC NULLS LAST OFFSET 0
"""
# An order counts once for each request that was redeemed for it, with what was left to pay after the last redemption of
# the campaign's own.
_REDEMPTIONS = f"""
WITH mine AS (
    SELECT project_id, id, coalesce(parent_id, id) AS request, redemption_id, result, order_amount, discounted_amount
    FROM redemptions WHERE project_id = $1 AND campaign_id = $2 AND {_within("created_at")}
    ORDER BY created_at OFFSET 0
), undone AS (
    SELECT coalesce(o.parent_id, o.id) AS request, o.id, o.order_amount, o.discounted_amount FROM mine r, LATERAL (
        SELECT id, parent_id, order_amount, discounted_amount FROM redemptions
        WHERE project_id = r.project_id AND id >= r.redemption_id ORDER BY id LIMIT 1
    ) o WHERE r.result = 'SUCCESS' AND o.id = r.redemption_id
)
SELECT count(*) FILTER (WHERE redemption_id IS NULL AND result = 'SUCCESS') AS redemptions_succeeded,
    count(*) FILTER (WHERE redemption_id IS NULL AND result <> 'SUCCESS') AS redemptions_failed,
    count(*) FILTER (WHERE redemption_id IS NOT NULL AND result = 'SUCCESS') AS rollbacks_succeeded,
    count(*) FILTER (WHERE redemption_id IS NOT NULL AND result <> 'SUCCESS') AS rollbacks_failed,
    coalesce(sum(discounted_amount) FILTER (WHERE redemption_id IS NULL), 0)::bigint AS discounted_amount,
    (SELECT coalesce(sum(discounted_amount), 0)::bigint FROM undone) AS rolledback_discounted_amount,
    (SELECT coalesce(sum(one.amount), 0)::bigint FROM (
        SELECT (array_agg(order_amount ORDER BY id DESC))[1] AS amount FROM mine
        WHERE redemption_id IS NULL AND result = 'SUCCESS' GROUP BY request
    ) one) AS orders_amount,
    (SELECT coalesce(sum(one.amount), 0)::bigint FROM (
        SELECT (array_agg(order_amount ORDER BY id DESC))[1] AS amount FROM undone GROUP BY request
    ) one) AS orders_rolledback_amount
FROM mine
"""
_CODES = f"""
SELECT (SELECT count(*) FROM ({_VOUCHERS}) v)
    + count(*) FILTER (WHERE {_within("created_at")}) AS vouchers_created,
    count(*) FILTER (WHERE {_within("deleted_at")}) AS vouchers_deleted
FROM deleted_vouchers WHERE project_id = $1 AND campaign_id = $2
"""
_PUBLICATIONS = f"""
SELECT count(*) AS publications_succeeded FROM (
    SELECT FROM publications WHERE project_id = $1 AND campaign_id = $2 AND {_within("created_at")}
    ORDER BY created_at OFFSET 0
) one
"""
# What cards began with is what is on them, or was when they were deleted, without all that has moved on them.
_CARDS = f"""
WITH gone AS (SELECT * FROM deleted_vouchers WHERE project_id = $1 AND campaign_id = $2), made AS (
    ({_VOUCHERS}) UNION ALL SELECT id, balance FROM gone WHERE {_within("created_at")}
)
SELECT ((SELECT coalesce(sum(balance), 0) FROM made) - (
        SELECT coalesce(sum(t.amount), 0) FROM ({_LEDGER}) t JOIN made ON made.id = t.voucher_id
    ))::bigint AS created,
    (SELECT coalesce(sum(balance), 0)::bigint FROM gone WHERE {_within("deleted_at")}) AS deleted
"""
_MOVED = f"""
SELECT type, sum(abs(amount))::bigint AS amount FROM ({_LEDGER}) t WHERE {_within("created_at")} GROUP BY type
"""
_WAITING = f"""
SELECT coalesce(sum(points) FILTER (WHERE points > 0), 0)::bigint AS pending_points_added,
    coalesce(-sum(points) FILTER (WHERE points < 0 AND cause IS NULL), 0)::bigint AS pending_points_subtracted,
    coalesce(-sum(points) FILTER (WHERE cause = 'ACTIVATED'), 0)::bigint AS pending_points_activated,
    coalesce(-sum(points) FILTER (WHERE cause = 'CANCELED'), 0)::bigint AS pending_points_canceled
FROM points_changes WHERE project_id = $1 AND campaign_id = $2 AND waiting AND {_within("created_at")}
"""
_REFERRALS = f"""
SELECT count(DISTINCT referee_id) AS referred_customers FROM referrals
WHERE project_id = $1 AND campaign_id = $2 AND {_within("created_at")}
"""
Figures = Mapping[str, int]


async def redemptions(db: Transaction, asked: Asked) -> Figures:
    """Redemptions, rollbacks, and what they took off orders, by the names of the answer."""
    return await _one(db, _REDEMPTIONS, asked)


async def codes(db: Transaction, asked: Asked) -> Figures:
    """Codes that were made and deleted."""
    return await _one(db, _CODES, asked)


async def publications(db: Transaction, asked: Asked) -> Figures:
    return await _one(db, _PUBLICATIONS, asked)


async def cards(db: Transaction, asked: Asked) -> Figures:
    """What cards that were made began with (`created`), and what was on those that were deleted (`deleted`)."""
    return await _one(db, _CARDS, asked)


async def moved(db: Transaction, asked: Asked) -> Figures:
    """Points or cents, without sign, by the type of the ledger's entries."""
    return {row["type"]: row["amount"] for row in await db.rows(_MOVED, *msgspec.structs.astuple(asked))}


async def waiting(db: Transaction, asked: Asked) -> Figures:
    """Points that came to wait, and what became of them."""
    return await _one(db, _WAITING, asked)


async def referrals(db: Transaction, asked: Asked) -> Figures:
    return await _one(db, _REFERRALS, asked)


async def _one(db: Transaction, sql: str, asked: Asked) -> Figures:
    row = await db.row(sql, *msgspec.structs.astuple(asked))
    return dict(row) if row else {}
