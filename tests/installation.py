"""A running installation for tests: PostgreSQL, API and worker, with a receiver for what they send.

API and worker run in this process, in an event loop of their own thread; tests speak HTTP to them like anybody else.
"""

import asyncio
import hashlib
import hmac
import json
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import httpx
import uvicorn

from guerdon.asgi import Api
from guerdon.cli import audit
from guerdon.cli.serve import prepare
from guerdon.db.server import EmbeddedPostgres
from guerdon.families.audits.store import Finding
from guerdon.http.protocol import JoiningProtocol
from guerdon.settings import Settings
from guerdon.worker import work

# What is committed survives a killed server also without these; a power cut does not matter to a test.
FAST = ("fsync=off", "full_page_writes=off", "max_connections=60")
PATIENCE_S = 15.0
T = TypeVar("T")


class Delivery:
    """One request that the receiver got."""

    def __init__(self, path: str, headers: dict[str, str], body: bytes) -> None:
        self.path = path
        self.headers = headers
        self.body = body
        self.at = time.time()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def type(self) -> str:
        return self.json["type"]

    @property
    def data(self) -> dict[str, Any]:
        return self.json["data"]

    def signed_with(self, secret: str) -> bool:
        expected = hmac.new(secret.encode(), self.body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(expected, self.headers["x-voucherify-signature"])


Answer = int | tuple[int, dict[str, str]]


class Receiver:
    """Takes webhooks; a path may be told how to answer: a status, also with headers, or a function that gives it."""

    def __init__(self, port: int) -> None:
        self.base = f"http://127.0.0.1:{port}"
        self._answers: dict[str, Answer | Callable[[Delivery], Answer]] = {}
        self._deliveries: list[Delivery] = []
        self._changed = threading.Condition()

    def url(self, path: str) -> str:
        return self.base + path

    def answer(self, path: str, answer: Answer | Callable[[Delivery], Answer]) -> None:
        self._answers[path] = answer

    def at(self, path: str) -> list[Delivery]:
        with self._changed:
            return [delivery for delivery in self._deliveries if delivery.path == path]

    def wait(self, path: str, count: int = 1, *, patience_s: float = PATIENCE_S) -> list[Delivery]:
        """The deliveries of a path once there are so many; fails if they do not come."""
        deadline = time.monotonic() + patience_s
        with self._changed:
            while True:
                found = [delivery for delivery in self._deliveries if delivery.path == path]
                if len(found) >= count:
                    return found
                if not self._changed.wait(deadline - time.monotonic()):
                    types = [delivery.type for delivery in found]
                    raise AssertionError(f"{len(found)} of {count} deliveries came to {path}: {types}")

    async def take(self, scope: Any, receive: Any, send: Any) -> None:
        """The ASGI application that receives."""
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        delivery = Delivery(scope["path"], headers, body)
        answer = self._answers.get(delivery.path, 200)
        given = answer(delivery) if callable(answer) else answer
        status, more = given if isinstance(given, tuple) else (given, {})
        response = [(b"content-length", b"0"), *((name.encode(), value.encode()) for name, value in more.items())]
        with self._changed:
            self._deliveries.append(delivery)
            self._changed.notify_all()
        await send({"type": "http.response.start", "status": status, "headers": response})
        await send({"type": "http.response.body", "body": b""})


class Installation:
    """Everything that runs, and the keys of its management."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="guerdon-test-")
        Path(self._folder.name).chmod(0o755)
        self.database = EmbeddedPostgres(Path(self._folder.name), options=FAST)
        self.database.start()
        self.settings = Settings(port=free_port(), allow_private_targets=True, log_level="error")
        self.receiver = Receiver(free_port())
        started = asyncio.run(prepare(self.settings, self.database.url()))
        assert started is not None
        self.first = started
        self.http = httpx.Client(base_url=self.base_url, timeout=30)
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._main: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(20), "the installation does not start"
        if self._failure:
            raise self._failure

    @property
    def base_url(self) -> str:
        return self.settings.base_url

    def sql(self, query: str, *args: object) -> list[asyncpg.Record]:
        """What a statement gives that is run beside the installation."""

        async def run() -> list[asyncpg.Record]:
            connection = await asyncpg.connect(self.database.url())
            try:
                return await connection.fetch(query, *args)
            finally:
                await connection.close()

        return asyncio.run(run())

    def audit(self, project_id: str | None = None) -> list[Finding]:
        """Whether everything adds up."""
        return asyncio.run(audit.run(self.settings, self.database.url(), project_id))

    @contextmanager
    def holding(self, query: str, *args: object) -> Iterator[None]:
        """Runs a statement in a transaction that is rolled back at the end of the block."""
        loop = asyncio.new_event_loop()
        connection = loop.run_until_complete(asyncpg.connect(self.database.url()))
        try:
            loop.run_until_complete(connection.execute("BEGIN"))
            loop.run_until_complete(connection.fetch(query, *args))
            yield
        finally:
            loop.run_until_complete(connection.close())
            loop.close()

    def manage(self) -> "Client":
        headers = {"x-management-id": self.first.management_id, "x-management-token": self.first.management_token}
        return Client(self.http, headers)

    def stop(self) -> None:
        self.http.close()
        if self._main is not None:
            self._loop.call_soon_threadsafe(self._main.cancel)
        self._thread.join(20)
        self.database.stop()
        self._folder.cleanup()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._main = self._loop.create_task(self._serve())
        try:
            self._loop.run_until_complete(self._main)
        except asyncio.CancelledError:
            pass
        except BaseException as failure:
            self._failure = failure
        finally:
            self._ready.set()
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()

    async def _serve(self) -> None:
        receiver_port = int(self.receiver.base.rpartition(":")[2])
        app = Api(self.settings, self.database.url())
        api = _Server(uvicorn.Config(app, port=self.settings.port, http=JoiningProtocol, **_QUIET))
        hooks = _Server(uvicorn.Config(self.receiver.take, port=receiver_port, lifespan="off", **_QUIET))
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(api.serve())
                tasks.create_task(hooks.serve())
                tasks.create_task(work(self.settings, self.database.url()))
                while not (api.started and hooks.started):
                    await asyncio.sleep(0.02)
                self._ready.set()
        finally:
            api.should_exit = hooks.should_exit = True


_QUIET: dict[str, Any] = {"log_config": None, "access_log": False, "ws": "none", "interface": "asgi3"}


class _Server(uvicorn.Server):
    def install_signal_handlers(self) -> None: ...


class Client:
    """Speaks to the API. Its methods fail on any answer but success, `refuse` on any but the refusal named."""

    def __init__(self, http: httpx.Client, headers: dict[str, str]) -> None:
        self._http = http
        self._headers = headers

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Any request with the client's keys; whatever comes back."""
        return self._http.request(method, path, headers=self._headers | options.pop("headers", {}), **options)

    def get(self, path: str, **params: Any) -> Any:
        return self._done(self.request("GET", path, params=params))

    def post(self, path: str, body: Any = None, **params: Any) -> Any:
        return self._done(self.request("POST", path, json=body, params=params))

    def put(self, path: str, body: Any) -> Any:
        return self._done(self.request("PUT", path, json=body))

    def delete(self, path: str, **params: Any) -> Any:
        return self._done(self.request("DELETE", path, params=params))

    def upload(self, path: str, content: bytes) -> Any:
        return self._done(self.request("POST", path, files={"file": ("upload.csv", content, "text/csv")}))

    def refuse(self, method: str, path: str, body: Any = None, *, status: int, key: str | None = None) -> Any:
        """The body of a refusal, which must have this status and key and the request's id."""
        answer = self.request(method, path, json=body) if body is not None else self.request(method, path)
        assert answer.status_code == status, (answer.status_code, answer.text)
        refusal = answer.json()
        assert refusal["code"] == status
        assert refusal["request_id"].startswith("v-")
        assert refusal.get("key") == key, refusal
        return refusal

    @staticmethod
    def _done(answer: httpx.Response) -> Any:
        assert answer.is_success, (answer.request.method, str(answer.request.url), answer.status_code, answer.text)
        return answer.json() if answer.content else None


class Project(Client):
    """The API as one project's server key sees it, and what management can do for the project."""

    def __init__(self, installation: Installation, created: dict[str, Any]) -> None:
        key = created["server_side_key"]
        super().__init__(installation.http, {"x-app-id": key["app_id"], "x-app-token": key["app_token"]})
        self.id: str = created["id"]
        self.secret: str = created["webhook_token"]
        self.key = key
        self.created = created
        self.installation = installation
        self.receiver = installation.receiver
        self.management = installation.manage()
        self.path = f"/management/v1/projects/{self.id}"

    def webhook(self, *events: str, path: str | None = None, **more: Any) -> str:
        """Subscribes to project events; returns the path at the receiver that they come to."""
        path = path or f"/{self.id}/webhook"
        body = {"target_url": self.receiver.url(path), "events": list(events or ("*",)), **more}
        self.management.post(f"{self.path}/webhooks", body)
        return path

    def deliveries(self, **query: Any) -> list[dict[str, Any]]:
        return self.management.get(f"{self.path}/deliveries", limit=100, **query)["data"]

    def recorded(self, *types: str, count: int = 1) -> list[dict[str, Any]]:
        """The events of these types in the project's feed, in its order, once there are so many."""
        query = (
            "SELECT type, entity_id, campaign_id, event_source, data FROM events WHERE project_id = $1 ORDER BY number"
        )

        def look() -> list[dict[str, Any]] | None:
            found = [dict(row) for row in self.installation.sql(query, self.id) if row["type"] in types]
            return found if len(found) >= count else None

        return [{**event, "data": json.loads(event["data"])} for event in eventually(look)]

    def advance(self, by: str = "", *, to: str = "") -> None:
        """Moves the clock on by a duration, or to a moment."""
        self.management.post(f"{self.path}/clock/advance", {"to": to} if to else {"by": by})

    def finished(self, action_id: str, *, patience_s: float = PATIENCE_S) -> dict[str, Any]:
        """The asynchronous action once it is done."""
        return eventually(lambda: _done_action(self.get(f"/v1/async-actions/{action_id}")), patience_s=patience_s)


def _done_action(action: dict[str, Any]) -> dict[str, Any] | None:
    return action if action["status"] in {"DONE", "FAILED"} else None


def eventually(look: Callable[[], T | None], *, patience_s: float = PATIENCE_S) -> T:
    """What `look` finds, once it finds something; fails if it does not within the patience."""
    deadline = time.monotonic() + patience_s
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]
