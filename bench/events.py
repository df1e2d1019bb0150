"""Customers updated through the API with one webhook subscribed, against bare `UPDATE + INSERT outbox` by pgbench.

The same number of changes on the same customers by the same number of clients, with payloads of the same length. While
ours are made, relay, deliveries and the receiver run on the same cores. The rounds take turns.
"""

import json
import random

import uvloop

from load import request, send_all
from receiver import receiving
from report import Report
from stage import Stage, stage

CUSTOMERS = 1_000
UPDATES = 15_000
CONNECTIONS = 8
ROUNDS = 3
BARE = """\\set id random(1, {customers})
BEGIN;
UPDATE customers SET name = 'name ' || :id, updated_at = now(), version = version + 1
WHERE project_id = '{project}' AND source_id = 'c' || :id;
INSERT INTO outbox
    (project_id, id, type, entity_id, group_id, created_at, event_source, category, campaign_id, quiet, data)
VALUES
    ('bench', 'evcus_0', 'customer.updated', 'cust_0', 'v-0', now(), '{{}}', 'ACTION', NULL, false,
    repeat('x', {length}));
COMMIT;
"""


def measure(report: Report) -> None:
    """Updates per second over bare transactions per second, and how far the deliveries had come at the last answer."""
    with stage() as running, receiving() as receiver:
        length = _fill(running)
        running.start("worker")
        running.webhook(receiver.url, "customer.updated")
        bare = BARE.format(customers=CUSTOMERS, project=running.project["id"], length=length)
        ours, limit, delivered = [], [], []
        for _ in range(ROUNDS):
            # The relay must not take the rows of the bare run for events.
            running.stop("worker")
            limit.append(running.pgbench(bare, clients=CONNECTIONS, transactions=UPDATES // CONNECTIONS))
            running.psql("DELETE FROM outbox WHERE project_id = 'bench'")
            running.psql("VACUUM outbox")
            running.start("worker")
            before = receiver.count
            elapsed, _ = uvloop.run(send_all(running.port, _updates(running), CONNECTIONS))
            delivered.append((receiver.count - before) / UPDATES)
            ours.append(UPDATES / elapsed)
            receiver.wait_for(before + UPDATES)
        report.rate("customers updated, one webhook, all on these cores", ours, limit, 0.3)
        report.see("  of their webhooks, arrived with the last answer", f"{min(delivered):.0%}")


def _fill(running: Stage) -> int:
    """Makes the customers; the length of what one event of theirs says."""
    bodies = (
        {"source_id": f"c{n}", "name": "x", "email": f"c{n}@example.com", "metadata": {"region": "EMEA"}}
        for n in range(1, CUSTOMERS + 1)
    )
    requests = [request("POST", "/v1/customers", running.keys, json.dumps(body).encode()) for body in bodies]
    uvloop.run(send_all(running.port, requests, CONNECTIONS))
    length = int(running.psql("SELECT max(length(data)) FROM outbox"))
    running.psql("DELETE FROM outbox")
    return length


def _updates(running: Stage) -> list[bytes]:
    chance = random.Random()
    return [
        request(
            "PUT",
            f"/v1/customers/c{chance.randint(1, CUSTOMERS)}",
            running.keys,
            json.dumps({"name": f"name {chance.random()}"}).encode(),
        )
        for _ in range(UPDATES)
    ]
