"""The ledger of cards: their account, their points by the day on which these expire, and every movement of them.

Whoever changes an account holds the card's row from then on, so buckets and transactions need no locks of their own.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import msgspec

from guerdon.db.filters import Fields, same
from guerdon.db.table import Order, Table
from guerdon.db.transaction import Transaction
from guerdon.engine.money import GREATEST
from guerdon.events.work import Work
from guerdon.families.vouchers.store import VOUCHERS, VoucherRow


class TransactionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A movement; `amount` is signed, `details` are as they are shown."""

    id: str
    voucher_id: str
    campaign_id: str | None
    type: str
    amount: int
    source: str | None = None
    source_id: str | None = None
    reason: str | None = None
    details: dict[str, Any]
    related_transaction_id: str | None = None
    created_at: datetime


class BucketRow(msgspec.Struct, frozen=True, kw_only=True):
    """Points of a card that can be used until the end of a day; None is for ever."""

    id: str
    voucher_id: str
    campaign_id: str | None
    points: int
    status: str
    expires_on: date | None
    created_at: datetime
    updated_at: datetime | None


TRANSACTIONS = Table("voucher_transactions", TransactionRow)
TRANSACTION_FIELDS = Fields(
    "transactions",
    texts=same("id", "voucher_id", "campaign_id", "type", "source", "source_id", "reason", "related_transaction_id"),
    numbers=same("amount"),
    moments=same("created_at"),
    metadata=False,
)
BUCKETS = Table("points_buckets", BucketRow)
SOONEST_FIRST = Order("expires_on", descending=False)
_RETURNED = ", ".join(f"v.{column}" for column in VoucherRow.__struct_fields__)
_THIS = "v.project_id = $1 AND v.id = $2"
# Anybody's gift card can be filled; a loyalty card must have a holder.
_MOVABLE = "(v.holder_id IS NOT NULL OR v.type = 'GIFT_VOUCHER')"
_ADD = f"""
UPDATE vouchers v SET added = v.added + $3, balance = v.balance + $3, updated_at = $4
WHERE {_THIS} AND {_MOVABLE} AND v.added <= {GREATEST} - $3 RETURNING {_RETURNED}
"""
_REMOVE = f"""
UPDATE vouchers v SET subtracted = v.subtracted + $3, balance = v.balance - $3, updated_at = $4
WHERE {_THIS} AND {_MOVABLE} AND v.balance >= $3 RETURNING {_RETURNED}
"""
# Points that wait, or negative ones that wait no longer.
_WAIT = f"""
UPDATE vouchers v SET pending = v.pending + $3, updated_at = $4
WHERE {_THIS} AND v.holder_id IS NOT NULL AND v.pending + $3 >= 0 AND v.added + v.pending <= {GREATEST} - $3
RETURNING {_RETURNED}
"""
_ACTIVATE = f"""
UPDATE vouchers v SET pending = v.pending - $3, added = v.added + $3, balance = v.balance + $3, updated_at = $4
WHERE {_THIS} AND v.holder_id IS NOT NULL AND v.pending >= $3 AND v.added <= {GREATEST} - $3 RETURNING {_RETURNED}
"""
_FILL = """
INSERT INTO points_buckets AS b (project_id, id, voucher_id, campaign_id, points, expires_on, created_at)
SELECT $1, n.* FROM unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::date[], $7::timestamptz[])
    AS n (id, voucher_id, campaign_id, points, expires_on, created_at)
ON CONFLICT ON CONSTRAINT points_buckets_one_per_day
DO UPDATE SET points = b.points + excluded.points, updated_at = excluded.created_at
"""
# Takes from the bucket that expires soonest, then from the next; points that never expire go last.
_DRAIN = """
WITH mine AS (
    SELECT project_id, id, points, sum(points) OVER (ORDER BY expires_on NULLS LAST) - points AS before
    FROM points_buckets WHERE project_id = $1 AND voucher_id = $2 AND status = 'ACTIVE' AND points > 0
)
UPDATE points_buckets b SET points = b.points - least(m.points, $3 - m.before), updated_at = $4
FROM mine m WHERE b.project_id = m.project_id AND b.id = m.id AND m.before < $3
RETURNING b.expires_on, least(m.points, $3 - m.before) AS points
"""
_END = f"""
UPDATE points_buckets SET status = 'EXPIRED', updated_at = $4
WHERE project_id = $1 AND voucher_id = $2 AND status = 'ACTIVE' AND expires_on < $3 RETURNING {BUCKETS.columns}
"""
_LOSE = f"""
UPDATE vouchers v SET expired = v.expired + $3, balance = v.balance - $3, updated_at = $4
WHERE {_THIS} RETURNING {_RETURNED}
"""
_NEXT = f"""
UPDATE vouchers v SET next_expiration_date = n.expires_on, next_expiration_points = n.points
FROM (SELECT 1) one LEFT JOIN LATERAL (
    SELECT expires_on, points FROM points_buckets
    WHERE project_id = $1 AND voucher_id = $2 AND status = 'ACTIVE' AND points > 0 AND expires_on IS NOT NULL
    ORDER BY expires_on LIMIT 1
) n ON true
WHERE {_THIS} RETURNING {_RETURNED}
"""


