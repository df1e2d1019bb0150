"""Customers: their table and queries, and the sums that families above keep of them."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import msgspec

from guerdon.db.table import Table
from guerdon.db.transaction import Transaction
from guerdon.events import outbox
from guerdon.events.outbox import Event
from guerdon.events.work import Work


class CustomerRow(msgspec.Struct, frozen=True, kw_only=True):
    """A customer as it is stored. `version` changes with every write; amounts are in minor units.

    `programs` holds, by campaign name, the points left, the points redeemed and the customers referred.
    """

    id: str
    source_id: str | None = None
    name: str | None = None
    description: str | None = None
    email: str | None = None
    phone: str | None = None
    birthday: date | None = None
    birthdate: date | None = None
    address: dict[str, Any] | None = None
    metadata: dict[str, Any] = {}
    redemptions_succeeded: int = 0
    redemptions_failed: int = 0
    rollbacks_succeeded: int = 0
    rollbacks_failed: int = 0
    gift_redeemed: int = 0
    gift_to_go: int = 0
    points_redeemed: int = 0
    orders_amount: int = 0
    orders_count: int = 0
    last_order_amount: int = 0
    last_order_at: datetime | None = None
    programs: dict[str, dict[str, Any]] = {}
    referrals: list[dict[str, Any]] = []
    version: int = 0
    created_at: datetime
    updated_at: datetime | None = None


class OrdersChange(msgspec.Struct, frozen=True):
    """By how much the amount and the number of the orders that count go up or down."""

    amount: int
    count: int


class LastOrder(msgspec.Struct, frozen=True):
    """The most recent order that counts; 0 and None where there is none."""

    amount: int = 0
    at: datetime | None = None


class CardChange(msgspec.Struct, frozen=True):
    """What changes about the cards that a customer holds: points in a loyalty campaign, or credits on gift cards.

    `leaves` ends the customer's standing in the campaign once no points are left there.
    """

    customer_id: str
    campaign: str | None = None
    points: int = 0
    credits: int = 0
    leaves: bool = False


class RedemptionsChange(msgspec.Struct, frozen=True):
    """By how much the sums of redemptions change: counts, minor units of gift cards, and points of a campaign's card.

    `to_go` is the change of what is left on the gift cards that the customer holds. `orders_*` and `ordered_at` are
    those of an order that counts from now on.
    """

    customer_id: str
    succeeded: int = 0
    failed: int = 0
    rolled_back: int = 0
    rollbacks_failed: int = 0
    gift: int = 0
    to_go: int = 0
    points: int = 0
    campaign: str | None = None
    orders_amount: int = 0
    orders_count: int = 0
    ordered_at: datetime | None = None


PROFILE = ("name", "description", "email", "phone", "birthday", "birthdate", "address", "metadata")


CUSTOMERS = Table("customers", CustomerRow)
ID_PREFIX = "cust_"
# An id wins over a source id. Each half is one look-up by a unique key, and the second is not made if the first finds.
_FIND = f"{CUSTOMERS.select} AND id = $2 UNION ALL {CUSTOMERS.select} AND source_id = $2 LIMIT 1"
_FIND_BY_SOURCE_ID = f"{CUSTOMERS.select} AND source_id = $2"
_CREATE = outbox.guarded(
    f"{CUSTOMERS.insert_sql} ON CONFLICT DO NOTHING RETURNING id", 1 + len(CustomerRow.__struct_fields__)
)
_SAVE = outbox.guarded(
    """
    UPDATE customers SET name = $4, description = $5, email = $6, phone = $7, birthday = $8, birthdate = $9,
        address = $10, metadata = $11, updated_at = $12, version = version + 1
    WHERE project_id = $1 AND id = $2 AND version = $3 RETURNING id
    """,
    12,
)
_DELETE = outbox.guarded("DELETE FROM customers WHERE project_id = $1 AND id = $2 AND version = $3 RETURNING id", 3)
# A new order counts as the last one unless the customer has a more recent one.
_ADD_ORDER = """
UPDATE customers SET orders_amount = orders_amount + $3, orders_count = orders_count + 1,
    last_order_amount = CASE WHEN last_order_at > $4 THEN last_order_amount ELSE $3 END,
    last_order_at = greatest(last_order_at, $4), version = version + 1
