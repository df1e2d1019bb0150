"""Collections of goods over HTTP."""

from typing import Any

import pytest

import make
from installation import Project
from together import at_once

COLLECTIONS = "/v1/product-collections"
CHEAP = {"junction": "and", "price": {"conditions": {"$less_than": [1_000]}}}


def names(project: Project, collection_id: str, **query: Any) -> list[str]:
    return [row["source_id"] for row in project.get(f"{COLLECTIONS}/{collection_id}/products", **query)["data"]]


def test_a_collection_lists_goods(project: Project) -> None:
    bottle = make.product(project, "bottle", price=900)
    phone = make.product(project, "phone")
    red = make.sku(project, "phone", "red", price=5)
    listed = [
        {"id": "bottle", "object": "product"},
        {"id": red["id"], "object": "sku", "product_id": phone["id"]},
        {"id": bottle["id"], "object": "product"},
    ]
    made = project.post(COLLECTIONS, {"type": "STATIC", "name": "Things", "products": listed})
    assert made["id"].startswith("pc_")
    assert made == {
        "id": made["id"],
        "name": "Things",
        "type": "STATIC",
        "products": [
            {"id": bottle["id"], "object": "product"},
            {"id": red["id"], "object": "sku", "product_id": phone["id"]},
        ],
        "created_at": made["created_at"],
        "object": "products_collection",
    }
    assert project.get(f"{COLLECTIONS}/{made['id']}") == made
    goods = project.get(f"{COLLECTIONS}/{made['id']}/products")
    assert (goods["object"], goods["data_ref"], goods["total"]) == ("list", "data", 2)
    parent = {key: value for key, value in phone.items() if key not in {"created_at", "updated_at"}}
    assert goods["data"] == [{**red, "product": parent}, bottle]


def test_a_collection_is_filled_by_its_filter(project: Project) -> None:
    made = make.collection(project, filter=CHEAP)
    assert (made["type"], made["filter"], "products" in made) == ("AUTO_UPDATE", CHEAP, False)
    make.product(project, "cup", price=999)
    make.product(project, "phone", price=1_000)
    make.product(project, "gift")
    make.sku(project, "phone", "case", price=10)
    assert names(project, made["id"]) == ["case", "cup"]
    assert names(project, made["id"], order="created_at", limit=1) == ["cup"]
    assert names(project, made["id"], page=2, limit=1) == ["cup"]
    project.put("/v1/products/phone", {"price": 1})
    assert names(project, made["id"], order="-updated_at") == ["phone", "case", "cup"]
    assert names(project, made["id"], order="updated_at")[0] == "phone"
    first = project.get("/v1/products/cup")["created_at"]
    assert names(project, made["id"], starting_after=first) == []
    assert project.get(f"{COLLECTIONS}/{made['id']}/products", limit=1)["total"] == 3


def test_a_filter_sees_metadata_and_the_names_of_variants(project: Project) -> None:
    make.product(project, "phone", name="Phone", metadata={"color": "red"})
    make.sku(project, "phone", "blue", sku="Phone, blue", metadata={"color": ["blue", "red"]})
    by_name = {"junction": "and", "name": {"conditions": {"$ends_with": ["blue"]}}}
    assert names(project, make.collection(project, filter=by_name)["id"]) == ["blue"]
    red = {"junction": "and", "metadata.color": {"conditions": {"$is": ["red"]}}}
    assert names(project, make.collection(project, filter=red)["id"], order="created_at") == ["phone", "blue"]


def test_every_project_has_the_collection_of_everything(project: Project) -> None:
    make.product(project, "phone")
    path = f"{COLLECTIONS}/pc_a11pr0dUc75"
    assert project.get(path)["name"] == "All Products"
    assert names(project, "pc_a11pr0dUc75") == ["phone"]
    assert project.get(COLLECTIONS)["total"] == 0
    project.refuse("PUT", path, {"name": "Mine"}, status=400, key="resource_protected")
    project.refuse("DELETE", path, status=400, key="resource_protected")


