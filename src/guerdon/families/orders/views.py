"""Order rows as answers and events show them: with the stored amounts, or with those that a step has come to."""

from operator import attrgetter
from typing import Any

from msgspec import UNSET

from guerdon.clock import iso, iso_or_none
from guerdon.engine import order as engine
from guerdon.families.customers import views as customers
from guerdon.families.orders import schemas
from guerdon.families.orders.store import OrderRow

_SUMS = (
    "amount",
    "discount_amount",
    "applied_discount_amount",
    "items_discount_amount",
    "items_applied_discount_amount",
    "total_discount_amount",
    "total_applied_discount_amount",
    "total_amount",
)
_of_order = attrgetter(*_SUMS)
# Fields by their place: lines are shown several times in a redemption, and fields by name cost twice as much.
_of_simple_item = attrgetter(*schemas.SimpleItem.__struct_fields__)
_of_item = attrgetter(*schemas.Item.__struct_fields__[:-1])  # not the replacements
_of_product = attrgetter(*schemas.ItemProduct.__struct_fields__)
_of_sku = attrgetter(*schemas.ItemSku.__struct_fields__)


def order(row: OrderRow, value: engine.Order | None = None) -> schemas.Order:
    """The answer."""
    return schemas.Order(
        **_whole(row, value or row.order),
        customer=schemas.Person(row.customer_id) if row.customer_id else UNSET,
        referrer=schemas.Person(row.referrer_id) if row.referrer_id else UNSET,
    )


def calculated(row: OrderRow, value: engine.Order | None = None) -> schemas.CalculatedOrder:
    """Inside the events of orders and rewards."""
    return schemas.CalculatedOrder(
        **_whole(row, value or row.order),
        customer=customers.bare(row.customer_id) if row.customer_id else UNSET,
        referrer=customers.bare(row.referrer_id) if row.referrer_id else UNSET,
    )


def simple(row: OrderRow, value: engine.Order | None = None) -> schemas.SimpleOrder:
    """Inside the events of redemptions and points."""
    value = value or row.order
    return schemas.SimpleOrder(
        **_head(row, value),
        updated_at=iso(row.updated_at) if row.updated_at else UNSET,
        items=[schemas.SimpleItem(*_known(_of_simple_item(line))) for line in value.items],
    )


def item(line: engine.Item) -> schemas.Item:
    """One line."""
    shown = schemas.Item(*_known(_of_item(line)))
    if line.product:
        shown.product = schemas.ItemProduct(*_known(_of_product(line.product)))
    if line.sku:
        shown.sku = schemas.ItemSku(*_known(_of_sku(line.sku)))
    return shown


def sums(value: engine.Order) -> dict[str, Any]:
    """The amounts that anything has touched."""
    return dict(zip(_SUMS, _known(_of_order(value)), strict=True))


def _head(row: OrderRow, value: engine.Order) -> dict[str, Any]:
    return {
        "id": row.id,
        "source_id": row.source_id,
        "created_at": iso(row.created_at),
        "status": row.status,
        "metadata": row.metadata,
        "customer_id": row.customer_id,
        "referrer_id": row.referrer_id,
        **sums(value),
    }


def _whole(row: OrderRow, value: engine.Order) -> dict[str, Any]:
    return {
        **_head(row, value),
        "updated_at": iso_or_none(row.updated_at),
        "initial_amount": UNSET if value.initial_amount is None else value.initial_amount,
        "items": [item(line) for line in value.items],
        "redemptions": row.redemptions or UNSET,
    }


def _known(values: tuple[Any, ...]) -> list[Any]:
    return [UNSET if value is None else value for value in values]
