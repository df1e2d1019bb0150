"""Segments: their table, who is in them, and what has to be read to say in which of them somebody is."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal

import msgspec

from guerdon.db.filters import narrow
from guerdon.db.table import Order, Table, Where
from guerdon.db.transaction import Transaction
from guerdon.engine.filters import Filter, compile_filter
from guerdon.engine.moment import Moment
from guerdon.families.customers.store import CUSTOMERS, CustomerRow
from guerdon.families.segments.fields import EventCount, Person, field_of

SegmentType = Literal["static", "auto-update", "passive"]
LIVE: SegmentType = "auto-update"
_CANDIDATES = 1_000


class SegmentRow(msgspec.Struct, frozen=True, kw_only=True):
    """A segment. `follows_days` if who is in it may change at midnight.

    `swept_on` is the day on which all customers were last looked at; None until they have been for the first time.
    """

    id: str
    name: str
    type: SegmentType
    filter: dict[str, Any] | None = None
    follows_days: bool = False
    swept_on: date | None = None
    created_at: datetime
    updated_at: datetime | None = None

    def holds(self, person: Person, moment: Moment) -> bool:
        """Whether the filter, which the segment must have, lets the customer in."""
        return _holds(compiled(msgspec.json.encode(self.filter)), person, moment)


SEGMENTS = Table("segments", SegmentRow)
_COUNT_FILTERS = "SELECT count(*) FROM segments WHERE project_id = $1 AND type <> 'static'"
_LIVE = f"{SEGMENTS.select} AND type = 'auto-update' ORDER BY created_at, id FOR KEY SHARE"
_HOLD = f"{SEGMENTS.select} AND id = $2 FOR KEY SHARE"
# What `among` reads: $1 is the project, $2 the customer's id. An auto-update segment remembers who is in it only to
# tell who enters and leaves: who is in it says its filter.
ABOUT = f"""
SELECT {", ".join(f"s.{column}" for column in SegmentRow.__struct_fields__)}, EXISTS (
    SELECT FROM segment_members m WHERE m.project_id = $1 AND m.segment_id = s.id AND m.customer_id = $2
) AS member, (
    SELECT jsonb_object_agg(e.event, jsonb_build_array(e.count, e.last_at)) FROM custom_event_counts e
    WHERE e.project_id = $1 AND e.customer_id = $2
) AS events
FROM segments s WHERE s.project_id = $1 ORDER BY s.created_at DESC, s.id DESC
"""
_EVENTS = """
SELECT customer_id, event, count, last_at FROM custom_event_counts WHERE project_id = $1 AND customer_id = ANY($2)
"""
_ADD_STATIC = """
INSERT INTO segment_members (project_id, segment_id, customer_id)
SELECT $1, $2, id FROM customers WHERE project_id = $1 AND id = ANY($3) ORDER BY id FOR KEY SHARE
RETURNING customer_id
"""
_ENTER = """
INSERT INTO segment_members (project_id, segment_id, customer_id)
SELECT $1, pair.* FROM unnest($2::text[], $3::text[]) AS pair (segment_id, customer_id)
"""
_LEAVE = """
DELETE FROM segment_members m
USING unnest($1::text[], $2::text[], $3::text[]) AS p (project_id, segment_id, customer_id)
WHERE m.project_id = p.project_id AND m.segment_id = p.segment_id AND m.customer_id = p.customer_id
"""
_MEMBERSHIPS = "SELECT segment_id, customer_id FROM segment_members WHERE project_id = $1 AND customer_id = ANY($2)"
_LOCK_CUSTOMERS = f"{CUSTOMERS.select} AND id = ANY($2) ORDER BY id FOR NO KEY UPDATE"
_LOCK_NEXT = f"{CUSTOMERS.select} AND id > $2 ORDER BY id LIMIT $3 FOR NO KEY UPDATE"
_SWEPT = "UPDATE segments SET swept_on = $3 WHERE project_id = $1 AND id = $2"
_DUE = """
UPDATE segments SET swept_on = $2 WHERE project_id = $1 AND type = 'auto-update' AND follows_days AND swept_on < $2
RETURNING id
"""
_DUE_PROJECTS = """
SELECT p.id FROM projects p WHERE EXISTS (
    SELECT FROM segments s WHERE s.project_id = p.id AND s.type = 'auto-update' AND s.follows_days
    AND s.swept_on < ((now() + p.clock_offset) AT TIME ZONE p.timezone)::date
)
"""
_NEXT_DAY = """
SELECT min(swept_on) FROM segments WHERE project_id = $1 AND type = 'auto-update' AND follows_days
"""
IN_STATIC = "id IN (SELECT customer_id FROM segment_members WHERE project_id = $1 AND segment_id = {})"
Pair = tuple[str, str]


@lru_cache(maxsize=2_000)
def compiled(definition: bytes) -> Filter:
    """A stored filter, which was looked at when it came."""
    return compile_filter(msgspec.json.decode(definition))


async def count_filters(db: Transaction, project_id: str) -> int:
    """How many segments have a filter."""
    return await db.value(_COUNT_FILTERS, project_id)


async def add_static(db: Transaction, project_id: str, segment_id: str, customer_ids: Sequence[str]) -> set[str]:
    """Puts customers into a static segment; returns those that exist."""
    rows = await db.write(_ADD_STATIC, project_id, segment_id, customer_ids)
    return {row["customer_id"] for row in rows}


async def segments_of(db: Transaction, project_id: str, customer: CustomerRow, moment: Moment) -> list[SegmentRow]:
    """The segments that a customer is in, newest first, in one round trip; what `among` says."""
    return among(await db.rows(ABOUT, project_id, customer.id), customer, moment)


def among(records: Sequence[Any], customer: CustomerRow, moment: Moment) -> list[SegmentRow]:
    """Those of a project's segments, as `ABOUT` gives them, that a customer is in.

    The customer need not be stored, or may differ from what is stored: filters are asked about the customer that is
    given, static segments and custom events were asked about the id. For a workflow that reads more at once.
    """
    found: list[SegmentRow] = []
    for record in records:
        segment = SegmentRow(**{name: record[name] for name in SegmentRow.__struct_fields__})
        counts: dict[str, tuple[int, str]] = record["events"] or {}
        events = {name: EventCount(count, datetime.fromisoformat(at)) for name, (count, at) in counts.items()}
        if record["member"] if segment.filter is None else segment.holds(Person(customer, events), moment):
            found.append(segment)
    return found


async def events_of(db: Transaction, project_id: str, customer_ids: Sequence[str]) -> dict[str, dict[str, EventCount]]:
    """The custom events of customers, by customer and name."""
    found: dict[str, dict[str, EventCount]] = {}
    for customer_id, event, count, last_at in await db.rows(_EVENTS, project_id, list(customer_ids)):
        found.setdefault(customer_id, {})[event] = EventCount(count, last_at)
    return found


async def people(db: Transaction, project_id: str, rows: Sequence[CustomerRow]) -> list[Person]:
    """Customers with their custom events."""
    events = await events_of(db, project_id, [row.id for row in rows])
    return [Person(row, events.get(row.id, {})) for row in rows]


async def narrow_to(db: Transaction, project_id: str, segment: SegmentRow, moment: Moment, where: Where) -> None:
    """Narrows a list of customers to those of a segment."""
    if segment.filter is None:
        where.add(IN_STATIC, segment.id)
    else:
        await narrow_by(db, project_id, compiled(msgspec.json.encode(segment.filter)), moment, where)


async def narrow_by(db: Transaction, project_id: str, wanted: Filter, moment: Moment, where: Where) -> None:
    """Narrows a list of customers to those of a filter. Where SQL cannot tell who they are, candidates are asked."""
    if narrow(where, wanted, moment, field_of):
        return
    found: list[str] = []
    after = ""
    while True:
        step = Where()
        narrow(step, wanted, moment, field_of)
        step.add("id > {}", after)
        rows = await CUSTOMERS.some(db, project_id, step, Order("id", descending=False), limit=_CANDIDATES)
        asked = await people(db, project_id, rows)
        found += [person.row.id for person in asked if _holds(wanted, person, moment)]
        if len(rows) < _CANDIDATES:
            break
        after = rows[-1].id
    where.add("id = ANY({}::text[])", found)


def _holds(wanted: Filter, person: Person, moment: Moment) -> bool:
    return wanted.holds(lambda path: field_of(path).read(person), moment)


async def live(db: Transaction, project_id: str) -> list[SegmentRow]:
    """The segments that tell who enters and leaves, oldest first; they cannot be deleted until the transaction ends."""
    return [SEGMENTS.read(row) for row in await db.write(_LIVE, project_id)]


async def hold(db: Transaction, project_id: str, segment_id: str) -> SegmentRow | None:
    """A segment, which cannot be deleted until the transaction ends."""
    row = await db.write_row(_HOLD, project_id, segment_id)
    return None if row is None else SEGMENTS.read(row)


async def lock_customers(db: Transaction, project_id: str, customer_ids: Iterable[str]) -> list[CustomerRow]:
    """Customers as they are now; nobody changes them, or moves them between segments, until the transaction ends."""
    return [CUSTOMERS.read(row) for row in await db.write(_LOCK_CUSTOMERS, project_id, sorted(set(customer_ids)))]


async def lock_next(db: Transaction, project_id: str, after: str, limit: int) -> list[CustomerRow]:
    """The same for the customers that come next by id."""
    return [CUSTOMERS.read(row) for row in await db.write(_LOCK_NEXT, project_id, after, limit)]


async def memberships(db: Transaction, project_id: str, customer_ids: Sequence[str]) -> set[Pair]:
    """Who is in what: pairs of a segment's and a customer's id."""
    return {(row[0], row[1]) for row in await db.rows(_MEMBERSHIPS, project_id, list(customer_ids))}


async def enter(db: Transaction, project_id: str, pairs: Sequence[Pair]) -> None:
    if pairs:
        await db.write(_ENTER, project_id, [pair[0] for pair in pairs], [pair[1] for pair in pairs])


async def leave(db: Transaction, project_id: str, pairs: Sequence[Pair]) -> None:
    if pairs:
        projects = [project_id] * len(pairs)
        await db.write(_LEAVE, projects, [pair[0] for pair in pairs], [pair[1] for pair in pairs])


async def swept(db: Transaction, project_id: str, segment_id: str, on: date) -> None:
    """Notes that all customers have been looked at."""
    await db.write(_SWEPT, project_id, segment_id, on)


async def take_due(db: Transaction, project_id: str, today: date) -> list[str]:
    """The segments that a new day may change, noted as looked after."""
    return [row["id"] for row in await db.write(_DUE, project_id, today)]


async def next_day(db: Transaction, project_id: str) -> date | None:
    """The next day that may change a segment."""
    last: date | None = await db.value(_NEXT_DAY, project_id)
    return None if last is None else last + timedelta(days=1)


async def projects_with_due_segments(db: Transaction) -> list[str]:
    """The projects where a new day has begun that may change segments."""
    return [row["id"] for row in await db.rows(_DUE_PROJECTS)]
