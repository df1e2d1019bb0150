"""Management of projects and of the clock of sandbox projects."""

from datetime import datetime

import msgspec

from guerdon.clock import iso
from guerdon.engine.calendar import parse_duration
from guerdon.errors import forbidden, invalid_payload
from guerdon.events.doorbell import Bell
from guerdon.families.projects import store, views
from guerdon.families.projects.change import change
from guerdon.families.projects.create import create
from guerdon.families.projects.schemas import Clock, ClockAdvance, NewProject, Project, ProjectPatch, ProjectsList
from guerdon.http.call import Call
from guerdon.http.routing import Route, Scope
from guerdon.tenant import Project as Tenant
from guerdon.webhooks import store as webhooks

_LAST_YEAR = 2200


async def create_project(call: Call[NewProject]) -> Project:
    created = await create(call.db, call.runtime.ids, call.body)
    keys = {"server_side_key": created.server_key, "client_side_key": created.client_key}
    return msgspec.structs.replace(views.project(created.row), **keys)


async def list_projects(call: Call[None]) -> ProjectsList:
    rows = await store.all_projects(call.db)
    return ProjectsList([views.project(row) for row in rows], len(rows))


async def get_project(call: Call[None]) -> Project:
    return views.project(await store.get(call.db, call.project_id))


async def update_project(call: Call[ProjectPatch]) -> Project:
    return views.project(await change(call.work, call.body))


async def read_clock(call: Call[None]) -> Clock:
    return _clock(call.work.project)


async def advance_clock(call: Call[ClockAdvance]) -> Clock:
    """Moves a sandbox project's clock on. Errors: forbidden for a live project, invalid_payload for going back."""
    project = await store.lock(call.db, call.project_id)
    if project is None or not project.is_sandbox:
        raise forbidden("Only the clock of a sandbox project can be moved")
    now = project.now()
    by = _goal(call.body, now) - now
    if by.total_seconds() < 0:
        raise invalid_payload("The clock can only be moved forward")
    moved = msgspec.structs.replace(project, clock_offset=project.clock_offset + by)
    await store.set_clock(call.db, project.id, moved.clock_offset)
    await webhooks.make_retries_due(call.db, project.id, by)
    call.work.ring(Bell.PROJECTS, Bell.DELIVERIES)
    return _clock(moved)


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


def _clock(project: Tenant) -> Clock:
    return Clock(iso(project.now()), round(project.clock_offset.total_seconds()), project.is_sandbox)


_PROJECTS = "/management/v1/projects"
_PROJECT = "/management/v1/projects/{projectId}"
ROUTES = (
    Route("POST", _PROJECTS, create_project, body=NewProject, answer=Project, scope=Scope.MANAGEMENT),
    Route("GET", _PROJECTS, list_projects, answer=ProjectsList, scope=Scope.MANAGEMENT),
    Route("GET", _PROJECT, get_project, answer=Project, scope=Scope.MANAGEMENT),
    Route("PUT", _PROJECT, update_project, body=ProjectPatch, answer=Project, scope=Scope.MANAGEMENT),
    Route("GET", f"{_PROJECT}/clock", read_clock, answer=Clock, scope=Scope.MANAGEMENT),
    Route("POST", f"{_PROJECT}/clock/advance", advance_clock, body=ClockAdvance, answer=Clock, scope=Scope.MANAGEMENT),
)
