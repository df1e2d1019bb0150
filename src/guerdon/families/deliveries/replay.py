"""Sending a range of deliveries again, in the background, slice by slice: the same ids, the same bodies."""

from datetime import datetime, timedelta
from typing import Any

import msgspec

from guerdon.errors import invalid_payload
from guerdon.events.catalogue import EVENTS, SPELT_RIGHT
from guerdon.events.doorbell import Bell
from guerdon.events.work import Work
from guerdon.families.async_actions import store as async_actions
from guerdon.families.deliveries import store
from guerdon.families.deliveries.schemas import Replay
from guerdon.families.deliveries.store import Range
from guerdon.ids import mark_at, moment_of

REPLAY = "deliveries.replay"
SLICE = 1_000
# Deliveries get their ids after their events were made, by another process, whose clock may differ a little.
_MARGIN = timedelta(hours=1)


class Progress(msgspec.Struct, frozen=True):
    """The job's payload: what is chosen, between which ids it looks, where it is, and what it has done."""

    action_id: str
    chosen: Range
    first_id: str
    last_id: str
    after_id: str
    replayed: int = 0


async def begin(work: Work, body: Replay) -> str:
    """Accepts a replay of what there is now; returns its asynchronous action's id. Errors: invalid_payload."""
    if body.created_after >= body.created_before:
        raise invalid_payload("Property .created_after must be before .created_before")
    types = None if body.event_types is None else [_known(name) for name in body.event_types]
    chosen = Range(body.created_after, body.created_before, body.status, body.source_id, types, work.now)
    first_id = f"whs_{mark_at(_real(work, chosen.created_after))}"
    progress = Progress("", chosen, first_id, work.new_id("whs_"), first_id)
    return await async_actions.begin(work, "DELIVERIES.REPLAY", REPLAY, [], _payload(progress))


async def replay(work: Work, payload: dict[str, Any]) -> dict[str, Any] | None:
    """One slice; it and its place in the range are one commit, so that no delivery is replayed twice by one action."""
    progress = msgspec.convert(payload, Progress)
    action = await async_actions.lock(work, progress.action_id)
    done = await store.replay_slice(
        work.db,
        work.project.id,
        progress.chosen,
        (progress.after_id, progress.last_id),
        _real(work, progress.chosen.created_after),
        SLICE,
    )
    replayed = progress.replayed + done.replayed
    if done.replayed:
        work.ring(Bell.DELIVERIES)
    if done.looked < SLICE or done.last_id is None:
        await async_actions.finish(work, action, {"replayed_count": replayed})
        return None
    following = msgspec.structs.replace(progress, after_id=done.last_id, replayed=replayed)
    await async_actions.advance(work, action, {"replayed_count": replayed}, _percent(following))
    return _payload(following)


def _payload(progress: Progress) -> dict[str, Any]:
    return msgspec.to_builtins(progress, enc_hook=datetime.isoformat)


def _real(work: Work, moment: datetime) -> datetime:
    """A real time before which nothing of the project's time can have been recorded: its clock only moves forward."""
    try:
        return moment - work.project.clock_offset - _MARGIN
    except OverflowError:
        return datetime.min.replace(tzinfo=moment.tzinfo)


def _percent(progress: Progress) -> int:
    """How far it is, by the times in the ids."""
    first, after, last = (moment_of(one) for one in (progress.first_id, progress.after_id, progress.last_id))
    return min(99, max(0, round(100 * ((after - first) / max(last - first, timedelta(milliseconds=1))))))


def _known(name: str) -> str:
    right = SPELT_RIGHT.get(name, name)
    if right not in EVENTS:
        raise invalid_payload(f"Property .event_types has the name '{name}', and there is no such event")
    return right


JOBS = {REPLAY: replay}
