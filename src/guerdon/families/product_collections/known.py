"""What is known of the goods of an order's lines, as the engine reads it."""

from collections.abc import Collection as Ids, Iterable

from guerdon.engine import goods
from guerdon.engine.order import Item
from guerdon.engine.record_filter import compile_filter
from guerdon.events.work import Work
from guerdon.families.product_collections import store
from guerdon.families.product_collections.goods import record
from guerdon.families.product_collections.store import CollectionRow
from guerdon.families.products import store as products


async def catalogue(work: Work, items: Iterable[Item], collection_ids: Ids[str]) -> goods.Catalogue:
    """The goods of the lines, and those of the collections that exist."""
    lines = tuple(items)
    names = {name for item in lines for name in goods.product_names(item)}
    variants = {name for item in lines for name in goods.sku_names(item)}
    if not names and not variants:
        return goods.EMPTY
    known = await products.catalogue(work.db, work.project.id, names, variants, work.now)
    found = await store.by_ids(work.db, work.project.id, collection_ids)
    return goods.Catalogue(
        products={name: record(row) for name, row in known.products.items()},
        skus={name: record(row) for name, row in known.skus.items()},
        collections={row.id: collection(row) for row in found.values()},
    )


def collection(row: CollectionRow) -> goods.Collection:
    if row.id == goods.ALL_PRODUCTS:
        return goods.Collection(id=row.id, everything=True)
    if row.type != "STATIC":
        return goods.Collection(id=row.id, filter=compile_filter(row.filter or {}))
    members = {kind: frozenset(m["id"] for m in row.products if m["object"] == kind) for kind in ("product", "sku")}
    return goods.Collection(id=row.id, products=members["product"], skus=members["sku"])
