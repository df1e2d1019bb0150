"""Segments over HTTP: who is in them, and who is told that somebody enters or leaves."""

from typing import Any

import pytest

import make
from installation import Project, eventually
from together import at_once

VIP = {"metadata.vip": {"conditions": {"$is": [True]}}}


def names(project: Project, segment: dict[str, Any], **query: Any) -> list[str]:
    found = project.get("/v1/customers", segment_id=segment["id"], order="source_id", **query)
    assert found["total"] >= len(found["customers"])
    return [row["source_id"] for row in found["customers"]]


def segments_of(project: Project, customer: str) -> list[str]:
    return [row["name"] for row in project.get(f"/v1/customers/{customer}/segments")["data"]]


def moves(project: Project, count: int) -> list[tuple[str, str]]:
    """Who entered and left, in the order of the feed, once there are so many moves."""
    told = project.recorded("customer.segment.entered", "customer.segment.left", count=count)
    return [(event["type"].rpartition(".")[2], event["data"]["customer"]["source_id"]) for event in told]


def test_a_static_segment_has_the_customers_it_was_made_of(project: Project) -> None:
    ann, bob = make.customer(project, "ann"), make.customer(project, "bob")
    make.customer(project, "cid")
    made = make.segment(project, "static", "Two", customers=[bob["id"], ann["id"], ann["id"]])
    assert made == {
        "id": made["id"],
        "name": "Two",
        "type": "static",
        "filter": None,
        "created_at": made["created_at"],
        "object": "segment",
    }
    assert made["id"].startswith("seg_")
    assert project.get(f"/v1/segments/{made['id']}") == made
    assert names(project, made) == ["ann", "bob"]
    assert (segments_of(project, "ann"), segments_of(project, "cid")) == (["Two"], [])
    project.delete("/v1/customers/ann")
    assert names(project, made) == ["bob"]


def test_a_static_segment_of_somebody_unknown_is_not_made(project: Project) -> None:
    ann = make.customer(project, "ann")
    body = {"name": "Two", "type": "static", "customers": [ann["id"], "cust_nobody"]}
    refusal = project.refuse("POST", "/v1/segments", body, status=404, key="not_found")
    assert refusal["details"] == "Cannot find customer with id cust_nobody"
    assert project.get("/v1/segments")["total"] == 0
    many = [f"c{number}" for number in range(20_001)]
    project.refuse("POST", "/v1/segments", {**body, "customers": many}, status=400, key="invalid_payload")


@pytest.mark.parametrize(
    ("filter_", "inside"),
    [
        (VIP, ["ann"]),
        ({"metadata.size": {"conditions": {"$more_than": ["5"]}}}, ["bob", "cid"]),
        ({"address.city": {"conditions": {"$in": ["Oslo", "Rome"]}}}, ["ann", "bob"]),
        ({"summary.orders.total_amount": {"conditions": {"$more_than_equal": [100]}}}, ["ann"]),
        ({"email": {"conditions": {"$is_unknown": [True]}}, "name": {"conditions": {"$ends_with": ["d"]}}}, ["cid"]),
        ({**VIP, "name": {"conditions": {"$is": ["Bob"]}}, "junction": "OR"}, ["ann", "bob"]),
        ({"loyalty.points": {"conditions": {"$is": [0]}}}, ["ann", "bob", "cid"]),
    ],
)
def test_a_filter_says_who_is_in_it(project: Project, filter_: dict[str, Any], inside: list[str]) -> None:
    make.customer(project, "ann", metadata={"vip": True, "size": 5}, address={"city": "Oslo"}, email="a@b.c")
    make.customer(project, "bob", metadata={"size": "7"}, address={"city": "Rome"}, email="a@b.c")
    make.customer(project, "cid", metadata={"size": 5.5})
    make.order(project, 100, status="PAID")
    made = make.segment(project, filter_=filter_)
    assert names(project, made) == inside
    assert names(project, made, page=1, limit=1) == inside[:1]
    assert [name for name in ("ann", "bob", "cid") if segments_of(project, name)] == inside
    project.refuse("GET", "/v1/customers?segment_id=seg_none", status=404, key="not_found")


def test_custom_events_are_counted(project: Project) -> None:
    make.event_schema(project, "review_left")
    for name in ("ann", "bob", "ann"):
        project.post("/v1/events", {"event": "review_left", "customer": {"source_id": name}})
    often = make.segment(project, filter_={"events.review_left.count": {"conditions": {"$more_than": ["1"]}}})
    never = make.segment(project, filter_={"events.review_left.count": {"conditions": {"$is": [0]}}})
    make.customer(project, "cid")
    assert (names(project, often), names(project, never)) == (["ann"], ["cid"])


