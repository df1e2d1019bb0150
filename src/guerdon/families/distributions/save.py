"""Making, changing and switching distributions: their row, their channels, and the rule and segment that they need."""

import msgspec
from msgspec import UNSET

from guerdon.events.work import Work
from guerdon.families.distributions import channels, store
from guerdon.families.distributions.check import check
from guerdon.families.distributions.schemas import (
    BY_HAND,
    Action,
    Channel,
    DistributionPatch,
    NewDistribution,
    Trigger,
)
from guerdon.families.distributions.start import START, due_at
from guerdon.families.distributions.store import DISTRIBUTIONS, DistributionRow
from guerdon.families.segments import live
from guerdon.families.validation_rules import assign, store as rules
from guerdon.families.validation_rules.schemas import About
from guerdon.jobs import queue
from guerdon.webhooks.store import Endpoint

DRAFT, LIVE, PAUSED, DONE = "DRAFT", "LIVE", "PAUSED", "DONE"
# A distribution and its channels.
Made = tuple[DistributionRow, list[Endpoint]]


def status(row: DistributionRow, endpoints: list[Endpoint]) -> str:
    """A live one whose channels were switched off, because retries were used up, is paused."""
    return row.status if all(endpoint.active for endpoint in endpoints) else PAUSED


async def create(work: Work, new: NewDistribution) -> Made:
    """A draft, or live at once. Errors: invalid_payload, not_found for what it names."""
    trigger, action = await check(work, new.trigger, new.action, new.channels)
    row = DistributionRow(
        id=work.new_id("distr_"),
        name=new.name,
        status=DRAFT,
        trigger=msgspec.to_builtins(trigger),
        action=msgspec.to_builtins(action),
        channels=msgspec.to_builtins(new.channels),
        created_at=work.now,
    )
    if new.status == LIVE:
        row = await _live(work, row)
    await DISTRIBUTIONS.insert(work.db, work.project.id, row)
    await _bind(work, row.id, None, trigger.validation_rule_id)
    endpoints = channels.endpoints(work, row) if row.status == LIVE else []
    await store.set_endpoints(work.db, work.project.id, [], endpoints)
    return row, endpoints


async def update(work: Work, row: DistributionRow, patch: DistributionPatch) -> Made:
    """What is not sent stays; a live distribution goes on with what it is now. Errors: as for creating.

    One that was paused because its retries were used up stays so.
    """
    sent = {name: value for name, value in msgspec.structs.asdict(patch).items() if value is not UNSET}
    changed = msgspec.structs.replace(row, **msgspec.to_builtins(sent), updated_at=work.now)
    wanted = msgspec.convert(changed.channels, list[Channel])
    trigger, action = msgspec.convert(changed.trigger, Trigger), msgspec.convert(changed.action, Action)
    trigger, action = await check(work, trigger, action, wanted)
    changed = msgspec.structs.replace(changed, trigger=msgspec.to_builtins(trigger), action=msgspec.to_builtins(action))
    same_trigger = changed.trigger == row.trigger
    if not same_trigger:
        changed = msgspec.structs.replace(changed, reached=None)
        if row.status == LIVE:
            changed = msgspec.structs.replace(await _live(work, changed), live_at=row.live_at)
    await DISTRIBUTIONS.update(work.db, work.project.id, changed)
    await _bind(work, row.id, row.trigger.get("validation_rule_id"), trigger.validation_rule_id)
    present = await store.endpoints(work.db, work.project.id, row.id)
    endpoints = channels.changed(work, changed, present, same_trigger=same_trigger)
    await store.set_endpoints(work.db, work.project.id, present, endpoints)
    return changed, endpoints


async def delete(work: Work, row: DistributionRow) -> None:
    present = await store.endpoints(work.db, work.project.id, row.id)
    await store.set_endpoints(work.db, work.project.id, present, [])
    await rules.forget(work.db, work.project.id, [row.id])
    await DISTRIBUTIONS.delete(work.db, work.project.id, row.id)


async def set_live(work: Work, row: DistributionRow) -> Made:
    """From now on events start it, or its time to go to its customers runs; a live one just goes on."""
    present = await store.endpoints(work.db, work.project.id, row.id)
    if status(row, present) == LIVE:
        return row, present
    row = msgspec.structs.replace(await _live(work, row), updated_at=work.now)
    return await _switch(work, row, present, channels.endpoints(work, row))


async def pause(work: Work, row: DistributionRow) -> Made:
    """Events do not start it any more, and what waits for a retry is given up. A draft stays one.

    One that was on its way through its customers keeps its place.
    """
    present = await store.endpoints(work.db, work.project.id, row.id)
    if row.status != LIVE:
        return row, present
    row = msgspec.structs.replace(row, status=PAUSED, due_at=None, updated_at=work.now)
    return await _switch(work, row, present, [])


async def _switch(work: Work, row: DistributionRow, present: list[Endpoint], wanted: list[Endpoint]) -> Made:
    await DISTRIBUTIONS.update(work.db, work.project.id, row)
    await store.set_endpoints(work.db, work.project.id, present, wanted)
    return row, wanted


async def _live(work: Work, row: DistributionRow) -> DistributionRow:
    """The row as it is when it goes live now: at once if it has told some of its customers already.

    A segment that it waits for tells from now on who enters and leaves.
    """
    trigger = msgspec.convert(row.trigger, Trigger)
    if trigger.segment_id is not None and trigger.type != BY_HAND:
        await live.follow(work, trigger.segment_id)
    due = due_at(trigger, work.now) if row.reached is None else work.now
    if due is not None and due <= work.now:
        await queue.enqueue(work, START, {})
    return msgspec.structs.replace(row, status=LIVE, live_at=work.now, due_at=due)


async def _bind(work: Work, distribution_id: str, before: str | None, after: str | None) -> None:
    """Lets the rule that a trigger names know what it binds. Errors: not_found if it is gone meanwhile."""
    if before == after:
        return
    about = About(distribution={"distribution": distribution_id})
    if before is not None:
        row = await rules.assignment_of(work.db, work.project.id, distribution_id, before)
        rule = await rules.RULES.get(work.db, work.project.id, id=before)
        if row is not None and rule is not None:
            await assign.detach(work, rule, row, about)
    made = await assign.bind(work, [after] if after else [], "distribution", distribution_id)
    await assign.tell(work, made, about)
