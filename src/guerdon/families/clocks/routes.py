"""Operations on the clock of a project."""

import hashlib
from datetime import datetime

from guerdon.clock import iso
from guerdon.engine.calendar import parse_duration
from guerdon.errors import forbidden, invalid_payload
from guerdon.families.clocks import advance
from guerdon.families.clocks.schemas import Clock, ClockAdvance
from guerdon.families.projects import store as projects
from guerdon.http.call import Call
from guerdon.http.routing import Route, Scope
from guerdon.tenant import Project

_LAST_YEAR = 2200


async def read_clock(call: Call[None]) -> Clock:
    return _clock(call.work.project)


async def advance_clock(call: Call[ClockAdvance]) -> Clock:
    """Moves a sandbox project's clock on; callers at once wait for each other.

    Errors: forbidden for a live project, invalid_payload for going back, service_unavailable.
    """
    _require_sandbox(call.work.project)
    await call.db.take_turns(_turn(call.project_id))
    project = await projects.find(call.db, call.project_id)
    if project is None:
        raise forbidden("Only the clock of a sandbox project can be moved")
    _require_sandbox(project)
    now = project.now()
    goal = _goal(call.body, now)
    if goal < now:
        raise invalid_payload("The clock can only be moved forward")
    return _clock(await advance.advance(call.runtime, project, goal))


def _require_sandbox(project: Project) -> None:
    if not project.is_sandbox:
        raise forbidden("Only the clock of a sandbox project can be moved")


def _goal(body: ClockAdvance, now: datetime) -> datetime:
    if (body.by is None) == (body.to is None):
        raise invalid_payload("Payload must have exactly one of the properties 'by' and 'to'")
    try:
        goal = body.to or parse_duration(body.by or "").after(now)
    except ValueError as error:
        raise invalid_payload(f"Property .by {error}") from None
    except OverflowError:
        goal = datetime.max.replace(tzinfo=now.tzinfo)
    if goal.year > _LAST_YEAR:
        raise invalid_payload(f"The clock cannot be moved beyond the year {_LAST_YEAR}")
    return goal


def _clock(project: Project) -> Clock:
    return Clock(iso(project.now()), round(project.clock_offset.total_seconds()), project.is_sandbox)


def _turn(project_id: str) -> int:
    """The number under which those who move a project's clock wait for each other."""
    return int.from_bytes(hashlib.blake2b(f"{project_id} clock".encode(), digest_size=8).digest(), signed=True)


_CLOCK = "/management/v1/projects/{projectId}/clock"
ROUTES = (
    Route("GET", _CLOCK, read_clock, answer=Clock, scope=Scope.MANAGEMENT),
    Route("POST", f"{_CLOCK}/advance", advance_clock, body=ClockAdvance, answer=Clock, scope=Scope.MANAGEMENT),
)
