"""Creating, changing and deleting customers, by their own operations and as part of others."""

from typing import Any

import msgspec
from msgspec import UNSET

from guerdon.clock import iso
from guerdon.errors import not_found, refused
from guerdon.events.work import Work
from guerdon.families.customers import store, views
from guerdon.families.customers.schemas import Customer, CustomerEvent, CustomerPatch, NewCustomer
from guerdon.families.customers.store import ID_PREFIX, PROFILE, CustomerRow
from guerdon.families.metadata_schemas.check import Sent, require

_TRIES = 50  # every lost race is somebody else's success, so this many in a row means a storm


async def upsert(work: Work, new: NewCustomer, *, quiet: bool = False, overwrite: bool = False) -> CustomerRow:
    """The customer that the request means, made or changed as it says.

    `quiet` keeps the change from webhooks: a creation is then only logged, and a change not even that. `overwrite`
    clears what the request does not say. Errors: not_found for an id that does not exist, metadata_validation_failed,
    multiple_requests.
    """
    if overwrite:
        new = _whole(new)
    for _ in range(_TRIES):
        row = await identify(work, new)
        await require(work, Sent("customer", new.metadata, created=row is None or overwrite))
        if row is None:
            created = _created(work, new)
            event = work.event("customer.created", created.id, CustomerEvent(views.customer(created)), quiet=quiet)
            if await store.create(work, created, event):
                return created
        else:
            saved = await _save(work, row, new, quiet=quiet, merge=not overwrite)
            if saved is not None:
                return saved
    raise too_many_at_once("customer")


async def named(work: Work, who: NewCustomer | str) -> CustomerRow:
    """The customer that is described, or that has this id or source id; made if there is none. Errors: `upsert`'s."""
    if isinstance(who, NewCustomer):
        return await upsert(work, who)
    found = await store.find(work.db, work.project.id, who)
    return found or await upsert(work, NewCustomer(source_id=who))


async def update(work: Work, row: CustomerRow, patch: CustomerPatch) -> Customer:
    """Changes a customer; as it then is.

    Errors: not_found if it is deleted meanwhile, metadata_validation_failed, multiple_requests.
    """
    await require(work, Sent("customer", patch.metadata, created=False))
    current: CustomerRow | None = row
    for _ in range(_TRIES):
        if current is None:
            raise not_found("customer", row.id)
        changed = _changed(work, current, patch)
        shown = views.customer(changed)
        if changed is current:
            return shown
        event = work.event("customer.updated", row.id, CustomerEvent(shown))
        if await store.save_profile(work, changed, event):
            return shown
        current = await store.CUSTOMERS.get(work.db, work.project.id, id=row.id)
    raise too_many_at_once("customer")


async def delete(work: Work, row: CustomerRow) -> None:
    """Removes a customer. Errors: not_found if somebody else did, multiple_requests."""
    current: CustomerRow | None = row
    for _ in range(_TRIES):
        if current is None:
            raise not_found("customer", row.id)
        gone = msgspec.structs.replace(current, source_id=f"{current.source_id or ''}_deleted{iso(work.now)}")
        event = work.event("customer.deleted", row.id, CustomerEvent(views.customer(gone)))
        if await store.delete(work, current, event):
            return
        current = await store.CUSTOMERS.get(work.db, work.project.id, id=row.id)
    raise too_many_at_once("customer")


async def identify(work: Work, new: NewCustomer) -> CustomerRow | None:
    """The existing customer that a request means: the id wins over the source id. Errors: not_found for an id."""
    if new.id:
        row = await store.CUSTOMERS.get(work.db, work.project.id, id=new.id)
        if row is None:
            raise not_found("customer", new.id)
        return row
    if new.source_id:
        return await store.by_source_id(work.db, work.project.id, new.source_id)
    return None


async def find(work: Work, new: NewCustomer) -> CustomerRow | None:
    """The existing customer that a request means, if there is one: for what only asks."""
    if new.id:
        return await store.CUSTOMERS.get(work.db, work.project.id, id=new.id)
    return await store.by_source_id(work.db, work.project.id, new.source_id) if new.source_id else None


def changes_nothing(row: CustomerRow, new: NewCustomer) -> bool:
    """Whether what a request says of a customer is so already."""
    return not _changes(row, new)


def too_many_at_once(resource: str) -> Exception:
    return refused(
        "multiple_requests", "Multiple requests", f"The {resource} is being changed by many requests at once"
    )


async def _save(work: Work, row: CustomerRow, patch: CustomerPatch, *, quiet: bool, merge: bool) -> CustomerRow | None:
    """The customer after the change, the same one if nothing changes, None if the race was lost."""
    changed = _changed(work, row, patch, merge=merge)
    if changed is row:
        return row
    event = None if quiet else work.event("customer.updated", row.id, CustomerEvent(views.customer(changed)))
    if not await store.save_profile(work, changed, event):
        return None
    return msgspec.structs.replace(changed, version=row.version + 1)


def _changed(work: Work, row: CustomerRow, patch: CustomerPatch, *, merge: bool = True) -> CustomerRow:
    """The customer as the patch makes it, in the version that was read; the same one if nothing changes."""
    changes = _changes(row, patch, merge=merge)
    return msgspec.structs.replace(row, **changes, updated_at=work.now) if changes else row


def _created(work: Work, new: NewCustomer) -> CustomerRow:
    blank = CustomerRow(id=work.new_id(ID_PREFIX), source_id=new.source_id or None, created_at=work.now)
    return msgspec.structs.replace(blank, **_changes(blank, new))


def _whole(new: NewCustomer) -> NewCustomer:
    cleared = {name: None for name in PROFILE if getattr(new, name) is UNSET}
    return msgspec.structs.replace(new, **cleared)


def _changes(row: CustomerRow, patch: CustomerPatch, *, merge: bool = True) -> dict[str, Any]:
    """The fields that the patch changes. Metadata and address are merged key by key; everything else is replaced."""
    sent = {name: value for name in PROFILE if (value := getattr(patch, name)) is not UNSET}
    if "metadata" in sent:
        sent["metadata"] = {**(row.metadata if merge else {}), **(sent["metadata"] or {})}
    if sent.get("address") is not None:
        sent["address"] = {**((merge and row.address) or {}), **msgspec.to_builtins(sent["address"])}
    return {name: value for name, value in sent.items() if value != getattr(row, name)}
