"""A worker is killed in the middle of a replay, and every delivery is repeated once.

API and worker are processes of their own here, as they are in production, so that `kill -9` is the real thing.
"""

import asyncio
import contextlib
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from guerdon.cli.serve import prepare
from guerdon.db.pool import connect
from guerdon.db.server import EmbeddedPostgres
from guerdon.settings import Settings, to_environ
from installation import FAST, free_port

KILLS_OF_WORKER = 4
PAUSE_S = 0.05  # between two writes of a caller, so that the kills fall into the middle
SEED = 20261121


class Receiver(ThreadingHTTPServer):
    """Fails a fifth of all calls, drops some connections without an answer, is a little slow, and remembers all."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.random = random.Random(SEED)
        self.lock = threading.Lock()
        self.bodies: dict[str, set[tuple[bytes, str]]] = defaultdict(set)
        self.taken: Counter[str] = Counter()

    def handle_error(self, request: Any, client_address: Any) -> None: ...


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        time.sleep(0.02)
        with self.server.lock:
            fate = self.server.random.random()
            delivery_id = json.loads(body)["id"]
            self.server.bodies[delivery_id].add((body, self.headers["x-voucherify-signature"]))
            if fate > 0.25:
                self.server.taken[delivery_id] += 1
        if fate < 0.05:
            self.close_connection = True
            return
        self.send_response(500 if fate < 0.25 else 200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None: ...


class Processes:
    """The API and the worker, and a database that comes back when it is killed."""

    def __init__(self, folder: str) -> None:
        self.database = EmbeddedPostgres(Path(folder), options=FAST)
        self.database.start()
        url = self.database.url()
        self.settings = Settings(
            port=free_port(), database_url=url, allow_private_targets=True, delivery_lease_s=2, log_level="critical"
        )
        started = asyncio.run(prepare(self.settings, url))
        assert started is not None
        self.first = started
        self._running = {command: self._start(command) for command in ("api", "worker")}

    def _start(self, command: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-m", "guerdon", command], env=to_environ(self.settings))

    def kill_worker(self) -> None:
        self._running["worker"].kill()
        self._running["worker"].wait()
        self._running["worker"] = self._start("worker")

    def stop(self) -> None:
        for process in self._running.values():
            process.terminate()
            process.wait(20)
        self.database.stop()


@pytest.fixture
def processes() -> Iterator[Processes]:
    with tempfile.TemporaryDirectory(prefix="guerdon-test-") as folder:
        Path(folder).chmod(0o755)
        running = Processes(folder)
        yield running
        running.stop()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    serving = Receiver(free_port())
    thread = threading.Thread(target=serving.serve_forever, daemon=True)
    thread.start()
    yield serving
    serving.shutdown()
    serving.server_close()
    thread.join()


class Caller:
    """Writes to the API as a client would that is told nothing of kills: it tries again."""

    def __init__(self, http: httpx.Client, processes: Processes) -> None:
        self._http = http
        first = processes.first
        self._keys = {"x-app-id": first.app_id, "x-app-token": first.app_token}
        self._management = {"x-management-id": first.management_id, "x-management-token": first.management_token}
        self._path = f"/management/v1/projects/{first.project_id}"

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.TransportError):
                if self._http.get("/readyz").is_success:
                    return
            time.sleep(0.05)
        raise AssertionError("the API does not become ready")

    def subscribe(self, url: str) -> None:
        body = {"target_url": url, "events": ["customer.created"]}
        self._http.post(f"{self._path}/webhooks", json=body, headers=self._management).raise_for_status()

    def create_customer(self, number: int) -> bool:
        for _ in range(100):
            with contextlib.suppress(httpx.TransportError):
                body = {"source_id": f"c{number}", "name": "x"}
                answer = self._http.post("/v1/customers", json=body, headers=self._keys)
                if answer.is_success:
                    time.sleep(PAUSE_S)
                    return True
                assert answer.status_code == 503, answer.text
            time.sleep(0.1)
        return False

    def replay(self) -> None:
        body = {"created_after": "2026-01-01", "created_before": "2100-01-01", "status": "SENT"}
        self._http.post(f"{self._path}/deliveries/replay", json=body, headers=self._management).raise_for_status()

    def advance(self) -> None:
        with contextlib.suppress(httpx.TransportError):
            self._http.post(f"{self._path}/clock/advance", json={"by": "PT5M"}, headers=self._management)


def _deliver_the_rest(processes: Processes, caller: Caller) -> None:
    """Moves the clock on, so that what failed is tried again, until nothing is left to do."""
    waiting = (
        "SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM deliveries WHERE due_at IS NOT NULL)"
        " + (SELECT count(*) FROM jobs) AS count"
    )
    deadline = time.monotonic() + 90
    while asyncio.run(_rows(processes, waiting))[0]["count"]:
        assert time.monotonic() < deadline, "deliveries do not come to an end"
        caller.advance()
        time.sleep(0.5)


async def _rows(processes: Processes, sql: str) -> list[Any]:
    connection = await connect(processes.database.url())
    try:
        return list(await connection.fetch(sql))
    finally:
        await connection.close()


REPLAYED = 1_500  # two slices
_COPIES = f"""
INSERT INTO deliveries SELECT (jsonb_populate_record(d, jsonb_build_object(
    'id', substr(d.id, 1, 14) || lpad(to_hex(n), 8, '0')
))).* FROM deliveries d, generate_series(1, {REPLAYED - 1}) n
"""


def test_a_replay_survives_its_worker_and_repeats_nothing(processes: Processes, receiver: Receiver) -> None:
    receiver.random.random = lambda: 1.0  # type: ignore[method-assign]
    with httpx.Client(base_url=processes.settings.base_url, timeout=10) as http:
        caller = Caller(http, processes)
        caller.wait_until_ready()
        caller.subscribe(f"http://127.0.0.1:{receiver.server_port}/hook")
        caller.create_customer(1)
        _deliver_the_rest(processes, caller)
        asyncio.run(_rows(processes, _COPIES))
        caller.replay()
        for taken in range(100, REPLAYED, REPLAYED // KILLS_OF_WORKER):
            _wait_for(lambda taken=taken: len(receiver.taken) > taken)
            processes.kill_worker()
            asyncio.run(
                _rows(processes, "UPDATE jobs SET leased_until = NULL")
            )  # as after the dead worker's 30 seconds
            assert len(receiver.taken) < REPLAYED, "the kill came after the last delivery"
        _deliver_the_rest(processes, caller)
    (action,) = asyncio.run(_rows(processes, "SELECT status, result FROM async_actions"))
    assert (action["status"], action["result"]) == ("DONE", {"replayed_count": REPLAYED})
    deliveries = asyncio.run(_rows(processes, "SELECT id, status, attempts_count FROM deliveries"))
    assert Counter((row["status"], row["attempts_count"]) for row in deliveries) == {("SENT", 2): REPLAYED}
    assert {row["id"] for row in deliveries} == set(receiver.taken)
    assert [delivery_id for delivery_id, bodies in receiver.bodies.items() if len(bodies) != 1] == []


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)
