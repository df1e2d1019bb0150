"""The goods of a collection at this moment."""

from collections.abc import Mapping
from typing import Any

import msgspec

from guerdon.clock import iso, iso_or_none
from guerdon.db.table import Order
from guerdon.db.transaction import Transaction
from guerdon.engine.moment import Moment
from guerdon.engine.record_filter import compile_filter
from guerdon.families.product_collections import store
from guerdon.families.product_collections.store import CollectionRow
from guerdon.families.products.store import ProductRow, SkuRow

Good = ProductRow | SkuRow


async def of(db: Transaction, project_id: str, row: CollectionRow, moment: Moment, order: Order) -> list[Good]:
    """All of the goods, sorted."""
    found = await _listed(db, project_id, row) if row.type == "STATIC" else await _passing(db, project_id, row, moment)
    return sorted(found, key=lambda good: _place(good, order), reverse=order.descending)


def record(good: Good) -> Mapping[str, Any]:
    """A product or variant as filters see it; the name of a variant is that of its `sku`."""
    fields = msgspec.structs.asdict(good)
    fields |= {"created_at": iso(good.created_at), "updated_at": iso_or_none(good.updated_at)}
    return {**fields, "name": good.sku} if isinstance(good, SkuRow) else fields


async def _listed(db: Transaction, project_id: str, row: CollectionRow) -> list[Good]:
    ids = {kind: [member["id"] for member in row.products if member["object"] == kind] for kind in ("product", "sku")}
    products = await store.products_by_ids(db, project_id, ids["product"])
    return [*products, *await store.skus_by_ids(db, project_id, ids["sku"])]


async def _passing(db: Transaction, project_id: str, row: CollectionRow, moment: Moment) -> list[Good]:
    passes = compile_filter(row.filter or {})
    return [good async for good in store.all_goods(db, project_id) if passes(record(good), moment)]


def _place(good: Good, order: Order) -> tuple[bool, str, str]:
    """Where a good stands in the list; what was never changed comes last, either way."""
    value = getattr(good, order.column)
    return (value is not None) == order.descending, iso_or_none(value) or "", good.id
