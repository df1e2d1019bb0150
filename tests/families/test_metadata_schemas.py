"""Metadata schemas over HTTP: how they are defined, read and changed, and that nothing is stored against them."""

from typing import Any

import pytest

import make
from installation import Project
from together import at_once, statuses

TEXT = {"type": "string", "optional": True, "array": False}
NUMBER = {"type": "number", "optional": True, "array": False}
REQUIRED = {"type": "string", "optional": False, "array": False}


def path(project: Project, schema: dict[str, Any] | None = None) -> str:
    return f"{project.path}/metadata-schemas" + (f"/{schema['id']}" if schema else "")


def test_a_schema_is_read_in_both_spellings(project: Project) -> None:
    made = make.metadata_schema(
        project,
        "reward",
        region={**TEXT, "array": True, "min_length": 2, "eq": ["EMEA", "APAC"]},
        size={**NUMBER, "lt": 5},
    )
    assert made["id"].startswith("ms_")
    assert (made["related_object"], made["allow_defined_only"], made["updated_at"]) == ("reward", False, None)
    region = {"type": "string", "array": True, "optional": True, "object_type": None, "eq": ["EMEA", "APAC"]}
    assert made["properties"]["region"] == {**region, "min_length": 2}
    assert project.management.get(path(project, made)) == made
    assert project.management.get(path(project)) == {"object": "list", "data_ref": "data", "data": [made], "total": 1}
    read = project.get("/v1/metadata-schemas/reward")
    del region["object_type"]
    assert read["properties"]["region"] == {**region, "objectType": None, "minLength": 2}
    assert read["properties"]["size"]["lt"] == 5
    assert read["object"] == "metadata_schema"
    listed = project.get("/v1/metadata-schemas")
    assert listed == {"object": "list", "data_ref": "schemas", "schemas": [read], "total": 1}
    refusal = project.refuse("GET", "/v1/metadata-schemas/rewards", status=404, key="not_found")
    assert refusal["details"] == "Cannot find metadata schema with id rewards"


def test_an_object_has_one_schema_also_of_two_at_once(project: Project) -> None:
    body = {"related_object": "customer", "properties": {}}
    found = at_once(*[lambda: project.management.request("POST", path(project), json=body)] * 4)
    assert statuses(found) == [200, 409, 409, 409]
    refusal = project.management.refuse("POST", path(project), body, status=409, key="duplicate_found")
    assert refusal["details"] == "Duplicated metadata schema exists with related_object customer"


def test_a_change_adds_and_replaces_definitions_and_keeps_types(project: Project) -> None:
    made = make.metadata_schema(project, "order", a={**TEXT, "eq": ["x"]}, b=NUMBER)
    changed = project.management.put(path(project, made), {"properties": {"a": TEXT, "c": TEXT}})
    assert "eq" not in changed["properties"]["a"]
    assert set(changed["properties"]) == set("abc")
    assert changed["updated_at"] is not None
    refusal = project.management.refuse(
        "PUT", path(project, made), {"properties": {"b": TEXT}}, status=400, key="invalid_payload"
    )
    assert refusal["details"] == "Property .properties.b.type cannot be changed"
    closed = project.management.put(path(project, made), {"properties": {}, "allow_defined_only": True})
    assert closed["allow_defined_only"] is True
    assert project.management.put(path(project, made), {"properties": {}}) == {
        **closed,
        "updated_at": project.management.get(path(project, made))["updated_at"],
    }
    many = {f"k{number}": TEXT for number in range(98)}
    project.management.refuse("PUT", path(project, made), {"properties": many}, status=400, key="invalid_payload")


@pytest.mark.parametrize(
    ("properties", "details"),
    [
        ({"Size": {**NUMBER, "eq": ["a"]}}, "Property .properties.Size.eq.0 must be number"),
        ({"Size": {**TEXT, "type": "object"}}, "Property .properties.Size.object_type must be string"),
        ({f"k{number}": TEXT for number in range(101)}, "Property .properties must NOT have more than 100 properties"),
    ],
)
def test_definitions_that_make_no_sense_are_refused(project: Project, properties: object, details: str) -> None:
    body = {"related_object": "customer", "properties": properties}
    refusal = project.management.refuse("POST", path(project), body, status=400, key="invalid_payload")
    assert refusal["details"] == details
    for wrong in ({"related_object": "x"}, {"properties": {}}, {"related_object": "x", "properties": {"a": {}}}):
        project.management.refuse("POST", path(project), wrong, status=400, key="invalid_payload")


