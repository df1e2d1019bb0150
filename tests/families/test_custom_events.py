"""Custom events over HTTP: how they are defined, what is recorded of one, and what is refused."""

import json

import pytest

import make
from installation import Project
from together import at_once

SCHEMAS = "custom-event-schemas"


def counts(project: Project) -> dict[str, int]:
    rows = project.installation.sql("SELECT event, count FROM custom_event_counts WHERE project_id = $1", project.id)
    return {row["event"]: row["count"] for row in rows}


def test_an_event_is_recorded_with_its_customer(project: Project) -> None:
    schema = make.event_schema(project, "review_left", stars={"type": "number", "optional": False})
    listening = make.listen(project, "customer.custom_event")
    body = {
        "event": "review_left",
        "customer": {"source_id": "ann", "name": "Ann"},
        "loyalty": {"code": "CARD"},
        "metadata": {"stars": 5, "text": "good"},
    }
    answer = project.post("/v1/events", body)
    customer = project.get("/v1/customers/ann")
    shown = {"id": customer["id"], "source_id": "ann", "name": "Ann", "metadata": {}, "object": "customer"}
    assert answer == {
        "object": "event",
        "type": "review_left",
        "customer": shown,
        "referral": None,
        "loyalty": {"code": "CARD"},
        "metadata": {"stars": 5, "text": "good"},
    }
    (told,) = project.receiver.wait(listening)
    assert told.type == "customer.custom_event"
    event = told.data["event"]
    assert event["id"].startswith("event_")
    assert {**answer, "id": event["id"], "created_at": event["created_at"]} == event
    assert told.data["event_schema"] == {"id": schema["id"], "name": "review_left"}
    assert told.data["customer"]["id"] == customer["id"]
    kinds = [kind["type"] for kind in project.recorded("customer.created", "customer.custom_event", count=2)]
    assert kinds == ["customer.created", "customer.custom_event"]
    assert counts(project) == {"review_left": 1}


def test_an_event_that_is_not_defined_changes_nothing(project: Project) -> None:
    body = {"event": "unknown", "customer": {"source_id": "ann"}}
    refusal = project.refuse("POST", "/v1/events", body, status=404, key="not_found")
    assert refusal["details"] == "Cannot find custom_event_schema with id unknown"
    assert project.get("/v1/customers")["total"] == 0


@pytest.mark.parametrize(
    ("metadata", "details"),
    [
        ({}, "stars: must be a number, property is required"),
        ({"stars": "5"}, "stars: must be a number, property is required (actual value is '5')"),
        ({"stars": 5, "at": "soon"}, "at: must be a date-time (actual value is 'soon')"),
    ],
)
def test_metadata_must_be_as_the_event_defines_them(project: Project, metadata: object, details: str) -> None:
    properties = {"stars": {"type": "number", "optional": False}, "at": {"type": "datetime", "optional": True}}
    make.event_schema(project, "review_left", **properties)
    body = {"event": "review_left", "customer": {"source_id": "ann"}, "metadata": metadata}
    refusal = project.refuse("POST", "/v1/events", body, status=400, key="metadata_validation_failed")
    assert (refusal["message"], refusal["details"]) == ("Metadata validation failed", details)
    assert project.get("/v1/customers")["total"] == 0


@pytest.mark.parametrize(
    ("body", "status", "key"),
    [
        ({"event": "signed_up"}, 400, "invalid_payload"),
        ({"event": "", "customer": {}}, 400, "invalid_payload"),
        ({"event": "x" * 301, "customer": {}}, 400, "invalid_payload"),
        ({"event": "signed_up", "customer": "ann"}, 400, "invalid_payload"),
        ({"event": "signed_up", "customer": {"id": "cust_nobody"}}, 404, "not_found"),
        ({"event": "signed_up", "customer": {}, "referral": {}}, 400, "invalid_payload"),
        ({"event": "signed_up", "customer": {}, "metadata": []}, 400, "invalid_payload"),
    ],
)
def test_what_does_not_fit_is_refused(project: Project, body: object, status: int, key: str) -> None:
    make.event_schema(project)
    project.refuse("POST", "/v1/events", body, status=status, key=key)
    assert counts(project) == {}


def test_events_at_once_are_all_counted(project: Project) -> None:
    make.event_schema(project)
    body = {"event": "signed_up", "customer": {"source_id": "ann"}}
    at_once(*[lambda: project.post("/v1/events", body)] * 8)
    assert counts(project) == {"signed_up": 8}
    assert project.get("/v1/customers")["total"] == 1
    assert len(project.recorded("customer.custom_event", count=8)) == 8


def test_an_event_while_its_customer_is_deleted_is_of_somebody_or_not_at_all(project: Project) -> None:
    make.event_schema(project)
    ann = make.customer(project, "ann")
    event = {"event": "signed_up", "customer": {"id": ann["id"]}}
    answers = at_once(
        lambda: project.request("POST", "/v1/events", json=event).status_code,
        lambda: project.request("DELETE", f"/v1/customers/{ann['id']}").status_code,
    )
    assert answers[0] in {200, 404}
    assert answers[1] == 204
    assert counts(project) == {}


def test_definitions_are_made_changed_and_deleted(project: Project) -> None:
    path = f"{project.path}/{SCHEMAS}"
    made = make.event_schema(project, "review", published={"type": "boolean", "optional": True})
    assert (made["name"], made["object"]) == ("review", "custom-event-schema")
    assert made["schema"] == {"properties": {"published": {"type": "boolean", "optional": True}}}
    assert "updated_at" not in made
    changes = {"schema": {"properties": {"stars": {"type": "number", "optional": False}}}}
    changed = project.management.put(f"{path}/{made['id']}", changes)
    assert set(changed["schema"]["properties"]) == {"published", "stars"}
    assert project.management.get(f"{path}/{made['id']}") == changed
    other = make.event_schema(project, "other")
    listed = project.management.get(path)
    assert [row["id"] for row in listed["data"]] == [other["id"], made["id"]]
    assert (listed["total"], listed["data_ref"]) == (2, "data")
    assert project.management.delete(f"{path}/{made['id']}") is None
    project.management.refuse("GET", f"{path}/{made['id']}", status=404, key="not_found")
    body = {"event": "review", "customer": {"source_id": "ann"}}
    project.refuse("POST", "/v1/events", body, status=404, key="not_found")


def test_a_name_is_defined_once_also_by_two_at_once(project: Project) -> None:
    body = {"name": "sign-up", "schema": {"properties": {}}}
    path = f"{project.path}/{SCHEMAS}"
    answers = at_once(*[lambda: project.management.request("POST", path, json=body)] * 4)
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    refusal = project.management.refuse("POST", path, body, status=409, key="duplicate_found")
    assert refusal["details"] == "Duplicated custom_event_schema exists with name sign-up"
    for wrong in ({"name": "x"}, {"name": "x", "schema": {}}, {"name": "x", "schema": {"properties": {"a": {}}}}):
        project.management.refuse("POST", path, wrong, status=400, key="invalid_payload")
    assert json.dumps(project.management.get(path)).count("sign-up") == 1
