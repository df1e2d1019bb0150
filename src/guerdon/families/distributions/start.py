"""Distributions that somebody starts: to whom they go, slice by slice, once their time has come.

Each customer whom one goes to is an event of its own about the distribution, which only its own channels get.
"""

from datetime import datetime, timedelta
from typing import Any

import msgspec

from guerdon.clock import Moment as When, iso, iso_or_none
from guerdon.db.table import Order, Where
from guerdon.engine.moment import Moment
from guerdon.events.work import Work
from guerdon.families.customers import views as customer_views
from guerdon.families.customers.store import CUSTOMERS, CustomerRow
from guerdon.families.distributions import store
from guerdon.families.distributions.schemas import BY_HAND, ManualEvent, SimpleDistribution, Trigger
from guerdon.families.distributions.store import DistributionRow
from guerdon.families.segments import store as segments
from guerdon.families.segments.store import IN_STATIC, SEGMENTS, SegmentRow

START = "distributions.start"
# Time to think better of it.
DELAY = timedelta(minutes=10)
_SLICE = 300


def due_at(trigger: Trigger, now: datetime) -> datetime | None:
    """When one that is set live now goes to its customers; None for one that waits for events alone."""
    if trigger.type == BY_HAND:
        return When.parse(trigger.send_at) if trigger.send_at else now + DELAY
    return now if trigger.include_present_members else None


async def start(work: Work, _payload: dict[str, Any]) -> dict[str, Any] | None:
    """Tells a slice of the customers of what is due, and goes on until nothing is. Where it is stands in the row."""
    row = await store.due(work.db, work.project.id, work.now)
    if row is None:
        return None
    trigger = msgspec.convert(row.trigger, Trigger)
    looked_at, chosen = await _slice(work, trigger, row.reached or "")
    for customer in chosen:
        work.record("manual_distribution_schedule", row.id, ManualEvent(_view(row), customer_views.simple(customer)))
    await store.told(work.db, work.project.id, _after(row, trigger, looked_at))
    return {}


def _after(row: DistributionRow, trigger: Trigger, looked_at: list[CustomerRow]) -> DistributionRow:
    if len(looked_at) == _SLICE:
        return msgspec.structs.replace(row, reached=looked_at[-1].id)
    status = "DONE" if trigger.type == BY_HAND else row.status
    return msgspec.structs.replace(row, status=status, due_at=None, reached=None)


async def _slice(work: Work, trigger: Trigger, after: str) -> tuple[list[CustomerRow], list[CustomerRow]]:
    """The customers that come next by id, and those of them whom the distribution goes to."""
    where = Where().add("id > {}", after).equal(id=trigger.customer_id)
    segment = None
    if trigger.segment_id is not None:
        segment = await SEGMENTS.get(work.db, work.project.id, id=trigger.segment_id)
        if segment is None:
            return [], []
        if segment.filter is None:
            where.add(IN_STATIC, segment.id)
    rows = await CUSTOMERS.some(work.db, work.project.id, where, Order("id", descending=False), limit=_SLICE)
    return rows, rows if segment is None or segment.filter is None else await _members(work, segment, rows)


async def _members(work: Work, segment: SegmentRow, rows: list[CustomerRow]) -> list[CustomerRow]:
    moment = Moment(work.now, work.project.timezone)
    people = await segments.people(work.db, work.project.id, rows)
    return [person.row for person in people if segment.holds(person, moment)]


def _view(row: DistributionRow) -> SimpleDistribution:
    return SimpleDistribution(
        id=row.id,
        created_at=iso(row.created_at),
        updated_at=iso_or_none(row.updated_at),
        set_live_at=iso_or_none(row.live_at),
    )
