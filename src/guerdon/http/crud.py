"""Operations that only show or delete rows: handlers made of a table and its view.

A line of a route table uses them as long as the operation has no behaviour of its own; the day it needs some, the line
names a hand-written handler instead.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from guerdon.db.filters import Fields
from guerdon.db.table import Table
from guerdon.errors import not_found
from guerdon.http import filters
from guerdon.http.call import Call
from guerdon.http.paging import PageQuery
from guerdon.http.routing import Handler


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of one table as they are shown.

    `name` and `names` are one and several of them in words. `listed` makes the answer of a list of views and the total.
    `within` is the column that holds the id of the row before in the path. `fields` are those of the query's `filters`.
    """

    name: str
    names: str
    table: Table[Any]
    view: Callable[[Any], object]
    listed: Callable[[list[Any], int], object]
    within: str | None = None
    fields: Fields | None = None


def list_of(resource: Resource) -> Handler:
    """A page of the rows that the query wants, of a type derived from `PageQuery`."""

    async def handler(call: Call[None], *path: Any) -> object:  # noqa: ANN401 - rows of any kind
        query: PageQuery = call.query
        where = query.where()
        if resource.within is not None:
            where.equal(**{resource.within: path[-1].id})
        if resource.fields is not None:
            await filters.narrow(call, resource.table, resource.fields, where)
        rows, total = await resource.table.page(
            call.db, call.project_id, where, query.sorting, limit=query.limit, offset=query.offset
        )
        return resource.listed([resource.view(row) for row in rows], total)

    return _called(handler, f"list_{resource.names}")


def one(resource: Resource) -> Handler:
    """The row that the path names last."""

    async def handler(_call: Call[None], *path: Any) -> object:  # noqa: ANN401
        return resource.view(path[-1])

    return _called(handler, f"get_{resource.name}")


def delete(resource: Resource) -> Handler:
    """Deletes the row that the path names last. Errors: not_found if somebody else was faster."""

    async def handler(call: Call[None], *path: Any) -> None:  # noqa: ANN401
        if not await resource.table.delete(call.db, call.project_id, path[-1].id):
            raise not_found(resource.name, path[-1].id)

    return _called(handler, f"delete_{resource.name}")


def _called(handler: Handler, name: str) -> Handler:
    """The handler under the name that the description gives the operation."""
    handler.__name__ = name
    return handler
