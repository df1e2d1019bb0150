"""Validations against a bare echo of the same bodies, and redemptions against one server-side function.

One code with a rule, five lines of goods that the catalogue knows, a customer who is known.
"""

import contextlib
import json
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
VALIDATIONS = 4_000
REDEMPTIONS = 2_000
RULE = {
    "name": "A rule",
    "rules": {
        "1": {"name": "order.amount", "conditions": {"$more_than": [1_000]}},
        "2": {"name": "customer.metadata", "property": "region", "conditions": {"$is": ["EMEA"]}},
        "logic": "1 and 2",
    },
}


def measure(report: Report) -> None:
    """Requests per second over the limits'."""
    with stage() as running:
        fill(running)
        _validations(report, running)
        _redemptions(report, running)


def fill(running: Stage) -> None:
    """A campaign with a rule, a generic code, and codes of their own; goods and customers."""
    rule = post(running, "/v1/validation-rules", RULE)
    discount = {"type": "PERCENT", "percent_off": 10, "effect": "APPLY_TO_ORDER"}
    fields = {"type": "DISCOUNT_VOUCHER", "discount": discount, "validation_rules": [rule["id"]]}
    post(running, "/v1/vouchers/GENERIC", fields)
    for number in range(5):
        product = {"source_id": f"p{number}", "name": f"Product {number}", "price": 1_000 + number}
        post(running, "/v1/products", {**product, "metadata": {"brand": "x"}})
    for number in range(100):
        customer = {"source_id": f"c{number}", "email": f"c{number}@example.com", "metadata": {"region": "EMEA"}}
        post(running, "/v1/customers", customer)


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


def _validations(report: Report, running: Stage) -> None:
    answer = post(running, "/v1/validations", wish("GENERIC", 0))
    requests = [
        request("POST", "/v1/validations", running.keys, json.dumps(wish("GENERIC", number)).encode())
        for number in range(VALIDATIONS)
    ]
    ours, limit = [], []
    with _echo(answer) as port:
        for _ in range(ROUNDS):
            limit.append(VALIDATIONS / uvloop.run(send_all(port, requests, CONNECTIONS))[0])
            ours.append(VALIDATIONS / uvloop.run(send_all(running.port, requests, CONNECTIONS))[0])
    report.rate("validations of a code with a rule, five lines", ours, limit, 0.15)


def _redemptions(report: Report, running: Stage) -> None:
    ours = []
    for turn in range(ROUNDS):
        requests = [
            request(
                "POST",
                "/v1/redemptions",
                running.keys,
                json.dumps(wish("GENERIC", number, source_id=f"o{turn}-{number}")).encode(),
            )
            for number in range(REDEMPTIONS)
        ]
        ours.append(REDEMPTIONS / uvloop.run(send_all(running.port, requests, CONNECTIONS))[0])
    report.see("redemptions of one generic code, per second", ", ".join(f"{one:.0f}" for one in ours))


@contextlib.contextmanager
def _echo(answer: Any) -> Iterator[int]:
    port = free_port()
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(answer, file)
        file.flush()
        command = [sys.executable, str(Path(__file__).with_name("echo.py")), str(port), file.name]
        process = subprocess.Popen(command)
        try:
            for _ in range(100):
                with contextlib.suppress(OSError):
                    urllib.request.urlopen(
                        urllib.request.Request(
                            f"http://127.0.0.1:{port}/", b'{"redeemables":[{"object":"voucher","id":"a"}]}'
                        )
                    ).read()
                    break
                time.sleep(0.05)
            yield port
        finally:
            process.terminate()
            process.wait(10)
