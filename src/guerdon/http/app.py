"""The dispatcher: what is done for every request, once and in this order.

Match, authenticate, read, begin, load the rows that the path names, handle, record the events, commit, answer; and the
same error body for whatever goes wrong on the way.
"""

import re
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

import asyncpg
import msgspec
from prometheus_client import Histogram
from starlette.types import Receive, Scope as AsgiScope, Send

from guerdon.db import answers
from guerdon.db.pool import CONFLICT, OUT_OF_RANGE, UNREACHABLE
from guerdon.db.transaction import Transaction
from guerdon.errors import ApiError, LostRace, invalid_payload, invalid_query_params, not_found, refused
from guerdon.events.work import Runtime, Work
from guerdon.http import filters, idempotency, wire
from guerdon.http.auth import HEADERS, Caller, KeyRing
from guerdon.http.body import JSON, TooLarge, read_body
from guerdon.http.call import Call
from guerdon.http.idempotency import Once
from guerdon.http.routing import Content, Reply, Route, Router, Scope
from guerdon.telemetry import REQUESTS, logger
from guerdon.tenant import Project

FindProject = Callable[[Transaction, str], Awaitable[Project | None]]
Headers = Mapping[bytes, bytes]
_ATTEMPTS = 3
_ONE_OF_SEVERAL = re.compile(r"(.+)\[[0-9]{0,6}\]")
_TOO_MANY = "What the request is about is being changed by many requests at once"
_PROJECT_IN_PATH = "{projectId}"

log = logger("http")


class Answer(msgspec.Struct, frozen=True):
    """What goes back: status, body, media type (None without a body), and whether it was given before."""

    status: int
    body: bytes = b""
    media_type: str | None = None
    is_replayed: bool = False


class _Asked(msgspec.Struct, frozen=True):
    """A request, read: who asks about which project, the path's texts, body and query; `once` if it names itself."""

    route: Route
    texts: list[str]
    caller: Caller | None
    project: Project | None
    request_id: str
    body: Any
    query: Any
    once: Once | None


class App:
    """The ASGI application of one process."""

    def __init__(self, routes: Sequence[Route], runtime: Runtime, keys: KeyRing, find_project: FindProject) -> None:
        self._router = Router(routes)
        self._runtime = runtime
        self._keys = keys
        self._find_project = find_project
        self._timers: dict[tuple[str, str, int], Histogram] = {}

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        request_id = self._runtime.ids.new("v-")
        route: Route | None = None
        try:
            route, texts = self._match(scope)
            answer = await self._run(scope, receive, route, texts, request_id)
        except ApiError as error:
            answer = _refusal(error, request_id)
        except UNREACHABLE as error:
            log.warning("database_unreachable", request_id=request_id, error=str(error))
            answer = _refusal(ApiError(503, "service_unavailable", "The database cannot be reached"), request_id)
        except Exception:
            log.exception("request_failed", request_id=request_id, method=scope["method"], path=scope["path"])
            answer = _refusal(ApiError(500, "internal_error", "Internal error"), request_id)
        await _send(send, answer, request_id)
        self._timer(scope["method"], route, answer.status).observe(time.perf_counter() - started)

    def _timer(self, method: str, route: Route | None, status: int) -> Histogram:
        labels = (method, route.path, status) if route else ("none", "none", status)
        if labels not in self._timers:
            self._timers[labels] = REQUESTS.labels(*labels)
        return self._timers[labels]

    def _match(self, scope: AsgiScope) -> tuple[Route, list[str]]:
        raw_path: bytes = scope["raw_path"]
        method: str = scope["method"]
        try:
            routes, texts = self._router.find(raw_path.decode("ascii"), method)
        except UnicodeDecodeError:
            routes, texts = {}, []
        if not routes or any("\x00" in text for text in texts):
            raise ApiError(404, "not_found", "Resource not found", f"Cannot find {method} {scope['path']}")
        route = routes.get(method)
        if route is None:
            others = ", ".join(sorted(routes))
            details = f"{method} is not supported by this endpoint. Did you mean {others}?"
            raise ApiError(405, None, "HTTP Method Not Allowed", details)
        return route, texts

    async def _run(self, scope: AsgiScope, receive: Receive, route: Route, texts: list[str], request_id: str) -> Answer:
        headers: Headers = dict(scope["headers"])
        async with Transaction(self._runtime.pool) as db:  # takes no connection when the key is remembered
            caller = await self._authenticate(db, route, headers)
            project, texts = await self._project(db, route, caller, texts)
        body = await read_body(scope, receive, headers, route)
        query = _read_query(scope, route)
        once = idempotency.read(scope, headers, route, caller, project, body) if idempotency.HEADER in headers else None
        asked = _Asked(route, texts, caller, project, request_id, body, query, once)
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return await self._work(asked, attempt)
            except (*CONFLICT, LostRace) as error:
                if attempt == _ATTEMPTS and isinstance(error, asyncpg.UniqueViolationError):
                    raise
                if attempt == _ATTEMPTS:
                    raise refused("multiple_requests", "Multiple requests", _TOO_MANY) from error
            except OUT_OF_RANGE as error:
                raise invalid_payload(f"A value is out of range: {error}") from error
            except RecursionError:
                raise invalid_payload("Payload is nested too deeply") from None
        raise AssertionError("unreachable")

    async def _work(self, asked: _Asked, attempt: int) -> Answer:
        """Everything that one commit holds."""
        caller, project = asked.caller, asked.project
        async with Transaction(self._runtime.pool) as db:
            work = None
            if project is not None and caller is not None:
                work = Work(self._runtime, db, project, caller.actor, asked.request_id)
            call = Call(
                runtime=self._runtime,
                db=db,
                request_id=asked.request_id,
                body=asked.body,
                query=asked.query,
                work=work,
                attempt=attempt,
            )
            if asked.once is None:
                answer = await self._handle(call, asked, work)
            else:
                answer = await self._handle_once(call, asked, work, asked.once)
        if work is not None:
            work.committed()
        return answer if isinstance(answer, Answer) else _success(asked.route, answer)

    async def _handle_once(self, call: Call[Any], asked: _Asked, work: Work | None, once: Once) -> Answer:
        """The answer that was given before, or one that is kept in this commit; refusals are kept as well.

        Errors: idempotency_key_reused; faults of ours, after which the request may be sent again.
        """
        kept = await answers.claim(call.db, once.name, once.fingerprint)
        if kept is not None:
            idempotency.require_same(kept, once)
            return Answer(kept.status, kept.body, kept.media_type, is_replayed=True)
        try:
            async with call.db.savepoint():
                answer = _success(asked.route, await self._handle(call, asked, work))
        except ApiError as error:
            if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise
            answer = _refusal(error, asked.request_id)
        await answers.keep(call.db, once.name, answer.status, answer.media_type, answer.body)
        return answer

    async def _authenticate(self, db: Transaction, route: Route, headers: Headers) -> Caller | None:
        if route.scope is Scope.PUBLIC:
            return None
        id_header, token_header = HEADERS[route.scope]
        return await self._keys.authenticate(db, route.scope, headers.get(id_header), headers.get(token_header))

    async def _project(
        self, db: Transaction, route: Route, caller: Caller | None, texts: list[str]
    ) -> tuple[Project | None, list[str]]:
        """The project of the key, or for a management operation the one that its path names first."""
        if route.scope is Scope.MANAGEMENT and _PROJECT_IN_PATH in route.path:
            project = await self._find_project(db, texts[0])
            if project is None:
                raise not_found("project", texts[0])
            return project, texts[1:]
        return (caller.key.project if caller else None), texts

    @staticmethod
    async def _handle(call: Call[Any], asked: _Asked, work: Work | None) -> object:
        rows: list[object] = []
        for param, text in zip(asked.route.params, asked.texts, strict=True):
            row = await param.load(call, text, *rows)
            if row is None:
                raise not_found(param.resource, text)
            rows.append(row)
        answer = await asked.route.handler(call, *rows)
        if work is not None:
            await work.flush()
        return answer


