"""Signed deliveries per second from a full outbox, against a bare aiohttp loop that posts and signs the same bodies.

Ours includes everything: numbering and fanning out, claiming, the attempt's row, settling.
"""

import asyncio
import hmac
import json
import time

import aiohttp
import uvloop

from load import request, send_all
from receiver import Running, receiving
from report import Report
from stage import Stage, stage

EVENTS = 15_000
CONNECTIONS = 8
IN_FLIGHT = 32
ROUNDS = 3


def measure(report: Report) -> None:
    """Deliveries per second over bare posts per second."""
    with stage() as running, receiving() as receiver:
        running.webhook(receiver.url, "customer.created")
        ours, limit = [], []
        for _ in range(ROUNDS):
            _fill_outbox(running)
            body = running.psql("SELECT data FROM outbox LIMIT 1").encode() + b" " * 400
            limit.append(uvloop.run(_bare(receiver.url, body)))
            ours.append(_deliver(running, receiver))
        report.rate("signed deliveries from a full outbox", ours, limit, 0.6)


def _fill_outbox(running: Stage) -> None:
    bodies = [json.dumps({"name": "x", "email": "x@example.com", "metadata": {"n": n}}).encode() for n in range(EVENTS)]
    requests = [request("POST", "/v1/customers", running.keys, body) for body in bodies]
    uvloop.run(send_all(running.port, requests, CONNECTIONS))


async def _bare(url: str, body: bytes) -> float:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=IN_FLIGHT), auto_decompress=False) as session:
        left = iter(range(EVENTS))

        async def post_some() -> None:
            for _ in left:
                signature = hmac.digest(b"secret", body, "sha256").hex()
                headers = {"content-type": "application/json", "x-voucherify-signature": signature}
                async with session.post(url, data=body, headers=headers) as answer:
                    await answer.read()

        started = time.perf_counter()
        await asyncio.gather(*(post_some() for _ in range(IN_FLIGHT)))
        return EVENTS / (time.perf_counter() - started)


def _deliver(running: Stage, receiver: Running) -> float:
    """The rate between the first arrival and the last; starting the worker's process is not part of it."""
    before = receiver.count
    running.start("worker")
    receiver.wait_for(before + 1)
    started = time.perf_counter()
    receiver.wait_for(before + EVENTS)
    elapsed = time.perf_counter() - started
    running.stop("worker")
    unsettled = running.psql("SELECT count(*) FROM deliveries WHERE due_at IS NOT NULL")
    if unsettled != "0":
        raise RuntimeError(f"{unsettled} deliveries are not settled")
    return EVENTS / elapsed
