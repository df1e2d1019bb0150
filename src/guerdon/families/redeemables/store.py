"""Redemptions: their table, and the statements that move vouchers."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec

from guerdon.db.filters import Fields, same
from guerdon.db.table import Table
from guerdon.db.transaction import Transaction
from guerdon.engine.order import Order
from guerdon.families.vouchers.store import VOUCHERS, VoucherRow


class RedemptionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A redemption as it is stored, or a rollback, whose `redemption_id` names what it undoes.

    `amount` is points or cents of a card, negative in rollbacks. `order_amount` is what is left to pay of the order
    after it, `discounted_amount` what it took off. `units` are discounted units by limit, `counted` the counters that
    it moved, `drained` the points it took by their last day ("" for points that have none), `snapshot` the engine's
    order after it.
    """

    id: str
    customer_id: str | None = None
    tracking_id: str | None = None
    parent_id: str | None = None
    redemption_id: str | None = None
    related_object_type: str = "voucher"
    voucher_id: str | None = None
    voucher_code: str | None = None
    promotion_tier_id: str | None = None
    promotion_stack_id: str | None = None
    campaign_id: str | None = None
    reward_id: str | None = None
    reward_assignment_id: str | None = None
    loyalty_tier_id: str | None = None
    order_id: str | None = None
    amount: int | None = None
    order_amount: int | None = None
    discounted_amount: int | None = None
    units: dict[str, int] | None = None
    counted: dict[str, int] | None = None
    drained: dict[str, int] | None = None
    snapshot: dict[str, Any] | None = None
    result: str = "SUCCESS"
    status: str = "SUCCEEDED"
    failure_code: str | None = None
    failure_message: str | None = None
    reason: str | None = None
    session_key: str | None = None
    channel_type: str = "API"
    channel_id: str
    metadata: dict[str, Any] | None = None
    created_at: datetime


Column = Literal["voucher_id", "promotion_tier_id", "campaign_id"]


class Counted(msgspec.Struct, frozen=True):
    """Which redemptions a counter is about: of what, by whom, since when; and the limit whose units it counts."""

    column: Column
    scope_id: str
    customer_id: str | None = None
    api_key: str | None = None
    since: datetime | None = None
    unit: str | None = None


class Use(msgspec.Struct, frozen=True):
    """One redemption of a voucher, with the credits or points it takes, as decided on the voucher with these locks.

    `locked` and `locked_amount` are what other sessions hold of it.
    """

    voucher_id: str
    amount: int
    locks: int
    locked: int = 0
    locked_amount: int = 0


API = "API"
AUTO_REDEEM = "AUTO_REDEEM"  # the channel of what the engine redeems by itself


class Offered(msgspec.Struct, frozen=True):
    """Codes that a customer could use: their own, and those of everybody that belong to no campaign or to these.

    `keys` narrows them to certain codes, if there are any.
    """

    holder_id: str | None
    campaign_ids: Sequence[str]
    before: datetime
    keys: Sequence[str]
    most: int
    everybodys: bool


