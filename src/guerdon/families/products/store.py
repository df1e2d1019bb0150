"""The catalogue's tables and queries."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from guerdon.db.filters import Fields, same
from guerdon.db.table import Table
from guerdon.db.transaction import Transaction


class ProductRow(msgspec.Struct, frozen=True, kw_only=True):
    """A product as it is stored; the price is in minor units."""

    id: str
    source_id: str | None = None
    name: str | None = None
    price: int | None = None
    attributes: list[str] = []
    image_url: str | None = None
    metadata: dict[str, Any] = {}
    created_at: datetime
    updated_at: datetime | None = None


class SkuRow(msgspec.Struct, frozen=True, kw_only=True):
    """A variant as it is stored; the price is in minor units."""

    id: str
    source_id: str | None = None
    product_id: str
    sku: str | None = None
    price: int | None = None
    currency: str | None = None
    attributes: dict[str, Any] = {}
    image_url: str | None = None
    metadata: dict[str, Any] = {}
    created_at: datetime
    updated_at: datetime | None = None


class Catalogue(msgspec.Struct, frozen=True):
    """Products and variants by every name they have."""

    products: dict[str, ProductRow]
    skus: dict[str, SkuRow]

    def add_products(self, rows: Iterable[ProductRow]) -> None:
        _add(self.products, rows)

    def add_skus(self, rows: Iterable[SkuRow]) -> None:
        _add(self.skus, rows)

    def product(self, name: str | None) -> ProductRow | None:
        return self.products.get(name) if name else None

    def sku(self, name: str | None) -> SkuRow | None:
        return self.skus.get(name) if name else None


R = TypeVar("R", ProductRow, SkuRow)


def _add(known: dict[str, R], rows: Iterable[R]) -> None:
    for row in rows:
        if row.source_id:
            known.setdefault(row.source_id, row)
    known.update((row.id, row) for row in rows)  # an id wins over a source id


PRODUCTS = Table("products", ProductRow)
SKUS = Table("skus", SkuRow)
_DATES = same("created_at", "updated_at")
PRODUCT_FIELDS = Fields(
    "products",
    texts=same("id", "source_id", "name", "image_url"),
    numbers=same("price"),
    moments=_DATES,
    others={"attributes": "to_jsonb(attributes)"},
)
SKU_FIELDS = Fields(
    "skus",
    texts=same("id", "source_id", "product_id", "sku", "currency", "image_url"),
    numbers=same("price"),
    moments=_DATES,
)
# The product that shipping costs are a line of; every project has it from the moment it is first asked for.
SHIPPING_ID = "prod_5h1pp1ng"
SHIPPING_SOURCE_ID = "5h1pp1ng"
SHIPPING = frozenset({SHIPPING_ID, SHIPPING_SOURCE_ID})

# An id wins over a source id. Each half is one look-up by a unique key, and the second is not made if the first finds.
_FIND_PRODUCT = f"{PRODUCTS.select} AND id = $2 UNION ALL {PRODUCTS.select} AND source_id = $2 LIMIT 1"
_FIND_SKU = f"{SKUS.select} AND id = $2 UNION ALL {SKUS.select} AND source_id = $2 LIMIT 1"
_NAMED = "unnest(array_fill($1::text, ARRAY[cardinality($2::text[])]), $2::text[]) AS n (project_id, name)"
_NAMED_PRODUCTS = f"""
SELECT p.* FROM {_NAMED}, LATERAL (
    SELECT {PRODUCTS.columns} FROM products WHERE project_id = n.project_id AND id = n.name
    UNION ALL SELECT {PRODUCTS.columns} FROM products WHERE project_id = n.project_id AND source_id = n.name LIMIT 1
) p
"""
_NAMED_SKUS = f"""
SELECT s.* FROM {_NAMED}, LATERAL (
    SELECT {SKUS.columns} FROM skus WHERE project_id = n.project_id AND id = n.name
    UNION ALL SELECT {SKUS.columns} FROM skus WHERE project_id = n.project_id AND source_id = n.name LIMIT 1
) s
"""
_SKUS_OF = f"{SKUS.select} AND product_id = ANY ($2) ORDER BY created_at DESC, id DESC"
_ADD_PRODUCT = f"{PRODUCTS.insert_sql} ON CONFLICT DO NOTHING RETURNING id"
_ADD_SKU = f"{SKUS.insert_sql} ON CONFLICT DO NOTHING RETURNING id"


async def find_product(db: Transaction, project_id: str, name: str, now: datetime) -> ProductRow | None:
    """By id, or else by source id."""
    record = await db.row(_FIND_PRODUCT, project_id, name)
    if record is not None:
        return PRODUCTS.read(record)
    return await _shipping(db, project_id, now) if name in SHIPPING else None


async def find_sku(db: Transaction, project_id: str, name: str) -> SkuRow | None:
    """By id, or else by source id."""
    record = await db.row(_FIND_SKU, project_id, name)
    return None if record is None else SKUS.read(record)


async def skus_of(db: Transaction, project_id: str, product_ids: Sequence[str]) -> dict[str, list[SkuRow]]:
    """All variants of these products, newest first, by product id."""
    found: dict[str, list[SkuRow]] = {product_id: [] for product_id in product_ids}
    for record in await db.rows(_SKUS_OF, project_id, product_ids):
        row = SKUS.read(record)
        found[row.product_id].append(row)
    return found


async def catalogue(
    db: Transaction, project_id: str, product_names: Iterable[str], sku_names: Iterable[str], now: datetime
) -> Catalogue:
    """What is known under these names, and the products of the variants found."""
    found = Catalogue({}, {})
    found.add_skus(await _named(db, SKUS, _NAMED_SKUS, project_id, sku_names))
    wanted = {*product_names, *(sku.product_id for sku in found.skus.values())}
    found.add_products(await _named(db, PRODUCTS, _NAMED_PRODUCTS, project_id, wanted))
    if wanted & SHIPPING and SHIPPING_ID not in found.products:
        shipping = await _shipping(db, project_id, now)
        found.add_products([shipping] if shipping else [])
    return found


async def _named(db: Transaction, table: Table[R], sql: str, project_id: str, names: Iterable[str]) -> list[R]:
    asked = sorted(set(names))
    return [table.read(record) for record in await db.rows(sql, project_id, asked)] if asked else []


async def add_product(db: Transaction, project_id: str, row: ProductRow) -> bool:
    """False if there is one with this id or source id."""
    return await db.write_row(_ADD_PRODUCT, project_id, *msgspec.structs.astuple(row)) is not None


async def add_sku(db: Transaction, project_id: str, row: SkuRow) -> bool:
    """False if there is one with this source id."""
    return await db.write_row(_ADD_SKU, project_id, *msgspec.structs.astuple(row)) is not None


async def _shipping(db: Transaction, project_id: str, now: datetime) -> ProductRow | None:
    """The predefined product, made now; None if its source id belongs to another product."""
    await add_product(
        db, project_id, ProductRow(id=SHIPPING_ID, source_id=SHIPPING_SOURCE_ID, name="Shipping", created_at=now)
    )
    return await PRODUCTS.get(db, project_id, id=SHIPPING_ID)
