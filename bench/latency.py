"""From the commit of a change to its webhook's arrival: one at a time, and under half of what can be delivered.

Beside it the least that the same way can take: a commit with NOTIFY, a listener, and a bare post.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any, Self

import aiohttp
import asyncpg
import uvloop

from guerdon.clock import real_now
from guerdon.db.pool import Pool
from guerdon.events import outbox
from guerdon.events.doorbell import Bell, Doorbell
from guerdon.events.outbox import Event
from guerdon.ids import Ids
from load import request, send_all
from receiver import Running, receiving
from report import Report
from stage import Stage, stage

TIMES = 100
PAUSE_S = 0.02
CAPACITY = 6_000
LOAD_S = 5
WRITERS = 4
Commit = Callable[[], Awaitable[float]]
Pace = Callable[[Commit], Awaitable[None]]
DATA = json.dumps({"customer": {"id": "cust_0", "name": "x" * 400, "object": "customer"}})


def measure(report: Report) -> None:
    """Seconds from commit to arrival, for each of some changes."""
    with stage() as running, receiving() as receiver:
        running.start("worker")
        running.webhook(receiver.url, "customer.updated")
        time.sleep(1)
        report.times("commit to arrival when idle", _ours(running, receiver), uvloop.run(_bare(running, receiver)))
        rate = uvloop.run(_capacity(running, receiver)) / 2
        ours, bare = (uvloop.run(_paced(running, receiver, rate, commit)) for commit in (_outbox, _notified))
        report.times(f"commit to arrival at {rate:,.0f}/s, half of what it can", ours, bare)


def _ours(running: Stage, receiver: Running) -> list[float]:
    """The answer to the request is taken for the commit: it is sent right after it."""
    body = {"source_id": "ann", "name": "x"}
    uvloop.run(send_all(running.port, [request("POST", "/v1/customers", running.keys, json.dumps(body).encode())], 1))
    seconds: list[float] = []
    for number in range(TIMES):
        change = json.dumps({"name": f"name {time.time()}"}).encode()
        uvloop.run(send_all(running.port, [request("PUT", "/v1/customers/ann", running.keys, change)], 1))
        committed = time.time()
        receiver.wait_for(number + 1)
        seconds.append(max(0.0, receiver.arrival(number) - committed))
        time.sleep(PAUSE_S)
    return seconds


async def _bare(running: Stage, receiver: Running) -> list[float]:
    seconds: list[float] = []
    async with _Bare(running, receiver) as bare:
        for number in range(receiver.count, receiver.count + TIMES):
            committed = await bare.commit()
            await _arrived(receiver, number + 1)
            seconds.append(max(0.0, receiver.arrival(number) - committed))
            await asyncio.sleep(PAUSE_S)
    return seconds


class _Bare:
    """Commits with a NOTIFY, and posts once for each that is heard."""

    def __init__(self, running: Stage, receiver: Running) -> None:
        self._running = running
        self._url = receiver.url
        self._posts: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession()
        self._pool = await asyncpg.create_pool(self._running.database.url(), min_size=WRITERS, max_size=WRITERS)
        self._listener = await asyncpg.connect(self._running.database.url())
        await self._pool.execute("CREATE TABLE IF NOT EXISTS bench (data text)")
        await self._listener.add_listener("bench", self._heard)
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*self._posts)
        await self._listener.close()
        await self._pool.close()
        await self._session.close()

    async def commit(self) -> float:
        """When it was committed."""
        async with self._pool.acquire() as connection:
            async with connection.transaction():
                await connection.execute("INSERT INTO bench VALUES ($1)", DATA)
                await connection.execute("NOTIFY bench")
            return time.time()

    def _heard(self, *_: Any) -> None:
        post = asyncio.get_running_loop().create_task(self._post())
        self._posts.add(post)
        post.add_done_callback(self._posts.discard)

    async def _post(self) -> None:
        async with self._session.post(self._url, data=DATA.encode()) as answer:
            await answer.read()


class _Outbox:
    """Commits an event to the outbox, and rings as the API does."""

    def __init__(self, running: Stage) -> None:
        self._running = running
        self._ids = Ids(7)

    async def __aenter__(self) -> Self:
        self._pool = await asyncpg.create_pool(self._running.database.url(), min_size=WRITERS, max_size=WRITERS)
        self._bells = Pool(self._running.database.url(), 1)
        self._doorbell = Doorbell(self._bells)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._doorbell.silence()
        await self._bells.close()
        await self._pool.close()

    async def commit(self, count: int = 1) -> float:
        """When they were committed."""
        statement, arguments = outbox.insert(self._running.project["id"], [self._event() for _ in range(count)])
        async with self._pool.acquire() as connection:
            await connection.execute(statement, *arguments)
            self._doorbell.ring(Bell.OUTBOX)
            return time.time()

    def _event(self) -> Event:
        return Event(
            id=self._ids.new("evcus_"),
            type="customer.updated",
            entity_id="cust_0",
            group_id="v-0",
            created_at=real_now(),
            event_source='{"channel":"INTERNAL"}',
            category="ACTION",
            campaign_id=None,
            quiet=False,
            data=DATA,
        )


async def _capacity(running: Stage, receiver: Running) -> float:
    """Deliveries per second of what is committed at once."""
    before = receiver.count
    async with _Outbox(running) as outbox_:
        began_at = time.time()
        await outbox_.commit(CAPACITY)
        await _arrived(receiver, before + CAPACITY)
    return CAPACITY / (receiver.arrival(before + CAPACITY - 1) - began_at)


async def _outbox(running: Stage, _receiver: Running, pace: Pace) -> None:
    async with _Outbox(running) as outbox_:
        await pace(outbox_.commit)


async def _notified(running: Stage, receiver: Running, pace: Pace) -> None:
    async with _Bare(running, receiver) as bare:
        await pace(bare.commit)


async def _paced(
    running: Stage, receiver: Running, rate: float, through: Callable[[Stage, Running, Pace], Awaitable[None]]
) -> list[float]:
    """Seconds of what is committed at this rate: the n-th arrival after the n-th commit."""
    before, count = receiver.count, int(rate * LOAD_S)
    committed: list[float] = []

    async def pace(commit: Commit) -> None:
        began_at, numbers = time.monotonic(), iter(range(count))

        async def write() -> None:
            for number in numbers:
                await asyncio.sleep(began_at + number / rate - time.monotonic())
                committed.append(await commit())

        await asyncio.gather(*(write() for _ in range(WRITERS)))
        await _arrived(receiver, before + count)

    await through(running, receiver, pace)
    arrivals = sorted(receiver.arrival(number) for number in range(before, before + count))
    return [max(0.0, came - left) for left, came in zip(sorted(committed), arrivals, strict=True)]


async def _arrived(receiver: Running, count: int) -> None:
    async with asyncio.timeout(60):
        while receiver.count < count:  # noqa: ASYNC110 - another process counts
            await asyncio.sleep(0.01)
