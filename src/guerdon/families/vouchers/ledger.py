"""The ledger of cards: their account, their points by the day on which these expire, and every movement of them.

Whoever changes an account holds the card's row from then on, so buckets and transactions need no locks of their own.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import msgspec

from guerdon.db.filters import Fields, same
from guerdon.db.pool import Record
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
_ADD_CREDITS = f"""
UPDATE vouchers v SET added = v.added + $3, balance = v.balance + $3, updated_at = $4
WHERE {_THIS} AND {_MOVABLE} AND v.added <= {GREATEST} - $3 RETURNING {_RETURNED}
"""
_REMOVE = f"""
UPDATE vouchers v SET subtracted = v.subtracted + $3, balance = v.balance - $3, updated_at = $4
WHERE {_THIS} AND {_MOVABLE} AND v.balance >= $3 RETURNING {_RETURNED}
"""
# Each change of a bucket, and of the points that wait, is noted with the day that it is about; why points wait no
# longer, as well.
_NOTED = "INSERT INTO points_changes (project_id, campaign_id, waiting, day, points, created_at)"
_NOTED_WHY = _NOTED.replace(")", ", cause)")
# Points that wait, or negative ones that wait no longer.
_WAIT = f"""
WITH changed AS (
    UPDATE vouchers v SET pending = v.pending + $3, updated_at = $4
    WHERE {_THIS} AND v.holder_id IS NOT NULL AND v.pending + $3 >= 0 AND v.added + v.pending <= {GREATEST} - $3
    RETURNING {_RETURNED}
), noted AS ({_NOTED_WHY} SELECT $1, campaign_id, true, $5, $3, $4, $6 FROM changed)
SELECT * FROM changed
"""
_FILL = f"""
WITH n AS (
    SELECT * FROM unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::date[], $7::timestamptz[])
        AS n (id, voucher_id, campaign_id, points, expires_on, created_at)
), noted AS ({_NOTED} SELECT $1, campaign_id, false, expires_on, points, created_at FROM n)
INSERT INTO points_buckets AS b (project_id, id, voucher_id, campaign_id, points, expires_on, created_at)
SELECT $1, n.* FROM n
ON CONFLICT (project_id, voucher_id, expires_on) WHERE status = 'ACTIVE'
DO UPDATE SET points = b.points + excluded.points, updated_at = excluded.created_at
"""
# Of several cards at once: points that come, with their buckets. What ends next on a card follows from what did so far
# and what comes, because no bucket before that one has any points. `$6` is the day that the points have waited for.
_CREDIT = f"""
WITH changed AS (
    UPDATE vouchers v SET added = v.added + n.points, balance = v.balance + n.points, {{waited}} updated_at = $7,
        next_expiration_date = least(v.next_expiration_date, n.expires_on),
        next_expiration_points = CASE
            WHEN n.expires_on = v.next_expiration_date THEN v.next_expiration_points + n.points
            WHEN n.expires_on < v.next_expiration_date OR v.next_expiration_date IS NULL AND n.expires_on IS NOT NULL
                THEN n.points
            ELSE v.next_expiration_points END
    FROM unnest($1::text[], $2::text[], $3::bigint[], $4::date[], $5::text[], $6::date[])
        AS n (project_id, id, points, expires_on, bucket_id, day)
    WHERE v.project_id = n.project_id AND v.id = n.id AND {_MOVABLE} AND {{room}}
    RETURNING {_RETURNED}, v.project_id, n.points AS came, n.expires_on AS until, n.bucket_id, n.day AS waited_for
), noted AS (
    {_NOTED_WHY} SELECT project_id, campaign_id, false, until, came, $7::timestamptz, NULL FROM changed {{noted}}
), filled AS (
    INSERT INTO points_buckets AS b (project_id, id, voucher_id, campaign_id, points, expires_on, created_at)
    SELECT project_id, bucket_id, id, campaign_id, came, until, $7::timestamptz FROM changed
    ON CONFLICT (project_id, voucher_id, expires_on) WHERE status = 'ACTIVE'
    DO UPDATE SET points = b.points + excluded.points, updated_at = excluded.created_at
)
SELECT {", ".join(VoucherRow.__struct_fields__)} FROM changed
"""
_ADD = _CREDIT.format(waited="", room=f"v.added + v.pending <= {GREATEST} - n.points", noted="")
_ACTIVATE = _CREDIT.format(
    waited="pending = v.pending - n.points,",
    room="v.pending >= n.points",
    noted="UNION ALL SELECT project_id, campaign_id, true, waited_for, -came, $7, 'ACTIVATED' FROM changed",
)
# Takes from the bucket that expires soonest, then from the next; points that never expire go last.
_DRAIN = f"""
WITH mine AS (
    SELECT project_id, id, points, sum(points) OVER (ORDER BY expires_on NULLS LAST) - points AS before
    FROM points_buckets WHERE project_id = $1 AND voucher_id = $2 AND status = 'ACTIVE' AND points > 0
), taken AS (
    UPDATE points_buckets b SET points = b.points - least(m.points, $3 - m.before), updated_at = $4
    FROM mine m WHERE b.project_id = m.project_id AND b.id = m.id AND m.before < $3
    RETURNING b.campaign_id, b.expires_on, least(m.points, $3 - m.before) AS points
), noted AS ({_NOTED} SELECT $1, campaign_id, false, expires_on, -points, $4 FROM taken)
SELECT expires_on, points FROM taken
"""
# Of several cards at once: the buckets whose last day was before a day.
_END = f"""
WITH ended AS (
    UPDATE points_buckets b SET status = 'EXPIRED', updated_at = $4
    FROM unnest($1::text[], $2::text[]) AS card (project_id, id), LATERAL (
        SELECT project_id, id FROM points_buckets
        WHERE project_id = card.project_id AND voucher_id = card.id AND status = 'ACTIVE' AND expires_on < $3
        ORDER BY expires_on OFFSET 0
    ) over
    WHERE b.project_id = over.project_id AND b.id = over.id
    RETURNING b.project_id, {", ".join(f"b.{column}" for column in BucketRow.__struct_fields__)}
), noted AS ({_NOTED} SELECT project_id, campaign_id, false, expires_on, -points, $4 FROM ended WHERE points > 0)
SELECT {BUCKETS.columns} FROM ended
"""
_LOSE = """
UPDATE vouchers v SET expired = v.expired + card.points, balance = v.balance - card.points,
    next_expiration_date = n.expires_on, next_expiration_points = n.points,
    updated_at = CASE WHEN card.points > 0 THEN $4 ELSE v.updated_at END
