"""Validations against a bare echo of the same bodies, redemptions against one server-side function.

One code with a rule, five lines of goods that the catalogue knows, a customer who is known; then the same beside a
million codes and a thousand promotions, and what qualifies of these.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvloop

from load import request, send_all
from report import Report
from stage import Stage, free_port, stage

CONNECTIONS = 8
ROUNDS = 3
VALIDATIONS = 3_000
REDEMPTIONS = 1_500
QUALIFICATIONS = 60
FEW, MANY = 1_000, 1_000_000
PROMOTIONS = 1_000
RULE = {
    "name": "A rule",
    "rules": {
        "1": {"name": "order.amount", "conditions": {"$more_than": [1_000]}},
        "2": {"name": "customer.metadata", "property": "region", "conditions": {"$is": ["EMEA"]}},
        "logic": "1 and 2",
    },
}
# Writes the rows of a redemption that was made before it, under new names.
BARE = """
CREATE SEQUENCE bench_number;
CREATE TABLE bench_outbox AS SELECT * FROM outbox;
CREATE FUNCTION bench_redeem() RETURNS void LANGUAGE plpgsql AS $$
DECLARE number bigint := nextval('bench_number'); BEGIN
UPDATE vouchers SET redeemed_quantity = redeemed_quantity + 1, updated_at = now()
WHERE project_id = '{project}' AND code_key = 'B' || number AND active
    AND (redemption_quantity IS NULL OR redeemed_quantity < redemption_quantity);
INSERT INTO orders ({order_columns}) SELECT {order_values} FROM orders
WHERE project_id = '{project}' AND source_id = 'sample';
INSERT INTO redemptions ({redemption_columns}) SELECT {redemption_values} FROM redemptions
WHERE project_id = '{project}' AND id = '{sample}';
UPDATE customers SET redemptions_succeeded = redemptions_succeeded + 1, orders_count = orders_count + 1,
    orders_amount = orders_amount + 1, version = version + 1
WHERE project_id = '{project}' AND source_id = 'c' || number % 100;
INSERT INTO outbox ({event_columns}) SELECT {event_columns} FROM bench_outbox;
END $$;
"""
_CODES = """
INSERT INTO vouchers ({columns}) SELECT {values} FROM vouchers, generate_series({first}, {last}) AS number
WHERE project_id = '{project}' AND code = 'SAMPLE'
"""


def measure(report: Report) -> None:
    """Requests per second over the limits', and over those of the same with less around it."""
    with stage() as running:
        fill(running)
        add_codes(running, "S", FEW)
        add_codes(running, "B", ROUNDS * REDEMPTIONS)
        few = _validations(report, running)
        few_redeemed = _redemptions(report, running)
        add_codes(running, "M", MANY)
        running.psql("VACUUM ANALYZE vouchers")
        add_promotions(running)
        many = [validate(running) for _ in range(ROUNDS)]
        report.rate("  beside 1,000,000 codes and 1,000 promotions, of 1,000 and none", many, few, 1 / 1.2)
        many = []
        for turn in range(ROUNDS):
            add_codes(running, f"T{turn}-", REDEMPTIONS)
            many.append(redeem(running, f"T{turn}-", f"t{turn}-"))
        report.rate("  redemptions, the same", many, few_redeemed, 1 / 1.2)
        _qualifications(report, running)


def fill(running: Stage) -> None:
    """A campaign with a rule and a code, a generic code, goods and customers."""
    rule = post(running, "/v1/validation-rules", RULE)
    discount = {"type": "PERCENT", "percent_off": 10, "effect": "APPLY_TO_ORDER"}
    fields = {"type": "DISCOUNT_VOUCHER", "discount": discount}
    post(running, "/v1/vouchers/GENERIC", {**fields, "validation_rules": [rule["id"]]})
    campaign = {"name": "Codes", "campaign_type": "DISCOUNT_COUPONS", "voucher": fields}
    post(running, "/v1/campaigns", {**campaign, "validation_rules": [rule["id"]]})
    post(running, "/v1/vouchers/SAMPLE", {**fields, "campaign": "Codes"})
    for number in range(5):
        product = {"source_id": f"p{number}", "name": f"Product {number}", "price": 1_000 + number}
        post(running, "/v1/products", {**product, "metadata": {"brand": "x"}})
    for number in range(100):
        customer = {"source_id": f"c{number}", "email": f"c{number}@example.com", "metadata": {"region": "EMEA"}}
        post(running, "/v1/customers", customer)


