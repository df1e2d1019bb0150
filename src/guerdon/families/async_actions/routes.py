"""Asynchronous actions: list, and read with the result."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from guerdon.clock import Moment, iso
from guerdon.db.table import Order, Where
from guerdon.families.async_actions import store
from guerdon.families.async_actions.store import AsyncActionRow
from guerdon.http.call import Call
from guerdon.http.paging import DEFAULT_LIMIT, MAX_LIMIT
from guerdon.http.routing import Param, Route


class Accepted(msgspec.Struct):
    """Answer of an operation that goes on in the background."""

    async_action_id: str


class AsyncAction(msgspec.Struct, kw_only=True):
    """An action; the result only when it is read by itself and done."""

    id: str
    type: str
    status: str
    operation_status: str | UnsetType = UNSET
    result: dict[str, Any] | UnsetType = UNSET
    created_at: str
    updated_at: str | UnsetType = UNSET
    request_id: str
    progress: int
    processing_time: int | UnsetType = UNSET
    object: str = "async_action"


class AsyncActionsList(msgspec.Struct):
    """Actions, newest first."""

    async_actions: list[AsyncAction]
    has_more: bool
    object: str = "list"
    data_ref: str = "async_actions"


class AsyncActionsQuery(msgspec.Struct):
    """`end_date` goes back in time: actions made before it."""

    limit: Annotated[int, Meta(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT
    end_date: Moment | None = None


async def list_async_actions(call: Call[None]) -> AsyncActionsList:
    query: AsyncActionsQuery = call.query
    where = Where().add("created_at < {}", query.end_date)
    rows, total = await store.ACTIONS.page(
        call.db, call.project_id, where, Order("created_at"), limit=query.limit, offset=0
    )
    return AsyncActionsList([_view(row) for row in rows], total > len(rows))


async def get_async_action(_call: Call[None], row: AsyncActionRow) -> AsyncAction:
    result = row.result if row.status == "DONE" and row.result is not None else UNSET
    return msgspec.structs.replace(_view(row), result=result)


def _view(row: AsyncActionRow) -> AsyncAction:
    return AsyncAction(
        id=row.id,
        type=row.type,
        status=row.status,
        operation_status=row.operation_status or UNSET,
        created_at=iso(row.created_at),
        updated_at=iso(row.updated_at) if row.updated_at else UNSET,
        request_id=row.request_id,
        progress=row.progress,
        processing_time=UNSET if row.processing_time is None else row.processing_time,
    )


async def _load(call: Call[object], action_id: str) -> AsyncActionRow | None:
    return await store.ACTIONS.get(call.db, call.project_id, id=action_id)


ROUTES = (
    Route("GET", "/v1/async-actions", list_async_actions, query=AsyncActionsQuery, answer=AsyncActionsList),
    Route(
        "GET",
        "/v1/async-actions/{asyncActionId}",
        get_async_action,
        (Param("async_action", _load),),
        answer=AsyncAction,
    ),
)
