"""Metadata schemas on the wire, in the two spellings of the reference."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from guerdon.engine.metadata import Kind

MOST_DEFINITIONS = 100
Key = Annotated[str, Meta(min_length=1, max_length=300)]
Length = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Value = int | float | str
Number = int | float


class NewDefinition(msgspec.Struct, kw_only=True):
    """What one key's value must be; what is not sent is not asked for."""

    type: Kind
    optional: bool = True
    array: bool = False
    deleted: bool | None = None
    object_type: str | None = None
    min_length: Length | None = None
    max_length: Length | None = None
    exact_length: Length | None = None
    eq: list[Value] | None = None
    ne: list[Number] | None = None
    lt: Number | None = None
    lte: Number | None = None
    gt: Number | None = None
    gte: Number | None = None


Definitions = Annotated[dict[Key, NewDefinition], Meta(max_length=MOST_DEFINITIONS)]


class NewSchema(msgspec.Struct, kw_only=True):
    """Definitions for a kind of object that has none yet."""

    related_object: Key
    properties: Definitions
    allow_defined_only: bool | None = None


class SchemaPatch(msgspec.Struct, kw_only=True):
    """Definitions to be added or replaced; the others stay."""

    properties: Definitions
    allow_defined_only: bool | UnsetType | None = UNSET


class Definition(msgspec.Struct, kw_only=True):
    """A definition as the management shows it."""

    type: str
    optional: bool
    array: bool
    deleted: bool | UnsetType = UNSET
    object_type: str | None = None
    min_length: int | UnsetType = UNSET
    max_length: int | UnsetType = UNSET
    exact_length: int | UnsetType = UNSET
    eq: list[Value] | UnsetType = UNSET
    ne: list[Number] | UnsetType = UNSET
    lt: Number | UnsetType = UNSET
    lte: Number | UnsetType = UNSET
    gt: Number | UnsetType = UNSET
    gte: Number | UnsetType = UNSET


class ReadDefinition(msgspec.Struct, kw_only=True, rename="camel"):
    """The same as the project's own keys see it; the spelling of a struct's names is not that of its base's."""

    type: str
    optional: bool
    array: bool
    deleted: bool | UnsetType = UNSET
    object_type: str | None = None
    min_length: int | UnsetType = UNSET
    max_length: int | UnsetType = UNSET
    exact_length: int | UnsetType = UNSET
    eq: list[Value] | UnsetType = UNSET
    ne: list[Number] | UnsetType = UNSET
    lt: Number | UnsetType = UNSET
    lte: Number | UnsetType = UNSET
    gt: Number | UnsetType = UNSET
    gte: Number | UnsetType = UNSET


class Schema(msgspec.Struct, kw_only=True):
    """A schema as the management shows it."""

    id: str
    related_object: str
    properties: dict[str, Definition]
    allow_defined_only: bool
    created_at: str
    updated_at: str | None
    object: str = "metadata_schema"


class ReadSchema(msgspec.Struct, kw_only=True):
    """The same as the project's own keys see it."""

    id: str
    related_object: str
    properties: dict[str, ReadDefinition]
    allow_defined_only: bool
    created_at: str
    updated_at: str | None
    object: str = "metadata_schema"


class SchemasList(msgspec.Struct):
    """All schemas of a project, for its management."""

    data: list[Schema]
    total: int
    object: str = "list"
    data_ref: str = "data"


class ReadSchemasList(msgspec.Struct):
    """All schemas of a project."""

    schemas: list[ReadSchema]
    total: int
    object: str = "list"
    data_ref: str = "schemas"
