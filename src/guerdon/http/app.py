"""The dispatcher: what is done for every request, once and in this order.

Match, authenticate, read, begin, load the rows that the path names, handle, record the events, commit, answer; and the
same error body for whatever goes wrong on the way.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import parse_qsl

import asyncpg
import msgspec
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope as AsgiScope, Send

from guerdon.db.pool import UNREACHABLE
from guerdon.db.transaction import Transaction
from guerdon.errors import ApiError, invalid_payload, missing_param, not_found
from guerdon.events.work import Runtime, Work
from guerdon.http import wire
from guerdon.http.auth import HEADERS, Caller, KeyRing
from guerdon.http.call import Call
from guerdon.http.routing import Content, Reply, Route, Router, Scope, Upload
from guerdon.telemetry import REQUESTS, logger
from guerdon.tenant import Project

JSON = "application/json"
FindProject = Callable[[Transaction, str], Awaitable[Project | None]]
_ATTEMPTS = 3
_PROJECT_IN_PATH = "{projectId}"
# A value that fits its JSON type but no column or index: too large, too early, too deep, too long.
_OUT_OF_RANGE = (asyncpg.DataError, asyncpg.ProgramLimitExceededError)
_RETRIED = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)

log = logger("http")


class App:
    """The ASGI application. `runtime` is given at start-up, by the composition root's lifespan."""

    def __init__(self, routes: Sequence[Route], runtime: Runtime, keys: KeyRing, find_project: FindProject) -> None:
        self._router = Router(routes)
        self._runtime = runtime
        self._keys = keys
        self._find_project = find_project

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        request = Request(scope, receive)
        request_id = self._runtime.ids.new("v-")
        route: Route | None = None
        try:
            route, texts = self._match(request)
            response = await self._run(request, route, texts, request_id)
        except ApiError as error:
            response = _error(error, request_id)
        except UNREACHABLE as error:
            log.warning("database_unreachable", request_id=request_id, error=str(error))
            response = _error(ApiError(503, "service_unavailable", "The database cannot be reached"), request_id)
        except Exception:
            log.exception("request_failed", request_id=request_id, method=request.method, path=scope["path"])
            response = _error(ApiError(500, "internal_error", "Internal error"), request_id)
        response.headers["x-request-id"] = request_id
        await response(scope, receive, send)
        REQUESTS.labels(request.method, route.path if route else "none", response.status_code).observe(
            time.perf_counter() - started
        )

    def _match(self, request: Request) -> tuple[Route, list[str]]:
        raw_path: bytes = request.scope["raw_path"]
        try:
            routes, texts = self._router.find(raw_path.decode("ascii"))
        except UnicodeDecodeError:
            routes, texts = {}, []
        if not routes or any("\x00" in text for text in texts):
            raise ApiError(404, "not_found", "Resource not found", f"Cannot find {request.method} {request.url.path}")
        route = routes.get(request.method)
        if route is None:
            raise ApiError(
                405,
                None,
                "HTTP Method Not Allowed",
                f"{request.method} is not supported by this endpoint. Did you mean {', '.join(sorted(routes))}?",
            )
        return route, texts

    async def _run(self, request: Request, route: Route, texts: list[str], request_id: str) -> Response:
        async with Transaction(self._runtime.pool) as db:  # takes no connection when the key is remembered
            caller = await self._authenticate(db, route, request)
            project, texts = await self._project(db, route, caller, texts)
        body = await _read_body(request, route)
        query = wire.read_query(_query(request), route.query) if route.query is not None else None
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                async with Transaction(self._runtime.pool) as db:
                    work = None
                    if project is not None and caller is not None:
                        work = Work(self._runtime, db, project, caller.actor, request_id)
                    call = Call(runtime=self._runtime, db=db, request_id=request_id, body=body, query=query, work=work)
                    answer = await self._handle(call, route, texts)
                    if work is not None:
                        await work.flush()
                if work is not None:
                    work.committed()
                return _respond(route, answer)
            except _RETRIED:
                if attempt == _ATTEMPTS:
                    raise
            except _OUT_OF_RANGE as error:
                raise invalid_payload(f"A value is out of range: {error}") from error
            except RecursionError:
                raise invalid_payload("Payload is nested too deeply") from None
        raise AssertionError("unreachable")

    async def _authenticate(self, db: Transaction, route: Route, request: Request) -> Caller | None:
        if route.scope is Scope.PUBLIC:
            return None
        id_header, token_header = HEADERS[route.scope]
        return await self._keys.authenticate(
            db, route.scope, request.headers.get(id_header), request.headers.get(token_header)
        )

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
    async def _handle(call: Call[Any], route: Route, texts: list[str]) -> object:
        rows: list[object] = []
        for param, text in zip(route.params, texts, strict=True):
            row = await param.load(call, text, *rows)
            if row is None:
                raise not_found(param.resource, text)
            rows.append(row)
        return await route.handler(call, *rows)


