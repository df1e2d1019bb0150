"""Forgetting customers over HTTP: nothing of them is left, at once or as soon as it has been delivered."""

import make
from installation import Project, eventually
from together import at_once, statuses


def named(project: Project, what: str) -> list[str]:
    """Where the text still stands."""
    tables = ("customers", "orders", "publications", "events", "outbox", "segment_members", "custom_event_counts")
    query = " UNION ALL ".join(
        f"SELECT '{table}' AS found FROM {table} t WHERE t.project_id = $1 AND t::text LIKE '%' || $2 || '%'"
        for table in tables
    )
    return [row["found"] for row in project.installation.sql(query, project.id, what)]


def settled(project: Project) -> bool:
    query = "SELECT FROM jobs WHERE project_id = $1 UNION ALL SELECT FROM outbox WHERE project_id = $1"
    return not project.installation.sql(query, project.id)


def forgotten(project: Project) -> bool:
    """Looked at as soon as a clock is moved, instead of when it is time."""
    project.advance("PT1S")
    return not project.installation.sql("SELECT FROM erasures WHERE project_id = $1", project.id)


def test_nothing_is_left_of_a_customer(project: Project) -> None:
    path = project.webhook("customer.deleted")
    make.campaign(project)
    make.event_schema(project)
    ann = make.customer(project, "ann-secret", email="ann@secret.example")
    make.segment(project, "static", customers=[ann["id"]])
    make.order(project, 100, "ann-secret", status="PAID")
    make.member(project, "ann-secret", points=10)
    project.post("/v1/events", {"event": "signed_up", "customer": {"source_id": "ann-secret"}})
    eventually(lambda: settled(project))
    assert "events" in named(project, "ann-secret")
    done = project.post("/v1/customers/ann-secret/permanent-deletion")
    assert done["id"].startswith("del_")
    assert (done["object"], done["status"]) == ("pernament_deletion", "DONE")
    assert (done["related_object"], done["related_object_id"]) == ("customer", ann["id"])
    report = done["data_json"]
    assert report.keys() == {
        "events",
        "customer_events",
        "daily_events",
        "segments",
        "orders",
        "order_events",
        "customer",
    }
    assert (report["customer"], report["orders"], report["segments"]) == (1, 1, 1)
    assert report["customer_events"] >= 4
    assert report["order_events"] == 2
    project.refuse("GET", "/v1/customers/ann-secret", status=404, key="not_found")
    (told,) = project.receiver.wait(path)
    assert told.data["customer"]["id"] == ann["id"]
    eventually(lambda: forgotten(project))
    assert named(project, "ann-secret") == []
    assert named(project, "ann@secret.example") == []
    assert project.get("/v1/orders")["total"] == 0


def test_an_event_stays_until_it_has_arrived(project: Project) -> None:
    path = project.webhook("customer.created", "customer.deleted")
    project.receiver.answer(path, 503)
    ann = make.customer(project, "ann-secret")
    project.receiver.wait(path)
    project.post(f"/v1/customers/{ann['id']}/permanent-deletion")
    project.receiver.wait(path, 2)
    eventually(lambda: settled(project))
    assert set(named(project, "ann-secret")) == {"events"}
    project.receiver.answer(path, 200)
    project.advance("PT1H")
    eventually(lambda: forgotten(project))
    assert {delivery.type for delivery in project.receiver.at(path)[2:]} == {"customer.created", "customer.deleted"}
    assert named(project, "ann-secret") == []


def test_who_was_deleted_before_can_be_forgotten_by_id(project: Project) -> None:
    ann = make.customer(project, "ann-secret")
    make.order(project, 100, "ann-secret")
    project.delete("/v1/customers/ann-secret")
    eventually(lambda: settled(project))
    done = project.post(f"/v1/customers/{ann['id']}/permanent-deletion")
    assert (done["data_json"]["customer"], done["data_json"]["orders"]) == (0, 1)
    eventually(lambda: forgotten(project))
    assert named(project, "ann-secret") == []
    for name in (ann["id"], "ann-secret", "cust_nobody"):
        project.refuse("POST", f"/v1/customers/{name}/permanent-deletion", status=404, key="not_found")


def test_two_who_forget_at_once_both_succeed_or_one_finds_nobody(project: Project) -> None:
    make.customer(project, "ann")
    make.order(project, 100)
    make.customer(project, "bob")
    path = "/v1/customers/ann/permanent-deletion"
    found = at_once(*[lambda: project.request("POST", path)] * 3)
    assert statuses(found)[0] == 200
    assert set(statuses(found)) <= {200, 404}
    assert sum(answer.json().get("data_json", {}).get("customer", 0) for answer in found) == 1
    assert [row["source_id"] for row in project.get("/v1/customers")["customers"]] == ["bob"]
