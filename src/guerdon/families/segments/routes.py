"""Operations on segments, and those on customers that ask about them."""

import msgspec
from msgspec import UNSET

from guerdon.clock import Moment as When, iso
from guerdon.db.table import Where
from guerdon.errors import invalid_payload, not_found
from guerdon.families.customers import store as customers, views as customer_views
from guerdon.families.customers.routes import CustomersQuery
from guerdon.families.customers.schemas import CustomersList
from guerdon.families.customers.store import CUSTOMERS, CustomerRow
from guerdon.families.segments import store
from guerdon.families.segments.create import create, update
from guerdon.families.segments.schemas import (
    NewSegment,
    Segment,
    SegmentPatch,
    SegmentsList,
    SimpleSegment,
    SimpleSegmentsList,
)
from guerdon.families.segments.store import SEGMENTS, SegmentRow, SegmentType
from guerdon.http import crud, filters
from guerdon.http.call import Call
from guerdon.http.paging import Filters, PageQuery
from guerdon.http.routing import Param, Route


class SegmentsQuery(PageQuery, kw_only=True):
    """What a list of segments can be narrowed to."""

    sortable = ("created_at",)

    ids: str | list[str] | None = None
    id: str | None = None
    name: str | None = None
    type: SegmentType | None = None
    before: When | None = msgspec.field(default=None, name="filters[created_at][conditions][$before]")
    after: When | None = msgspec.field(default=None, name="filters[created_at][conditions][$after]")
    before_0: When | None = msgspec.field(default=None, name="filters[created_at][conditions][$before][0]")
    after_0: When | None = msgspec.field(default=None, name="filters[created_at][conditions][$after][0]")

    def where(self) -> Where:
        return (
            super()
            .where()
            .equal(id=self.id, name=self.name, type=self.type)
            .add("id = ANY({})", [self.ids] if isinstance(self.ids, str) else self.ids)
            .add("created_at < {}", self.before or self.before_0)
            .add("created_at > {}", self.after or self.after_0)
        )


class SegmentedQuery(CustomersQuery, kw_only=True):
    """What a list of customers can be narrowed to."""

    segment_id: str | None = None
    filters: Filters = None


async def create_segment(call: Call[NewSegment]) -> Segment:
    return _view(await create(call.work, call.body))


async def update_segment(call: Call[SegmentPatch], row: SegmentRow) -> Segment:
    """Errors: invalid_payload, also for a segment that is not passive."""
    return _view(await update(call.work, row, call.body))


async def list_customers(call: Call[None]) -> CustomersList:
    """Errors: not_found for the segment."""
    query: SegmentedQuery = call.query
    where = query.where()
    if query.segment_id is not None:
        segment = await SEGMENTS.get(call.db, call.project_id, id=query.segment_id)
        if segment is None:
            raise not_found("segment", query.segment_id)
        await store.narrow_to(call.db, call.project_id, segment, filters.moment(call), where)
    await _filter(call, where)
    rows, total = await CUSTOMERS.page(
        call.db, call.project_id, where, query.sorting, limit=query.limit, offset=query.offset
    )
    return CustomersList([customer_views.customer(row) for row in rows], total)


async def _filter(call: Call[None], where: Where) -> None:
    """Errors: invalid_payload."""
    wanted = filters.compiled(call)
    if wanted is not None:
        try:
            await store.narrow_by(call.db, call.project_id, wanted, filters.moment(call), where)
        except ValueError as error:
            raise invalid_payload(f"Property .filters{error}") from None


async def list_customer_segments(call: Call[None], customer: CustomerRow) -> SimpleSegmentsList:
    found = await store.segments_of(call.db, call.project_id, customer, filters.moment(call))
    return SimpleSegmentsList([SimpleSegment(segment.id, segment.name) for segment in found], len(found))


def _view(row: SegmentRow) -> Segment:
    return Segment(
        id=row.id,
        name=row.name,
        type=row.type,
        filter=row.filter,
        created_at=iso(row.created_at),
        updated_at=iso(row.updated_at) if row.updated_at else UNSET,
    )


async def _load(call: Call[object], segment_id: str) -> SegmentRow | None:
    return await SEGMENTS.get(call.db, call.project_id, id=segment_id)


async def _load_or_imagine(call: Call[object], name: str) -> CustomerRow:
    """A customer, or one as it would be if it were made now with this source id."""
    found = await customers.find(call.db, call.project_id, name)
    return found or CustomerRow(id="", source_id=name, created_at=call.work.now)


_SEGMENTS = crud.Resource(name="segment", names="segments", table=SEGMENTS, view=_view, listed=SegmentsList)
_ONE = (Param("segment", _load),)
ROUTES = (
    Route("POST", "/v1/segments", create_segment, body=NewSegment, answer=Segment),
    Route("GET", "/v1/segments", crud.list_of(_SEGMENTS), query=SegmentsQuery, answer=SegmentsList),
    Route("GET", "/v1/segments/{segmentId}", crud.one(_SEGMENTS), _ONE, answer=Segment),
    Route("PUT", "/v1/segments/{segmentId}", update_segment, _ONE, SegmentPatch, answer=Segment),
    Route("DELETE", "/v1/segments/{segmentId}", crud.delete(_SEGMENTS), _ONE),
    Route("GET", "/v1/customers", list_customers, query=SegmentedQuery, answer=CustomersList),
    Route(
        "GET",
        "/v1/customers/{customerId}/segments",
        list_customer_segments,
        (Param("customer", _load_or_imagine),),
        answer=SimpleSegmentsList,
    ),
)
