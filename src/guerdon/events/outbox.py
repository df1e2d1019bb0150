"""The outbox: an event is one row, written in the same commit as the change it tells of."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache

import msgspec

from guerdon.db.transaction import Transaction


class Event(msgspec.Struct, frozen=True):
    """An event as it is recorded; `data` and `event_source` are JSON text, canonical and final.

    A quiet one is in the feed and in the logs of activity, but reaches no webhook.
    """

    id: str
    type: str
    entity_id: str
    group_id: str
    created_at: datetime
    event_source: str
    category: str
    campaign_id: str | None
    quiet: bool
    data: str


_COLUMNS = ", ".join(Event.__struct_fields__)
_TYPES = ("text", "text", "text", "text", "timestamptz", "text", "text", "text", "boolean", "text")


def _row(first: int) -> str:
    """One parameter per column, from parameter number `first` on."""
    return ", ".join(f"${first + place}::{kind}" for place, kind in enumerate(_TYPES))


def _rows(first: int) -> str:
    """`unnest` over one array parameter per column, from parameter number `first` on."""
    arrays = ", ".join(f"${first + place}::{kind}[]" for place, kind in enumerate(_TYPES))
    return f"unnest({arrays}) AS event ({_COLUMNS})"


# From so many on, copying costs less than half of what arrays do; for a few, it is one more round trip.
MANY = 50
# Up to so many are written as rows: the driver looks three times at every element of an array.
_FEW = 8
_INSERT = f"INSERT INTO outbox (project_id, {_COLUMNS})"
_INSERT_SEVERAL = f"{_INSERT} SELECT $1, event.* FROM {_rows(2)}"
_PRESENT = """
SELECT c.project_id, c.id FROM unnest($1::text[], $2::text[]) AS named (project_id, id)
JOIN customers c ON c.project_id = named.project_id AND c.id = named.id FOR KEY SHARE OF c
"""
_PILE = 1_500
_PILED_UP = "SELECT count(*) > $2 FROM (SELECT FROM outbox WHERE project_id = $1 LIMIT $2 + 1) waiting"
_CHANGE_AND_RECORD = f"WITH changed AS ({{}}), recorded AS ({_INSERT} SELECT $1, {{}}) SELECT * FROM changed"


class Guarded(msgspec.Struct, frozen=True):
    """A guarded change as one statement: alone, with one event, and with any number of them."""

    alone: str
    with_one: str
    with_many: str


def guarded(change: str, parameters: int) -> Guarded:
    """Statements that make a guarded change and record events only if the guard held.

    `change` is an INSERT, UPDATE or DELETE with RETURNING that uses `parameters` parameters, of which $1 is the
    project. The statements return what `change` returns; no row means that the guard did not hold.
    """
    first = parameters + 1
    held = "WHERE EXISTS (SELECT FROM changed)"
    one = _row(first)
    return Guarded(
        alone=change,
        with_one=_CHANGE_AND_RECORD.format(change, f"{one} {held}"),
        with_many=_CHANGE_AND_RECORD.format(change, f"event.* FROM {_rows(first)} {held}"),
    )


def insert(project_id: str, events: Sequence[Event]) -> tuple[str, list[object]]:
    """A statement that adds events, and its arguments: for fewer than MANY."""
    if len(events) > _FEW:
        return _INSERT_SEVERAL, [project_id, *arguments(events)]
    return _insert_few(len(events)), [
        project_id,
        *(value for event in events for value in msgspec.structs.astuple(event)),
    ]


@lru_cache(maxsize=_FEW)
def _insert_few(count: int) -> str:
    rows = (f"($1, {_row(2 + number * len(_TYPES))})" for number in range(count))
    return f"{_INSERT} VALUES {', '.join(rows)}"


async def copy(db: Transaction, events: Iterable[tuple[str, Event]]) -> None:
    """Adds many events at once, each with its project, in the open transaction."""
    connection = await db.connection()
    await connection.copy_records_to_table(
        "outbox",
        records=((project_id, *msgspec.structs.astuple(event)) for project_id, event in events),
        columns=["project_id", *Event.__struct_fields__],
    )


async def copy_of_present(db: Transaction, events: Sequence[tuple[str, Event]]) -> None:
    """The same of events about customers; nothing is said any more of one who was deleted, or forgotten, meanwhile."""
    named = sorted({(project_id, event.entity_id) for project_id, event in events})
    rows = await db.write(_PRESENT, *map(list, zip(*named, strict=True)))
    present = {(row["project_id"], row["id"]) for row in rows}
    await copy(db, (one for one in events if (one[0], one[1].entity_id) in present))


async def is_piled_up(db: Transaction, project_id: str) -> bool:
    """Whether more events wait than a relay takes in a few turns: then what would make many more had better wait."""
    return await db.value(_PILED_UP, project_id, _PILE)


def arguments(events: Sequence[Event]) -> list[list[object]]:
    """The array parameters for `with_many`, after those of the change."""
    return [list(column) for column in zip(*(msgspec.structs.astuple(event) for event in events), strict=True)]