REDEMPTIONS = Table("redemptions", RedemptionRow)
FIELDS = Fields(
    "redemptions",
    texts={
        **same("id", "customer_id", "tracking_id", "parent_id", "redemption_id", "related_object_type", "voucher_id"),
        **same("voucher_code", "promotion_tier_id", "promotion_stack_id", "campaign_id", "reward_id", "order_id"),
        **same("result", "status", "failure_code", "reason", "channel_type", "channel_id"),
        "related_object_id": "coalesce(voucher_id, promotion_tier_id, promotion_stack_id)",
        "campaign": "(SELECT c.name FROM campaigns c WHERE c.project_id = $1 AND c.id = campaign_id)",
    },
    numbers=same("amount", "discounted_amount"),
    moments=same("created_at"),
)
_RETURNED = ", ".join(f"v.{column}" for column in VoucherRow.__struct_fields__)
_NAMED = "unnest(array_fill($1::text, ARRAY[cardinality($2::text[])]), $2::text[]"
# Every condition that may have changed since the decision stands here: too few rows mean a lost race.
_USE = f"""
UPDATE vouchers v SET redeemed_quantity = v.redeemed_quantity + 1, redeemed = v.redeemed + n.amount,
    balance = v.balance - n.amount, locks = v.locks + n.session, updated_at = $7
FROM {_NAMED}, $3::bigint[], $4::int[], $5::int[], $6::bigint[], $8::int[])
    AS n (project_id, id, amount, locks, locked, locked_amount, session)
WHERE v.project_id = n.project_id AND v.id = n.id AND v.active AND v.locks = n.locks
  AND (v.redemption_quantity IS NULL OR v.redeemed_quantity + n.locked < v.redemption_quantity)
  AND v.balance - n.locked_amount >= n.amount
RETURNING {_RETURNED}
"""
# The same of one that still is as it was read, so that it is known what it becomes.
_USE_AS_READ = """
UPDATE vouchers v SET redeemed_quantity = v.redeemed_quantity + 1, redeemed = v.redeemed + $3, balance = v.balance - $3,
    updated_at = $4
WHERE v.project_id = $1 AND v.id = $2 AND v.active AND v.locks = $5 AND v.redeemed_quantity = $6 AND v.balance = $7
  AND (v.redemption_quantity IS NULL OR v.redeemed_quantity + $8 < v.redemption_quantity)
  AND v.balance - $9 >= $3
RETURNING v.id
"""
_GIVE_BACK = f"""
UPDATE vouchers v SET redeemed_quantity = v.redeemed_quantity - 1, redeemed = v.redeemed - n.amount,
    balance = v.balance + n.amount, updated_at = $4
FROM {_NAMED}, $3::bigint[]) AS n (project_id, id, amount)
WHERE v.project_id = n.project_id AND v.id = n.id AND v.redeemed_quantity > 0
RETURNING {_RETURNED}
"""
_NAMED_VOUCHERS = f"""
SELECT n.name AS asked, v.* FROM {_NAMED}, $3::text[]) AS n (project_id, name, code_key), LATERAL (
    SELECT {VOUCHERS.columns} FROM vouchers WHERE project_id = n.project_id AND id = n.name
    UNION ALL SELECT {VOUCHERS.columns} FROM vouchers WHERE project_id = n.project_id AND code_key = n.code_key LIMIT 1
) v
"""
# A holder's codes are read before they are put in order, and a campaign's in the whole order of its index: left to
# choose, PostgreSQL would walk every code by its age, because that is the order that is asked for.
_USABLE = "active AND created_at - $3 < interval '0'"
_NEWEST = "created_at DESC NULLS LAST, id DESC LIMIT $4"
OFFERED = f"""
(SELECT h.* FROM ({VOUCHERS.select} AND holder_id = $2 AND {_USABLE} OFFSET 0) h ORDER BY {_NEWEST})
UNION ALL
(SELECT f.* FROM unnest($5::text[]) AS c (id), LATERAL (
    {VOUCHERS.select} AND campaign_id BETWEEN c.id AND c.id AND holder_id IS NULL AND {_USABLE}
    ORDER BY campaign_id, {_NEWEST}
) f ORDER BY {_NEWEST})
UNION ALL
({VOUCHERS.select} AND campaign_id IS NULL AND holder_id IS NULL AND active AND created_at < $3 AND $6
 ORDER BY created_at DESC, id DESC LIMIT $4)
"""
OFFERED_BY_CODE = f"""
SELECT f.* FROM unnest($4::text[]) AS k (code_key), LATERAL (
    {VOUCHERS.select} AND code_key = k.code_key LIMIT 1
) f
WHERE {_USABLE} AND (
    holder_id = $2 OR ($6 AND holder_id IS NULL AND (campaign_id IS NULL OR campaign_id = ANY($5::text[])))
)
"""
_LOCK_VOUCHERS = f"{VOUCHERS.select} AND id = ANY($2) ORDER BY id FOR UPDATE"
_READ = "SELECT key, value FROM redemption_counters WHERE project_id = $1 AND key = ANY($2)"
_CLAIM = """
INSERT INTO redemption_counters (project_id, key, value)
SELECT $1, key, NULL FROM unnest($2::text[]) AS key ORDER BY key ON CONFLICT DO NOTHING
"""
_LOCK = f"{_READ} ORDER BY key FOR UPDATE"
_MOVE = f"""
UPDATE redemption_counters c SET value = n.value FROM {_NAMED}, $3::bigint[], $4::bigint[])
    AS n (project_id, key, seen, value)
WHERE c.project_id = n.project_id AND c.key = n.key AND c.value IS NOT DISTINCT FROM n.seen RETURNING c.key
"""
_ADD = """
INSERT INTO redemption_counters (project_id, key, value)
SELECT $1, n.key, n.value FROM unnest($2::text[], $3::bigint[]) AS n (key, value) ORDER BY n.key
ON CONFLICT DO NOTHING RETURNING key
"""
_LOWER = f"""
UPDATE redemption_counters c SET value = greatest(c.value - n.value, 0)
FROM {_NAMED}, $3::bigint[]) AS n (project_id, key, value)
WHERE c.project_id = n.project_id AND c.key = n.key AND c.value IS NOT NULL
"""
_TURNS = """
SELECT pg_advisory_xact_lock(hashtextextended($1 || ' counters ' || name, 0))
FROM (SELECT unnest($2::text[]) AS name ORDER BY 1) n
"""
# Counters of limits that are newer than the redemption, as far as they could be about its customer. The minute is for
# redemptions that were decided on before the limit could be seen.
_FORGET = f"""
UPDATE redemption_counters c SET value = NULL FROM {_NAMED}) AS n (project_id, id), LATERAL (
    SELECT a.id, a.rule_id, a.created_at FROM validation_rule_assignments a
    WHERE a.project_id = n.project_id AND a.related_object_id = n.id ORDER BY a.id
) a, LATERAL (
    SELECT greatest(a.created_at, coalesce(r.updated_at, r.created_at)) AS since FROM validation_rules r
    WHERE r.project_id = n.project_id AND r.id = a.rule_id LIMIT 1
) r
WHERE r.since > $3::timestamptz - interval '1 minute'
  AND c.project_id = n.project_id AND c.key >= a.id || '.' AND c.key < a.id || '/' AND c.value IS NOT NULL
  AND NOT c.key = ANY($4::text[]) AND (c.key !~ ':cust_' OR position(':' || $5 in c.key) > 0)
"""
_SUMS: Mapping[str, str] = {
    "redemptions": "count(*)",
    "order_amount": "coalesce(sum(order_amount), 0)::bigint",
    "discount_amount": "coalesce(sum(discounted_amount), 0)::bigint",
    "gift_amount": "coalesce(sum(amount), 0)::bigint",
    "units": "coalesce(sum((units->>$6)::bigint), 0)::bigint",
}
_ROLLED_BACK = f"""
UPDATE redemptions SET status = 'ROLLED_BACK' WHERE project_id = $1 AND id = ANY($2) AND status = 'SUCCEEDED'
RETURNING {REDEMPTIONS.columns}
"""
_CHILDREN = f"{REDEMPTIONS.select} AND parent_id = ANY($2) AND redemption_id IS NULL ORDER BY id"
_ROLLBACKS = f"{REDEMPTIONS.select} AND redemption_id = ANY($2) ORDER BY id"


