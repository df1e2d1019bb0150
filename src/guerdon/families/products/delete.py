"""Deleting products with their variants, and variants; no event tells of it."""

from guerdon.errors import not_found
from guerdon.events.work import Work
from guerdon.families.products import store
from guerdon.families.products.store import PRODUCTS, SHIPPING_ID, SKUS, ProductRow, SkuRow
from guerdon.families.trash_bin import store as trash_bin
from guerdon.families.trash_bin.store import Gone


async def product(work: Work, row: ProductRow, *, force: bool) -> None:
    """Unless it is forced, its source id and those of its variants stay reserved until it leaves the bin.

    The one that every project has is made again when it is asked for. Errors: not_found.
    """
    await work.db.begin()
    held = await PRODUCTS.lock(work.db, work.project.id, row.id)  # nobody adds a variant from now on
    if held is None:
        raise not_found("product", row.id)
    if not force and row.id != SHIPPING_ID:
        skus = (await store.skus_of(work.db, work.project.id, [row.id]))[row.id]
        name = held.name or held.source_id or held.id
        entry_id = await trash_bin.keep(work, Gone("product", held.id, name, "product", held.source_id))
        names = [sku.source_id for sku in skus if sku.source_id]
        await trash_bin.reserve(work.db, work.project.id, "sku", names, entry_id)
    await PRODUCTS.delete(work.db, work.project.id, row.id)


async def sku(work: Work, row: SkuRow, *, force: bool) -> None:
    """The same for a variant."""
    await work.db.begin()
    if not await SKUS.delete(work.db, work.project.id, row.id):
        raise not_found("sku", row.id)
    if not force:
        name = row.sku or row.source_id or row.id
        await trash_bin.keep(work, Gone("sku", row.id, name, "sku", row.source_id, row.product_id))
