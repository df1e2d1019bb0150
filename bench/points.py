"""Orders that are paid until their points are on the cards, against one server-side function that writes the same rows.

The same number of orders of the same customers by the same number of clients. Ours are made through the API; the worker
hands on their events, earns, and hands on what that has told of. Then one order at a time: from its commit until the
card has the points.
"""

import http.client
import json
import time
from typing import Any

import uvloop

from load import request, send_all
from redeeming import columns_of, post
from report import Report
from stage import Stage, stage

CUSTOMERS = 500
ORDERS = 4_000
CONNECTIONS = 8
ROUNDS = 3
TIMES = 200
GOAL = 0.3
_LONGEST_S = 120.0
CAMPAIGN = {
    "name": "Club",
    "campaign_type": "LOYALTY_PROGRAM",
    "voucher": {
        "type": "LOYALTY_CARD",
        "loyalty_card": {"points": 0, "expiration_rules": {"period_type": "MONTH", "period_value": 1}},
    },
}
RULE = {
    "event": "order.paid",
    "loyalty": {
        "type": "PROPORTIONAL",
        "calculation_type": "ORDER_AMOUNT",
        "order": {"amount": {"every": 100, "points": 1}},
    },
    "source": {"banner": "One point for every euro"},
}
# Writes the rows that an order and its points have left, under new names.
BARE = """
CREATE SEQUENCE bench_number;
CREATE TABLE bench_events AS SELECT * FROM events WHERE group_id = (
    SELECT group_id FROM events WHERE type = 'customer.order.paid' LIMIT 1);
CREATE FUNCTION bench_earn() RETURNS void LANGUAGE plpgsql AS $$
DECLARE number bigint := nextval('bench_number'); holder text; card text; campaign text; BEGIN
SELECT id INTO holder FROM customers WHERE project_id = '{project}' AND source_id = 'c' || number % {customers};
INSERT INTO orders ({order_columns}) SELECT {order_values} FROM orders
WHERE project_id = '{project}' AND source_id = 'sample';
UPDATE customers SET orders_count = orders_count + 1, orders_amount = orders_amount + 5000, version = version + 1,
    last_order_amount = 5000, last_order_at = now()
WHERE project_id = '{project}' AND id = holder;
INSERT INTO outbox ({columns}) SELECT {columns} FROM bench_events WHERE type LIKE 'customer.order.%';
INSERT INTO earnings (project_id, cause_id, earning_rule_id, entry_id) VALUES ('{project}', 'o' || number, 'r', 'e');
UPDATE vouchers SET added = added + 50, balance = balance + 50, updated_at = now(),
    next_expiration_date = CURRENT_DATE + 30, next_expiration_points = coalesce(next_expiration_points, 0) + 50
WHERE project_id = '{project}' AND holder_id = holder RETURNING id, campaign_id INTO card, campaign;
INSERT INTO points_buckets AS b (project_id, id, voucher_id, campaign_id, points, expires_on, created_at)
VALUES ('{project}', 'lopb_b' || number, card, campaign, 50, CURRENT_DATE + 30, now())
ON CONFLICT (project_id, voucher_id, expires_on) WHERE status = 'ACTIVE'
DO UPDATE SET points = b.points + excluded.points, updated_at = now();
INSERT INTO points_changes (project_id, campaign_id, waiting, day, points, created_at)
VALUES ('{project}', campaign, false, CURRENT_DATE + 30, 50, now());
INSERT INTO voucher_transactions ({entry_columns}) SELECT {entry_values} FROM voucher_transactions
WHERE project_id = '{project}' AND id = '{entry}';
UPDATE customers SET version = version + 1, programs = programs || jsonb_build_object(
    'Club', coalesce(programs->'Club', '{{}}') || jsonb_build_object(
        'points', coalesce((programs->'Club'->>'points')::bigint, 0) + 50))
WHERE project_id = '{project}' AND id = holder;
INSERT INTO outbox ({columns}) SELECT {columns} FROM bench_events WHERE type NOT LIKE 'customer.order.%';
END $$;
"""


