"""Custom events: their definitions, and the one operation that records them."""

from typing import Any

import msgspec
from msgspec import UNSET

from guerdon.clock import iso
from guerdon.db.table import Order, Where
from guerdon.errors import duplicate_found, invalid_payload
from guerdon.families.custom_events import store
from guerdon.families.custom_events.schemas import (
    MOST_PROPERTIES,
    EventSchema,
    EventSchemaPatch,
    EventSchemasList,
    NewCustomEvent,
    NewEventSchema,
    Properties,
    Tracked,
)
from guerdon.families.custom_events.store import EVENT_SCHEMAS, EventSchemaRow
from guerdon.families.custom_events.track import track
from guerdon.http import crud
from guerdon.http.call import Call
from guerdon.http.routing import Param, Route, Scope

_NAME = "custom_event_schema"


async def create_custom_event_schema(call: Call[NewEventSchema]) -> EventSchema:
    """Errors: duplicate_found for the name."""
    row = EventSchemaRow(
        id=call.work.new_id("ms_"),
        name=call.body.name,
        properties=_stored(call.body.schema),
        created_at=call.work.now,
    )
    if not await store.create(call.work, row):
        raise duplicate_found(_NAME, "name", row.name)
    return _view(row)


async def update_custom_event_schema(call: Call[EventSchemaPatch], row: EventSchemaRow) -> EventSchema:
    """Errors: invalid_payload for too many keys."""
    if call.body.schema is None:
        return _view(row)
    properties = {**row.properties, **_stored(call.body.schema)}
    if len(properties) > MOST_PROPERTIES:
        raise invalid_payload(f"Property .schema.properties must NOT have more than {MOST_PROPERTIES} properties")
    changed = msgspec.structs.replace(row, properties=properties, updated_at=call.work.now)
    await EVENT_SCHEMAS.update(call.db, call.project_id, changed)
    return _view(changed)


async def list_custom_event_schemas(call: Call[None]) -> EventSchemasList:
    rows = await EVENT_SCHEMAS.all(call.db, call.project_id, Where(), Order("created_at"))
    return EventSchemasList([_view(row) for row in rows], len(rows))


async def track_custom_event(call: Call[NewCustomEvent]) -> Tracked:
    return await track(call.work, call.body)


def _stored(sent: Properties) -> dict[str, Any]:
    return msgspec.to_builtins(sent.properties)


def _view(row: EventSchemaRow) -> EventSchema:
    shown = {key: {"optional": True, **definition} for key, definition in row.properties.items()}
    return EventSchema(
        id=row.id,
        name=row.name,
        schema={"properties": shown},
        created_at=iso(row.created_at),
        updated_at=iso(row.updated_at) if row.updated_at else UNSET,
    )


async def _load(call: Call[object], schema_id: str) -> EventSchemaRow | None:
    return await EVENT_SCHEMAS.get(call.db, call.project_id, id=schema_id)


async def _lock(call: Call[object], schema_id: str) -> EventSchemaRow | None:
    return await EVENT_SCHEMAS.lock(call.db, call.project_id, schema_id)


_SCHEMAS = "/management/v1/projects/{projectId}/custom-event-schemas"
_SCHEMA = "/management/v1/projects/{projectId}/custom-event-schemas/{customEventSchemaId}"
_ONE = (Param(_NAME, _load),)
_HELD = (Param(_NAME, _lock),)
_RESOURCE = crud.Resource(
    name=_NAME, names="custom_event_schemas", table=EVENT_SCHEMAS, view=_view, listed=EventSchemasList
)
ROUTES = (
    Route("POST", "/v1/events", track_custom_event, body=NewCustomEvent, answer=Tracked),
    Route(
        "POST", _SCHEMAS, create_custom_event_schema, body=NewEventSchema, answer=EventSchema, scope=Scope.MANAGEMENT
    ),
    Route("GET", _SCHEMAS, list_custom_event_schemas, answer=EventSchemasList, scope=Scope.MANAGEMENT),
    Route("GET", _SCHEMA, crud.one(_RESOURCE), _ONE, answer=EventSchema, scope=Scope.MANAGEMENT),
    Route(
        "PUT", _SCHEMA, update_custom_event_schema, _HELD, EventSchemaPatch, answer=EventSchema, scope=Scope.MANAGEMENT
    ),
    Route("DELETE", _SCHEMA, crud.delete(_RESOURCE), _ONE, scope=Scope.MANAGEMENT),
)