WHERE project_id = $1 AND id = $2
"""
_CHANGE_ORDERS = """
UPDATE customers SET orders_amount = orders_amount + $3, orders_count = orders_count + $4,
    last_order_amount = $5, last_order_at = $6, version = version + 1
WHERE project_id = $1 AND id = $2
"""
_HOLD = f"{CUSTOMERS.select} AND id = $2 FOR KEY SHARE"
_COUNT_REDEMPTIONS = """
UPDATE customers SET version = version + 1, redemptions_succeeded = redemptions_succeeded + $3,
    redemptions_failed = redemptions_failed + $4, rollbacks_succeeded = rollbacks_succeeded + $5,
    rollbacks_failed = rollbacks_failed + $6, gift_redeemed = gift_redeemed + $7, gift_to_go = gift_to_go + $8,
    points_redeemed = points_redeemed + $9,
    programs = CASE WHEN $10::text IS NULL THEN programs ELSE programs || jsonb_build_object(
        $10::text, coalesce(programs->$10, '{}') || jsonb_build_object(
            'points', coalesce((programs->$10->>'points')::bigint, 0) - $9,
            'redeemed_points', coalesce((programs->$10->>'redeemed_points')::bigint, 0) + $9)) END,
    orders_amount = orders_amount + $11, orders_count = orders_count + $12,
    last_order_amount = CASE WHEN $13::timestamptz IS NULL OR last_order_at > $13 THEN last_order_amount ELSE $11 END,
    last_order_at = greatest(last_order_at, $13)
WHERE project_id = $1 AND id = $2
"""
_REFER = """
UPDATE customers SET referrals = referrals || jsonb_build_array($3::jsonb), version = version + 1
WHERE project_id = $1 AND id = $2
"""
_COUNT_REFERRED = """
UPDATE customers SET version = version + 1, programs = programs || jsonb_build_object(
    $3::text, coalesce(programs->$3, '{}') || jsonb_build_object(
        'referred_customers', coalesce((programs->$3->>'referred_customers')::bigint, 0) + 1))
WHERE project_id = $1 AND id = $2
"""
_SAVE_PROGRAMS = """
UPDATE customers c SET version = c.version + 1, programs = n.programs
FROM unnest($1::text[], $2::text[], $3::jsonb[]) AS n (project_id, id, programs)
WHERE c.project_id = n.project_id AND c.id = n.id
"""
_RETURNED = ", ".join(f"c.{column}" for column in CustomerRow.__struct_fields__)
_CHANGE_CARDS = f"""
UPDATE customers c SET version = c.version + 1, gift_to_go = c.gift_to_go + n.credits,
    programs = CASE
        WHEN n.campaign IS NULL THEN c.programs
        WHEN n.leaves AND coalesce((c.programs->n.campaign->>'points')::bigint, 0) + n.points <= 0
            THEN c.programs - n.campaign
        ELSE c.programs || jsonb_build_object(
            n.campaign, coalesce(c.programs->n.campaign, '{{}}') || jsonb_build_object(
                'points', coalesce((c.programs->n.campaign->>'points')::bigint, 0) + n.points))
    END
FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::boolean[])
    AS n (project_id, customer_id, campaign, points, credits, leaves)
