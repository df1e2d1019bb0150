"""Operations on metadata schemas: the management's, and the two with which a project reads its own."""

from typing import TypeVar

import msgspec
from msgspec import UNSET

from guerdon.clock import iso, iso_or_none
from guerdon.db.table import Order, Where
from guerdon.engine.metadata import Definition as Rule, wrong_definition
from guerdon.errors import duplicate_found, invalid_payload, not_found
from guerdon.events.doorbell import Bell
from guerdon.families.metadata_schemas import store
from guerdon.families.metadata_schemas.schemas import (
    MOST_DEFINITIONS,
    Definition,
    Definitions,
    NewSchema,
    ReadDefinition,
    ReadSchema,
    ReadSchemasList,
    Schema,
    SchemaPatch,
    SchemasList,
)
from guerdon.families.metadata_schemas.store import SCHEMAS, SchemaRow
from guerdon.http.call import Call
from guerdon.http.routing import Param, Route, Scope

_NAME = "metadata schema"
D = TypeVar("D", Definition, ReadDefinition)


async def create_metadata_schema(call: Call[NewSchema]) -> Schema:
    """Errors: duplicate_found for a second schema of a kind of object, invalid_payload."""
    work, body = call.work, call.body
    row = SchemaRow(
        id=work.new_id("ms_"),
        related_object=body.related_object,
        properties=_stored(body.properties),
        allow_defined_only=bool(body.allow_defined_only),
        created_at=work.now,
    )
    if not await store.create(work.db, work.project.id, row):
        raise duplicate_found(_NAME, "related_object", row.related_object)
    work.ring(Bell.PROJECTS)  # keys remember how many schemas their project has
    return _view(row)


async def update_metadata_schema(call: Call[SchemaPatch], row: SchemaRow) -> Schema:
    """Errors: invalid_payload for another type of a key that is defined, or too many keys."""
    work, body = call.work, call.body
    for key, new in body.properties.items():
        old = row.definitions.get(key)
        if old is not None and old.type != new.type:
            raise invalid_payload(f"Property .properties.{key}.type cannot be changed")
    properties = {**row.properties, **_stored(body.properties)}
    if len(properties) > MOST_DEFINITIONS:
        raise invalid_payload(f"Property .properties must NOT have more than {MOST_DEFINITIONS} properties")
    sent = {} if body.allow_defined_only is UNSET else {"allow_defined_only": bool(body.allow_defined_only)}
    changed = msgspec.structs.replace(row, properties=properties, **sent, updated_at=work.now)
    await SCHEMAS.update(work.db, work.project.id, changed)
    return _view(changed)


async def delete_metadata_schema(call: Call[None], row: SchemaRow) -> None:
    """The metadata of objects stay as they are. Errors: not_found if somebody else was faster."""
    if not await store.delete(call.db, call.project_id, row.id):
        raise not_found(_NAME, row.id)
    call.work.ring(Bell.PROJECTS)


async def list_metadata_schemas(call: Call[None]) -> SchemasList:
    rows = await _all(call)
    return SchemasList([_view(row) for row in rows], len(rows))


async def get_metadata_schema(_call: Call[None], row: SchemaRow) -> Schema:
    return _view(row)


async def read_metadata_schemas(call: Call[None]) -> ReadSchemasList:
    rows = await _all(call)
    return ReadSchemasList([_read(row) for row in rows], len(rows))


async def read_metadata_schema(_call: Call[None], row: SchemaRow) -> ReadSchema:
    return _read(row)


def _stored(sent: Definitions) -> dict[str, dict[str, object]]:
    """Errors: invalid_payload."""
    plain = {key: _without_nulls(msgspec.to_builtins(definition)) for key, definition in sent.items()}
    problem = wrong_definition(msgspec.convert(plain, dict[str, Rule]))
    if problem is not None:
        raise invalid_payload(f"Property .properties.{problem}")
    return plain


def _without_nulls(sent: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in sent.items() if value is not None}


async def _all(call: Call[None]) -> list[SchemaRow]:
    return await SCHEMAS.all(call.db, call.project_id, Where(), Order("created_at"))


def _view(row: SchemaRow) -> Schema:
    return Schema(
        id=row.id,
        related_object=row.related_object,
        properties=_definitions(row, Definition),
        allow_defined_only=row.allow_defined_only,
        created_at=iso(row.created_at),
        updated_at=iso_or_none(row.updated_at),
    )


def _read(row: SchemaRow) -> ReadSchema:
    return ReadSchema(
        id=row.id,
        related_object=row.related_object,
        properties=_definitions(row, ReadDefinition),
        allow_defined_only=row.allow_defined_only,
        created_at=iso(row.created_at),
        updated_at=iso_or_none(row.updated_at),
    )


def _definitions(row: SchemaRow, kind: type[D]) -> dict[str, D]:
    return {key: kind(**definition) for key, definition in row.properties.items()}


async def _load(call: Call[object], schema_id: str) -> SchemaRow | None:
    return await SCHEMAS.get(call.db, call.project_id, id=schema_id)


async def _lock(call: Call[object], schema_id: str) -> SchemaRow | None:
    return await SCHEMAS.lock(call.db, call.project_id, schema_id)


async def _load_by_object(call: Call[object], related_object: str) -> SchemaRow | None:
    return await SCHEMAS.get(call.db, call.project_id, related_object=related_object)


_SCHEMAS = "/management/v1/projects/{projectId}/metadata-schemas"
_SCHEMA = "/management/v1/projects/{projectId}/metadata-schemas/{metadataSchemaId}"
_ONE = (Param(_NAME, _load),)
_HELD = (Param(_NAME, _lock),)
ROUTES = (
    Route("POST", _SCHEMAS, create_metadata_schema, body=NewSchema, answer=Schema, scope=Scope.MANAGEMENT),
    Route("GET", _SCHEMAS, list_metadata_schemas, answer=SchemasList, scope=Scope.MANAGEMENT),
    Route("GET", _SCHEMA, get_metadata_schema, _ONE, answer=Schema, scope=Scope.MANAGEMENT),
    Route("PUT", _SCHEMA, update_metadata_schema, _HELD, SchemaPatch, answer=Schema, scope=Scope.MANAGEMENT),
    Route("DELETE", _SCHEMA, delete_metadata_schema, _ONE, scope=Scope.MANAGEMENT),
    Route("GET", "/v1/metadata-schemas", read_metadata_schemas, answer=ReadSchemasList),
    Route(
        "GET",
        "/v1/metadata-schemas/{resource}",
        read_metadata_schema,
        (Param(_NAME, _load_by_object),),
        answer=ReadSchema,
    ),
)
