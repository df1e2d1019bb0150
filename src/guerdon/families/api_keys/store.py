"""API keys: pairs of an id and a token, of which only the token's hash is kept."""

import uuid
from datetime import datetime
from typing import Any

import msgspec

from guerdon.db.transaction import Transaction
from guerdon.http.auth import ApiKey, hash_token
from guerdon.http.routing import Scope
from guerdon.ids import random_text
from guerdon.tenant import Project

_INSERT = """
INSERT INTO api_keys (app_id, kind, project_id, name, token_sha256, created_at) VALUES ($1, $2, $3, $4, $5, $6)
"""
_PROJECT = "p.id, p.timezone, p.is_sandbox, p.clock_offset, p.case_sensitive_codes, p.metadata_schemas"
_FIND = f"""
SELECT k.app_id, k.kind, k.name, k.token_sha256, k.project_id IS NOT NULL AS has_project, {_PROJECT}
FROM api_keys k LEFT JOIN projects p ON p.id = k.project_id WHERE k.app_id = $1
"""


class NewKey(msgspec.Struct, frozen=True):
    """A key as it is shown once, when it is made."""

    app_id: str
    app_token: str


async def create(db: Transaction, scope: Scope, *, name: str, now: datetime, project_id: str | None = None) -> NewKey:
    """Makes a key; a management key has no project."""
    key = NewKey(str(uuid.uuid4()), f"{uuid.uuid4()}{random_text(8)}")
    await db.write(_INSERT, key.app_id, scope.value, project_id, name, hash_token(key.app_token.encode()), now)
    return key


async def find(db: Transaction, app_id: str) -> ApiKey | None:
    """The key and its project's present clock and conventions."""
    row = await db.row(_FIND, app_id)
    if row is None:
        return None
    values: list[Any] = list(row.values())
    project = Project(*values[5:]) if values[4] else None
    return ApiKey(values[0], values[1], values[2], values[3], project)


async def any_management_key(db: Transaction) -> bool:
    return await db.value("SELECT EXISTS (SELECT FROM api_keys WHERE kind = 'MANAGEMENT')")
