"""Making and changing collections of goods."""

from collections.abc import Sequence
from typing import Any

import msgspec

from guerdon.engine.record_filter import JUNCTIONS, compile_filter
from guerdon.errors import ApiError, invalid_payload, not_found, refused
from guerdon.events.work import Work
from guerdon.families.product_collections.schemas import CollectionPatch, Member, NewCollection, NewFiltered
from guerdon.families.product_collections.store import ALL_PRODUCTS, COLLECTIONS, CollectionRow
from guerdon.families.products import store as products


async def create(work: Work, new: NewCollection) -> CollectionRow:
    """Errors: invalid_payload for a filter that is none, not_found for goods that do not exist."""
    row = CollectionRow(id=work.new_id("pc_"), name=new.name, type="STATIC", created_at=work.now)
    if isinstance(new, NewFiltered):
        check_filter(new.filter)
        row = msgspec.structs.replace(row, type="AUTO_UPDATE", filter=new.filter)
    else:
        row = msgspec.structs.replace(row, products=await _members(work, new.products or []))
    await COLLECTIONS.insert(work.db, work.project.id, row)
    return row


async def update(work: Work, row: CollectionRow, patch: CollectionPatch) -> CollectionRow:
    """The collection after the change. Errors: invalid_payload, resource_protected, not_found."""
    check_own(row)
    if patch.filter is not None and row.type == "STATIC":
        raise invalid_payload("Property .filter is allowed only for an 'AUTO_UPDATE' collection")
    if patch.filter is not None:
        check_filter(patch.filter)
    if patch.filter is None and patch.name is None:
        raise invalid_payload("Payload should have required property 'name'")
    await work.db.begin()
    held = await COLLECTIONS.lock(work.db, work.project.id, row.id)
    if held is None:
        raise not_found("products_collection", row.id)
    changed = msgspec.structs.replace(
        held, name=patch.name or held.name, filter=patch.filter or held.filter, updated_at=work.now
    )
    await COLLECTIONS.update(work.db, work.project.id, changed)
    return changed


def check_own(row: CollectionRow) -> None:
    """Errors: resource_protected for the predefined collection."""
    if row.id == ALL_PRODUCTS.id:
        raise protected("products_collection", row.id)


def protected(resource: str, resource_id: str) -> ApiError:
    details = f"Resource {resource} with id {resource_id} is protected and cannot be modified"
    return refused("resource_protected", "Resource is protected", details)


def check_filter(given: dict[str, Any] | None) -> None:
    """Errors: invalid_payload."""
    if not given or "junction" not in given:
        raise invalid_payload("'AUTO_UPDATE' collection must contain valid filter with 'junction' property")
    if given["junction"] not in JUNCTIONS:
        allowed = ", ".join(JUNCTIONS)
        raise invalid_payload(f"Property .filter has wrong `junction` property. It must be one of: {allowed}")
    try:
        compile_filter(given)
    except ValueError as error:
        raise invalid_payload(f"Property .filter{error}") from None


async def _members(work: Work, listed: Sequence[Member]) -> list[dict[str, Any]]:
    """What is listed, each once and by its id. Errors: not_found."""
    names: dict[str, set[str]] = {"product": set(), "sku": set()}
    for member in listed:
        names[member.object].add(member.id)
    found = await products.catalogue(work.db, work.project.id, names["product"], names["sku"], work.now)
    members: dict[str, dict[str, Any]] = {}
    for member in listed:
        if member.object == "sku":
            sku = found.sku(member.id)
            if sku is None or not _of(member, found.product(sku.product_id)):
                raise not_found("sku", member.id)
            members[sku.id] = {"id": sku.id, "object": "sku", "product_id": sku.product_id}
        else:
            product = found.product(member.id)
            if product is None:
                raise not_found("product", member.id)
            members[product.id] = {"id": product.id, "object": "product"}
    return list(members.values())


def _of(member: Member, product: products.ProductRow | None) -> bool:
    """Whether the variant is of the product that the request names, if it names one."""
    return member.product_id is None or (product is not None and member.product_id in {product.id, product.source_id})
