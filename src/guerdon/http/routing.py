"""Operations as lines in a table, and the tree that finds the line for a request."""

from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

import msgspec


class Scope(Enum):
    """Who may call: the key that an operation asks for."""

    SERVER = "SERVER"
    CLIENT = "CLIENT"
    MANAGEMENT = "MANAGEMENT"
    PUBLIC = "PUBLIC"


# A handler gets the call, then the rows that the path parameters named, in the order of the path.
Handler = Callable[..., Awaitable[object]]
# Finds the row that a path parameter names; gets the call, the text, and the rows of the parameters before it.
Load = Callable[..., Awaitable[object | None]]


class Param(msgspec.Struct, frozen=True):
    """A path parameter that names a row. `resource` is the name in the 404 that its absence gives."""

    resource: str
    load: Load


class Upload:
    """Body type of an operation that takes one file as multipart/form-data; the body is `Uploaded`."""


class Uploaded(msgspec.Struct, frozen=True):
    """A file that was sent, and the other fields of the form."""

    content: bytes
    fields: dict[str, str]


class Route(msgspec.Struct, frozen=True):
    """One operation. `body` and `query` are the types they are read into, `answer` the type in the description.

    One that is not repeatable waits for others outside of any transaction, so that an Idempotency-Key cannot bind it.

    Every path parameter has an entry in `params`, except the project of management operations, which the dispatcher
    loads itself.
    """

    method: str
    path: str
    handler: Handler
    params: tuple[Param, ...] = ()
    body: Any = None
    query: Any = None
    answer: Any = None
    status: int = HTTPStatus.OK
    scope: Scope = Scope.SERVER
    is_repeatable: bool = True

    @property
    def status_of_nothing(self) -> int:
        """The status where the handler answers None."""
        return HTTPStatus.NO_CONTENT if self.status == HTTPStatus.OK else self.status


class Content(msgspec.Struct, frozen=True):
    """An answer that is not JSON."""

    body: bytes
    media_type: str


class Reply(msgspec.Struct, frozen=True):
    """An answer in JSON whose status is not that of the route."""

    body: object
    status: int


class _Node:
    """One segment: the named ones that may follow, the one that is a parameter, and the operations that end here."""

    def __init__(self) -> None:
        self.named: dict[str, _Node] = {}
        self.parameter: _Node | None = None
        self.routes: dict[str, Route] = {}


class Router:
    """Finds operations by path; a named segment wins over a parameter, if it has the method."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._root = _Node()
        for route in routes:
            node = self._root
            for segment in _segments(route.path):
                if segment.startswith("{"):
                    node.parameter = node.parameter or _Node()
                    node = node.parameter
                else:
                    node = node.named.setdefault(segment, _Node())
            if route.method in node.routes:
                raise ValueError(f"{route.method} {route.path} stands twice in the tables")
            node.routes[route.method] = route

    def find(self, raw_path: str, method: str) -> tuple[dict[str, Route], list[str]]:
        """The operations of a path by method, none if there is no such path, and the texts of its parameters.

        They are those of another method only if nothing with this one goes by the path.
        """
        segments = _segments(raw_path)
        found = _find(self._root, segments, 0, method) or _find(self._root, segments, 0, None)
        if found is None:
            return {}, []
        node, texts = found
        return node.routes, texts


def _segments(path: str) -> list[str]:
    return path.split("/")[1:]


def _find(node: _Node, segments: list[str], place: int, method: str | None) -> tuple[_Node, list[str]] | None:
    """`method` None is any."""
    if place == len(segments):
        return (node, []) if (method in node.routes if method else node.routes) else None
    segment = segments[place]
    named = node.named.get(segment)
    if named is not None:
        found = _find(named, segments, place + 1, method)
        if found is not None:
            return found
    if node.parameter is not None and segment:
        found = _find(node.parameter, segments, place + 1, method)
        if found is not None:
            return found[0], [unquote(segment, errors="strict"), *found[1]]
    return None
