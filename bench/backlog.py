"""What a million deliveries that wait cost those who do not: claims, and changes through the API.

The same claim and the same changes before and after the backlog is made, by one INSERT … SELECT.
"""

import json
import random
import statistics
import time
from datetime import timedelta

import uvloop

from guerdon.db.pool import Pool
from guerdon.db.transaction import Transaction
from guerdon.webhooks import store
from guerdon.webhooks.prepare import Target
from load import request, send_all
from report import Report
from stage import Stage, stage

SMALL = 1_000
BACKLOG = 1_000_000
CLAIMS = 60
CUSTOMERS = 1_000
UPDATES = 6_000
CONNECTIONS = 8
ROUNDS = 3
LEASE = timedelta(seconds=60)
# Deliveries of one event to one endpoint: which event it is makes no difference to those who wait.
FILL = """
INSERT INTO deliveries (project_id, id, recorded_at, endpoint_id, source_id, event_number, event_recorded_at, event_id,
    event_type, entity_id, type, target_url, created_at, due_at)
SELECT project_id, 'whs_fill' || lpad(n::text, 10, '0'), recorded_at, endpoint_id, source_id, event_number,
    event_recorded_at, event_id, event_type, entity_id, type, target_url, created_at, now() - interval '1 hour'
FROM one_delivery, generate_series(1, {length}) n
"""


def measure(report: Report) -> None:
    """Seconds per claim and per change with a long queue over those with a short one, in turns."""
    with stage() as running:
        target = _one_delivery(running)
        claims: dict[int, list[float]] = {SMALL: [], BACKLOG: []}
        writes: dict[int, list[float]] = {SMALL: [], BACKLOG: []}
        for _ in range(ROUNDS):
            for length in (SMALL, BACKLOG):
                _fill(running, length)
                claims[length].append(uvloop.run(_claim(running, target)))
                writes[length].append(_write(running))
        report.most("a claim of 128 from a million, over one from a thousand", claims[BACKLOG], claims[SMALL], 1.2)
        report.most("a change through the API beside a million waiting", writes[BACKLOG], writes[SMALL], 1.1)


def _one_delivery(running: Stage) -> Target:
    """Lets the worker make one delivery, to nowhere, and stops it; the endpoint it is for."""
    running.webhook("http://127.0.0.1:9/hook", "customer.created")
    _customers(running, 1)
    running.start("worker")
    while running.psql("SELECT count(*) FROM deliveries WHERE due_at > now()") != "1":
        time.sleep(0.05)
    running.stop("worker")
    running.psql("CREATE TABLE one_delivery AS SELECT * FROM deliveries")
    _customers(running, CUSTOMERS)
    endpoint_id = running.psql("SELECT id FROM endpoints")
    return Target(running.project["id"], endpoint_id, {}, catch_up=False, clock_offset=timedelta())


def _fill(running: Stage, length: int) -> None:
    """So many deliveries wait; what the filling leaves behind for the server to do is done."""
    for statement in ("TRUNCATE deliveries", FILL.format(length=length), "VACUUM ANALYZE deliveries", "CHECKPOINT"):
        running.psql(statement)


def _customers(running: Stage, count: int) -> None:
    bodies = (json.dumps({"source_id": f"c{n}", "name": "x"}).encode() for n in range(count))
    requests = [request("POST", "/v1/customers", running.keys, body) for body in bodies]
    uvloop.run(send_all(running.port, requests, CONNECTIONS))


async def _claim(running: Stage, target: Target) -> float:
    """Seconds, as a median, of a look for what is due and a claim, each rolled back and so found again."""
    pool = Pool(running.database.url(), 1)
    seconds: list[float] = []
    for _ in range(CLAIMS):
        db = Transaction(pool)
        await db.begin()
        began_at = time.perf_counter()
        (found,) = await store.due_targets(db)
        claimed = await store.claim(db, target, 128, LEASE)
        seconds.append(time.perf_counter() - began_at)
        if len(claimed) != 128 or found.endpoint_id != target.endpoint_id:
            raise RuntimeError(f"{len(claimed)} deliveries were claimed for {found.endpoint_id}")
        await (await db.connection()).execute("ROLLBACK; BEGIN")
        async with db:
            pass
    await pool.close()
    return statistics.median(seconds)


def _write(running: Stage) -> float:
    """Seconds per change of a customer."""
    chance = random.Random(1)
    changes = [
        request(
            "PUT",
            f"/v1/customers/c{chance.randrange(CUSTOMERS)}",
            running.keys,
            json.dumps({"name": f"name {chance.random()}"}).encode(),
        )
        for _ in range(UPDATES)
    ]
    elapsed, _ = uvloop.run(send_all(running.port, changes, CONNECTIONS))
    return elapsed / UPDATES