def add_codes(running: Stage, prefix: str, count: int) -> None:
    """Codes like the sample, as a generation would have left them."""
    renamed = dict.fromkeys(("id", "code", "code_key"), f"'{prefix}' || number")
    columns, values = columns_of(running, "vouchers", renamed)
    statement = _CODES.format(columns=columns, values=values, first=1, last=count, project=running.project["id"])
    running.psql(statement)


def add_promotions(running: Stage) -> None:
    """Tiers with a rule each, of one campaign."""
    campaign = post(running, "/v1/campaigns", {"name": "Promotions", "campaign_type": "PROMOTION"})
    rule = post(running, "/v1/validation-rules", RULE)
    tiers = (
        {
            "name": f"Tier {number}",
            "action": {"discount": {"type": "AMOUNT", "amount_off": number + 1, "effect": "APPLY_TO_ORDER"}},
            "validation_rules": [rule["id"]],
        }
        for number in range(PROMOTIONS)
    )
    path = f"/v1/promotions/{campaign['id']}/tiers"
    requests = [request("POST", path, running.keys, json.dumps(tier).encode()) for tier in tiers]
    uvloop.run(send_all(running.port, requests, 1))


def wish(code: str, number: int, **more: Any) -> dict[str, Any]:
    items = [{"source_id": f"p{item}", "related_object": "product", "quantity": item + 1} for item in range(5)]
    order = {"items": items, "metadata": {"channel": "web"}, **more}
    customer = {"source_id": f"c{number % 100}"}
    return {"redeemables": [{"object": "voucher", "id": code}], "order": order, "customer": customer}


def post(running: Stage, path: str, body: object) -> Any:
    headers = {**running.keys, "content-type": "application/json"}
    url = f"http://127.0.0.1:{running.port}{path}"
    wanted = urllib.request.Request(url, json.dumps(body).encode(), headers, method="POST")
    with urllib.request.urlopen(wanted) as answer:
        return json.loads(answer.read())


def validate(running: Stage, port: int | None = None) -> float:
    """Validations per second, or those of the echo at another port."""
    bodies = (wish("GENERIC", number) for number in range(VALIDATIONS))
    return _rate(running, "/v1/validations", bodies, VALIDATIONS, port)


def redeem(running: Stage, prefix: str, orders: str) -> float:
    """Redemptions per second, each of a code of its own (or all of one, without a prefix) for a new order."""
    bodies = (
        wish(f"{prefix}{number + 1}" if prefix else "GENERIC", number, source_id=f"{orders}{number}")
        for number in range(REDEMPTIONS)
    )
    return _rate(running, "/v1/redemptions", bodies, REDEMPTIONS)


def _rate(running: Stage, path: str, bodies: Iterator[Any], count: int, port: int | None = None) -> float:
    requests = [request("POST", path, running.keys, json.dumps(body).encode()) for body in bodies]
    return count / uvloop.run(send_all(port or running.port, requests, CONNECTIONS))[0]


def _validations(report: Report, running: Stage) -> list[float]:
    answer = post(running, "/v1/validations", wish("GENERIC", 0))
    ours, limit = [], []
    with _echo(answer) as port:
        for _ in range(ROUNDS):
            limit.append(validate(running, port))
            ours.append(validate(running))
    report.rate("validations of a code with a rule, five lines", ours, limit, 0.15)
    return ours


