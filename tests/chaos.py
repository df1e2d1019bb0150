"""Processes that are killed in the middle of their work, callers that are told nothing of it, and the books at the end.

API and workers are processes of their own here, as they are in production, so that `kill -9` is the real thing.
"""

import asyncio
import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import httpx
import msgspec

import event_judge
from guerdon.cli.serve import prepare
from guerdon.db.pool import connect
from guerdon.db.server import EmbeddedPostgres
from guerdon.settings import Settings, to_environ
from installation import FAST, free_port
from ledger_book import Books, Manner, Receiver, imbalance, receiving

_PENDING = """
SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM deliveries WHERE due_at IS NOT NULL) AS count
"""


class Processes:
    """The API, once or several times, and some workers, and a database that comes back when it is killed."""

    def __init__(self, folder: Path, workers: int, apis: int = 1) -> None:
        self.database = EmbeddedPostgres(folder, options=FAST)
        self.database.start()
        url = self.database.url()
        self.settings = Settings(
            port=free_port(), database_url=url, allow_private_targets=True, delivery_lease_s=2, log_level="critical"
        )
        started = asyncio.run(prepare(self.settings, url))
        assert started is not None
        self.first = started
        self._ports = [self.settings.port, *(free_port() for _ in range(apis - 1))]
        self._apis = [self._start("api", port) for port in self._ports]
        self._workers = [self._start("worker") for _ in range(workers)]

    @property
    def urls(self) -> list[str]:
        """Where the APIs are."""
        return [f"http://127.0.0.1:{port}" for port in self._ports]

    def _start(self, command: str, port: int | None = None) -> subprocess.Popen[bytes]:
        settings = self.settings if port is None else msgspec.structs.replace(self.settings, port=port)
        return subprocess.Popen([sys.executable, "-m", "guerdon", command], env=to_environ(settings))

    def kill_api(self, number: int) -> None:
        self._apis[number].kill()
        self._apis[number].wait()
        self._apis[number] = self._start("api", self._ports[number])

    def kill_worker(self, number: int) -> None:
        self._workers[number].kill()
        self._workers[number].wait()
        self._workers[number] = self._start("worker")

    def kill_database(self) -> None:
        """Kills PostgreSQL and starts it again; API and workers have to live through it."""
        pid = self.database.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)
        self.database.start()

    def stop(self) -> None:
        for process in (*self._apis, *self._workers):
            process.terminate()
        for process in (*self._apis, *self._workers):
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.database.stop()

    def rows(self, sql: str, *args: Any) -> list[Any]:
        async def fetch() -> list[Any]:
            connection = await connect(self.database.url())
            try:
                return list(await connection.fetch(sql, *args))
            finally:
                await connection.close()

        return asyncio.run(fetch())


@contextlib.contextmanager
def processes(workers: int, apis: int = 1) -> Iterator[Processes]:
    with tempfile.TemporaryDirectory(prefix="guerdon-test-") as folder:
        Path(folder).chmod(0o755)
        running = Processes(Path(folder), workers, apis)
        try:
            yield running
            wrong = event_judge.judge(running.rows).wrong
        finally:
            running.stop()
        assert not wrong, "events are not as they are catalogued:\n" + "\n".join(wrong)


class Plan(NamedTuple):
    """Projects, each with as many events, and with one endpoint for each of its manners."""

    manners: Sequence[Sequence[Manner]]
    events_per_project: int
    callers: int
    workers: int
    kills_of_workers: int
    kills_of_database: int
    between_kills_s: tuple[float, float]
    patience_s: float
    seed: int
    pause_s: float = 0.0


class Found(NamedTuple):
    """What a run came to."""

    answered: int
    books: Books
    log: list[dict[str, Any]]
    taken_at_kills: list[int]
    seconds: float
    off: list[str]


def run(plan: Plan, say: Callable[[str], None] = lambda _: None) -> Found:
    """Writes, kills, waits for the end, and compares the books. Raises AssertionError if it does not come to an end."""
    began_at = time.monotonic()
    with (
        processes(plan.workers) as running,
        tempfile.TemporaryDirectory() as folder,
        contextlib.closing(Caller(running)) as caller,
    ):
        caller.wait_until_ready()
        projects = [caller.project(number) for number in range(len(plan.manners))]
        manners = [manner for some in plan.manners for manner in some]
        secrets = [project["webhook_token"] for project, some in zip(projects, plan.manners, strict=True) for _ in some]
        port = free_port()
        with receiving(port, manners, secrets, Path(folder) / "log", plan.seed) as receiver:
            endpoints = _subscribe(caller, projects, plan.manners, port)
            kills: list[int] = []
            killing = threading.Thread(target=_kill_now_and_then, args=(plan, running, receiver, kills, say))
            killing.start()
            answered = asyncio.run(caller.write(projects, plan))
            say(f"{answered:,} answered after {time.monotonic() - began_at:.0f} s")
            killing.join()
            receiver.calm()
            caller.wait_until_ready()
            _deliver_the_rest(running, caller, projects, plan.patience_s, say)
            books = _books(running, endpoints)
            log = receiver.log()
    return Found(answered, books, log, kills, time.monotonic() - began_at, imbalance(books, log))