def fails(project: Project, method: str, where: str, body: Any, details: str) -> None:
    refusal = project.refuse(method, where, body, status=400, key="metadata_validation_failed")
    assert (refusal["message"], refusal["details"]) == ("Metadata validation failed", details)


def test_customers_are_made_and_changed_as_their_schema_says(project: Project) -> None:
    make.metadata_schema(project, "customer", tier=REQUIRED, age=NUMBER)
    missing, wrong = "tier: must be a string, property is required", "age: must be a number (actual value is 'old')"
    fails(project, "POST", "/v1/customers", {"source_id": "ann"}, missing)
    fails(project, "POST", "/v1/orders", {"amount": 1, "customer": {"source_id": "ann"}}, missing)
    assert project.get("/v1/customers")["total"] == 0
    make.customer(project, "ann", metadata={"tier": "gold", "other": 1})
    fails(project, "PUT", "/v1/customers/ann", {"metadata": {"age": "old"}}, wrong)
    fails(project, "POST", "/v1/customers", {"source_id": "ann", "metadata": {"age": "old"}}, wrong)
    assert project.put("/v1/customers/ann", {"name": "Anna"})["metadata"] == {"tier": "gold", "other": 1}
    assert project.put("/v1/customers/ann", {"metadata": {"age": 7}})["metadata"]["age"] == 7
    bulk = [{"source_id": "ann", "metadata": {"age": "old"}}, {"source_id": "bob", "metadata": {"tier": "x"}}]
    done = project.finished(project.post("/v1/customers/bulk/async", bulk)["async_action_id"])
    assert (done["result"]["done_count"], done["result"]["failed_count"]) == (1, 1)
    assert done["result"]["errors"][0]["reason"] == wrong


def test_a_closed_schema_takes_no_other_keys_and_a_deleted_one_anything(project: Project) -> None:
    made = make.metadata_schema(project, "customer", allow_defined_only=True, age=NUMBER)
    fails(
        project,
        "POST",
        "/v1/customers",
        {"metadata": {"new": "x"}},
        "new: property is not defined (actual value is 'x')",
    )
    assert project.management.delete(path(project, made)) is None
    project.management.refuse("DELETE", path(project, made), status=404, key="not_found")
    assert make.customer(project, "ann", metadata={"new": "x"})["metadata"] == {"new": "x"}


def test_nested_objects_are_looked_into(project: Project) -> None:
    make.metadata_schema(project, "Location", zip=REQUIRED)
    make.metadata_schema(project, "customer", home={**TEXT, "type": "object", "object_type": "Location"})
    details = "home.zip: must be a string, property is required"
    fails(project, "POST", "/v1/customers", {"metadata": {"home": {}}}, details)
    make.customer(project, "ann", metadata={"home": {"zip": "1"}})


BAD = {"size": "big"}
DETAILS = "size: must be a number (actual value is 'big')"
ITEM = {"amount": 100, "quantity": 1, "metadata": BAD}