async def vouchers_named(
    db: Transaction, project_id: str, names: Sequence[str], keys: Sequence[str]
) -> dict[str, VoucherRow]:
    """The vouchers that these ids or codes name; `keys` are the codes as the project compares them."""
    records = await db.rows(_NAMED_VOUCHERS, project_id, names, keys)
    return {record["asked"]: VOUCHERS.read({k: v for k, v in record.items() if k != "asked"}) for record in records}


async def offered(db: Transaction, project_id: str, what: Offered) -> list[VoucherRow]:
    """At most so many of each sort, the newest; of certain codes, all."""
    sql, narrowed = (OFFERED_BY_CODE, what.keys) if what.keys else (OFFERED, what.most)
    args = (what.holder_id, what.before, narrowed, what.campaign_ids, what.everybodys)
    return [VOUCHERS.read(row) for row in await db.rows(sql, project_id, *args)]


async def lock_vouchers(db: Transaction, project_id: str, ids: Sequence[str]) -> dict[str, VoucherRow]:
    """The vouchers as they are now, by id, held until the transaction ends."""
    return {row["id"]: VOUCHERS.read(row) for row in await db.write(_LOCK_VOUCHERS, project_id, sorted(ids))}


async def use(
    db: Transaction, project_id: str, uses: Sequence[Use], at: datetime, *, session: bool
) -> dict[str, VoucherRow]:
    """The vouchers after their redemptions, by id; fewer than asked for if what was decided on has changed.

    `session` says that a lock on them ends with it.
    """
    ids, amounts, locks, locked, locked_amounts = (
        [*column] for column in zip(*map(msgspec.structs.astuple, uses), strict=True)
    )
    ends = [int(session)] * len(uses)
    rows = await db.write(_USE, project_id, ids, amounts, locks, locked, locked_amounts, at, ends)
    return {row["id"]: VOUCHERS.read(row) for row in rows}


