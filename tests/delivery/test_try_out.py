"""Trying a webhook out sends one signed sample, and nothing else happens."""

import re
from typing import Any

import pytest

import make
from guerdon.events.catalogue import EVENTS, SPELT_RIGHT, project_event
from guerdon.webhooks import sample
from installation import Project
from together import at_once


def webhook(project: Project, *events: str, **fields: Any) -> tuple[str, str]:
    """The receiver's path of a new webhook, and the management path that tries it out."""
    path = f"/{project.id}/tried"
    body = {"target_url": project.receiver.url(path), "events": list(events or ("customer.created",)), **fields}
    made = project.management.post(f"{project.path}/webhooks", body)
    return path, f"{project.path}/webhooks/{made['id']}"


def test_a_sample_is_signed_and_answered_with_its_attempt(project: Project) -> None:
    path, own = webhook(project, "voucher.published", "customer.created", headers={"x-mine": "1"})
    project.receiver.answer(path, 202)
    tried = project.management.post(f"{own}/test")
    (sent,) = project.receiver.at(path)
    assert sent.signed_with(project.secret)
    assert sent.headers["x-mine"] == "1"
    envelope = sent.json
    assert list(envelope) == ["id", "project_id", "created_at", "type", "data", "source", "event"]
    assert envelope["id"] == "whs_" + "0" * 18
    assert envelope["type"] == envelope["event"]["type"] == "voucher.published"
    assert envelope["event"]["id"] == "evvou_" + "0" * 18
    assert envelope["event"]["group_id"] == "v-" + "0" * 18
    assert set(envelope["event"]["entity_id"].partition("_")[2]) == {"0"}
    assert envelope["data"]["customer"]["id"] == "cust_" + "0" * 24
    assert envelope["source"] == {
        "object": "webhook",
        "id": own.rpartition("/")[2],
        "target_url": project.receiver.url(path),
    }
    assert (tried["number"], tried["status_code"], tried["error"]) == (1, 202, None)
    assert tried["duration_ms"] >= 0
    logged = project.management.get(f"{project.path}/deliveries/{tried['delivery_id']}")
    assert (logged["status"], logged["attempts_count"], logged["body"]) == ("SENT", 1, envelope)
    assert logged["attempts"] == [{name: value for name, value in tried.items() if name != "delivery_id"}]
    assert project.deliveries(source_id=own.rpartition("/")[2])[0]["id"] == tried["delivery_id"]


def test_a_failed_sample_is_told_once_and_changes_nothing(project: Project) -> None:
    path, own = webhook(project)
    before = project.management.get(own)
    for status in (500, 410):
        project.receiver.answer(path, status)
        assert project.management.post(f"{own}/test")["status_code"] == status
    project.advance("P2D")
    assert len(project.receiver.at(path)) == 2
    assert project.management.get(own) == before
    assert [row["status"] for row in project.deliveries()] == ["FAILED", "FAILED"]
    make.customer(project)
    project.receiver.answer(path, 200)
    project.receiver.wait(path, 3)


def test_a_sample_is_not_an_event_and_is_not_sent_again(project: Project) -> None:
    path, own = webhook(project)
    project.receiver.answer(path, 500)
    tried = project.management.post(f"{own}/test")
    retry = f"{project.path}/deliveries/{tried['delivery_id']}/retry"
    project.management.refuse("POST", retry, status=400, key="delivery_in_progress")
    assert project.installation.sql("SELECT number FROM events WHERE project_id = $1", project.id) == []
    assert len(project.receiver.at(path)) == 1


def test_a_target_that_does_not_answer_is_told_as_an_error(project: Project) -> None:
    body = {"target_url": "http://127.0.0.1:1/closed", "events": ["customer.created"]}
    made = project.management.post(f"{project.path}/webhooks", body)
    tried = project.management.post(f"{project.path}/webhooks/{made['id']}/test")
    assert tried["status_code"] is None
    assert "cannot connect" in tried["error"]


def test_one_that_is_off_can_be_tried_before_it_is_switched_on(project: Project) -> None:
    path, own = webhook(project, active=False)
    assert project.management.post(f"{own}/test")["status_code"] == 200
    assert project.management.get(own)["active"] is False
    assert len(project.receiver.at(path)) == 1


def test_both_secrets_and_the_standard_sign_samples(project: Project) -> None:
    path, own = webhook(project, "voucher.loyalty_card.points_aded")
    secret = project.management.post(f"{project.path}/webhooks/secret/rotate", {})["secret"]
    project.management.put(project.path, {"standard_webhooks": True})
    project.management.post(f"{own}/test")
    (sent,) = project.receiver.at(path)
    assert sent.signed_with(secret)
    assert "x-voucherify-signature-previous" in sent.headers
    assert sent.headers["webhook-id"] == sent.json["id"]
    assert sent.type == "voucher.loyalty_card.points_added"


def test_many_at_once_are_as_many_samples(project: Project) -> None:
    path, own = webhook(project)
    tried = at_once(*[lambda: project.management.post(f"{own}/test")] * 12)
    assert len({one["delivery_id"] for one in tried}) == len(project.receiver.at(path)) == 12


def test_what_is_no_webhook_cannot_be_tried(project: Project) -> None:
    distribution = project.management.post(
        f"{project.path}/distributions",
        {
            "name": "x",
            "status": "LIVE",
            "trigger": {"type": "customer.order.paid"},
            "channels": [{"type": "webhook", "event_name": "x", "target_url": "http://x.example/"}],
        },
    )
    for webhook_id in ("wh_none", distribution["id"], "secret"):
        path = f"{project.path}/webhooks/{webhook_id}/test"
        project.management.refuse("POST", path, status=404, key="not_found")


@pytest.mark.parametrize("name", sorted(name for name in EVENTS if project_event(name)))
def test_every_event_has_a_sample_with_ids_of_zeros(name: str) -> None:
    data = sample.data(name)
    assert data
    assert not re.search(r'_id": "\w+_(?!0+")', str(data).replace("'", '"'))
    assert set(re.split("[_-]", sample.entity_id(name))[-1]) == {"0"}


def test_only_project_events_have_samples() -> None:
    assert all(project_event(name) for name in SPELT_RIGHT)
    with pytest.raises(LookupError):
        sample.data("manual_distribution_schedule")
