"""Who enters and who leaves: found out for customers that have changed, and for all of them when a day begins."""

from collections.abc import Sequence
from typing import Any

from guerdon.engine.moment import Moment
from guerdon.events.work import Work
from guerdon.families.customers import views as customer_views
from guerdon.families.customers.jobs import FOLLOW
from guerdon.families.customers.store import CustomerRow
from guerdon.families.segments import store
from guerdon.families.segments.schemas import SegmentEvent, SimpleSegment
from guerdon.families.segments.store import SegmentRow
from guerdon.jobs import queue

SWEEP = "segments.sweep"
NEW_DAY = "segments.new_day"
_SLICE = 300


async def follow(work: Work, payload: dict[str, Any]) -> None:
    """Looks at customers that have changed. A segment that has not seen all of them yet takes them in quietly."""
    segments = await store.live(work.db, work.project.id)
    if segments:
        customers = await store.lock_customers(work.db, work.project.id, payload["entity_ids"])
        await _move(work, segments, customers, quiet=[one.id for one in segments if one.swept_on is None])


async def sweep(work: Work, payload: dict[str, Any]) -> dict[str, Any] | None:
    """Looks at a slice of all customers, and goes on until there are no more."""
    segment = await store.hold(work.db, work.project.id, payload["segment_id"])
    if segment is None:
        return None
    customers = await store.lock_next(work.db, work.project.id, payload["after"], _SLICE)
    await _move(work, [segment], customers, quiet=[segment.id] if payload["quiet"] else [])
    if len(customers) == _SLICE:
        return {**payload, "after": customers[-1].id}
    await store.swept(work.db, work.project.id, segment.id, work.project.day_of(work.now))
    return None


async def new_day(work: Work, _payload: dict[str, Any]) -> None:
    """Begins to look at all customers for the segments that a new day may change."""
    for segment_id in await store.take_due(work.db, work.project.id, work.project.day_of(work.now)):
        await queue.enqueue(work, SWEEP, {"segment_id": segment_id, "after": "", "quiet": False})


async def _move(
    work: Work, segments: Sequence[SegmentRow], customers: Sequence[CustomerRow], *, quiet: Sequence[str]
) -> None:
    """Notes who is in the segments and who is not, and tells of it. The customers are locked, so it stays so."""
    moment = Moment(work.now, work.project.timezone)
    people = await store.people(work.db, work.project.id, customers)
    before = await store.memberships(work.db, work.project.id, [row.id for row in customers])
    entered: list[store.Pair] = []
    left: list[store.Pair] = []
    for person in people:
        for segment in segments:
            pair = (segment.id, person.row.id)
            inside = segment.holds(person, moment)
            if inside != (pair in before):
                (entered if inside else left).append(pair)
                if segment.id not in quiet:
                    _tell(work, segment, person.row, entered=inside)
    await store.enter(work.db, work.project.id, entered)
    await store.leave(work.db, work.project.id, left)


def _tell(work: Work, segment: SegmentRow, customer: CustomerRow, *, entered: bool) -> None:
    told = SegmentEvent(customer_views.customer(customer), SimpleSegment(segment.id, segment.name))
    work.record("customer.segment.entered" if entered else "customer.segment.left", customer.id, told)


JOBS = {FOLLOW: follow, SWEEP: sweep, NEW_DAY: new_day}