def test_a_stranger_is_in_what_they_would_be_in(project: Project) -> None:
    make.segment(project, name="Nobodies", filter_={"email": {"conditions": {"$is_unknown": [True]}}})
    make.segment(project, name="Vips", filter_=VIP)
    make.segment(project, "static", name="List")
    found = project.get("/v1/customers/stranger/segments")
    (one,) = found["data"]
    assert (one["name"], one["object"]) == ("Nobodies", "segment")
    assert (found["object"], found["data_ref"], found["total"]) == ("list", "data", 1)
    assert project.get("/v1/customers")["total"] == 0


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ({"type": "passive"}, "Payload should have required property 'filter'"),
        ({"type": "other"}, "Property .type must be equal to one of the allowed values ('other' is not)"),
        ({"type": "passive", "filter": []}, "Property .filter must be object"),
        ({"type": "passive", "filter": {"junction": "and"}}, "Property .filter must have from 1 to 100 fields"),
        (
            {"type": "passive", "filter": {"name": {}}},
            "Property .filter.name should have required property 'conditions'",
        ),
        ({"type": "passive", "filter": {"name": 1}}, "Property .filter.name must be object"),
        (
            {"type": "passive", "filter": {"junction": "xor", **VIP}},
            "Property .filter.junction must be equal to one of the allowed values [and, or]",
        ),
        (
            {"type": "passive", "filter": {"name": {"conditions": {"$like": ["x"]}}}},
            "Property .filter.name.conditions.$like is not an operator",
        ),
        (
            {"type": "auto-update", "filter": {"shoes": {"conditions": {"$is": ["x"]}}}},
            "Property .filter.shoes is not a field of customers",
        ),
        (
            {"type": "auto-update", "filter": {"created_at": {"conditions": {"$after": ["soon"]}}}},
            "Property .filter.created_at.conditions.$after must have a date",
        ),
    ],
)
def test_what_is_no_segment_is_refused(project: Project, body: dict[str, Any], details: str) -> None:
    refusal = project.refuse("POST", "/v1/segments", {"name": "x", **body}, status=400, key="invalid_payload")
    assert refusal["details"] == details
    assert project.get("/v1/segments")["total"] == 0


def test_lists_narrow_and_segments_go(project: Project) -> None:
    first = make.segment(project, name="First", filter_=VIP)
    second = make.segment(project, "static", "Second")
    listed = project.get("/v1/segments")
    assert listed == {"object": "list", "data_ref": "data", "data": [second, first], "total": 2}
    assert [row["id"] for row in project.get("/v1/segments", order="created_at", limit=1)["data"]] == [first["id"]]
    before = {"filters[created_at][conditions][$before]": second["created_at"]}
    assert project.get("/v1/segments", **before)["data"] == [first]
    assert project.get("/v1/segments", ids=[first["id"], "seg_none"])["data"] == [first]
    assert project.get("/v1/segments", type="static")["data"] == [second]
    assert project.delete(f"/v1/segments/{first['id']}") is None
    project.refuse("GET", f"/v1/segments/{first['id']}", status=404, key="not_found")
    project.refuse("DELETE", f"/v1/segments/{first['id']}", status=404, key="not_found")


def test_it_is_told_who_enters_and_who_leaves(project: Project) -> None:
    make.customer(project, "old", metadata={"vip": True})
    path = make.listen(project, "customer.segment.entered", "customer.segment.left")
    made = make.segment(project, "auto-update", "Vips", filter_=VIP)
    make.segment(project, "passive", "Silent", filter_=VIP)
    make.customer(project, "ann")
    project.put("/v1/customers/ann", {"metadata": {"vip": True}})
    project.receiver.wait(path, 1)
    project.put("/v1/customers/ann", {"name": "Still"})
    project.put("/v1/customers/ann", {"metadata": {"vip": False}})
    told = {delivery.type: delivery for delivery in project.receiver.wait(path, 2)}
    entered, left = told["customer.segment.entered"], told["customer.segment.left"]
    assert entered.data["segment"] == {"id": made["id"], "name": "Vips", "object": "segment"}
    assert entered.data["customer"]["summary"]["orders"]["total_count"] == 0
    assert entered.json["event"]["event_source"] == {"channel": "INTERNAL"}
    assert entered.json["event"]["entity_id"] == left.data["customer"]["id"]
    assert moves(project, 2) == [("entered", "ann"), ("left", "ann")]