def _read_query(scope: AsgiScope, route: Route) -> Any:  # noqa: ANN401 - of the type that the route names
    if route.query is None:
        return None
    values: Mapping[str, Any] = _query(scope, route.query.__struct_encode_fields__)
    if filters.FILTERS in route.query.__struct_fields__:
        values = filters.gathered(values)
    return wire.read_query(values, route.query)


def _query(scope: AsgiScope, known_names: Collection[str]) -> dict[str, str | list[str]]:
    """The parameters by name; what is sent several times is a list, also as `name[]` or `name[0]`, `name[1]`.

    Errors: invalid_query_params.
    """
    query: bytes = scope["query_string"]
    values: dict[str, str | list[str]] = {}
    for name, text in parse_qsl(query.decode("latin-1"), keep_blank_values=True) if query else ():
        if "\x00" in name or "\x00" in text:
            raise invalid_query_params("Query must not contain the character U+0000")
        if name.endswith("]") and (found := _ONE_OF_SEVERAL.fullmatch(name)) and found[1] in known_names:
            name = found[1]  # noqa: PLW2901
        known = values.get(name)
        if known is None:
            values[name] = text
        else:
            values[name] = [*([known] if isinstance(known, str) else known), text]
    return values


def _success(route: Route, answer: object) -> Answer:
    if isinstance(answer, Content):
        return Answer(route.status, answer.body, answer.media_type)
    if isinstance(answer, Reply):
        return Answer(answer.status, msgspec.json.encode(answer.body), JSON)
    if answer is None:
        return Answer(route.status_of_nothing)
    return Answer(route.status, msgspec.json.encode(answer), JSON)


def _refusal(error: ApiError, request_id: str) -> Answer:
    body = {
        "code": error.status,
        "key": error.key,
        "message": error.message,
        "details": error.details,
        "request_id": request_id,
        "resource_id": error.resource_id,
        "resource_type": error.resource_type,
    }
    if isinstance(error, TooLarge):
        body |= {"statusCode": error.status, "error": "Request Entity Too Large"}
    present = {name: value for name, value in body.items() if value is not None}
    return Answer(error.status, msgspec.json.encode(present), JSON)


async def _send(send: Send, answer: Answer, request_id: str) -> None:
    headers = [(b"content-length", b"%d" % len(answer.body)), (b"x-request-id", request_id.encode())]
    if answer.media_type is not None:
        headers.append((b"content-type", answer.media_type.encode()))
    if answer.is_replayed:
        headers.append(idempotency.REPLAYED)
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
