"""The bin: entries of what was deleted, and the names that are reserved as long as an entry is there."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

from guerdon.db.filters import Fields, same
from guerdon.db.table import Table
from guerdon.db.transaction import Transaction
from guerdon.errors import ApiError
from guerdon.events.work import Work

ResourceType = Literal["campaign", "voucher", "product", "sku"]
Kind = Literal["campaign", "code", "product", "sku"]  # of names: of campaigns, and of goods by source id


class EntryRow(msgspec.Struct, frozen=True, kw_only=True):
    """What was deleted: nothing is left of it but this."""

    id: str
    resource_id: str
    resource_type: ResourceType
    resource_name: str
    resource_parent_id: str | None = None
    created_at: datetime


ENTRIES = Table("trash_bin", EntryRow)
FIELDS = Fields(
    "the bin",
    texts=same("id", "resource_id", "resource_type", "resource_name", "resource_parent_id"),
    moments=same("created_at"),
    metadata=False,
)
# Each entry is one look-up by the key, whatever the planner believes of the tables.
_IS_THERE = """(
    SELECT true FROM trash_bin b WHERE b.project_id = n.project_id AND b.id = n.entry_id LIMIT 1
) IS NOT NULL"""
# For a statement that offers codes: joined to a row whose `code_key` is reserved.
RESERVED_CODE = f"""LATERAL (
    SELECT true AS found FROM reserved_names n
    WHERE n.project_id = $1 AND n.kind = 'code' AND n.name = offered.code_key AND {_IS_THERE} LIMIT 1
)"""
_RESERVE = """
INSERT INTO reserved_names (project_id, kind, name, entry_id)
SELECT $1, $2, name, $4 FROM unnest($3::text[]) AS name
WHERE EXISTS (SELECT FROM trash_bin WHERE project_id = $1 AND id = $4)
ON CONFLICT (project_id, kind, name) DO UPDATE SET entry_id = excluded.entry_id
"""
_RESERVED = f"""
SELECT r.name
FROM unnest(array_fill($1::text, ARRAY[cardinality($3::text[])]), $3::text[]) AS wanted (project_id, name), LATERAL (
    SELECT n.name FROM reserved_names n
    WHERE n.project_id = wanted.project_id AND n.kind = $2 AND n.name = wanted.name AND {_IS_THERE} LIMIT 1
) r
"""
_RELEASE = """
DELETE FROM reserved_names n USING (
    SELECT project_id, kind, name FROM reserved_names WHERE project_id = $1 AND entry_id = $2 LIMIT $3 FOR UPDATE
) old
WHERE n.project_id = old.project_id AND n.kind = old.kind AND n.name = old.name RETURNING n.name
"""


class Gone(msgspec.Struct, frozen=True):
    """What is deleted, and the name that stays reserved, in the form in which such names compare."""

    resource_type: ResourceType
    id: str
    name: str
    kind: Kind
    reserved: str | None
    parent_id: str | None = None


async def keep(work: Work, gone: Gone) -> str:
    """Puts into the bin what the open transaction deletes; returns the entry's id."""
    row = EntryRow(
        id=work.new_id("tbe_"),
        resource_id=gone.id,
        resource_type=gone.resource_type,
        resource_name=gone.name,
        resource_parent_id=gone.parent_id,
        created_at=work.now,
    )
    await ENTRIES.insert(work.db, work.project.id, row)
    if gone.reserved is not None:
        await reserve(work.db, work.project.id, gone.kind, [gone.reserved], row.id)
    return row.id


async def reserve(db: Transaction, project_id: str, kind: Kind, names: Sequence[str], entry_id: str) -> None:
    """Reserves names for an entry, unless it is gone."""
    await db.write(_RESERVE, project_id, kind, names, entry_id)


async def require_free(work: Work, kind: Kind, name: str | None, taken: ApiError) -> None:
    """Raises `taken` if a name that has just been taken in the open transaction is reserved."""
    if name is not None and await reserved(work.db, work.project.id, kind, [name]):
        raise taken


async def reserved(db: Transaction, project_id: str, kind: Kind, names: Sequence[str]) -> set[str]:
    """Those of the names that nobody can have.

    To be asked after the names have been taken: who waited for a deletion to end sees here what it has reserved.
    """
    return {row["name"] for row in await db.rows(_RESERVED, project_id, kind, names)}


async def release(db: Transaction, project_id: str, entry_id: str, most: int) -> int:
    """Removes up to so many names of an entry; how many there were."""
    return len(await db.write(_RELEASE, project_id, entry_id, most))