def measure(report: Report) -> None:
    """Orders per second until the last has its points, over those of the function; then the seconds of single ones."""
    with stage() as running:
        running.start("worker")
        _fill(running)
        _prepare_bare(running)
        ours, limit = [], []
        _paid(running, "warm", ORDERS // 4)
        for turn in range(ROUNDS):
            with running.standing_still("worker"):  # it must not take the rows of the bare run for events
                transactions = ORDERS // CONNECTIONS
                limit.append(running.pgbench("SELECT bench_earn();\n", clients=CONNECTIONS, transactions=transactions))
                for statement in ("DELETE FROM outbox", "VACUUM ANALYZE"):
                    running.psql(statement)
            ours.append(_paid(running, str(turn), ORDERS))
        report.rate("orders paid, with their points on the cards", ours, limit, GOAL)
        seconds = [_one(running, number) for number in range(TIMES)]
        report.see("  one at a time, from the commit to the points", _quantiles(seconds))


def _fill(running: Stage) -> None:
    post(running, "/v1/campaigns", CAMPAIGN)
    post(running, "/v1/loyalties/Club/earning-rules", [RULE])
    names = [*(f"c{number}" for number in range(CUSTOMERS)), "sample"]
    for path, bodies in (
        ("/v1/customers", [{"source_id": name, "name": name, "email": f"{name}@example.com"} for name in names]),
        ("/v1/loyalties/Club/members", [{"customer": {"source_id": name}} for name in names]),
    ):
        requests = [request("POST", path, running.keys, json.dumps(body).encode()) for body in bodies]
        uvloop.run(send_all(running.port, requests, CONNECTIONS))


def _prepare_bare(running: Stage) -> None:
    project = running.project["id"]
    post(running, "/v1/orders", _order("sample", "sample"))
    _wait_until(running, 1)
    _wait_for_quiet(running)
    entry = running.psql(f"SELECT id FROM voucher_transactions WHERE project_id = '{project}'")
    order_columns, order_values = columns_of(running, "orders", {"id": "'o' || number", "source_id": "'o' || number"})
    entry_columns, entry_values = columns_of(
        running, "voucher_transactions", {"id": "'vtx_b' || number", "voucher_id": "card", "campaign_id": "campaign"}
    )
    columns = columns_of(running, "outbox", {})[0].split(", ")
    told = running.psql(
        BARE.format(
            project=project,
            customers=CUSTOMERS,
            entry=entry,
            order_columns=order_columns,
            order_values=order_values,
            entry_columns=entry_columns,
            entry_values=entry_values,
            columns=", ".join(column for column in columns if column != "seq"),
        )
    )
    events = running.psql("SELECT string_agg(type, ',' ORDER BY number) FROM bench_events")
    if "ERROR" in told or events.count(",") != 5:
        raise RuntimeError(f"{told} {events}")


def _order(name: str, customer: str) -> dict[str, Any]:
    return {
        "source_id": name,
        "status": "PAID",
        "amount": 5_000,
        "customer": {"source_id": customer},
        "items": [{"source_id": f"p{item}", "quantity": 1, "price": 1_000} for item in range(5)],
    }


def _paid(running: Stage, turn: str, count: int) -> float:
    """Orders per second, until the last of them has its points."""
    before = _earned(running)
    orders = [_order(f"{turn}-{number}", f"c{number % CUSTOMERS}") for number in range(count)]
    requests = [request("POST", "/v1/orders", running.keys, json.dumps(order).encode()) for order in orders]
    began_at = time.perf_counter()
    uvloop.run(send_all(running.port, requests, CONNECTIONS))
    _wait_until(running, before + count)
    seconds = time.perf_counter() - began_at
    _wait_for_quiet(running)
    return count / seconds


def _one(running: Stage, number: int) -> float:
    """Seconds from the answer to an order, which is sent right after the commit, until the card has the points."""
    customer = f"c{number % CUSTOMERS}"
    code = running.psql(
        "SELECT code FROM vouchers v JOIN customers c ON c.id = v.holder_id"
        f" WHERE v.project_id = '{running.project['id']}' AND c.source_id = '{customer}'"
    )
    connection = http.client.HTTPConnection("127.0.0.1", running.port)
    before = _points(running, connection, code)
    body = json.dumps(_order(f"one-{number}", customer))
    connection.request("POST", "/v1/orders", body, {**running.keys, "content-type": "application/json"})
    connection.getresponse().read()
    committed_at = time.perf_counter()
    while _points(running, connection, code) == before:
        if time.perf_counter() > committed_at + _LONGEST_S:
            raise RuntimeError("an order has not earned")
    seconds = time.perf_counter() - committed_at
    connection.close()
    return seconds


def _points(running: Stage, connection: http.client.HTTPConnection, code: str) -> int:
    connection.request("GET", f"/v1/vouchers/{code}", headers=running.keys)
    return json.loads(connection.getresponse().read())["loyalty_card"]["points"]


def _earned(running: Stage) -> int:
    found = f"SELECT count(*) FROM earnings WHERE project_id = '{running.project['id']}' AND entry_id <> 'e'"
    return int(running.psql(found))


def _wait_until(running: Stage, earned: int) -> None:
    latest = time.monotonic() + _LONGEST_S
    while _earned(running) != earned:
        if time.monotonic() > latest:
            raise RuntimeError(f"{_earned(running)} of {earned} orders have earned")
        time.sleep(0.05)


def _wait_for_quiet(running: Stage) -> None:
    latest = time.monotonic() + _LONGEST_S
    while running.psql("SELECT EXISTS (SELECT FROM outbox) OR EXISTS (SELECT FROM jobs)") != "f":
        if time.monotonic() > latest:
            raise RuntimeError("the worker does not come to rest")
        time.sleep(0.05)


def _quantiles(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    return f"p50 {ordered[len(ordered) // 2] * 1e3:.1f} p99 {ordered[len(ordered) * 99 // 100] * 1e3:.1f} ms"