@pytest.mark.parametrize(
    ("kind", "where", "body"),
    [
        ("order", "/v1/orders", {"amount": 100, "metadata": BAD}),
        ("order_item", "/v1/orders", {"items": [ITEM]}),
        ("product", "/v1/products", {"name": "Bottle", "metadata": BAD}),
        ("product", "/v1/orders", {"items": [{"product": {"source_id": "b", "override": True, "metadata": BAD}}]}),
        ("sku", "/v1/products/bottle/skus", {"sku": "Red", "metadata": BAD}),
        ("voucher", "/v1/vouchers", {"discount": {"type": "PERCENT", "percent_off": 5}, "metadata": BAD}),
        ("voucher", "/v1/campaigns/Club/vouchers", {"metadata": BAD}),
        ("voucher", "/v1/campaigns/Club/vouchers?vouchers_count=3", {"metadata": BAD}),
        ("publication", "/v1/publications", {"campaign": {"name": "Club"}, "customer": "ann", "metadata": BAD}),
        ("publication", "/v1/loyalties/Club/members", {"customer": {"source_id": "ann"}, "metadata": BAD}),
        ("customer", "/v1/publications", {"campaign": {"name": "Club"}, "customer": {"metadata": BAD}}),
        ("reward", "/v1/rewards", {"name": "R", "parameters": {"product": {"id": "bottle"}}, "metadata": BAD}),
    ],
)
def test_metadata_are_checked_wherever_they_arrive(project: Project, kind: str, where: str, body: Any) -> None:
    make.product(project)
    make.campaign(project)
    make.metadata_schema(project, kind, size=NUMBER)
    fails(project, "POST", where, body, DETAILS)
    assert project.get("/v1/orders")["total"] == 0
    assert project.get("/v1/publications")["total"] == 0


def test_changes_are_checked_as_well(project: Project) -> None:
    make.product(project)
    club = make.campaign(project)
    order, rule, reward = make.order(project, 100), make.rule(project), make.reward(project)
    card = make.member(project)
    for kind in ("order", "product", "voucher", "earning_rule", "reward"):
        make.metadata_schema(project, kind, size=NUMBER, name=REQUIRED)
    for where in (
        f"/v1/orders/{order['id']}",
        "/v1/products/bottle",
        f"/v1/vouchers/{card['code']}",
        f"/v1/rewards/{reward['id']}",
        f"/v1/loyalties/{club['id']}/earning-rules/{rule['id']}",
    ):
        fails(project, "PUT", where, {"metadata": BAD}, DETAILS)
        assert project.put(where, {"metadata": {"size": 3}})["metadata"] == {"size": 3}


@pytest.mark.parametrize(("kind", "flag"), [("campaign", False), ("voucher", True)])
def test_a_campaign_follows_its_own_schema_or_that_of_vouchers(project: Project, kind: str, *, flag: bool) -> None:
    make.metadata_schema(project, kind, size=NUMBER)
    body = {
        "name": "Club",
        "campaign_type": "LOYALTY_PROGRAM",
        "voucher": {"type": "LOYALTY_CARD", "loyalty_card": {"points": 0}},
        "use_voucher_metadata_schema": flag,
        "metadata": BAD,
    }
    fails(project, "POST", "/v1/campaigns", body, DETAILS)
    assert project.post("/v1/campaigns", {**body, "metadata": {"size": 1}})["metadata"] == {"size": 1}


def test_a_redemption_is_checked_and_costs_nothing_if_refused(project: Project) -> None:
    make.campaign(project)
    card, reward = make.member(project, points=100), make.reward(project)
    make.metadata_schema(project, "redemption", size=NUMBER)
    path = f"/v1/loyalties/members/{card['code']}/redemption"
    fails(project, "POST", path, {"reward": {"id": reward["id"]}, "metadata": BAD}, DETAILS)
    assert project.get(f"/v1/vouchers/{card['code']}")["loyalty_card"]["balance"] == 100
    project.post(path, {"reward": {"id": reward["id"]}, "metadata": {"size": 1}})


def test_an_imported_file_is_read_as_the_schema_has_it(project: Project) -> None:
    make.metadata_schema(
        project, "customer", size=NUMBER, vip={**TEXT, "type": "boolean"}, tags={**TEXT, "array": True}
    )
    content = b'Source_id,size,vip,tags,other\nann,7,true,"a, b",5\nbob,big,,,\n'
    done = project.finished(project.upload("/v1/customers/importCSV", content)["async_action_id"])
    assert done["result"]["message"] == "1 customer(s) imported successfully, 1 failed."
    assert done["result"]["failed"][0]["reason"] == DETAILS
    metadata = project.get("/v1/customers/ann")["metadata"]
    assert metadata == {"size": 7, "vip": True, "tags": ["a", "b"], "other": "5"}
