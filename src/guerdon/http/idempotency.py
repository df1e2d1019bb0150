"""Requests that name themselves with an Idempotency-Key are done once: the same again gets the first answer again."""

import hashlib
from collections.abc import Mapping

import msgspec
from starlette.types import Scope as AsgiScope

from guerdon.db.answers import Kept, Name
from guerdon.errors import ApiError, invalid_payload
from guerdon.http.auth import Caller
from guerdon.http.routing import Route, Scope
from guerdon.tenant import Project

HEADER = b"idempotency-key"
REPLAYED = (b"idempotent-replayed", b"true")
LONGEST = 255


class Once(msgspec.Struct, frozen=True):
    """The name of a request, and the fingerprint of everything that it asks."""

    name: Name
    fingerprint: bytes


def heeds(route: Route) -> bool:
    """Whether the operation is done once if its requests name themselves."""
    return route.method == "POST" and route.is_repeatable and route.scope is not Scope.PUBLIC


def read(
    scope: AsgiScope,
    headers: Mapping[bytes, bytes],
    route: Route,
    caller: Caller | None,
    project: Project | None,
    body: object,
) -> Once | None:
    """None where the request has no name. Errors: invalid_payload for a name that is none.

    Bodies that mean the same to the operation are the same, however they are written.
    """
    key = headers.get(HEADER)
    if key is None or not heeds(route) or caller is None:
        return None
    if not 1 <= len(key) <= LONGEST or not key.isascii() or not key.decode().isprintable():
        raise invalid_payload(f"Header Idempotency-Key must be 1 to {LONGEST} printable ASCII characters")
    path: bytes = scope["raw_path"]
    query: bytes = scope["query_string"]
    asked = hashlib.sha256(b"%b?%b\n" % (path, query))
    asked.update(msgspec.json.encode(body, order="sorted", enc_hook=str))
    return Once(Name(project.id if project else "", caller.key.app_id, key.decode()), asked.digest())


def require_same(kept: Kept, once: Once) -> None:
    """Errors: idempotency_key_reused."""
    if kept.fingerprint != once.fingerprint:
        details = f"Idempotency-Key {once.name.key} was used for another request"
        raise ApiError(409, "idempotency_key_reused", "Idempotency key reused", details)
