"""Operations on the bin, from which nothing comes back, and its background work."""

from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from guerdon.clock import iso
from guerdon.db.table import Order, Where
from guerdon.errors import not_found
from guerdon.events.work import Work
from guerdon.families.trash_bin import store
from guerdon.families.trash_bin.store import ENTRIES, EntryRow
from guerdon.http import filters
from guerdon.http.call import Call
from guerdon.http.paging import CursorQuery, Filters
from guerdon.http.routing import Param, Route
from guerdon.jobs import queue

RELEASE = "trash_bin.release"
_SLICE = 5_000


class Entry(msgspec.Struct, kw_only=True):
    """What was deleted. Nobody who uses a key is a user."""

    id: str
    created_at: str
    deleted_by_user_id: None = None
    resource_id: str
    resource_type: store.ResourceType
    resource_name: str
    resource_parent_id: str | None
    object: str


class EntriesList(msgspec.Struct):
    """A slice of the bin."""

    data: list[Entry]
    total: int
    has_more: bool
    more_starting_after: str | UnsetType = UNSET
    object: str = "list"
    data_ref: str = "data"


class EntriesQuery(CursorQuery, kw_only=True):
    """Which way the list goes; newest first unless asked otherwise."""

    order: Literal["id", "-id"] = "-id"
    filters: Filters = None


async def list_trash_bin(call: Call[None]) -> EntriesList:
    query: EntriesQuery = call.query
    where = await filters.narrow(call, ENTRIES, store.FIELDS, Where())
    total = await ENTRIES.count(call.db, call.project_id, where)
    descending = query.order != "id"
    where.add("id < {}" if descending else "id > {}", query.starting_after_id)
    rows = await ENTRIES.some(
        call.db, call.project_id, where, Order("id", descending=descending), limit=query.limit + 1
    )
    shown, more = rows[: query.limit], len(rows) > query.limit
    return EntriesList([_view(row) for row in shown], total, more, shown[-1].id if more else UNSET)


async def delete_trash_bin_entry(call: Call[None], row: EntryRow) -> None:
    """Its names are free at once. Errors: not_found if somebody else was faster."""
    if not await ENTRIES.delete(call.db, call.project_id, row.id):
        raise not_found("trash_bin_entry", row.id)
    if await store.release(call.db, call.project_id, row.id, _SLICE) == _SLICE:
        await queue.enqueue(call.work, RELEASE, {"entry_id": row.id})


async def release(work: Work, payload: dict[str, Any]) -> dict[str, Any] | None:
    """Removes a slice of the names of an entry that is gone; goes on until there are none."""
    released = await store.release(work.db, work.project.id, payload["entry_id"], _SLICE)
    return payload if released == _SLICE else None


def _view(row: EntryRow) -> Entry:
    return Entry(
        id=row.id,
        created_at=iso(row.created_at),
        resource_id=row.resource_id,
        resource_type=row.resource_type,
        resource_name=row.resource_name,
        resource_parent_id=row.resource_parent_id,
        object=row.resource_type,
    )


async def _load(call: Call[object], entry_id: str) -> EntryRow | None:
    return await ENTRIES.get(call.db, call.project_id, id=entry_id)


JOBS = {RELEASE: release}
ROUTES = (
    Route("GET", "/v1/trash-bin", list_trash_bin, query=EntriesQuery, answer=EntriesList),
    Route("DELETE", "/v1/trash-bin/{binEntryId}", delete_trash_bin_entry, (Param("trash_bin_entry", _load),)),
)