def use_as_read(db: Transaction, project_id: str, row: VoucherRow, use: Use, at: datetime) -> VoucherRow:
    """The voucher as it will be after this redemption; if it has changed by then, nothing at all will be written."""
    seen = (use.locks, row.redeemed_quantity, row.balance, use.locked, use.locked_amount)
    db.later(_USE_AS_READ, project_id, row.id, use.amount, at, *seen, rows=1)
    return msgspec.structs.replace(
        row,
        redeemed_quantity=row.redeemed_quantity + 1,
        redeemed=row.redeemed + use.amount,
        balance=row.balance - use.amount,
        updated_at=at,
    )


async def give_back(db: Transaction, project_id: str, amounts: dict[str, int], at: datetime) -> dict[str, VoucherRow]:
    """The vouchers after a redemption of each, with so many credits or points, was undone."""
    rows = await db.write(_GIVE_BACK, project_id, list(amounts), list(amounts.values()), at)
    return {row["id"]: VOUCHERS.read(row) for row in rows}


async def read_counters(db: Transaction, project_id: str, keys: Sequence[str]) -> dict[str, int | None]:
    """Those that are stored; None is one that somebody is making."""
    return {row["key"]: row["value"] for row in await db.rows(_READ, project_id, keys)}


async def claim_counters(db: Transaction, project_id: str, keys: Sequence[str]) -> dict[str, int | None]:
    """All of them, held until the transaction ends; None is one that was not stored yet."""
    await db.write(_CLAIM, project_id, keys)
    return {row["key"]: row["value"] for row in await db.write(_LOCK, project_id, keys)}


async def move_counters(
    db: Transaction, project_id: str, keys: Sequence[str], seen: Sequence[int | None], values: Sequence[int]
) -> bool:
    """Sets the counters that still are as seen; False if one is not."""
    return len(await db.write(_MOVE, project_id, keys, seen, values)) == len(keys)


async def add_counters(db: Transaction, project_id: str, values: Mapping[str, int]) -> bool:
    """False if one of them is stored already."""
    return len(await db.write(_ADD, project_id, list(values), list(values.values()))) == len(values)


async def lower_counters(db: Transaction, project_id: str, by: Mapping[str, int]) -> None:
    """Those that are stored, by so much, but not below 0."""
    keys = sorted(by)
    await db.write(_LOCK, project_id, keys)
    await db.write(_LOWER, project_id, keys, [by[key] for key in keys])


async def take_turns(db: Transaction, project_id: str, names: Collection[str]) -> None:
    """Waits until nobody else makes or forgets counters of these vouchers, tiers and campaigns."""
    await db.write(_TURNS, project_id, sorted(names))


async def forget_newer_counters(db: Transaction, project_id: str, scope_ids: Sequence[str], row: RedemptionRow) -> None:
    """Lets counters be made again that were made from the redemption, but not moved by it: their limits are newer."""
    known = list(row.counted or {})
    await db.write(_FORGET, project_id, scope_ids, row.created_at, known, row.customer_id or "")


async def count(db: Transaction, project_id: str, of: str, what: Counted) -> int:
    """The sum over the redemptions that stand."""
    unit = [what.unit] if what.unit else []
    sql = f"""
    SELECT {_SUMS[of]} FROM redemptions
    WHERE project_id = $1 AND {what.column} = $2 AND status = 'SUCCEEDED' AND redemption_id IS NULL
      AND ($3::text IS NULL OR customer_id = $3) AND ($4::text IS NULL OR channel_id = $4)
      AND ($5::timestamptz IS NULL OR created_at >= $5)
    """
    return await db.value(sql, project_id, what.scope_id, what.customer_id, what.api_key, what.since, *unit)


async def mark_rolled_back(db: Transaction, project_id: str, ids: Sequence[str]) -> list[RedemptionRow]:
    """Those of the redemptions that had succeeded and were not rolled back, which they now are."""
    return [REDEMPTIONS.read(row) for row in await db.write(_ROLLED_BACK, project_id, ids)]


async def children_of(db: Transaction, project_id: str, parent_ids: Sequence[str]) -> list[RedemptionRow]:
    """The redemptions of requests with several, in their order."""
    return [REDEMPTIONS.read(row) for row in await db.rows(_CHILDREN, project_id, parent_ids)]


async def rollbacks_of(db: Transaction, project_id: str, ids: Sequence[str]) -> list[RedemptionRow]:
    """Rollbacks of these redemptions, refused ones too."""
    return [REDEMPTIONS.read(row) for row in await db.rows(_ROLLBACKS, project_id, ids)]


def snapshot(order: Order) -> dict[str, Any] | None:
    """The order as it is stored with a redemption; None where there is none."""
    return None if order == Order() else msgspec.to_builtins(order)
