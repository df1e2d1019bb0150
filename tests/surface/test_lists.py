"""Asynchronous actions and deliveries: lists, filters, reading one, sending again."""

from typing import Any

import pytest

import make
from installation import Project, eventually

ACTIONS = "/v1/async-actions"
CSV = b"Name,Email,Source_id\nAnn,ann@example.com,%s\n"


def imported(project: Project, *names: str) -> list[str]:
    accepted = [project.upload("/v1/customers/importCSV", CSV % name.encode()) for name in names]
    ids = [answer["async_action_id"] for answer in accepted]
    for action_id in ids:
        project.finished(action_id)
    return ids


def test_actions_are_listed_newest_first_and_go_back_in_time(project: Project) -> None:
    ids = imported(project, "a", "b", "c")
    listed = project.get(ACTIONS)
    assert (listed["object"], listed["data_ref"], listed["has_more"]) == ("list", "async_actions", False)
    assert [action["id"] for action in listed["async_actions"]] == ids[::-1]
    assert "result" not in listed["async_actions"][0]
    page = project.get(ACTIONS, limit=2)
    assert (len(page["async_actions"]), page["has_more"]) == (2, True)
    last = project.get(f"{ACTIONS}/{ids[1]}")["created_at"]
    assert [action["id"] for action in project.get(ACTIONS, end_date=last)["async_actions"]] == ids[:1]


def test_an_action_is_read_with_its_result(project: Project) -> None:
    (action_id,) = imported(project, "a")
    action = project.get(f"{ACTIONS}/{action_id}")
    assert (action["object"], action["status"], action["progress"]) == ("async_action", "DONE", 100)
    assert action["request_id"].startswith("v-")
    assert action["result"]["done_count"] == 1


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "end_date=yesterday", "end_date="])
def test_bad_lists_of_actions(project: Project, query: str) -> None:
    refusal = project.refuse("GET", f"{ACTIONS}?{query}", status=400, key="invalid_query_params")
    assert query.partition("=")[0] in refusal["details"]


def test_an_unknown_action(project: Project) -> None:
    refusal = project.refuse("GET", f"{ACTIONS}/aa_none", status=404, key="not_found")
    assert (refusal["resource_id"], refusal["resource_type"]) == ("aa_none", "async_action")


def test_deliveries_are_narrowed_by_what_they_are(project: Project) -> None:
    good, bad = project.webhook("customer.created"), f"/{project.id}/bad"
    project.receiver.answer(bad, 500)
    project.webhook("customer.created", "customer.deleted", path=bad)
    ann = make.customer(project, "ann")
    make.customer(project, "bob")
    project.receiver.wait(good, 2)
    project.receiver.wait(bad, 2)
    rows = eventually(lambda: _settled(project, 4))
    sources = {row["source"]["target_url"].rpartition("/")[2]: row["source"]["id"] for row in rows}
    assert {row["status"] for row in project.deliveries(source_id=sources["bad"])} == {"RETRYING"}
    assert {row["status"] for row in project.deliveries(source_id=sources["webhook"])} == {"SENT"}
    assert len(project.deliveries(entity_id=ann["id"], status="SENT")) == 1
    assert project.deliveries(event_type="customer.deleted") == []
    assert project.deliveries(status="PENDING") == []
    assert len(project.deliveries(created_before="2100-01-01", created_after="2000-01-01")) == 4
    assert project.deliveries(created_before="2000-01-01") == []


def _settled(project: Project, count: int) -> list[dict[str, Any]] | None:
    rows = [row for row in project.deliveries() if row["status"] != "PENDING"]
    return rows if len(rows) == count else None


def test_a_delivery_is_sent_again_by_hand_with_the_same_bytes(project: Project) -> None:
    path = project.webhook("customer.created")
    make.customer(project)
    (first,) = project.receiver.wait(path)
    sent = eventually(lambda: project.deliveries(status="SENT"))[0]
    project.management.post(f"{project.path}/deliveries/{sent['id']}/retry")
    again = project.receiver.wait(path, 2)[1]
    assert again.body == first.body
    read = eventually(lambda: _attempts(project, sent["id"], 2))
    assert [attempt["number"] for attempt in read["attempts"]] == [1, 2]
    assert [attempt["status_code"] for attempt in read["attempts"]] == [200, 200]
    assert (read["status"], read["body"]) == ("SENT", first.json)


def _attempts(project: Project, delivery_id: str, count: int) -> dict[str, Any] | None:
    read = project.management.get(f"{project.path}/deliveries/{delivery_id}")
    return read if len(read["attempts"]) == count and read["status"] != "RETRYING" else None


def test_what_has_no_webhook_any_more_cannot_be_sent_again(project: Project) -> None:
    path = project.webhook("customer.created")
    make.customer(project)
    project.receiver.wait(path)
    sent = eventually(lambda: project.deliveries(status="SENT"))[0]
    project.management.delete(f"{project.path}/webhooks/{sent['source']['id']}")
    retry = f"{project.path}/deliveries/{sent['id']}/retry"
    refusal = project.management.refuse("POST", retry, status=400, key="delivery_in_progress")
    assert sent["id"] in refusal["details"]
    assert len(project.receiver.at(path)) == 1


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "status=sent", "created_after=x", "starting_after_id=%00"])
def test_bad_lists_of_deliveries(project: Project, query: str) -> None:
    path = f"{project.path}/deliveries?{query}"
    project.management.refuse("GET", path, status=400, key="invalid_query_params")