class Filling(msgspec.Struct, frozen=True):
    """Points of a card that can be used until the end of a day; None is for ever."""

    card: VoucherRow
    points: int
    expires_on: date | None


async def add(work: Work, card: VoucherRow, points: int, expires_on: date | None) -> VoucherRow | None:
    """The card with so many points more; None if nobody holds it, it is gone, or no card can have so many."""
    changed = await _change(work, _ADD, card.id, points)
    if changed is None:
        return None
    (filled,) = await fill(work, [Filling(changed, points, expires_on)])
    return filled


async def remove(work: Work, card: VoucherRow, points: int) -> VoucherRow | None:
    """The card with so many points less; None if it has not so many, or nobody holds it, or it is gone."""
    changed = await _change(work, _REMOVE, card.id, points)
    return None if changed is None else (await drain(work, changed, points))[0]


async def wait(work: Work, card: VoucherRow, points: int) -> VoucherRow | None:
    """The card with so many more points that wait, or less; None if that cannot be, or nobody holds it."""
    return await _change(work, _WAIT, card.id, points)


async def activate(work: Work, card: VoucherRow, points: int, expires_on: date | None) -> VoucherRow | None:
    """The card with points that have waited among those that can be used; None if that cannot be."""
    changed = await _change(work, _ACTIVATE, card.id, points)
    if changed is None:
        return None
    (filled,) = await fill(work, [Filling(changed, points, expires_on)])
    return filled


async def change_credits(work: Work, card: VoucherRow, cents: int) -> VoucherRow | None:
    """The gift card with so many cents more or, where negative, less; None if it has not so many, or it is gone."""
    return await _change(work, _ADD if cents > 0 else _REMOVE, card.id, abs(cents))


async def fill(work: Work, fillings: Sequence[Filling]) -> list[VoucherRow]:
    """Puts points that are on accounts already into their buckets; returns the cards as they are now."""
    columns = zip(
        *((work.new_id("lopb_"), f.card.id, f.card.campaign_id, f.points, f.expires_on, work.now) for f in fillings),
        strict=True,
    )
    await work.db.write(_FILL, work.project.id, *map(list, columns))
    return [await _next_expiration(work, f.card) if f.expires_on else f.card for f in fillings]


async def expire(work: Work, card: VoucherRow, today: date) -> tuple[VoucherRow, list[BucketRow]]:
    """The card without the points whose last day was before today, and their buckets. The caller holds the card."""
    rows = await work.db.write(_END, work.project.id, card.id, today, work.now)
    ended = [bucket for row in rows if (bucket := BUCKETS.read(row)).points]
    points = sum(bucket.points for bucket in ended)
    changed = await _change(work, _LOSE, card.id, points) if points else card
    return await _next_expiration(work, changed or card), ended


async def record(db: Transaction, project_id: str, row: TransactionRow) -> None:
    await TRANSACTIONS.insert(db, project_id, row)


async def _change(work: Work, sql: str, card_id: str, points: int) -> VoucherRow | None:
    row = await work.db.write_row(sql, work.project.id, card_id, points, work.now)
    return None if row is None else VOUCHERS.read(row)


async def drain(work: Work, card: VoucherRow, points: int) -> tuple[VoucherRow, dict[date | None, int]]:
    """Takes points that are off the account already out of the buckets, those that expire soonest first.

    The card, and how many points were of which last day.
    """
    rows = await work.db.write(_DRAIN, work.project.id, card.id, points, work.now)
    taken = {row["expires_on"]: int(row["points"]) for row in rows}
    return (card if card.next_expiration_date is None else await _next_expiration(work, card)), taken


async def _next_expiration(work: Work, card: VoucherRow) -> VoucherRow:
    row = await work.db.write_row(_NEXT, work.project.id, card.id)
    return card if row is None else VOUCHERS.read(row)
