"""Whether metadata are as the project has defined them: asked by every family whose objects have metadata."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import UnsetType

from guerdon.engine.metadata import problems, read_cell
from guerdon.errors import ApiError, refused
from guerdon.events.work import Work
from guerdon.families.metadata_schemas import store


class Sent(msgspec.Struct, frozen=True):
    """Metadata of a request, and of what: a kind of object. `created` if the object is made with them."""

    of: str
    metadata: Mapping[str, Any] | UnsetType | None
    created: bool = True


async def require(work: Work, *sent: Sent) -> None:
    """Asks nothing of the database where the project has no schema. Errors: metadata_validation_failed."""
    if not work.project.metadata_schemas:
        return
    wanted = [one for one in sent if one.created or one.metadata]
    if not wanted:
        return
    schemas = await store.needed(work.db, work.project.id, sorted({one.of for one in wanted}))
    for one in wanted:
        schema = schemas.get(one.of)
        if schema is not None:
            found = problems(one.metadata or {}, schema, schemas, created=one.created)
            if found:
                raise validation_failed(found)


async def typed(work: Work, of: str, rows: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
    """Rows of a CSV with the values of their metadata as the schema of this kind of object has them."""
    schemas = await store.needed(work.db, work.project.id, [of]) if work.project.metadata_schemas else {}
    if of not in schemas:
        return rows
    defined = schemas[of].properties
    return [
        {**row, "metadata": {key: read_cell(text, defined.get(key)) for key, text in row["metadata"].items()}}
        for row in rows
    ]


def validation_failed(details: str) -> ApiError:
    return refused("metadata_validation_failed", "Metadata validation failed", details)