def _subscribe(
    caller: "Caller", projects: Sequence[dict[str, Any]], manners: Sequence[Sequence[Manner]], port: int
) -> dict[str, list[int]]:
    numbers: dict[str, list[int]] = {}
    number = 0
    for project, some in zip(projects, manners, strict=True):
        numbers[project["id"]] = list(range(number, number + len(some)))
        for endpoint in numbers[project["id"]]:
            caller.subscribe(project["id"], f"http://127.0.0.1:{port}/{endpoint}")
        number += len(some)
    return numbers


def _kill_now_and_then(
    plan: Plan, running: Processes, receiver: Receiver, kills: list[int], say: Callable[[str], None]
) -> None:
    """`kills` gets what the receiver had taken at each kill."""
    chance = random.Random(plan.seed)
    victims = ["worker"] * plan.kills_of_workers + ["database"] * plan.kills_of_database
    chance.shuffle(victims)
    for victim in victims:
        time.sleep(chance.uniform(*plan.between_kills_s))
        kills.append(receiver.taken)
        if victim == "worker":
            running.kill_worker(chance.randrange(plan.workers))
        else:
            running.kill_database()
    say(f"{len(victims)} kills, the last after {kills[-1]:,} calls had been taken")


def _deliver_the_rest(
    running: Processes,
    caller: "Caller",
    projects: Sequence[dict[str, Any]],
    patience_s: float,
    say: Callable[[str], None],
) -> None:
    """Moves the clocks on, so that what failed is tried again or given up, until nothing is left to do."""
    deadline = time.monotonic() + patience_s
    told_at = 0.0
    while pending := running.rows(_PENDING)[0]["count"]:
        assert time.monotonic() < deadline, f"{pending} are still pending after {patience_s:.0f} s"
        if time.monotonic() - told_at > 10:
            told_at = time.monotonic()
            say(f"{pending:,} pending")
        waiting = running.rows("SELECT DISTINCT project_id FROM deliveries WHERE due_at > now() + interval '1 s'")
        behind = {row["project_id"] for row in waiting}
        for project in projects:
            if project["id"] in behind:
                caller.advance(project["id"])
        time.sleep(0.5)


def _books(running: Processes, endpoints: dict[str, list[int]]) -> Books:
    number = "substring(target_url FROM '[0-9]+$')::int"
    off = running.rows(f"SELECT {number} AS endpoint FROM endpoints WHERE NOT active")
    deliveries = (
        f"SELECT id, project_id, {number} AS endpoint, event_id, status, attempts_count, due_at FROM deliveries"
    )
    return Books(
        running.rows("SELECT project_id, id FROM events WHERE type = 'customer.created'"),
        endpoints,
        {row["endpoint"] for row in off},
        running.rows(deliveries),
        running.rows("SELECT delivery_id, number, status_code FROM delivery_attempts"),
    )


class Caller:
    """Writes to the API as a client would that is told nothing of kills: it tries again."""

    def __init__(self, running: Processes) -> None:
        self._url = running.settings.base_url
        first = running.first
        management = {"x-management-id": first.management_id, "x-management-token": first.management_token}
        self._http = httpx.Client(base_url=f"{self._url}/management/v1", headers=management, timeout=10)

    def close(self) -> None:
        self._http.close()

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{self._url}/readyz").is_success:
                    return
            time.sleep(0.05)
        raise AssertionError("the API does not become ready")

    def project(self, number: int) -> dict[str, Any]:
        body = {
            "name": f"Ledger {number}",
            "timezone": "UTC",
            "currency": "EUR",
            "case_sensitive_codes": True,
            "is_sandbox": True,
        }
        return self._http.post("/projects", json=body).raise_for_status().json()

    def subscribe(self, project_id: str, url: str, event: str = "customer.created") -> None:
        body = {"target_url": url, "events": [event]}
        self._http.post(f"/projects/{project_id}/webhooks", json=body).raise_for_status()

    def advance(self, project_id: str) -> None:
        with contextlib.suppress(httpx.TransportError):
            self._http.post(f"/projects/{project_id}/clock/advance", json={"by": "PT13H"})

    async def write(self, projects: Sequence[dict[str, Any]], plan: Plan) -> int:
        """Creates the customers of all projects in turn; how many were answered with success."""
        numbers = iter([(project, number) for number in range(plan.events_per_project) for project in projects])
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(10)) as session:

            async def some() -> int:
                done = 0
                for project, number in numbers:
                    done += await self._create_customer(session, project["server_side_key"], number)
                    await asyncio.sleep(plan.pause_s)
                return done

            return sum(await _all([some() for _ in range(plan.callers)]))

    async def _create_customer(self, session: aiohttp.ClientSession, key: dict[str, str], number: int) -> bool:
        headers = {"x-app-id": key["app_id"], "x-app-token": key["app_token"]}
        body = {"source_id": f"c{number}", "name": "x"}
        for _ in range(100):
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with session.post(f"{self._url}/v1/customers", json=body, headers=headers) as answer:
                    if answer.ok:
                        return True
                    assert answer.status == 503, await answer.text()
            await asyncio.sleep(0.1)
        return False


async def _all(tasks: list[Awaitable[int]]) -> list[int]:
    return list(await asyncio.gather(*tasks))