def _redemptions(report: Report, running: Stage) -> list[float]:
    running.psql("DELETE FROM outbox")
    done = post(running, "/v1/redemptions", wish("SAMPLE", 0, source_id="sample"))
    order_columns, order_values = columns_of(running, "orders", {"id": "'o' || number", "source_id": "'o' || number"})
    columns, values = columns_of(running, "redemptions", {"id": "'r_b' || number"})
    names = {"order_columns": order_columns, "order_values": order_values}
    names |= {"redemption_columns": columns, "redemption_values": values}
    event_columns = columns_of(running, "outbox", {})[0].split(", ")
    names["event_columns"] = ", ".join(column for column in event_columns if column != "seq")
    sample = done["redemptions"][0]["id"]
    running.psql(BARE.format(project=running.project["id"], sample=sample, **names))
    ours, limit, generic = [], [], []
    for turn in range(ROUNDS):
        add_codes(running, f"R{turn}-", REDEMPTIONS)
        limit.append(
            running.pgbench("SELECT bench_redeem();\n", clients=CONNECTIONS, transactions=REDEMPTIONS // CONNECTIONS)
        )
        ours.append(redeem(running, f"R{turn}-", f"d{turn}-"))
        generic.append(redeem(running, "", f"g{turn}-"))
        running.psql("DELETE FROM outbox")
    report.rate("redemptions, each of a code of its own, five lines", ours, limit)
    report.rate("  all of one code, of those", generic, ours, 0.5)
    # The function has all cores for itself, so the API may have as many processes.
    running.serve_with(os.cpu_count() or 1)
    spread: list[float] = []
    for turn in range(ROUNDS):
        add_codes(running, f"P{turn}-", REDEMPTIONS)
        spread.append(redeem(running, f"P{turn}-", f"p{turn}-"))
        running.psql("DELETE FROM outbox")
    report.rate("  by a process of the API on each core", spread, limit, 0.4)
    running.serve_with(1)
    return ours


def _qualifications(report: Report, running: Stage) -> None:
    order = {key: value for key, value in wish("", 0).items() if key != "redeemables"}
    requests = [
        request("POST", "/v1/qualifications", running.keys, json.dumps({**order, "scenario": "ALL"}).encode())
        for _ in range(QUALIFICATIONS)
    ]
    took = [uvloop.run(send_all(running.port, requests, 1))[0] / QUALIFICATIONS for _ in range(ROUNDS)]
    single = [
        uvloop.run(
            send_all(
                running.port,
                [request("POST", "/v1/validations", running.keys, json.dumps(wish("GENERIC", 0)).encode())] * 200,
                1,
            )
        )[0]
        / 200
        for _ in range(ROUNDS)
    ]
    report.rate(
        "qualifications over 1,000 promotions, of validations",
        [1 / one for one in took],
        [1 / one for one in single],
        0.1,
    )


def columns_of(running: Stage, table: str, renamed: dict[str, str]) -> tuple[str, str]:
    """The columns of a table, and what a copy of a row has in them."""
    found = running.psql(
        f"SELECT string_agg(attname, ',' ORDER BY attnum) FROM pg_attribute"
        f" WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped"
    ).split(",")
    return ", ".join(found), ", ".join(renamed.get(name, name) for name in found)


@contextlib.contextmanager
def _echo(answer: Any) -> Iterator[int]:
    port = free_port()
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(answer, file)
        file.flush()
        command = [sys.executable, str(Path(__file__).with_name("echo.py")), str(port), file.name]
        process = subprocess.Popen(command)
        try:
            _wait_for(port)
            yield port
        finally:
            process.terminate()
            process.wait(10)


def _wait_for(port: int) -> None:
    body = json.dumps({"redeemables": [{"object": "voucher", "id": "a"}]}).encode()
    for _ in range(200):
        with contextlib.suppress(OSError):
            urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}/", body)).read()
            return
        time.sleep(0.05)
    raise RuntimeError("the echo does not answer")
