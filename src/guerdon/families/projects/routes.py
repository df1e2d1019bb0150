"""Management of projects."""

import msgspec

from guerdon.families.projects import store, views
from guerdon.families.projects.change import change
from guerdon.families.projects.create import create
from guerdon.families.projects.schemas import NewProject, Project, ProjectPatch, ProjectsList
from guerdon.http.call import Call
from guerdon.http.routing import Route, Scope


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


_PROJECTS = "/management/v1/projects"
_PROJECT = "/management/v1/projects/{projectId}"
ROUTES = (
    Route("POST", _PROJECTS, create_project, body=NewProject, answer=Project, scope=Scope.MANAGEMENT),
    Route("GET", _PROJECTS, list_projects, answer=ProjectsList, scope=Scope.MANAGEMENT),
    Route("GET", _PROJECT, get_project, answer=Project, scope=Scope.MANAGEMENT),
    Route("PUT", _PROJECT, update_project, body=ProjectPatch, answer=Project, scope=Scope.MANAGEMENT),
)
