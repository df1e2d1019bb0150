"""Orders: their table and queries."""

import hashlib
from datetime import datetime
from typing import Any

import msgspec

from guerdon.db.filters import Fields, same
from guerdon.db.table import Table
from guerdon.db.transaction import Transaction
from guerdon.engine.order import Item, Order
from guerdon.families.orders.schemas import Status

SPENT: frozenset[Status] = frozenset({"PAID", "FULFILLED"})


class OrderRow(msgspec.Struct, frozen=True, kw_only=True):
    """An order as it is stored; amounts are in minor units. `redemptions` holds what was redeemed for it, by id."""

    id: str
    source_id: str | None = None
    status: Status = "CREATED"
    customer_id: str | None = None
    referrer_id: str | None = None
    amount: int | None = None
    initial_amount: int | None = None
    discount_amount: int | None = None
    total_amount: int | None = None
    items: tuple[Item, ...] = ()
    metadata: dict[str, Any] = {}
    redemptions: dict[str, dict[str, Any]] = {}
    created_at: datetime
    updated_at: datetime | None = None

    @property
    def order(self) -> Order:
        """The order as the engine sees it."""
        return Order(
            items=self.items,
            amount=self.amount,
            initial_amount=self.initial_amount,
            discount_amount=self.discount_amount,
        )

    @property
    def spent(self) -> int | None:
        """What the customer has spent on it, None while it does not count."""
        return (self.total_amount or 0) if self.status in SPENT else None


def with_order(row: OrderRow, order: Order) -> OrderRow:
    """The row with the engine's lines and amounts."""
    return msgspec.structs.replace(
        row,
        items=order.items,
        amount=order.amount,
        initial_amount=order.initial_amount,
        discount_amount=order.discount_amount,
        total_amount=order.total_amount,
    )


class _Orders(Table[OrderRow]):
    """Lines are stored as JSON and read as the engine's."""

    def read(self, values: Any) -> OrderRow:  # noqa: ANN401 - a record
        row = super().read(values)
        return msgspec.structs.replace(row, items=msgspec.convert(row.items, tuple[Item, ...]))


ORDERS = _Orders("orders", OrderRow)
FIELDS = Fields(
    "orders",
    texts=same("id", "source_id", "status", "customer_id", "referrer_id"),
    numbers=same("amount", "initial_amount", "discount_amount", "total_amount"),
    moments=same("created_at", "updated_at"),
)
# An id wins over a source id. Each half is one look-up by a unique key, and the second is not made if the first finds.
_FIND = f"{ORDERS.select} AND id = $2 UNION ALL {ORDERS.select} AND source_id = $2 LIMIT 1"
_LOCK_BY_SOURCE_ID = f"{ORDERS.select} AND source_id = $2 FOR UPDATE"
_LAST_SPENT = f"""
{ORDERS.select} AND customer_id = $2 AND status IN ('PAID', 'FULFILLED') ORDER BY created_at DESC, id DESC LIMIT 1
"""


async def find(db: Transaction, project_id: str, name: str) -> OrderRow | None:
    """By id, or else by source id."""
    row = await db.row(_FIND, project_id, name)
    return None if row is None else ORDERS.read(row)


async def lock_by_source_id(db: Transaction, project_id: str, source_id: str) -> OrderRow | None:
    """The row as it is now, held until the transaction ends."""
    row = await db.write_row(_LOCK_BY_SOURCE_ID, project_id, source_id)
    return None if row is None else ORDERS.read(row)


async def last_spent(db: Transaction, project_id: str, customer_id: str) -> OrderRow | None:
    """The customer's most recent order that is paid or fulfilled."""
    row = await db.row(_LAST_SPENT, project_id, customer_id)
    return None if row is None else ORDERS.read(row)


async def take_source_id(db: Transaction, project_id: str, source_id: str) -> None:
    """Waits until nobody else is giving an order this source id, and keeps others from it until the transaction ends.

    So the second of two callers finds the order of the first, instead of meeting it when it holds locks already.
    """
    await _take_turns(db, f"{project_id} orders {source_id}")


async def take_turns(db: Transaction, project_id: str, name: str) -> None:
    """Waits until nobody else has the turn of the order, which is a turn apart from that of giving a source id."""
    await _take_turns(db, f"{project_id} turns {name}")


async def _take_turns(db: Transaction, name: str) -> None:
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    await db.take_turns(int.from_bytes(digest, signed=True))
