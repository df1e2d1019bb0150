"""Products and variants over HTTP: identity, partial changes, lists, attributes, deletion."""

from typing import Any

import pytest

import make
from installation import Project
from together import at_once


def test_a_product_is_made_and_read_by_either_id(project: Project) -> None:
    made = make.product(
        project,
        "phone",
        name="Phone",
        price=200_000,
        attributes=["color", "memory"],
        metadata={"test": True},
        image_url="https://example.com/phone.png",
    )
    assert made["id"].startswith("prod_")
    assert made == {
        "id": made["id"],
        "source_id": "phone",
        "name": "Phone",
        "price": 200_000,
        "attributes": ["color", "memory"],
        "metadata": {"test": True},
        "image_url": "https://example.com/phone.png",
        "created_at": made["created_at"],
        "updated_at": None,
        "object": "product",
    }
    read = project.get("/v1/products/phone")
    assert read == {**made, "skus": {"object": "list", "data_ref": "data", "data": [], "total": 0}}
    assert project.get(f"/v1/products/{made['id']}") == read


def test_a_product_needs_nothing(project: Project) -> None:
    made = project.post("/v1/products", {})
    assert (made["source_id"], made["name"], made["price"], made["attributes"]) == (None, None, None, [])
    assert project.post("/v1/products", {})["id"] != made["id"]


def test_post_changes_the_product_with_that_id_or_source_id(project: Project) -> None:
    first = make.product(project, "phone", price=1, metadata={"kept": 1, "changed": 1})
    second = make.product(project, "phone", price=2, metadata={"changed": 2})
    assert (second["id"], second["price"], second["metadata"]) == (first["id"], 2, {"kept": 1, "changed": 2})
    assert second["updated_at"] is not None
    third = project.post("/v1/products", {"id": first["id"], "source_id": "other", "name": "Third"})
    assert (third["id"], third["source_id"], third["name"]) == (first["id"], "phone", "Third")
    assert project.get("/v1/products")["total"] == 1
    project.refuse("POST", "/v1/products", {"id": "prod_nothing"}, status=404, key="not_found")


def test_put_changes_what_is_sent_and_null_clears(project: Project) -> None:
    made = make.product(project, "phone", price=1, attributes=["color"], image_url="https://example.com/a.png")
    assert project.put("/v1/products/phone", {}) == made
    changed = project.put("/v1/products/phone", {"name": "New", "price": None, "source_id": "other"})
    assert (changed["name"], changed["price"], changed["source_id"]) == ("New", None, "phone")
    assert (changed["attributes"], changed["image_url"]) == (["color"], "https://example.com/a.png")
    assert project.put("/v1/products/phone", {"attributes": None})["attributes"] == []


def test_variants_belong_to_a_product(project: Project) -> None:
    product = make.product(project, "phone", attributes=["color", "memory"])
    made = make.sku(
        project, "phone", "phone-black", price=1_300, currency="USD", attributes={"color": "black"}, metadata={"a": 1}
    )
    assert made["id"].startswith("sku_")
    assert made == {
        "id": made["id"],
        "source_id": "phone-black",
        "product_id": product["id"],
        "sku": "Phone-Black",
        "price": 1_300,
        "currency": "USD",
        "attributes": {"color": "black"},
        "image_url": None,
        "metadata": {"a": 1},
        "created_at": made["created_at"],
        "updated_at": None,
        "object": "sku",
    }
    assert project.get("/v1/skus/phone-black") == project.get(f"/v1/skus/{made['id']}") == made
    other = make.sku(project, product["id"], "phone-red")
    listed = project.get("/v1/products/phone/skus")
    assert (listed["object"], listed["data_ref"], listed["total"]) == ("list", "skus", 2)
    assert listed["skus"] == [other, made]
    assert project.get("/v1/products/phone/skus", limit=1, order="created_at")["skus"] == [made]
    assert project.get("/v1/products/phone")["skus"]["data"] == [other, made]
    assert project.get("/v1/products")["products"][0]["skus"]["total"] == 2
    assert "skus" not in project.get("/v1/products/phone", hide="sku")