def test_a_collection_is_renamed_refiltered_listed_and_deleted(project: Project) -> None:
    listed, filtered = make.collection(project), make.collection(project, filter=CHEAP)
    changed = project.put(f"{COLLECTIONS}/{listed['id']}", {"name": "New"})
    assert changed == {**listed, "name": "New", "updated_at": changed["updated_at"]}
    dear = {"junction": "or", "price": {"conditions": {"$more_than": [1]}}}
    assert project.put(f"{COLLECTIONS}/{filtered['id']}", {"filter": dear})["filter"] == dear
    assert [row["id"] for row in project.get(COLLECTIONS)["data"]] == [filtered["id"], listed["id"]]
    assert project.delete(f"{COLLECTIONS}/{listed['id']}") is None
    for method in ("GET", "PUT", "DELETE"):
        body = {"name": "x"} if method == "PUT" else None
        refusal = project.refuse(method, f"{COLLECTIONS}/{listed['id']}", body, status=404, key="not_found")
        assert refusal["resource_type"] == "products_collection"


@pytest.mark.parametrize(
    ("body", "status", "details"),
    [
        ({}, 400, "should have required property 'type'"),
        ({"type": "STATIC"}, 400, "should have required property 'name'"),
        ({"type": "OTHER", "name": "x"}, 400, "must be equal to one of the allowed values"),
        ({"type": "STATIC", "name": 7}, 400, "Property .name must be string"),
        (
            {"type": "STATIC", "name": "x", "products": [{"id": "none", "object": "product"}]},
            404,
            "product with id none",
        ),
        ({"type": "STATIC", "name": "x", "products": [{"id": "none", "object": "sku"}]}, 404, "sku with id none"),
        ({"type": "STATIC", "name": "x", "products": [{"id": "none", "object": "cat"}]}, 400, "allowed values"),
        ({"type": "AUTO_UPDATE", "name": "x"}, 400, "must contain valid filter with 'junction' property"),
        ({"type": "AUTO_UPDATE", "name": "x", "filter": {"junction": "xor"}}, 400, "wrong `junction` property"),
        ({"type": "AUTO_UPDATE", "name": "x", "filter": {"junction": ["and"]}}, 400, "wrong `junction` property"),
        ({"type": "AUTO_UPDATE", "name": "x", "filter": {"junction": "and", "price": 7}}, 400, ".filter.price must"),
    ],
)
def test_bad_collections(project: Project, body: dict[str, Any], status: int, details: str) -> None:
    key = "not_found" if status == 404 else "invalid_payload"
    assert details in project.refuse("POST", COLLECTIONS, body, status=status, key=key)["details"]
    assert project.get(COLLECTIONS)["total"] == 0


def test_bad_changes_of_collections(project: Project) -> None:
    listed, filtered = make.collection(project), make.collection(project, filter=CHEAP)
    for made, body in ((listed, {}), (listed, {"filter": CHEAP}), (filtered, {"filter": {"junction": "x"}})):
        project.refuse("PUT", f"{COLLECTIONS}/{made['id']}", body, status=400, key="invalid_payload")
    assert project.get(f"{COLLECTIONS}/{filtered['id']}") == filtered


def test_a_collection_that_rules_name_is_not_deleted(project: Project) -> None:
    made = make.collection(project)["id"]
    entry = {"object": "products_collection", "id": made}
    rule = make.validation_rule(project, applicable_to={"excluded": [entry]})
    inside = {"1": {"name": "order.items.any", "conditions": {"$is": [entry]}, "rules": {}}, "logic": "1"}
    other = make.validation_rule(project, rules=inside)
    refusal = project.refuse("DELETE", f"{COLLECTIONS}/{made}", status=400, key="resource_in_use")
    ids = ", ".join(sorted([rule["id"], other["id"]]))
    assert refusal["details"] == (
        f"Resource products_collection with id {made} is in use by validation_ruless with ids [{ids}]"
    )
    project.put(f"/v1/validation-rules/{rule['id']}", {"applicable_to": {}})
    project.delete(f"/v1/validation-rules/{other['id']}")
    assert project.delete(f"{COLLECTIONS}/{made}") is None


def test_a_collection_is_deleted_while_a_rule_is_to_name_it(project: Project) -> None:
    for _ in range(8):
        made = make.collection(project)["id"]
        body = {"name": "x", "applicable_to": {"included": [{"object": "products_collection", "id": made}]}}
        deleted, ruled = at_once(
            lambda made=made: project.request("DELETE", f"{COLLECTIONS}/{made}"),
            lambda body=body: project.request("POST", "/v1/validation-rules", json=body),
        )
        assert (deleted.status_code, ruled.status_code) in {(204, 404), (400, 200)}
