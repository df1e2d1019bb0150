"""Order rows as answers and events show them: with the stored amounts, or with those that a step has come to."""

from collections.abc import Callable
from functools import cache
from operator import attrgetter
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

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
_SIMPLE_ITEM = tuple(name for name in schemas.SimpleItem.__struct_fields__ if name != "object")
_ITEM = tuple(name for name in schemas.Item.__struct_fields__ if name not in {"object", "product", "sku"})


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
        items=[schemas.SimpleItem(**_known(item, _SIMPLE_ITEM)) for item in value.items],
    )


def item(line: engine.Item) -> schemas.Item:
    """One line."""
    product: schemas.ItemProduct | UnsetType = UNSET
    if line.product:
        product = schemas.ItemProduct(**_known(line.product, engine.Product.__struct_fields__))
    sku: schemas.ItemSku | UnsetType = UNSET
    if line.sku:
        sku = schemas.ItemSku(**_known(line.sku, engine.Sku.__struct_fields__))
    return schemas.Item(**_known(line, _ITEM), product=product, sku=sku)


def sums(value: engine.Order) -> dict[str, Any]:
    """The amounts that anything has touched."""
    return _known(value, _SUMS)


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


def _known(value: msgspec.Struct, names: tuple[str, ...]) -> dict[str, Any]:
    values = _getter(names)(value)
    return {name: known for name, known in zip(names, values, strict=True) if known is not None}


@cache
def _getter(names: tuple[str, ...]) -> Callable[[object], tuple[Any, ...]]:
    return attrgetter(*names)