def test_a_variant_is_changed_by_put_and_by_post(project: Project) -> None:
    make.product(project, "phone", attributes=["color"])
    made = make.sku(project, "phone", "red", price=1, attributes={"color": "red"})
    changed = project.put("/v1/products/phone/skus/red", {"price": 2, "metadata": {"a": 1}, "source_id": "x"})
    assert (changed["id"], changed["price"], changed["source_id"]) == (made["id"], 2, "red")
    assert (changed["attributes"], changed["metadata"]) == ({"color": "red"}, {"a": 1})
    again = make.sku(project, "phone", "red", price=3, attributes={})
    assert (again["id"], again["price"], again["attributes"]) == (made["id"], 3, {})
    assert make.sku(project, "phone", "ignored", id=made["id"])["source_id"] == "red"
    assert project.get("/v1/products/phone/skus")["total"] == 1


def test_a_source_id_of_a_variant_is_unique_in_the_project(project: Project) -> None:
    make.product(project, "phone")
    make.product(project, "tablet")
    red = make.sku(project, "phone", "red")
    refusal = project.refuse(
        "POST", "/v1/products/tablet/skus", {"source_id": "red"}, status=409, key="duplicate_found"
    )
    assert (refusal["resource_type"], refusal["resource_id"]) == ("sku", "red")
    project.refuse("POST", "/v1/products/tablet/skus", {"id": red["id"]}, status=404, key="not_found")
    assert project.get("/v1/products/tablet/skus")["total"] == 0


def test_a_variant_only_has_attributes_of_its_product(project: Project) -> None:
    make.product(project, "phone", attributes=["color"])
    body = {"source_id": "red", "attributes": {"size": 7}}
    refusal = project.refuse("POST", "/v1/products/phone/skus", body, status=400, key="invalid_payload")
    assert refusal["details"] == "Property .attributes must only have attributes of the product ('size' is not)"
    project.refuse("GET", "/v1/skus/red", status=404, key="not_found")
    make.sku(project, "phone", "red", attributes={"color": 1})
    body = {"attributes": {"size": 7}}
    project.refuse("PUT", "/v1/products/phone/skus/red", body, status=400, key="invalid_payload")
    assert project.get("/v1/skus/red")["attributes"] == {"color": 1}


def test_null_clears_the_attributes_of_a_variant(project: Project) -> None:
    make.product(project, "phone", attributes=["colour"])
    made = make.sku(project, "phone", "red", attributes={"colour": "red"})
    assert project.put(f"/v1/products/phone/skus/{made['id']}", {"attributes": None})["attributes"] == {}
    assert make.sku(project, "phone", "blue", attributes=None)["attributes"] == {}


def test_what_is_deleted_is_gone(project: Project) -> None:
    make.product(project, "phone")
    make.sku(project, "phone", "red")
    make.sku(project, "phone", "blue")
    assert project.delete("/v1/products/phone/skus/red", force="true") is None
    project.refuse("GET", "/v1/skus/red", status=404, key="not_found")
    assert project.delete("/v1/products/phone") is None
    for path in ("/v1/products/phone", "/v1/skus/blue", "/v1/products/phone/skus"):
        project.refuse("GET", path, status=404, key="not_found")


