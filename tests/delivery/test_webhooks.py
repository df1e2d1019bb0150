"""Project webhooks: how they are managed, what they send, and what happens when the receiver does not take it."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

import make
from guerdon.events.catalogue import PROJECT_EVENTS
from installation import PATIENCE_S, Delivery, Project, eventually
from together import in_background


def _webhook(project: Project, **fields: Any) -> dict[str, Any]:
    body = {"target_url": "http://example.com/hook", "events": ["customer.updated"], **fields}
    return project.management.post(f"{project.path}/webhooks", body)


def test_a_webhook_is_made_read_changed_and_removed(project: Project) -> None:
    made = _webhook(project, headers={"x-mine": "1"}, description="mine")
    assert re.fullmatch(r"wh_\w{24}", made["id"])
    assert (made["object"], made["active"], made["events"]) == ("webhook", True, ["customer.updated"])
    path = f"{project.path}/webhooks/{made['id']}"
    assert project.management.get(path) == made
    listed = project.management.get(f"{project.path}/webhooks")
    assert (listed["object"], listed["data_ref"], listed["data"], listed["total"]) == ("list", "data", [made], 1)
    changed = project.management.put(path, {"events": ["voucher.published"], "active": False})
    assert (changed["events"], changed["active"], changed["headers"]) == (["voucher.published"], False, {"x-mine": "1"})
    assert project.management.delete(path) is None
    project.management.refuse("GET", path, status=404, key="not_found")


def test_everything_and_the_spelling_of_generated_clients(project: Project) -> None:
    assert _webhook(project, events=["*"])["events"] == list(PROJECT_EVENTS)
    names = ["voucher.loyalty_card.points_aded", "voucher.published"]
    assert _webhook(project, events=[*names, *names])["events"] == names


@pytest.mark.parametrize(
    "fields",
    [
        {"target_url": "ftp://example.com/"},
        {"target_url": "example.com"},
        {"target_url": "http://"},
        {"target_url": "http://user:secret@example.com/"},
        {"target_url": 7},
        {"events": []},
        {"events": ["customer.exploded"]},
        {"events": ["customer.order.paid"]},
        {"events": "customer.updated"},
        {"headers": {"Upper": "x"}},
        {"headers": {"host": "x"}},
        {"headers": {"x-voucherify-signature": "x"}},
        {"headers": {"x-empty": ""}},
        {"headers": {"x-split": "a\r\nb: c"}},
        {"headers": {"x-split": "a\n"}},
        {"headers": {"x-split\n": "a"}},
        {"headers": {f"x-{number}": "a" for number in range(51)}},
    ],
)
def test_bad_webhooks_are_refused_and_none_is_made(project: Project, fields: dict[str, Any]) -> None:
    body = {"target_url": "http://example.com/hook", "events": ["customer.updated"], **fields}
    project.management.refuse("POST", f"{project.path}/webhooks", body, status=400, key="invalid_payload")
    assert project.management.get(f"{project.path}/webhooks")["total"] == 0


def test_management_needs_its_own_key_and_an_existing_project(project: Project) -> None:
    project.refuse("GET", f"{project.path}/webhooks", status=401, key="unauthorized")
    project.management.refuse("GET", "/management/v1/projects/proj_none/webhooks", status=404, key="not_found")


def test_what_is_sent(project: Project) -> None:
    path = project.webhook("customer.created", headers={"x-mine": "yes"})
    customer = make.customer(project, "zoë", metadata={"10": 1.0, "b": 2.50, "9": True, "quote": '"\\/\u2028é'})
    (sent,) = project.receiver.wait(path)
    assert sent.signed_with(project.secret)
    assert sent.headers["content-type"] == "application/json"
    assert sent.headers["x-mine"] == "yes"
    envelope = sent.json
    assert list(envelope) == ["id", "project_id", "created_at", "type", "data", "source", "event"]
    assert re.fullmatch(r"whs_[0-9a-f]{18}", envelope["id"])
    assert re.fullmatch(r"evcus_[0-9a-f]{18}", envelope["event"]["id"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", envelope["created_at"])
    assert envelope["project_id"] == project.id
    assert envelope["created_at"] == envelope["event"]["created_at"]
    assert envelope["source"]["object"] == "webhook"
    assert envelope["source"]["target_url"] == project.receiver.url(path)
    assert envelope["event"]["entity_id"] == customer["id"]
    assert envelope["event"]["group_id"].startswith("v-")
    assert envelope["event"]["event_source"] == {
        "channel": "API",
        "api_key": {"name": "Primary", "app_id": project.key["app_id"]},
    }
    # What JavaScript would write: index-like keys first, integral numbers without a fraction, nothing else escaped.
    assert '"metadata":{"9":true,"10":1,"b":2.5,"quote":"\\"\\\\/\u2028é"}'.encode() in sent.body


def test_only_what_is_subscribed_to_while_it_is_active(project: Project) -> None:
    path = project.webhook("customer.deleted")
    webhook = project.management.get(f"{project.path}/webhooks")["data"][0]
    make.customer(project, "a")
    project.delete("/v1/customers/a")
    project.receiver.wait(path)
    project.management.put(f"{project.path}/webhooks/{webhook['id']}", {"active": False})
    make.customer(project, "b")
    project.delete("/v1/customers/b")
    project.management.put(f"{project.path}/webhooks/{webhook['id']}", {"active": True})
    make.customer(project, "c")
    project.delete("/v1/customers/c")
    told = [delivery.data["customer"]["source_id"][0] for delivery in project.receiver.wait(path, 2)]
    assert told == ["a", "c"]


def test_a_failed_call_is_repeated_with_the_same_bytes(project: Project) -> None:
    path = project.webhook("customer.created")
    project.receiver.answer(path, 500)
    make.customer(project, "ann")
    project.receiver.wait(path, 1)
    retrying = eventually(lambda: project.deliveries(status="RETRYING"))[0]
    assert (retrying["attempts_count"], retrying["sent_at"]) == (1, None)
    assert retrying["body"] == project.receiver.at(path)[0].json
    project.receiver.answer(path, 204)
    project.advance("PT61S")
    first, second = project.receiver.wait(path, 2)
    assert (first.body, first.headers["x-voucherify-signature"]) == (
        second.body,
        second.headers["x-voucherify-signature"],
    )
    sent = eventually(lambda: project.deliveries(status="SENT"))[0]
    read = project.management.get(f"{project.path}/deliveries/{sent['id']}")
    assert [attempt["status_code"] for attempt in read["attempts"]] == [500, 204]
    assert read["next_attempt_at"] is None


def test_retries_fall_due_by_the_documented_schedule(project: Project) -> None:
    path = project.webhook("customer.created")
    project.receiver.answer(path, 500)
    make.customer(project, "ann")
    made_at = 0.0
    for minutes in (1, 2, 4, 8):
        count = len(project.receiver.at(path)) or 1
        project.receiver.wait(path, count)
        waiting = eventually(lambda count=count: _after(project, count))
        due_in = _minutes_between(waiting["created_at"], waiting["next_attempt_at"])
        assert minutes - 0.2 < due_in < minutes + 0.2
        project.advance(f"PT{(due_in - made_at) * 60 + 1:.0f}S")
        made_at = due_in
        project.receiver.wait(path, count + 1)


def _after(project: Project, attempts: int) -> dict[str, Any] | None:
    found = project.deliveries()
    return found[0] if found and found[0]["attempts_count"] == attempts else None


def _minutes_between(earlier: str, later: str) -> float:
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds() / 60


def test_after_the_last_retry_the_webhook_is_switched_off(project: Project) -> None:
    path = project.webhook("customer.created")
    project.receiver.answer(path, 503)
    make.customer(project, "ann")
    eventually(lambda: project.deliveries(status="RETRYING"))  # the clock moves what waits, not what is on its way
    project.advance("P2D")
    project.receiver.wait(path, 13)
    failed = eventually(lambda: project.deliveries(status="FAILED"))[0]
    assert (failed["attempts_count"], failed["next_attempt_at"]) == (13, None)
    webhook = project.management.get(f"{project.path}/webhooks")["data"][0]
    assert webhook["active"] is False
    assert webhook["disabled_reason"]
    assert webhook["disabled_at"]

    project.receiver.answer(path, 200)
    project.management.post(f"{project.path}/deliveries/{failed['id']}/retry")
    project.receiver.wait(path, 14)
    assert eventually(lambda: project.deliveries(status="SENT"))[0]["id"] == failed["id"]
    back = project.management.put(f"{project.path}/webhooks/{webhook['id']}", {"active": True})
    assert (back["active"], back["disabled_reason"], back["disabled_at"]) == (True, None, None)


def test_the_clock_moves_on_while_a_call_is_open(project: Project) -> None:
    """The retry comes nearer by as much as if the call had ended before."""
    with _slow_receiver() as (url, calls, let_go):
        _webhook(project, target_url=url, events=["customer.created"])
        make.customer(project, "ann")
        eventually(lambda: calls)
        project.advance("PT50S")
        let_go.set()
        waiting = eventually(lambda: _after(project, 1))
        assert _minutes_between(waiting["created_at"], waiting["next_attempt_at"]) < 1.1
        project.advance("PT11S")
        eventually(lambda: len(calls) == 2)
        waiting = eventually(lambda: _after(project, 2))
        assert 1.9 < _minutes_between(waiting["created_at"], waiting["next_attempt_at"]) < 2.1


@contextmanager
def _slow_receiver() -> Iterator[tuple[str, list[float], threading.Event]]:
    """A receiver that fails every call, but not before it is let go: its URL, and when it was called."""
    calls: list[float] = []
    let_go = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            calls.append(time.monotonic())
            let_go.wait(PATIENCE_S)
            self.send_response(500)
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/", calls, let_go
        finally:
            let_go.set()
            server.shutdown()
            thread.join()


def test_switching_off_gives_up_what_is_waiting(project: Project) -> None:
    path = project.webhook("customer.created")
    project.receiver.answer(path, 500)
    make.customer(project, "ann")
    eventually(lambda: project.deliveries(status="RETRYING"))
    webhook = project.management.get(f"{project.path}/webhooks")["data"][0]
    project.management.put(f"{project.path}/webhooks/{webhook['id']}", {"active": False})
    assert [delivery["status"] for delivery in project.deliveries()] == ["FAILED"]
    project.advance("P2D")
    assert len(project.receiver.at(path)) == 1


def test_a_call_that_fails_after_switching_off_is_not_repeated(project: Project) -> None:
    with _slow_receiver() as (url, calls, let_go):
        webhook = _webhook(project, target_url=url, events=["customer.created"])
        make.customer(project, "ann")
        eventually(lambda: calls)
        project.management.put(f"{project.path}/webhooks/{webhook['id']}", {"active": False})
        let_go.set()
        given_up = eventually(lambda: _after(project, 1))
        assert (given_up["status"], given_up["next_attempt_at"]) == ("FAILED", None)


def test_slow_trials_hold_nobody_else_up(project: Project) -> None:
    """More of them at once than the API has connections to the database."""
    with _slow_receiver() as (url, calls, let_go):
        own = f"{project.path}/webhooks/{_webhook(project, target_url=url)['id']}"
        trials = [in_background(lambda: project.management.post(f"{own}/test")) for _ in range(12)]
        eventually(lambda: len(calls) == 12)
        assert make.customer(project, "ann")["source_id"] == "ann"
        assert not let_go.is_set()
        let_go.set()
        assert {trial.result()["status_code"] for trial in trials} == {500}


def test_a_redirect_is_a_failure_and_is_not_followed(project: Project) -> None:
    path = project.webhook("customer.created")
    project.receiver.answer(path, 307)
    make.customer(project, "ann")
    retrying = eventually(lambda: project.deliveries(status="RETRYING"))[0]
    read = project.management.get(f"{project.path}/deliveries/{retrying['id']}")
    assert [attempt["status_code"] for attempt in read["attempts"]] == [307]


def test_a_target_that_does_not_answer_is_told_as_an_error(project: Project) -> None:
    _webhook(project, target_url="http://127.0.0.1:1/closed", events=["customer.created"])
    make.customer(project, "ann")
    retrying = eventually(lambda: project.deliveries(status="RETRYING"))[0]
    (attempt,) = project.management.get(f"{project.path}/deliveries/{retrying['id']}")["attempts"]
    assert attempt["status_code"] is None
    assert "cannot connect" in attempt["error"]


def test_deliveries_are_listed_and_narrowed(project: Project) -> None:
    path = project.webhook("customer.created", "customer.deleted")
    ann = make.customer(project, "ann")
    make.customer(project, "bob")
    project.delete("/v1/customers/ann")
    project.receiver.wait(path, 3)
    listed = eventually(lambda: found if len(found := project.deliveries(status="SENT")) == 3 else None)
    assert [row["event"]["type"] for row in listed] == ["customer.deleted", "customer.created", "customer.created"]
    assert len(project.deliveries(event_type="customer.created")) == 2
    assert len(project.deliveries(entity_id=ann["id"])) == 2
    assert project.deliveries(source_id="wh_none") == []
    assert project.deliveries(created_after="2100-01-01") == []
    page = project.management.get(f"{project.path}/deliveries", limit=2)
    assert page["has_more"] is True
    rest = project.management.get(f"{project.path}/deliveries", limit=2, starting_after_id=page["more_starting_after"])
    assert ([row["id"] for row in page["data"] + rest["data"]], rest["has_more"]) == (
        [row["id"] for row in listed],
        False,
    )
    project.management.refuse("GET", f"{project.path}/deliveries?status=LOST", status=400, key="invalid_query_params")
    project.management.refuse("GET", f"{project.path}/deliveries/whs_none", status=404, key="not_found")
    project.management.refuse("POST", f"{project.path}/deliveries/whs_none/retry", status=404, key="not_found")


def test_a_receiver_sees_events_in_the_order_they_were_committed(project: Project) -> None:
    path = project.webhook("customer.updated")
    make.customer(project, "ann")
    for number in range(30):
        project.put("/v1/customers/ann", {"name": f"name {number}"})
    told: list[Delivery] = project.receiver.wait(path, 30)
    ids = sorted(delivery.json["event"]["id"] for delivery in told)
    names = {delivery.json["event"]["id"]: delivery.data["customer"]["name"] for delivery in told}
    assert [names[event_id] for event_id in ids] == [f"name {number}" for number in range(30)]
