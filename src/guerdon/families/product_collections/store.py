"""Collections of goods: their table, and what belongs to them."""

from collections.abc import AsyncGenerator, Collection as Ids
from datetime import UTC, datetime
from typing import Any

import msgspec

from guerdon.db.table import Table
from guerdon.db.transaction import Transaction
from guerdon.errors import not_found
from guerdon.families.products.store import PRODUCTS, SKUS, ProductRow, SkuRow


class CollectionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A collection as it is stored: STATIC with `products` ({id, object, product_id}), or AUTO_UPDATE with a filter."""

    id: str
    name: str
    type: str
    filter: dict[str, Any] | None = None
    products: list[dict[str, Any]] = []
    created_at: datetime
    updated_at: datetime | None = None


COLLECTIONS = Table("product_collections", CollectionRow)
# Every project has this one, and no row for it.
ALL_PRODUCTS = CollectionRow(
    id="pc_a11pr0dUc75",
    name="All Products",
    type="AUTO_UPDATE",
    filter={"junction": "and"},
    created_at=datetime(2020, 1, 1, tzinfo=UTC),
)
_SLICE = 1_000
_NEXT_PRODUCTS = f"{PRODUCTS.select} AND id > $2 ORDER BY id LIMIT {_SLICE}"
_NEXT_SKUS = f"{SKUS.select} AND id > $2 ORDER BY id LIMIT {_SLICE}"


async def find(db: Transaction, project_id: str, collection_id: str) -> CollectionRow | None:
    if collection_id == ALL_PRODUCTS.id:
        return ALL_PRODUCTS
    return await COLLECTIONS.get(db, project_id, id=collection_id)


async def by_ids(db: Transaction, project_id: str, ids: Ids[str]) -> dict[str, CollectionRow]:
    """Those that exist, by id, also the predefined one."""
    found = {row.id: row for row in await COLLECTIONS.several(db, project_id, set(ids) - {ALL_PRODUCTS.id})}
    return {**found, ALL_PRODUCTS.id: ALL_PRODUCTS} if ALL_PRODUCTS.id in ids else found


async def hold(db: Transaction, project_id: str, ids: Ids[str]) -> None:
    """Keeps the collections from being deleted until the transaction ends. Errors: not_found."""
    wanted = set(ids) - {ALL_PRODUCTS.id}
    found = {row.id for row in await COLLECTIONS.hold_several(db, project_id, wanted)}
    missing = sorted(wanted - found)
    if missing:
        raise not_found("products_collection", missing[0])


async def products_by_ids(db: Transaction, project_id: str, ids: Ids[str]) -> list[ProductRow]:
    return await PRODUCTS.several(db, project_id, ids)


async def skus_by_ids(db: Transaction, project_id: str, ids: Ids[str]) -> list[SkuRow]:
    return await SKUS.several(db, project_id, ids)


async def all_goods(db: Transaction, project_id: str) -> AsyncGenerator[ProductRow | SkuRow]:
    """Every product and variant of the project, a slice of them at a time."""
    for table, sql in ((PRODUCTS, _NEXT_PRODUCTS), (SKUS, _NEXT_SKUS)):
        last = ""
        while True:
            rows = [table.read(record) for record in await db.rows(sql, project_id, last)]
            for row in rows:
                yield row
            if len(rows) < _SLICE:
                break
            last = rows[-1].id