def test_unknown_ids_are_not_found(project: Project) -> None:
    make.product(project, "phone")
    make.product(project, "tablet")
    make.sku(project, "tablet", "red")
    unknown: list[tuple[str, str, Any, str]] = [
        ("GET", "/v1/products/nothing", None, "product with id nothing"),
        ("PUT", "/v1/products/nothing", {}, "product with id nothing"),
        ("DELETE", "/v1/products/nothing", None, "product with id nothing"),
        ("GET", "/v1/products/nothing/skus", None, "product with id nothing"),
        ("POST", "/v1/products/nothing/skus", {}, "product with id nothing"),
        ("GET", "/v1/skus/nothing", None, "sku with id nothing"),
        ("PUT", "/v1/products/phone/skus/red", {}, "sku with id red"),
        ("DELETE", "/v1/products/phone/skus/red", None, "sku with id red"),
        ("DELETE", "/v1/products/nothing/skus/red", None, "product with id nothing"),
    ]
    for method, path, body, what in unknown:
        refusal = project.refuse(method, path, body, status=404, key="not_found")
        assert refusal["details"] == f"Cannot find {what}"
        assert what.startswith(refusal["resource_type"])


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ({"price": "1"}, "Property .price must be integer"),
        ({"price": -1}, "Property .price must be >= 0"),
        ({"price": 2**63}, "Property .price must be <= 9007199254740991"),
        ({"attributes": {"a": 1}}, "Property .attributes must be array"),
        ({"attributes": [""]}, "Property .attributes[0] must NOT have fewer than 1 characters"),
        ({"metadata": "x"}, "Property .metadata must be object"),
        ({"name": "a\x00b"}, "Payload must not contain the character U+0000"),
        ([], "Payload must be object"),
    ],
)
def test_what_does_not_fit_is_named(project: Project, body: object, details: str) -> None:
    refusal = project.refuse("POST", "/v1/products", body, status=400, key="invalid_payload")
    assert refusal["details"] == details
    assert project.get("/v1/products")["total"] == 0


def test_lists_page_sort_and_narrow(project: Project) -> None:
    for name in ("a", "b", "c"):
        make.product(project, name)
    page = project.get("/v1/products", limit=2)
    assert (page["object"], page["data_ref"], page["total"]) == ("list", "products", 3)
    assert [row["source_id"] for row in page["products"]] == ["c", "b"]
    assert [row["source_id"] for row in project.get("/v1/products", limit=2, page=2)["products"]] == ["a"]
    project.put("/v1/products/a", {"name": "Changed"})
    assert project.get("/v1/products", order="-updated_at")["products"][0]["source_id"] == "a"
    assert project.get("/v1/products", end_date="2020-01-01")["total"] == 0
    assert project.get("/v1/products", start_date="2020-01-01")["total"] == 3
    for query in ("limit=101", "order=name", "start_date=x", "page=0"):
        project.refuse("GET", f"/v1/products?{query}", status=400, key="invalid_query_params")


def test_shipping_is_predefined(project: Project) -> None:
    shipping = project.get("/v1/products/prod_5h1pp1ng")
    assert (shipping["source_id"], shipping["name"], shipping["price"]) == ("5h1pp1ng", "Shipping", None)
    assert project.get("/v1/products/5h1pp1ng") == shipping
    assert project.put("/v1/products/5h1pp1ng", {"name": "Delivery"})["name"] == "Delivery"
    assert project.get("/v1/products/prod_5h1pp1ng")["name"] == "Delivery"


def test_callers_at_once_make_one_product_and_one_variant(project: Project) -> None:
    made = at_once(*[lambda n=n: make.product(project, "phone", metadata={str(n): n}) for n in range(10)])
    assert len({row["id"] for row in made}) == 1
    assert project.get("/v1/products/phone")["metadata"] == {str(n): n for n in range(10)}
    made = at_once(*[lambda n=n: make.sku(project, "phone", "red", metadata={str(n): n}) for n in range(10)])
    assert len({row["id"] for row in made}) == 1
    assert project.get("/v1/skus/red")["metadata"] == {str(n): n for n in range(10)}


def test_a_variant_and_the_end_of_its_product_at_once(project: Project) -> None:
    for number in range(6):
        make.product(project, f"p{number}")
        *made, deleted = at_once(
            *[
                lambda n=number, i=i: project.request(
                    "POST", f"/v1/products/p{n}/skus", json={"source_id": f"s{n}-{i}"}
                )
                for i in range(3)
            ],
            lambda n=number: project.request("DELETE", f"/v1/products/p{n}"),
        )
        assert deleted.status_code == 204
        assert {answer.status_code for answer in made} <= {200, 404}
        for i in range(3):
            project.refuse("GET", f"/v1/skus/s{number}-{i}", status=404, key="not_found")
