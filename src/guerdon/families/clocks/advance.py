"""Moving the clock of a sandbox project on: from one day on which something falls due to the next.

At each of them the clock stands at midnight until everything has been done that is due then, with all that follows from
it. So every event has the date that it would have had, and what follows from it counts from that date.
"""

import asyncio
import time
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import chain, repeat

from guerdon.clock import real_now
from guerdon.db.transaction import Transaction
from guerdon.errors import ApiError
from guerdon.events.doorbell import Bell
from guerdon.events.work import Runtime, working
from guerdon.families.clocks import store
from guerdon.families.grants import store as grants
from guerdon.families.loyalties import day, pending_store, store as loyalties, tier_store
from guerdon.families.projects import store as projects
from guerdon.families.segments import jobs as segments, store as segments_store
from guerdon.jobs import queue
from guerdon.tenant import Project
from guerdon.webhooks import store as webhooks

# The jobs that a new day causes, and where the next day is found on which they have something to do.
_DAILY = (segments.NEW_DAY, day.DAY)
_FIRST_DAYS: Sequence[day.FirstDay] = (
    pending_store.first_day,
    grants.first_day,
    tier_store.first_day_after_end,
    tier_store.first_day_of_period,
    loyalties.first_day,
    segments_store.next_day,
)
_PAUSES_S = (0.005, 0.01, 0.02, 0.05)
_PATIENCE_S = 120.0


async def advance(runtime: Runtime, project: Project, goal: datetime) -> Project:
    """The project with its clock at the goal, once everything that falls due on the way has been done.

    Errors: service_unavailable if that takes too long; then the clock stands at the day that is not over yet.
    """
    project = await _move(runtime, project, project.now())
    while project.now() < goal:
        reached = await _next_midnight(runtime, project)
        project = await _move(runtime, project, goal if reached is None else min(reached, goal))
    return project


async def _next_midnight(runtime: Runtime, project: Project) -> datetime | None:
    """When the next day begins, after today, on which something falls due."""
    tomorrow = project.day_of(project.now()) + timedelta(days=1)
    async with Transaction(runtime.pool) as db:
        found = [await first_day(db, project.id) for first_day in _FIRST_DAYS]
    days: list[date] = [max(one, tomorrow) for one in found if one is not None]
    return day.midnight(min(days), project.timezone) if days else None


async def _move(runtime: Runtime, project: Project, moment: datetime) -> Project:
    """The project at the moment, with its daily jobs and all that follows from them done."""
    await _settle(runtime, project.id)
    async with working(runtime, project, runtime.ids.new("w-")) as work:
        offset = max(moment - real_now(), project.clock_offset)
        await projects.set_clock(work.db, project.id, offset)
        await webhooks.make_retries_due(work.db, project.id, offset - project.clock_offset)
        for name in _DAILY:
            await queue.enqueue(work, name, {})
        work.ring(Bell.PROJECTS, Bell.DELIVERIES)
    await _settle(runtime, project.id)
    async with Transaction(runtime.pool) as db:
        moved = await projects.find(db, project.id)
    return moved or project


async def _settle(runtime: Runtime, project_id: str) -> None:
    """Waits until nothing of what is under way now, or follows from it, is so any more. Errors: service_unavailable.

    What others begin meanwhile is not waited for: they might never end.
    """
    deadline = time.monotonic() + _PATIENCE_S
    async with Transaction(runtime.pool) as db:
        groups = await store.groups(db, project_id)
    for pause in chain(_PAUSES_S, repeat(_PAUSES_S[-1])):
        async with Transaction(runtime.pool) as db:
            if not groups or not await store.busy(db, project_id, groups):
                return
        if time.monotonic() > deadline:
            details = "What falls due on the way has not been done yet"
            raise ApiError(503, "service_unavailable", "The clock could not be moved to its goal", details)
        await asyncio.sleep(pause)
