"""Metadata schemas: their table and queries."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from guerdon.db.table import Table
from guerdon.db.transaction import Transaction
from guerdon.engine.metadata import Definition, Schema


class SchemaRow(msgspec.Struct, frozen=True, kw_only=True):
    """What the metadata of one kind of object must be like; `related_object` is its name, of ours or theirs."""

    id: str
    related_object: str
    properties: dict[str, Any]
    allow_defined_only: bool
    created_at: datetime
    updated_at: datetime | None = None

    @property
    def definitions(self) -> dict[str, Definition]:
        return msgspec.convert(self.properties, dict[str, Definition])


SCHEMAS = Table("metadata_schemas", SchemaRow)
_CREATE = f"{SCHEMAS.insert_sql} ON CONFLICT ON CONSTRAINT metadata_schemas_related_object DO NOTHING RETURNING id"
_COUNT = "UPDATE projects SET metadata_schemas = metadata_schemas + $2 WHERE id = $1"
# The schemas asked for, and those that their definitions name.
_NEEDED = """
WITH asked AS (
    SELECT related_object, properties, allow_defined_only FROM metadata_schemas
    WHERE project_id = $1 AND related_object = ANY($2)
)
SELECT * FROM asked
UNION ALL
SELECT related_object, properties, allow_defined_only FROM metadata_schemas
WHERE project_id = $1 AND related_object <> ALL($2) AND related_object IN (
    SELECT definition.value->>'object_type' FROM asked, jsonb_each(asked.properties) AS definition
)
"""


async def create(db: Transaction, project_id: str, row: SchemaRow) -> bool:
    """Adds the schema; False if there is one for this kind of object."""
    if await db.write_row(_CREATE, project_id, *msgspec.structs.astuple(row)) is None:
        return False
    await db.write(_COUNT, project_id, 1)
    return True


async def delete(db: Transaction, project_id: str, schema_id: str) -> bool:
    """Removes the schema; False if there is none."""
    if not await SCHEMAS.delete(db, project_id, schema_id):
        return False
    await db.write(_COUNT, project_id, -1)
    return True


async def needed(db: Transaction, project_id: str, names: Sequence[str]) -> dict[str, Schema]:
    """The schemas of these kinds of object and those that they name, by kind; some may not exist."""
    rows = await db.rows(_NEEDED, project_id, list(names))
    return {
        row["related_object"]: Schema(
            msgspec.convert(row["properties"], dict[str, Definition]), closed=row["allow_defined_only"]
        )
        for row in rows
    }