WHERE c.project_id = n.project_id AND c.id = n.customer_id RETURNING {_RETURNED}
"""


async def find(db: Transaction, project_id: str, name: str) -> CustomerRow | None:
    """By id, or else by source id."""
    may_be_id = name.startswith(ID_PREFIX)
    row = await db.row(_FIND if may_be_id else _FIND_BY_SOURCE_ID, project_id, name)
    return None if row is None else CUSTOMERS.read(row)


async def by_source_id(db: Transaction, project_id: str, source_id: str) -> CustomerRow | None:
    row = await db.row(_FIND_BY_SOURCE_ID, project_id, source_id)
    return None if row is None else CUSTOMERS.read(row)


async def create(work: Work, row: CustomerRow, event: Event) -> bool:
    """Adds the customer and tells of it; False if somebody has added the same source id."""
    return bool(await work.only(_CREATE, work.project.id, *msgspec.structs.astuple(row), event=event))


async def save_profile(work: Work, row: CustomerRow, event: Event | None) -> bool:
    """Writes the profile and tells of it; False if the customer has changed since `row.version`."""
    values = [getattr(row, name) for name in PROFILE]
    saved = await work.only(_SAVE, work.project.id, row.id, row.version, *values, row.updated_at, event=event)
    return bool(saved)


async def delete(work: Work, row: CustomerRow, event: Event) -> bool:
    """Removes the customer and tells of it; False if it has changed since `row.version`."""
    return bool(await work.only(_DELETE, work.project.id, row.id, row.version, event=event))


def add_order(db: Transaction, project_id: str, customer_id: str, amount: int, at: datetime) -> None:
    """Counts, when all is written, an order that the customer has paid for; `at` is when it was made."""
    db.later(_ADD_ORDER, project_id, customer_id, amount, at)


async def change_orders(
    db: Transaction, project_id: str, customer_id: str, change: OrdersChange, last: LastOrder
) -> None:
    """Changes the sums of orders. The caller holds the customer's lock, under which it has found the last order."""
    await db.write(_CHANGE_ORDERS, project_id, customer_id, change.amount, change.count, last.amount, last.at)


async def hold(db: Transaction, project_id: str, customer_id: str) -> CustomerRow | None:
    """The customer as it is now, which cannot be deleted until the transaction ends; None if it is gone."""
    row = await db.write_row(_HOLD, project_id, customer_id)
    return None if row is None else CUSTOMERS.read(row)


async def change_cards(db: Transaction, project_id: str, changes: Sequence[CardChange]) -> list[CustomerRow]:
    """Changes what customers have on their cards; returns those that exist, changed, in the order of their ids.

    No customer may be in two changes.
    """
    if not changes:
        return []
    ordered = sorted(changes, key=lambda change: change.customer_id)
    columns = zip(*(msgspec.structs.astuple(change) for change in ordered), strict=True)
    rows = await db.write(_CHANGE_CARDS, [project_id] * len(changes), *(list(column) for column in columns))
    return [CUSTOMERS.read(row) for row in rows]


async def count_redemptions(db: Transaction, project_id: str, changes: Sequence[RedemptionsChange]) -> None:
    """Brings the sums of redemptions up to date, customer by customer in the order of their ids."""
    apart = len({change.customer_id for change in changes}) == len(changes)
    for change in sorted(changes, key=lambda change: change.customer_id):
        if apart:
            db.later(_COUNT_REDEMPTIONS, project_id, *msgspec.structs.astuple(change))
        else:
            await db.write(_COUNT_REDEMPTIONS, project_id, *msgspec.structs.astuple(change))


async def refer(db: Transaction, project_id: str, customer_id: str, entry: dict[str, Any]) -> None:
    """Notes that the customer was referred."""
    await db.write(_REFER, project_id, customer_id, entry)


async def count_referred(db: Transaction, project_id: str, customer_id: str, campaign: str) -> None:
    """Counts one more customer whom this one has referred in the campaign of this name."""
    await db.write(_COUNT_REFERRED, project_id, customer_id, campaign)


def in_tier(row: CustomerRow, campaign: str, tier_id: str | None) -> CustomerRow:
    """The customer, in this tier of the campaign of this name, or in none."""
    program = {name: value for name, value in row.programs.get(campaign, {}).items() if name != "loyalty_tier"}
    after = {**program, "loyalty_tier": tier_id} if tier_id else program
    return msgspec.structs.replace(row, programs={**row.programs, campaign: after})


async def save_programs(db: Transaction, project_id: str, rows: Sequence[CustomerRow]) -> None:
    """Writes what customers have of campaigns. The caller has locked them, each in the order of the ids."""
    ids, programs = [row.id for row in rows], [row.programs for row in rows]
    await db.write(_SAVE_PROGRAMS, [project_id] * len(rows), ids, programs)
