"""Projects: their table and queries."""

from datetime import datetime, timedelta
from typing import Any

import msgspec

from guerdon.db.transaction import Transaction
from guerdon.tenant import Project


class ProjectRow(msgspec.Struct, frozen=True):
    """A project as it is stored, with the secret that its webhooks are signed with, and in which ways they are."""

    id: str
    name: str
    description: str
    timezone: str
    currency: str
    dial_code: str | None
    case_sensitive_codes: bool
    is_sandbox: bool
    clock_offset: timedelta
    cluster_id: str
    client_trusted_domains: list[str]
    client_abilities: dict[str, Any]
    notifications: dict[str, Any]
    created_at: datetime
    secret: str
    standard_webhooks: bool


_FIELDS = ProjectRow.__struct_fields__[:-2]
_COLUMNS = ", ".join(_FIELDS)
_PLACES = ", ".join(f"${place}" for place in range(1, len(_FIELDS) + 1))
_INSERT = f"INSERT INTO projects ({_COLUMNS}) VALUES ({_PLACES})"
_UPDATE = f"UPDATE projects SET ({_COLUMNS}) = ROW({_PLACES}) WHERE id = $1"
_SHOWN = f"""
SELECT {", ".join(f"p.{name}" for name in _FIELDS)}, d.secret, d.standard_webhooks
FROM projects p JOIN delivery_settings d ON d.project_id = p.id
"""
_TENANT = """
SELECT id, timezone, is_sandbox, clock_offset, case_sensitive_codes, metadata_schemas FROM projects WHERE id = $1
"""


async def insert(db: Transaction, row: ProjectRow) -> None:
    """Adds the project and the feed that its events will be numbered in."""
    await db.write(_INSERT, *msgspec.structs.astuple(row)[: len(_FIELDS)])
    await db.write("INSERT INTO event_feeds (project_id) VALUES ($1)", row.id)


async def find(db: Transaction, project_id: str) -> Project | None:
    """What work needs to know of the project."""
    row = await db.row(_TENANT, project_id)
    return None if row is None else Project(*row.values())


async def lock(db: Transaction, project_id: str) -> Project | None:
    """The same, held until the transaction ends."""
    row = await db.write_row(f"{_TENANT} FOR UPDATE", project_id)
    return None if row is None else Project(*row.values())


async def get(db: Transaction, project_id: str) -> ProjectRow:
    """The whole project; it must exist."""
    row = await db.row(f"{_SHOWN} WHERE p.id = $1", project_id)
    if row is None:
        raise LookupError(project_id)
    return ProjectRow(*row.values())


async def hold(db: Transaction, project_id: str) -> ProjectRow | None:
    """The whole project, held until the transaction ends."""
    row = await db.write_row(f"{_SHOWN} WHERE p.id = $1 FOR UPDATE", project_id)
    return None if row is None else ProjectRow(*row.values())


async def update(db: Transaction, row: ProjectRow) -> None:
    """Replaces what a project is, but not how its webhooks are signed; the caller must hold it."""
    await db.write(_UPDATE, *msgspec.structs.astuple(row)[: len(_FIELDS)])


async def all_projects(db: Transaction) -> list[ProjectRow]:
    return [ProjectRow(*row.values()) for row in await db.rows(f"{_SHOWN} ORDER BY p.created_at DESC, p.id DESC")]


async def set_clock(db: Transaction, project_id: str, offset: timedelta) -> None:
    await db.write("UPDATE projects SET clock_offset = $2 WHERE id = $1", project_id, offset)
