"""Creating segments: what their filters may say, and how those that remember their members come to know them."""

import hashlib
from typing import cast

import msgspec

from guerdon.engine.filters import Filter, compile_filter
from guerdon.errors import invalid_payload, not_found
from guerdon.events.work import Work
from guerdon.families.segments import live, store
from guerdon.families.segments.days import follows_days
from guerdon.families.segments.fields import field_of
from guerdon.families.segments.schemas import NewSegment, NewStaticSegment, SegmentPatch
from guerdon.families.segments.store import LIVE, SEGMENTS, SegmentRow, SegmentType

MOST_FILTERS = 100


async def create(work: Work, new: NewSegment) -> SegmentRow:
    """Errors: invalid_payload, not_found for a customer of a static segment."""
    if isinstance(new, NewStaticSegment):
        return await _static(work, new)
    wanted = _checked(new.filter)
    segment_type = cast("SegmentType", new.__struct_config__.tag)
    row = SegmentRow(
        id=work.new_id("seg_"),
        name=new.name,
        type=segment_type,
        filter=new.filter,
        follows_days=segment_type == LIVE and follows_days(wanted),
        created_at=work.now,
    )
    await work.db.take_turns(_turn(work.project.id))
    if await store.count_filters(work.db, work.project.id) >= MOST_FILTERS:
        raise invalid_payload(f"Only up to {MOST_FILTERS} active and passive segments can be created")
    await SEGMENTS.insert(work.db, work.project.id, row)
    if segment_type == LIVE:
        await live.begin(work, row)
    return row


async def _static(work: Work, new: NewStaticSegment) -> SegmentRow:
    row = SegmentRow(id=work.new_id("seg_"), name=new.name, type="static", created_at=work.now)
    await SEGMENTS.insert(work.db, work.project.id, row)
    wanted = list(dict.fromkeys(new.customers))
    found = await store.add_static(work.db, work.project.id, row.id, wanted)
    for customer_id in wanted:
        if customer_id not in found:
            raise not_found("customer", customer_id)
    return row


async def update(work: Work, row: SegmentRow, patch: SegmentPatch) -> SegmentRow:
    """Errors: invalid_payload, also for a segment that is not passive; not_found if it is deleted meanwhile."""
    if patch.filter is not None:
        _checked(patch.filter)
    held = await SEGMENTS.lock(work.db, work.project.id, row.id)
    if held is None:
        raise not_found("segment", row.id)
    if held.type != "passive":
        raise invalid_payload("Only passive segments can be changed")
    changed = msgspec.structs.replace(
        held, name=patch.name or held.name, filter=patch.filter or held.filter, updated_at=work.now
    )
    await SEGMENTS.update(work.db, work.project.id, changed)
    return changed


def _checked(definition: dict[str, object]) -> Filter:
    """Errors: invalid_payload."""
    try:
        found = compile_filter(definition)
        for field in found.fields:
            field_of(field.path)
    except ValueError as error:
        raise invalid_payload(f"Property .filter{error}") from None
    return found


def _turn(project_id: str) -> int:
    """The number under which a project's makers of segments wait for each other."""
    return int.from_bytes(hashlib.blake2b(f"{project_id} segments".encode(), digest_size=8).digest(), signed=True)