FROM unnest($1::text[], $2::text[], $3::bigint[]) AS card (project_id, id, points) LEFT JOIN LATERAL (
    SELECT b.expires_on, b.points FROM points_buckets b
    WHERE b.project_id = card.project_id AND b.voucher_id = card.id AND b.status = 'ACTIVE' AND b.points > 0
    AND b.expires_on IS NOT NULL ORDER BY b.expires_on LIMIT 1
) n ON true
WHERE v.project_id = card.project_id AND v.id = card.id RETURNING v.id, n.expires_on, n.points
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


class Ripe(msgspec.Struct, frozen=True):
    """Points of a card that have waited for a day; they can be used until the end of another."""

    card: VoucherRow
    points: int
    day: date
    expires_on: date | None


async def add(work: Work, card: VoucherRow, points: int, expires_on: date | None) -> VoucherRow | None:
    """The card with so many points more; None if nobody holds it, it is gone, or no card can have so many."""
    values = [work.project.id], [card.id], [points], [expires_on], [work.new_id("lopb_")], [None]
    row = await work.db.write_row(_ADD, *values, work.now)
    return None if row is None else VOUCHERS.read(row)


async def add_several(work: Work, fillings: Sequence[Filling]) -> list[VoucherRow]:
    """The cards with so many points more; no card may be in two. LookupError if one cannot have them."""
    rows = [(f.card, f.points, f.expires_on, None) for f in fillings]
    return await _credit(work, _ADD, rows)


async def remove(work: Work, card: VoucherRow, points: int) -> VoucherRow | None:
    """The card with so many points less; None if it has not so many, or nobody holds it, or it is gone."""
    changed = await _change(work, _REMOVE, card.id, points)
    return None if changed is None else (await drain(work, changed, points))[0]


