"""From the commit of a change to its webhook's arrival, one at a time on an idle installation.

Beside it the least that the same way can take: a commit with NOTIFY, a listener, and a bare post.
"""

import asyncio
import json
import time
from typing import Any

import aiohttp
import asyncpg
import uvloop

from load import request, send_all
from receiver import Running, receiving
from report import Report
from stage import Stage, stage

TIMES = 100
PAUSE_S = 0.02


def measure(report: Report) -> None:
    """Seconds from commit to arrival, for each of some changes."""
    with stage() as running, receiving() as receiver:
        running.start("worker")
        running.webhook(receiver.url, "customer.updated")
        time.sleep(1)
        report.times("commit to arrival when idle", _ours(running, receiver), uvloop.run(_bare(running, receiver)))


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
    writer = await asyncpg.connect(running.database.url())
    listener = await asyncpg.connect(running.database.url())
    rung = asyncio.Event()

    def ring(*_: Any) -> None:
        rung.set()

    await listener.add_listener("bench", ring)
    await writer.execute("CREATE TABLE IF NOT EXISTS bench (data text)")
    seconds: list[float] = []
    async with aiohttp.ClientSession() as session:
        for _ in range(TIMES):
            rung.clear()
            number = receiver.count
            async with writer.transaction():
                await writer.execute("INSERT INTO bench VALUES ($1)", "x" * 1_000)
                await writer.execute("NOTIFY bench")
            committed = time.time()
            await rung.wait()
            async with session.post(receiver.url, data=b"x" * 1_000) as answer:
                await answer.read()
            seconds.append(max(0.0, receiver.arrival(number) - committed))
            await asyncio.sleep(PAUSE_S)
    await writer.close()
    await listener.close()
    return seconds