def _query(request: Request) -> dict[str, str]:
    return dict(parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True))


async def _read_body(request: Request, route: Route) -> Any:  # noqa: ANN401
    if route.body is None:
        return None
    kind = request.headers.get("content-type", JSON).partition(";")[0].strip().lower()
    if route.body is Upload:
        return await _read_file(request, kind)
    if kind != JSON and not kind.endswith("+json"):
        raise ApiError(415, "unsupported_media_type", "Unsupported Media Type", f"Content-Type must be {JSON}")
    return wire.read_json(await _read_bytes(request), route.body)


async def _read_bytes(request: Request) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > wire.MAX_BODY_BYTES:
            raise _too_large()
        parts.append(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


async def _read_file(request: Request, kind: str) -> bytes:
    if kind != "multipart/form-data":
        raise ApiError(
            415, "unsupported_media_type", "Unsupported Media Type", "Content-Type must be multipart/form-data"
        )
    if int(request.headers.get("content-length", "0")) > wire.MAX_BODY_BYTES:
        raise _too_large()
    request = Request(request.scope, _limited(request.receive))
    try:
        async with request.form(max_files=1) as form:
            file = form.get("file")
            if file is None or isinstance(file, str):
                raise missing_param("file")
            return await file.read()
    except MultiPartException as error:
        raise invalid_payload(error.message) from None


def _limited(receive: Receive) -> Receive:
    """The same request, refused as soon as more of it comes than a body may have."""
    size = 0

    async def limited() -> Any:  # noqa: ANN401 - an ASGI message
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > wire.MAX_BODY_BYTES:
            raise _too_large()
        return message

    return limited


class _TooLarge(ApiError):  # noqa: N818 - a refusal like the others
    """Its documented body has a form of its own."""


def _too_large() -> ApiError:
    return _TooLarge(
        413,
        "query_too_large",
        f"Payload content length greater than maximum allowed: {wire.MAX_BODY_BYTES}",
    )


def _respond(route: Route, answer: object) -> Response:
    if isinstance(answer, Content):
        return Response(answer.body, route.status, media_type=answer.media_type)
    if isinstance(answer, Reply):
        return Response(msgspec.json.encode(answer.body), answer.status, media_type=JSON)
    if answer is None:
        return Response(status_code=route.status_of_nothing)
    return Response(msgspec.json.encode(answer), route.status, media_type=JSON)


def _error(error: ApiError, request_id: str) -> Response:
    body = {
        "code": error.status,
        "key": error.key,
        "message": error.message,
        "details": error.details,
        "request_id": request_id,
        "resource_id": error.resource_id,
        "resource_type": error.resource_type,
    }
    if isinstance(error, _TooLarge):
        body |= {"statusCode": error.status, "error": "Request Entity Too Large"}
    present = {name: value for name, value in body.items() if value is not None}
    return Response(msgspec.json.encode(present), error.status, media_type=JSON)
