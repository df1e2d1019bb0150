"""Segments that tell who enters and leaves them: passive ones become such when something waits for that."""

import msgspec

from guerdon.engine.filters import compile_filter
from guerdon.events.work import Work
from guerdon.families.customers.jobs import FOLLOW
from guerdon.families.segments.days import follows_days
from guerdon.families.segments.jobs import SWEEP
from guerdon.families.segments.store import LIVE, SEGMENTS, SegmentRow
from guerdon.jobs import queue


async def follow(work: Work, segment_id: str) -> SegmentRow | None:
    """The segment, which tells from now on who enters and leaves; static ones never do. None if there is none.

    Who is in a passive segment already is taken in quietly.
    """
    held = await SEGMENTS.lock(work.db, work.project.id, segment_id)
    if held is None or held.type != "passive":
        return held
    wanted = compile_filter(held.filter or {})
    changed = msgspec.structs.replace(
        held, type=LIVE, follows_days=follows_days(wanted), swept_on=None, updated_at=work.now
    )
    await SEGMENTS.update(work.db, work.project.id, changed)
    await begin(work, changed)
    return changed


async def begin(work: Work, row: SegmentRow) -> None:
    """Lets the segment come to know who is in it."""
    await queue.follow(work.db, work.project.id, FOLLOW)
    await queue.enqueue(work, SWEEP, {"segment_id": row.id, "after": "", "quiet": True})
