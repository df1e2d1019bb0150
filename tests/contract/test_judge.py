"""Everything that is answered and sent, judged by the description of the reference.

The judges are no part of this repository: they lie in a folder `shared` beside the checkout, and without it there is
nothing to run.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from shop import Shop

import make
from installation import Installation, Project, eventually, free_port

TOOLS = Path(__file__).parents[3] / "shared" / "tools" / "contract"
pytestmark = pytest.mark.skipif(not TOOLS.is_dir(), reason="there is no folder ../shared with the judges in it")

ANSWERS, EVENTS = "/__contract/report", "/__sink/report"
START_S = 120  # the judges' own environment is made at their first start
LEVELS = {"customer": {"source_id": "ann"}, "items": [{"amount": 5}, {"quantity": 1, "metadata": {"b": 1}}]}
# What a careless or hostile caller sends; the answers must be as documented, too.
REQUESTS: tuple[tuple[str, str, Any], ...] = (
    ("POST", "/v1/customers", {"source_id": 7}),
    ("POST", "/v1/customers", {}),
    ("GET", "/v1/customers?limit=0", None),
    ("GET", "/v1/customers?page=1&order=-updated_at&limit=1", None),
    ("GET", "/v1/customers/none", None),
    ("PUT", "/v1/customers/none", {"name": "x"}),
    ("DELETE", "/v1/customers/none", None),
    ("POST", "/v1/products", {"source_id": "phone", "price": None}),
    ("GET", "/v1/products/none", None),
    ("PUT", "/v1/products/phone", {"price": "x"}),
    ("POST", "/v1/products/phone/skus", {"attributes": {"z": 1}}),
    ("GET", "/v1/skus/none", None),
    ("POST", "/v1/orders", LEVELS),
    ("POST", "/v1/orders", {"amount": -1}),
    ("POST", "/v1/orders", {"status": "EATEN"}),
    ("GET", "/v1/orders/none", None),
    ("GET", "/v1/orders?limit=1&page=2", None),
    ("PUT", "/v1/orders/o1", {"status": "CANCELED"}),
    ("POST", "/v1/campaigns", {"name": "Club"}),
    ("GET", "/v1/campaigns/none", None),
    ("DELETE", "/v1/campaigns/none", None),
    ("POST", "/v1/campaigns/none/vouchers", {}),
    ("GET", "/v1/vouchers/none", None),
    ("GET", "/v1/vouchers?campaign=Club&limit=1", None),
    ("POST", "/v1/publications", {"campaign": {"name": "Club", "count": 3}, "customer": {"source_id": "eve"}}),
    ("POST", "/v1/publications", {"campaign": {"name": "none"}, "customer": {"source_id": "eve"}}),
    ("POST", "/v1/publications", {"customer": {"source_id": "eve"}}),
    ("GET", "/v1/publications?customer=ann", None),
    ("GET", "/v1/async-actions/aa_none", None),
    ("POST", "/v1/loyalties/Points/qualifications", {"customer": {"source_id": "eve"}, "order": {"amount": 500}}),
    ("POST", "/v1/loyalties/Points/qualifications", {"customer": {"source_id": "zoe"}, "order": {"amount": 500}}),
    ("POST", "/v1/loyalties/Points/qualifications", {"customer": 5}),
    ("GET", "/v1/loyalties/Points/earning-rules?limit=100", None),
    ("GET", "/v1/loyalties/Points/transactions?limit=100", None),
    ("GET", "/v1/loyalties/none/pending-points", None),
    ("GET", "/v1/loyalties/members/none/pending-points", None),
    ("GET", "/v1/async-actions?end_date=x", None),
)
POINTS = tuple(
    f"customer.voucher.loyalty_card.{name}"
    for name in (
        "points_added",
        "pending_points.added",
        "pending_points.updated",
        "pending_points.activated",
        "pending_points.canceled",
    )
)
TRIGGERS = ("customer.order.created", "customer.order.updated", "customer.order.paid", "customer.order.canceled")


@contextmanager
def judging(tool: str, report: str, folder: Path, *arguments: str) -> Iterator[str]:
    """Runs a judge; gives its URL."""
    own = Path.home() / ".cache" / "guerdon-contract-tools"
    venv = os.environ.get("CONTRACT_TOOLS_VENV") or str(own if own.is_dir() else folder.parent / "venv")
    port = free_port()
    command = [sys.executable, TOOLS / tool, "--listen", f"127.0.0.1:{port}", "--out", folder, *arguments]
    with (folder.parent / f"{tool}.log").open("w") as log:
        process = subprocess.Popen(command, env=os.environ | {"CONTRACT_TOOLS_VENV": venv}, stdout=log, stderr=log)
        try:
            _await_start(process, f"http://127.0.0.1:{port}{report}")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)


def _await_start(process: subprocess.Popen[bytes], report: str) -> None:
    deadline = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            httpx.get(report, timeout=5)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    pytest.skip("the judges do not start: their environment cannot be made here")


@pytest.fixture
def judge(installation: Installation, tmp_path: Path) -> Iterator[str]:
    with judging("contract_proxy.py", ANSWERS, tmp_path / "answers", "--upstream", installation.base_url) as url:
        yield url


@pytest.fixture
def sink(project: Project, tmp_path: Path) -> Iterator[str]:
    with judging("webhook_sink.py", EVENTS, tmp_path / "events", "--secret", project.secret, "--quiet") as url:
        yield url


def test_no_answer_breaks_what_clients_are_generated_from(project: Project, judge: str) -> None:
    Shop(project, judge).play()
    headers = {"x-app-id": project.key["app_id"], "x-app-token": project.key["app_token"]}
    with httpx.Client(base_url=judge, timeout=30) as http:
        for method, path, body in REQUESTS:
            assert http.request(method, path, json=body, headers=headers).status_code < 500, (method, path)
        assert http.get("/v1/customers").status_code == 401
        report = http.get(ANSWERS).json()
    total = report["total"]
    assert (total["hard"], total["upstream_errors"]) == (0, 0), _violations(report)
    assert total["invalid"] == 0, _violations(report)
    assert total["operations_called"] > 35


def _violations(report: dict[str, Any]) -> list[str]:
    return [
        f"{name} {found['status']} {found['path']}: {found['reason'][:200]}"
        for name, row in report["operations"].items()
        for found in row["violations"]
        if not found.get("null_only")
    ]


def test_no_delivery_breaks_what_receivers_are_told(project: Project, sink: str) -> None:
    """The sink also checks every signature, and that a repeated delivery has the same bytes."""
    body = {"target_url": f"{sink}/webhook?fail_first=1", "events": ["*"]}
    project.management.post(f"{project.path}/webhooks", body)
    make.campaign(project, "GIFT_VOUCHERS", "Extra")
    for trigger in TRIGGERS + POINTS:
        _distribution(project, trigger, f"{sink}/{trigger}")
    _distribution(project, TRIGGERS[2], f"{sink}/code", action={"type": "PUBLICATION", "campaign_id": "Extra"})
    shop = Shop(project, project.installation.base_url)
    for part in (shop.keep_customers, shop.keep_products, shop.take_orders, shop.give_codes, shop.points.play):
        part()
    project.put("/v1/orders/o1", {"status": "CANCELED"})
    eventually(lambda: not project.deliveries(status="PENDING"))
    project.advance("PT2M")
    eventually(lambda: not project.deliveries(status="PENDING") and not project.deliveries(status="RETRYING"))
    with httpx.Client(base_url=sink, timeout=30) as http:
        report = http.get(EVENTS).json()
    assert report["violations"] == {}, report["violations"]
    assert report["ok"], report
    assert report["deliveries"] > 15


def _distribution(project: Project, trigger: str, target_url: str, **fields: Any) -> None:
    channel = {"type": "webhook", "event_name": trigger, "target_url": target_url}
    sent = {"name": trigger, "trigger": {"type": trigger}, "channels": [channel], "status": "LIVE", **fields}
    project.management.post(f"{project.path}/distributions", sent)
