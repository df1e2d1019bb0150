"""Events as a feed, for those who would rather pull: every event of the project once, in the order of commits."""

import asyncio
import time
from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from guerdon.clock import iso
from guerdon.db.transaction import Transaction
from guerdon.errors import invalid_query_params
from guerdon.events.catalogue import EVENTS, SPELT_RIGHT
from guerdon.families.feed import cursor, store
from guerdon.families.feed.store import FedEvent
from guerdon.http.call import Call
from guerdon.http.paging import MAX_LIMIT
from guerdon.http.routing import Route, Scope

LATEST = "latest"
MOST_WAIT_S = 30
_LOOK_AGAIN_S = 0.1
_WINDOW = 5_000  # events that one statement looks through for those of the wanted types


class FeedQuery(msgspec.Struct):
    """From where on (`latest`: what comes from now), which types, how many, and how long to wait for the first."""

    after: str = ""
    types: str | None = None
    limit: Annotated[int, Meta(ge=1, le=MAX_LIMIT)] = MAX_LIMIT
    wait_s: Annotated[float, Meta(ge=0, le=MOST_WAIT_S)] = 0


class Event(msgspec.Struct, frozen=True):
    """An event; `data` is exactly what webhooks send."""

    cursor: str
    id: str
    type: str
    created_at: str
    entity_id: str
    group_id: str
    event_source: msgspec.Raw
    data: msgspec.Raw


class EventsList(msgspec.Struct):
    """Events in their order, and the cursor to go on from, also where there are none."""

    data: list[Event]
    next_cursor: str
    object: str = "list"


async def list_events(call: Call[None]) -> EventsList:
    """Waits, with no connection to the database, until there is something or the time is over.

    Errors: invalid_query_params for a cursor that this project has not given, and for unknown types.
    """
    query: FeedQuery = call.query
    types = None if query.types is None else _known(query.types)
    deadline = time.monotonic() + query.wait_s
    after = await _start(call, query.after)
    while True:
        found, after = await _look(call.db, call.project_id, after, types, query.limit)
        left_s = deadline - time.monotonic()
        if found or left_s <= 0:
            shown = [_view(call.project_id, event) for event in found]
            return EventsList(shown, cursor.write(call.project_id, after))
        call.db.rest()
        await asyncio.sleep(min(_LOOK_AGAIN_S, left_s))


async def _start(call: Call[None], after: str) -> int:
    """The number that the reader has got to. Errors: invalid_query_params."""
    if not after:
        return 0
    last = await store.last_number(call.db, call.project_id)
    if after == LATEST:
        return last
    number = cursor.read(call.project_id, after)
    if number is None or number > last:
        raise invalid_query_params("Property .after is not a cursor of this project's feed")
    return number


async def _look(
    db: Transaction, project_id: str, after: int, types: Sequence[str] | None, limit: int
) -> tuple[list[FedEvent], int]:
    """The next events of these types, at most so many, and the number up to which there is none left unread."""
    last = await store.last_number(db, project_id)
    while after < last:
        until = min(after + _WINDOW, last)
        found = await store.between(db, project_id, after, until, types, limit)
        after = found[-1].number if len(found) == limit else until
        if found:
            return found, after
    return [], after


def _known(text: str) -> list[str]:
    """The names of a list with commas. Errors: invalid_query_params."""
    names = [SPELT_RIGHT.get(name, name) for name in text.split(",")]
    for name in names:
        if name not in EVENTS:
            raise invalid_query_params(f"Property .types has the name '{name}', and there is no such event")
    return names


def _view(project_id: str, event: FedEvent) -> Event:
    return Event(
        cursor=cursor.write(project_id, event.number),
        id=event.id,
        type=event.type,
        created_at=iso(event.created_at),
        entity_id=event.entity_id,
        group_id=event.group_id,
        event_source=msgspec.Raw(event.event_source.encode()),
        data=msgspec.Raw(event.data.encode()),
    )


ROUTES = (
    Route(
        "GET",
        "/management/v1/projects/{projectId}/events",
        list_events,
        query=FeedQuery,
        answer=EventsList,
        scope=Scope.MANAGEMENT,
    ),
)