async def wait(work: Work, card: VoucherRow, points: int, day: date, *, canceled: bool = False) -> VoucherRow | None:
    """The card with so many more points that wait for a day, or less; None if that cannot be, or nobody holds it.

    `canceled` says that what is less was dropped as a whole.
    """
    return await _change(work, _WAIT, card.id, points, day, "CANCELED" if canceled else None)


async def activate(work: Work, ripe: Sequence[Ripe]) -> list[VoucherRow]:
    """The cards with points that have waited among those that can be used; no card may be in two.

    The caller holds the cards. LookupError if one has not so many points that wait.
    """
    return await _credit(work, _ACTIVATE, [(r.card, r.points, r.expires_on, r.day) for r in ripe])


async def _credit(
    work: Work, sql: str, rows: Sequence[tuple[VoucherRow, int, date | None, date | None]]
) -> list[VoucherRow]:
    """The cards with the points that come to each, the last day of these, and the day that they have waited for."""
    columns = zip(
        *((work.project.id, card.id, points, end, work.new_id("lopb_"), day) for card, points, end, day in rows),
        strict=True,
    )
    changed = {row["id"]: VOUCHERS.read(row) for row in await work.db.write(sql, *map(list, columns), work.now)}
    if len(changed) != len(rows):
        raise LookupError(f"of {len(rows)} cards only {len(changed)} can have the points")
    return [changed[card.id] for card, *_ in rows]


async def change_credits(work: Work, card: VoucherRow, cents: int) -> VoucherRow | None:
    """The gift card with so many cents more or, where negative, less; None if it has not so many, or it is gone."""
    return await _change(work, _ADD_CREDITS if cents > 0 else _REMOVE, card.id, abs(cents))


async def fill(work: Work, fillings: Sequence[Filling]) -> list[VoucherRow]:
    """Puts points that are on accounts already into their buckets; returns the cards as they are now."""
    columns = zip(
        *((work.new_id("lopb_"), f.card.id, f.card.campaign_id, f.points, f.expires_on, work.now) for f in fillings),
        strict=True,
    )
    await work.db.write(_FILL, work.project.id, *map(list, columns))
    return [await _next_expiration(work, f.card) if f.expires_on else f.card for f in fillings]


async def expire(work: Work, cards: Sequence[VoucherRow], day: date) -> list[tuple[VoucherRow, list[BucketRow]]]:
    """The cards without the points whose last day was before that day, each with its buckets that have ended.

    The caller holds the cards. A card on which nothing has ended has no buckets here.
    """
    projects, ids = [work.project.id] * len(cards), [card.id for card in cards]
    ended: dict[str, list[BucketRow]] = {card_id: [] for card_id in ids}
    for row in await work.db.write(_END, projects, ids, day, work.now):
        bucket = BUCKETS.read(row)
        if bucket.points:
            ended[bucket.voucher_id].append(bucket)
    points = [sum(bucket.points for bucket in ended[card_id]) for card_id in ids]
    following = {row["id"]: row for row in await work.db.write(_LOSE, projects, ids, points, work.now)}
    return [
        (_lost(card, lost, following[card.id], work.now), sorted(ended[card.id], key=_last_day))
        for card, lost in zip(cards, points, strict=True)
    ]


def _lost(card: VoucherRow, points: int, following: Record, now: datetime) -> VoucherRow:
    """The card as `_LOSE` has left it: it was held before, so nothing else of it has changed."""
    return msgspec.structs.replace(
        card,
        expired=card.expired + points,
        balance=card.balance - points,
        next_expiration_date=following["expires_on"],
        next_expiration_points=following["points"],
        updated_at=now if points else card.updated_at,
    )


def _last_day(bucket: BucketRow) -> date:
    return bucket.expires_on or date.max


def record(db: Transaction, project_id: str, row: TransactionRow) -> None:
    """Adds the movement before the transaction's next statement."""
    TRANSACTIONS.insert_later(db, project_id, row)


async def record_all(db: Transaction, project_id: str, rows: Sequence[TransactionRow]) -> None:
    await TRANSACTIONS.insert_many(db, project_id, rows)


async def _change(work: Work, sql: str, card_id: str, points: int, *more: object) -> VoucherRow | None:
    row = await work.db.write_row(sql, work.project.id, card_id, points, work.now, *more)
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
