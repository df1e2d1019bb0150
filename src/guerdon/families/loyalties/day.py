"""The day of loyalty programmes: what falls due when a day begins where the project is, step by step.

What is done is what is due, so nothing is done twice and nothing is left out, whenever the job dies and begins anew. It
makes up for days that were missed one after the other, each at its own midnight.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from guerdon.db.transaction import Transaction
from guerdon.events import outbox
from guerdon.events.work import Work
from guerdon.jobs.schedule import FindDue
from guerdon.jobs.worker import Handler

DAY = "loyalties.day"
# Does a slice of what is due on a day, after a place; says where to go on, None at the end.
Run = Callable[[Work, date, str], Awaitable[str | None]]
FirstDay = Callable[[Transaction, str], Awaitable[date | None]]


class Step(msgspec.Struct, frozen=True):
    """One kind of thing that falls due: in which projects it is time, and which day of a project comes next."""

    run: Run
    projects: FindDue
    first_day: FirstDay


def through(steps: Sequence[Step]) -> Handler:
    """The job that does a day's steps in this order, a slice at a time, and then those of the next day.

    Payload: nothing to begin with, then the day, the number of the step and the place in it.
    """

    async def handler(work: Work, payload: dict[str, Any]) -> dict[str, Any] | None:
        today = work.project.day_of(work.now)
        if "step" not in payload:
            day = await _next(work, steps, payload.get("done"))
            if day is None or day > today:
                return None
            payload = {"day": day.isoformat(), "step": 0, "after": ""}
        day = date.fromisoformat(payload["day"])
        if await outbox.is_piled_up(work.db, work.project.id):
            return payload  # first let others' events pass, and leave the API a part of the machine
        if day < today:
            work.now = midnight(day, work.project.timezone)
        number: int = payload["step"]
        after = await steps[number].run(work, day, payload["after"])
        if after is not None:
            return {**payload, "after": after}
        return {**payload, "step": number + 1, "after": ""} if number + 1 < len(steps) else {"done": payload["day"]}

    return handler


def due(steps: Sequence[Step]) -> FindDue:
    """The projects in which it is time for one of the steps."""

    async def find(db: Transaction) -> list[str]:
        found = {project_id: None for step in steps for project_id in await step.projects(db)}
        return list(found)

    return find


def midnight(day: date, timezone: str) -> datetime:
    """When the day begins."""
    return datetime.combine(day, time(), ZoneInfo(timezone)).astimezone(UTC)


async def _next(work: Work, steps: Sequence[Step], done: str | None) -> date | None:
    """The next day on which something is due; no day is gone through twice in a row."""
    days = [await step.first_day(work.db, work.project.id) for step in steps]
    first = min((day for day in days if day is not None), default=None)
    return first if first is None or done is None else max(first, date.fromisoformat(done) + timedelta(days=1))
