"""Customers over HTTP: identity, merging, lists, deletion, and the three ways of changing many."""

import pytest

import make
from installation import Project, eventually


def test_a_customer_is_made_and_read_by_either_id(project: Project) -> None:
    made = make.customer(
        project, "ann-1", email="ann@example.com", birthdate="1990-07-14", address={"city": "Łódź"}, metadata={"a": 1}
    )
    assert made["object"] == "customer"
    assert made["id"].startswith("cust_")
    assert made["summary"]["orders"] == {
        "total_amount": 0,
        "total_count": 0,
        "average_amount": 0,
        "last_order_amount": 0,
    }
    assert made["loyalty"] == {"points": 0, "referred_customers": 0, "campaigns": {}}
    assert made["referrals"] == {"total": 0, "campaigns": []}
    assert project.get(f"/v1/customers/{made['id']}") == made
    assert project.get("/v1/customers/ann-1") == made


def test_post_changes_the_customer_with_that_source_id(project: Project) -> None:
    first = make.customer(project, "ann", phone="1", metadata={"kept": 1, "changed": 1})
    second = make.customer(project, "ann", name="Annie", metadata={"changed": 2})
    assert second["id"] == first["id"]
    assert second["name"] == "Annie"
    assert second["phone"] == "1"
    assert second["metadata"] == {"kept": 1, "changed": 2}
    assert project.get("/v1/customers")["total"] == 1


def test_put_merges_metadata_and_address_and_null_clears(project: Project) -> None:
    make.customer(project, "ann", email="a@b.c", address={"city": "Rome", "country": "IT"}, metadata={"a": 1})
    changed = project.put("/v1/customers/ann", {"email": None, "address": {"city": "Oslo"}, "metadata": {"b": 2}})
    assert "email" not in changed
    assert changed["address"] == {"city": "Oslo", "country": "IT"}
    assert changed["metadata"] == {"a": 1, "b": 2}
    assert project.put("/v1/customers/ann", {"address": None})["address"] is None


def test_source_id_cannot_be_changed(project: Project) -> None:
    make.customer(project, "ann")
    assert project.put("/v1/customers/ann", {"source_id": "other"})["source_id"] == "ann"


def test_an_unknown_id_is_not_found_anywhere(project: Project) -> None:
    for method, body in (("GET", None), ("PUT", {"name": "x"}), ("DELETE", None)):
        refusal = project.refuse(method, "/v1/customers/nobody", body, status=404, key="not_found")
        assert refusal["details"] == "Cannot find customer with id nobody"
        assert (refusal["resource_id"], refusal["resource_type"]) == ("nobody", "customer")
    project.refuse("POST", "/v1/customers", {"id": "cust_nobody"}, status=404, key="not_found")


def test_deleted_is_gone(project: Project) -> None:
    make.customer(project, "ann")
    assert project.delete("/v1/customers/ann") is None
    project.refuse("GET", "/v1/customers/ann", status=404, key="not_found")
    assert project.get("/v1/customers")["total"] == 0


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ({"name": 7}, "Property .name must be string"),
        ({"metadata": []}, "Property .metadata must be object"),
        ({"birthdate": "soon"}, "Property .birthdate cannot be recognized as a ISO-8601 compliant date"),
        ({"address": {"city": 1}}, "Property .address.city must be string"),
        ([], "Payload must be object"),
        ({"name": "a\x00b"}, "Payload must not contain the character U+0000"),
    ],
)
def test_what_does_not_fit_is_named(project: Project, body: object, details: str) -> None:
    refusal = project.refuse("POST", "/v1/customers", body, status=400, key="invalid_payload")
    assert refusal["details"] == details
    assert project.get("/v1/customers")["total"] == 0


def test_lists_page_sort_and_narrow(project: Project) -> None:
    for name in ("a", "b", "c"):
        make.customer(project, name, email=f"{name}@example.com", address={"city": name.upper()})
    page = project.get("/v1/customers", limit=2)
    assert (page["object"], page["data_ref"], page["total"]) == ("list", "customers", 3)
    assert [row["source_id"] for row in page["customers"]] == ["c", "b"]
    assert [row["source_id"] for row in project.get("/v1/customers", limit=2, page=2)["customers"]] == ["a"]
    assert [row["source_id"] for row in project.get("/v1/customers", order="source_id")["customers"]] == list("abc")
    assert [row["source_id"] for row in project.get("/v1/customers", email="b@example.com")["customers"]] == ["b"]
    assert [row["source_id"] for row in project.get("/v1/customers", city="C")["customers"]] == ["c"]
    assert project.get("/v1/customers", **{"[created_at][before]": "2020-01-01"})["total"] == 0
    for query in ("limit=101", "limit=0", "limit=x", "order=email", "[created_at][after]=x"):
        project.refuse("GET", f"/v1/customers?{query}", status=400, key="invalid_query_params")
    project.refuse("GET", "/v1/customers?page=101", status=400, key="page_over_limit")


