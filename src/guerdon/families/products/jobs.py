"""Changes of many products and variants in the background. No event tells of any."""

from typing import Any

from guerdon.errors import not_found
from guerdon.events.work import Work
from guerdon.families.async_actions import bulk
from guerdon.families.async_actions.bulk import Kind, Row
from guerdon.families.metadata_schemas.check import typed
from guerdon.families.products import import_csv, save, store
from guerdon.families.products.schemas import NewProduct, NewSku, ProductPatch, SkuPatch
from guerdon.families.products.store import PRODUCTS, SKUS
from guerdon.http import wire

UPDATE = "products.bulk_update"
IMPORT = "products.import_csv"
IMPORT_SKUS = "products.import_skus_csv"


async def update(work: Work, payload: dict[str, Any]) -> dict[str, Any] | None:
    """Makes or changes one piece of products, by source id."""

    async def apply(row: Row) -> None:
        await save.upsert_product(work, wire.convert(row, NewProduct))

    return payload if await bulk.apply_piece(work, payload["action_id"], Kind("source_id"), apply) else None


async def import_products(work: Work, payload: dict[str, Any]) -> dict[str, Any] | None:
    """Adds one piece of products; one that is there already only gets the name."""

    async def apply(cells: Row) -> None:
        (row,) = await typed(work, "product", [import_csv.product(cells)])
        new: NewProduct = wire.convert(row, NewProduct)
        known = await PRODUCTS.get(work.db, work.project.id, source_id=new.source_id) if new.source_id else None
        if known is not None:
            await save.update_product(work, known, ProductPatch(name=new.name))
        else:
            await save.upsert_product(work, new)

    kind = Kind("source_id", imported="product")
    return payload if await bulk.apply_piece(work, payload["action_id"], kind, apply) else None


async def import_skus(work: Work, payload: dict[str, Any]) -> dict[str, Any] | None:
    """Adds one piece of variants; one that is there already only gets the name and the price."""

    async def apply(cells: Row) -> None:
        (row,) = await typed(work, "sku", [import_csv.sku(cells)])
        new: NewSku = wire.convert(row, NewSku)
        product = await store.find_product(work.db, work.project.id, row["product_id"], work.now)
        if product is None:
            raise not_found("product", row["product_id"])
        known = await SKUS.get(work.db, work.project.id, source_id=new.source_id)
        if known is not None and known.product_id == product.id:
            await save.update_sku(work, known, SkuPatch(sku=new.sku, price=new.price))
        else:
            await save.upsert_sku(work, product, new)

    kind = Kind("source_id", imported="sku")
    return payload if await bulk.apply_piece(work, payload["action_id"], kind, apply) else None


JOBS = {UPDATE: update, IMPORT: import_products, IMPORT_SKUS: import_skus}
