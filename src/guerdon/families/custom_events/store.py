"""Custom events: how they are defined, and how often each customer has had one."""

from datetime import datetime
from typing import Any

import msgspec

from guerdon.db.table import Table
from guerdon.engine.metadata import Definition, Schema
from guerdon.events import outbox
from guerdon.events.outbox import Event
from guerdon.events.work import Work


class EventSchemaRow(msgspec.Struct, frozen=True, kw_only=True):
    """A custom event by its name, and what its metadata must be like."""

    id: str
    name: str
    properties: dict[str, Any]
    created_at: datetime
    updated_at: datetime | None = None

    @property
    def schema(self) -> Schema:
        return Schema(msgspec.convert(self.properties, dict[str, Definition]))


EVENT_SCHEMAS = Table("custom_event_schemas", EventSchemaRow)
_CREATE = f"{EVENT_SCHEMAS.insert_sql} ON CONFLICT ON CONSTRAINT custom_event_schemas_name DO NOTHING RETURNING id"
_COUNT = outbox.guarded(
    """
    INSERT INTO custom_event_counts (project_id, customer_id, event, count, first_at, last_at)
    SELECT $1, $2, $3::text, 1, $4::timestamptz, $4::timestamptz FROM customers
    WHERE project_id = $1 AND id = $2 FOR KEY SHARE
    ON CONFLICT (project_id, customer_id, event)
    DO UPDATE SET count = custom_event_counts.count + 1, last_at = greatest(custom_event_counts.last_at, $4)
    RETURNING count
    """,
    4,
)


async def create(work: Work, row: EventSchemaRow) -> bool:
    """Adds the definition; False if the name is taken."""
    return await work.db.write_row(_CREATE, work.project.id, *msgspec.structs.astuple(row)) is not None


async def count(work: Work, customer_id: str, name: str, event: Event) -> bool:
    """Counts one more event of the customer and tells of it; False if the customer is gone."""
    return bool(await work.only(_COUNT, work.project.id, customer_id, name, work.now, event=event))
