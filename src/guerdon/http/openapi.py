"""The OpenAPI description, made from the tables of operations and their types."""

import re
from collections import Counter
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import msgspec

from guerdon.http import idempotency
from guerdon.http.auth import HEADERS
from guerdon.http.routing import Content, Route, Scope, Upload
from guerdon.http.wire import schema_of_custom

_PARAMETER = re.compile(r"\{(\w+)\}")
_REF = "#/components/schemas/{name}"


def describe(routes: Sequence[Route]) -> bytes:
    """The description of these operations as JSON."""
    kinds = [kind for route in routes for kind in (route.body, route.answer, route.query) if _described(kind)]
    _, components = msgspec.json.schema_components(kinds, schema_hook=schema_of_custom, ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    names = Counter[str]()
    for route in routes:
        name = route.handler.__name__
        names[name] += 1  # an operation that has several paths is numbered from the second on
        name = name if names[name] == 1 else f"{name}_{names[name]}"
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, name)
    description = {
        "openapi": "3.1.0",
        "info": {"title": "Guerdon", "version": version("guerdon")},
        "paths": paths,
        "components": {"schemas": components | {"Error": _ERROR}, "securitySchemes": _security_schemes()},
    }
    return msgspec.json.encode(description)


_ERROR = {
    "type": "object",
    "required": ["code", "message", "request_id"],
    "properties": {
        "code": {"type": "integer"},
        "key": {"type": "string"},
        "message": {"type": "string"},
        "details": {"type": "string"},
        "request_id": {"type": "string"},
        "resource_id": {"type": "string"},
        "resource_type": {"type": "string"},
    },
}


def _described(kind: Any) -> bool:  # noqa: ANN401
    return kind is not None and kind is not Upload and kind is not Content


def _tag(path: str) -> str:
    """The kind of resource: the first name of the path, or what is below the project of a management path."""
    names = [name for name in path.split("/") if name and not name.startswith("{")]
    names = [name for name in names if name not in {"v1", "client", "management"}]
    return names[1] if names[0] == "projects" and len(names) > 1 else names[0]


def _schema(kind: Any) -> dict[str, Any]:  # noqa: ANN401
    (schema,), _ = msgspec.json.schema_components([kind], schema_hook=schema_of_custom, ref_template=_REF)
    return schema


def _operation(route: Route, name: str) -> dict[str, Any]:
    doc = (route.handler.__doc__ or "").strip().partition("\n")[0]
    operation: dict[str, Any] = {
        "operationId": name,
        "tags": [_tag(route.path)],
        "parameters": [*_path_parameters(route), *_query_parameters(route), *_header_parameters(route)],
        "responses": {
            str(_status(route)): _answer(route),
            "default": {
                "description": "Error",
                "content": {"application/json": {"schema": {"$ref": _REF.format(name="Error")}}},
            },
        },
    }
    if doc:
        operation["summary"] = doc
    if route.scope is not Scope.PUBLIC:
        operation["security"] = [{name.decode(): [] for name in HEADERS[route.scope]}]
    if route.body is Upload:
        file = {"type": "object", "required": ["file"], "properties": {"file": {"type": "string", "format": "binary"}}}
        operation["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": file}}}
    elif route.body is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": _schema(route.body)}}}
    return operation


def _status(route: Route) -> int:
    return route.status_of_nothing if route.answer is None else route.status


def _answer(route: Route) -> dict[str, Any]:
    if not _described(route.answer):
        return {"description": "Done"}
    return {"description": "Done", "content": {"application/json": {"schema": _schema(route.answer)}}}


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PARAMETER.findall(route.path)
    ]


def _query_parameters(route: Route) -> list[dict[str, Any]]:
    if route.query is None:
        return []
    _, components = msgspec.json.schema_components([route.query], schema_hook=schema_of_custom, ref_template=_REF)
    properties: dict[str, Any] = components[route.query.__name__]["properties"]
    return [{"name": name, "in": "query", "schema": schema} for name, schema in properties.items()]


def _header_parameters(route: Route) -> list[dict[str, Any]]:
    if not idempotency.heeds(route):
        return []
    name = {"type": "string", "minLength": 1, "maxLength": idempotency.LONGEST, "pattern": "^[ -~]*$"}
    told = "Names the request: the same again within a day gets the first answer and changes nothing"
    return [{"name": "Idempotency-Key", "in": "header", "description": told, "schema": name}]


def _security_schemes() -> dict[str, Any]:
    names = [name.decode() for pair in HEADERS.values() for name in pair]
    return {name: {"type": "apiKey", "in": "header", "name": name} for name in names}