def test_orders_points_events_and_imports_move_customers(project: Project) -> None:
    make.campaign(project)
    make.event_schema(project, "came")
    for path, operator, value in (
        ("summary.orders.total_amount", "$more_than", 50),
        ("loyalty.points", "$more_than", 10),
        ("events.came.count", "$more_than", 0),
        ("metadata.level", "$is", "Gold"),
    ):
        make.segment(project, "auto-update", path, filter_={path: {"conditions": {operator: [value]}}})
    make.order(project, 100, "payer", status="PAID")
    make.member(project, "saver", points=20)
    project.post("/v1/events", {"event": "came", "customer": {"source_id": "guest"}})
    rows = [{"source_id": "golden", "metadata": {"level": "Gold"}}]
    project.finished(project.post("/v1/customers/bulk/async", rows)["async_action_id"])
    project.finished(project.post("/v1/customers/bulk/async", [{**rows[0], "source_id": "payer"}])["async_action_id"])
    expected = {("entered", name) for name in ("payer", "saver", "guest", "golden")}
    assert set(moves(project, 5)) == expected
    told = project.recorded("customer.segment.entered", count=5)
    entered = {(event["data"]["customer"]["source_id"], event["data"]["segment"]["name"]) for event in told}
    assert ("payer", "metadata.level") in entered


def test_a_new_day_moves_customers(project: Project) -> None:
    make.customer(project, "ann")
    recent = {"created_at": {"conditions": {"$less_than_ago": [2]}}}
    make.segment(project, "auto-update", "Recent", filter_=recent)
    make.segment(project, "auto-update", "Named", filter_={"name": {"conditions": {"$has_value": [True]}}})
    project.advance("P3D")
    assert moves(project, 1) == [("left", "ann")]


def test_changes_at_once_leave_one_outcome(project: Project) -> None:
    made = make.segment(project, "auto-update", "Vips", filter_=VIP)
    make.customer(project, "ann")
    changes = [{"metadata": {"vip": place % 2 == 0}} for place in range(10)]
    at_once(*[lambda change=change: project.put("/v1/customers/ann", change) for change in changes])
    project.put("/v1/customers/ann", {"metadata": {"vip": True}, "name": "Last"})

    def settled() -> bool:
        query = "SELECT FROM jobs WHERE project_id = $1 UNION ALL SELECT FROM outbox WHERE project_id = $1"
        return not project.installation.sql(query, project.id)

    eventually(settled)
    told = [kind for kind, _ in moves(project, 1)]
    assert told == ["entered", "left"] * (len(told) // 2) + ["entered"]
    members = "SELECT customer_id FROM segment_members WHERE project_id = $1 AND segment_id = $2"
    assert len(project.installation.sql(members, project.id, made["id"])) == 1


def test_no_more_than_a_hundred_filters_also_of_many_at_once(project: Project) -> None:
    body = {"name": "x", "type": "passive", "filter": {"junction": "and", **VIP}}
    for _ in range(96):
        project.post("/v1/segments", body)
    found = at_once(*[lambda: project.request("POST", "/v1/segments", json=body).status_code] * 8)
    assert sorted(found) == [200] * 4 + [400] * 4
    make.segment(project, "static")
    assert project.get("/v1/segments")["total"] == 101


def test_only_a_passive_segment_can_be_changed(project: Project) -> None:
    make.customer(project, "ann")
    passive = make.segment(project, filter_=VIP)
    path = f"/v1/segments/{passive['id']}"
    assert names(project, passive) == []
    everybody = {"email": {"conditions": {"$is_unknown": [True]}}}
    changed = project.put(path, {"filter": everybody})
    assert (changed["name"], changed["filter"]) == ("Some", everybody)
    assert project.put(path, {"name": "Other"})["filter"] == everybody
    assert names(project, passive) == ["ann"]
    assert project.get(path)["updated_at"]
    project.refuse("PUT", path, {"filter": {"shoes": {}}}, status=400, key="invalid_payload")
    for made in (make.segment(project, "static"), make.segment(project, "auto-update", filter_=VIP)):
        project.refuse("PUT", f"/v1/segments/{made['id']}", {"name": "x"}, status=400, key="invalid_payload")