def test_a_change_is_told_and_a_repetition_is_not(project: Project) -> None:
    path = project.webhook("customer.updated", "customer.created", "customer.deleted")
    customer = make.customer(project, "ann")
    project.put("/v1/customers/ann", {"name": "Anna"})
    project.put("/v1/customers/ann", {"name": "Anna"})
    make.customer(project, "ann", name="Annie")
    project.delete("/v1/customers/ann")
    told = project.receiver.wait(path, 4)
    assert [delivery.type for delivery in told] == [
        "customer.created",
        "customer.updated",
        "customer.updated",
        "customer.deleted",
    ]
    assert all(delivery.signed_with(project.secret) for delivery in told)
    assert told[2].data["customer"]["name"] == "Annie"
    assert told[3].data["customer"]["source_id"].startswith("ann_deleted20")
    assert {delivery.json["event"]["entity_id"] for delivery in told} == {customer["id"]}


def test_many_at_once_are_changed_quietly(project: Project) -> None:
    path = project.webhook("customer.updated", "customer.created")
    make.customer(project, "ann", metadata={"kept": True})
    rows = [
        {"source_id": "ann", "name": "Bulk", "metadata": {"level": 3}},
        {"source_id": "new", "name": "New", "birthdate": "1990-07-14"},
    ]
    bulk = project.finished(project.post("/v1/customers/bulk/async", rows)["async_action_id"])
    assert (bulk["type"], bulk["status"], bulk["operation_status"]) == ("CUSTOMERS.BULK_UPDATE", "DONE", "SUCCESS")
    assert (bulk["result"]["done_count"], bulk["result"]["failed_count"]) == (2, 0)
    assert project.get("/v1/customers/ann")["metadata"] == {"kept": True, "level": 3}
    new = project.get("/v1/customers/new")
    assert (new["name"], new["birthdate"]) == ("New", "1990-07-14")

    body = {"source_ids": ["ann", "third"], "metadata": {"vip": True}}
    same = project.finished(project.post("/v1/customers/metadata/async", body)["async_action_id"])
    assert same["result"]["done_count"] == 2
    assert project.get("/v1/customers/third")["metadata"] == {"vip": True}

    content = b"Name,Source_id,Birthdate,City,Points\nCsv,ann,1990-01-02,Rome,7\nBad,bad,yesterday,,\n"
    imported = project.finished(project.upload("/v1/customers/importCSV", content)["async_action_id"])
    assert imported["result"]["message"] == "1 customer(s) imported successfully, 1 failed."
    assert imported["result"]["failed"][0]["row"] == 2
    overwritten = project.get("/v1/customers/ann")
    assert (overwritten["name"], overwritten["metadata"]) == ("Csv", {"Points": "7"})
    assert overwritten["address"] == {"city": "Rome"}

    project.put("/v1/customers/ann", {"name": "Loud"})
    told = project.receiver.wait(path, 2)
    assert [delivery.data["customer"]["name"] for delivery in told] == ["Ann", "Loud"]
    kinds = [action["type"] for action in project.get("/v1/async-actions")["async_actions"]]
    assert kinds == ["CUSTOMERS.IMPORT_CSV", "CUSTOMERS.METADATA_UPDATE", "CUSTOMERS.BULK_UPDATE"]


def test_a_long_import_is_done_in_pieces(project: Project) -> None:
    rows = [{"source_id": f"c{number}", "name": "x"} for number in range(1_203)]
    action_id = project.post("/v1/customers/bulk/async", rows)["async_action_id"]
    assert project.finished(action_id, patience_s=40)["result"]["done_count"] == 1_203
    assert project.get("/v1/customers")["total"] == 1_203


def test_bulk_bodies_are_checked_before_anything_is_done(project: Project) -> None:
    project.refuse("POST", "/v1/customers/bulk/async", [{"name": "x"}], status=400, key="invalid_payload")
    project.refuse("POST", "/v1/customers/bulk/async", [], status=400, key="invalid_payload")
    project.refuse("POST", "/v1/customers/metadata/async", {"metadata": {}}, status=400, key="invalid_payload")
    answer = project.request("POST", "/v1/customers/importCSV", json={})
    assert answer.status_code == 415
    assert eventually(lambda: project.get("/v1/async-actions")["async_actions"] == [])
