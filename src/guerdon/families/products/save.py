"""Creating and changing products and variants, by their own operations and as part of orders. No event tells of it."""

from typing import Any

import msgspec
from msgspec import UNSET

from guerdon.errors import ApiError, duplicate_found, invalid_payload, not_found, refused
from guerdon.events.work import Work
from guerdon.families.metadata_schemas.check import Sent, require
from guerdon.families.products import store
from guerdon.families.products.schemas import NewProduct, NewSku, ProductPatch, SkuPatch
from guerdon.families.products.store import PRODUCTS, SKUS, ProductRow, SkuRow
from guerdon.families.trash_bin import store as trash_bin

_TRIES = 50  # every lost race is somebody else's success, so this many in a row means a storm
_PRODUCT = ("name", "price", "attributes", "metadata", "image_url")
_SKU = ("sku", "price", "currency", "attributes", "metadata", "image_url")
_NEVER_NULL = ("attributes", "metadata")


async def upsert_product(work: Work, new: NewProduct) -> ProductRow:
    """The product that the request means, made or changed.

    Errors: not_found for an unknown id, metadata_validation_failed, multiple_requests, duplicate_found for a source id
    in the bin.
    """
    for _ in range(_TRIES):
        row = await _identify_product(work, new)
        await require(work, Sent("product", new.metadata, created=row is None))
        if row is not None:
            saved = await _save_product(work, row, new)
            if saved is not None:
                return saved
            continue
        blank = ProductRow(id=work.new_id("prod_"), source_id=new.source_id or None, created_at=work.now)
        made = msgspec.structs.replace(blank, **_changes(blank, new, _PRODUCT))
        if await store.add_product(work.db, work.project.id, made):
            await trash_bin.require_free(work, "product", made.source_id, _taken("product", made.source_id))
            return made
    raise _too_many_at_once("product")


async def update_product(work: Work, row: ProductRow, patch: ProductPatch) -> ProductRow:
    """Errors: not_found if it is deleted meanwhile, metadata_validation_failed."""
    await require(work, Sent("product", patch.metadata, created=False))
    saved = await _save_product(work, row, patch)
    if saved is None:
        raise not_found("product", row.id)
    return saved


async def _save_product(work: Work, row: ProductRow, patch: ProductPatch) -> ProductRow | None:
    """The product after the change, the same one if nothing changes, None if it has been deleted."""
    if not _changes(row, patch, _PRODUCT):
        return row
    held = await PRODUCTS.lock(work.db, work.project.id, row.id)
    if held is None:
        return None
    saved = msgspec.structs.replace(held, **_changes(held, patch, _PRODUCT), updated_at=work.now)
    await PRODUCTS.update(work.db, work.project.id, saved)
    return saved


async def upsert_sku(work: Work, product: ProductRow, new: NewSku) -> SkuRow:
    """The variant that the request means, made or changed.

    Errors: not_found for an id that the product has not, duplicate_found for a source id of another product's variant
    or in the bin, invalid_payload for attributes that the product does not name, metadata_validation_failed,
    multiple_requests.
    """
    for _ in range(_TRIES):
        row = await _identify_sku(work, product, new)
        await require(work, Sent("sku", new.metadata, created=row is None))
        if row is not None:
            saved = await _save_sku(work, row, new)
            if saved is not None:
                return saved
            continue
        held = await PRODUCTS.lock(work.db, work.project.id, product.id)  # a variant cannot outlive it
        if held is None:
            raise not_found("product", product.id)
        blank = SkuRow(
            id=work.new_id("sku_"), source_id=new.source_id or None, product_id=product.id, created_at=work.now
        )
        made = msgspec.structs.replace(blank, **_sku_changes(blank, new, held))
        if await store.add_sku(work.db, work.project.id, made):
            await trash_bin.require_free(work, "sku", made.source_id, _taken("sku", made.source_id))
            return made
    raise _too_many_at_once("sku")


async def update_sku(work: Work, row: SkuRow, patch: SkuPatch) -> SkuRow:
    """Errors: as of `upsert_sku`; not_found if it is deleted meanwhile."""
    await require(work, Sent("sku", patch.metadata, created=False))
    saved = await _save_sku(work, row, patch)
    if saved is None:
        raise not_found("sku", row.id)
    return saved


async def _save_sku(work: Work, row: SkuRow, patch: SkuPatch) -> SkuRow | None:
    """The variant after the change, the same one if nothing changes, None if it has been deleted."""
    if not _changes(row, patch, _SKU):
        return row
    held = await SKUS.lock(work.db, work.project.id, row.id)
    product = await PRODUCTS.get(work.db, work.project.id, id=row.product_id)
    if held is None or product is None:
        return None
    saved = msgspec.structs.replace(held, **_sku_changes(held, patch, product), updated_at=work.now)
    await SKUS.update(work.db, work.project.id, saved)
    return saved


async def _identify_product(work: Work, new: NewProduct) -> ProductRow | None:
    """The id wins over the source id."""
    if new.id:
        row = await store.find_product(work.db, work.project.id, new.id, work.now)
        if row is None or row.id != new.id:
            raise not_found("product", new.id)
        return row
    if new.source_id:
        return await PRODUCTS.get(work.db, work.project.id, source_id=new.source_id)
    return None


async def _identify_sku(work: Work, product: ProductRow, new: NewSku) -> SkuRow | None:
    """The id wins over the source id."""
    if new.id:
        row = await SKUS.get(work.db, work.project.id, id=new.id)
        if row is None or row.product_id != product.id:
            raise not_found("sku", new.id)
        return row
    if new.source_id:
        row = await SKUS.get(work.db, work.project.id, source_id=new.source_id)
        if row is not None and row.product_id != product.id:
            raise duplicate_found("sku", "source_id", new.source_id)
        return row
    return None


def _sku_changes(row: SkuRow, patch: SkuPatch, product: ProductRow) -> dict[str, Any]:
    changes = _changes(row, patch, _SKU)
    unknown = changes.get("attributes", {}).keys() - set(product.attributes)
    if unknown:
        raise invalid_payload(
            f"Property .attributes must only have attributes of the product ('{min(unknown)}' is not)"
        )
    return changes


def _changes(row: ProductRow | SkuRow, patch: ProductPatch | SkuPatch, fields: tuple[str, ...]) -> dict[str, Any]:
    """The fields that the patch changes. Metadata are merged key by key; everything else is replaced."""
    sent = {name: value for name in fields if (value := getattr(patch, name)) is not UNSET}
    sent |= {name: type(getattr(row, name))() for name in _NEVER_NULL if name in sent and sent[name] is None}
    if "metadata" in sent:
        sent["metadata"] = {**row.metadata, **sent["metadata"]}
    return {name: value for name, value in sent.items() if value != getattr(row, name)}


def _taken(resource: str, source_id: str | None) -> ApiError:
    return duplicate_found(resource, "source_id", source_id or "")


def _too_many_at_once(resource: str) -> ApiError:
    return refused(
        "multiple_requests", "Multiple requests", f"The {resource} is being changed by many requests at once"
    )
