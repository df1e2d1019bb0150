"""Orders over HTTP: lines and amounts, people, the catalogue, partial changes, lists, and what is refused."""

from typing import Any

import pytest

import make
from installation import Project, eventually
from together import at_once

SAMPLE_ITEMS: list[dict[str, Any]] = [
    {
        "source_id": "prod_1",
        "related_object": "product",
        "quantity": 2,
        "product": {"name": "Phone", "price": 60_000, "metadata": {"color": ["purple"]}, "override": True},
    },
    {
        "source_id": "comic_1",
        "related_object": "sku",
        "quantity": 1,
        "product": {"source_id": "books", "name": "Comics", "price": 2_100, "override": True},
        "sku": {"sku": "Comic", "source_id": "comic_1", "price": 1_700, "metadata": {"vendor": "x"}, "override": True},
    },
]


def test_an_order_is_made_and_read_by_either_id(project: Project) -> None:
    body = {
        "source_id": "first",
        "status": "FULFILLED",
        "metadata": {"location_id": ["L1"]},
        "customer": {"source_id": "bob", "name": "Bob"},
        "referrer": {"source_id": "jane"},
        "items": SAMPLE_ITEMS,
    }
    made = project.post("/v1/orders", body)
    bob, jane = project.get("/v1/customers/bob"), project.get("/v1/customers/jane")
    phone, books = project.get("/v1/products/prod_1", hide="sku"), project.get("/v1/products/books")
    (comic,) = books["skus"]["data"]
    assert made["id"].startswith("ord_")
    assert all(item["id"].startswith("ordli_") for item in made["items"])
    assert made == {
        "id": made["id"],
        "source_id": "first",
        "created_at": made["created_at"],
        "updated_at": made["created_at"],
        "status": "FULFILLED",
        "amount": 121_700,
        "total_amount": 121_700,
        "items": [
            {
                "object": "order_item",
                "id": made["items"][0]["id"],
                "product_id": phone["id"],
                "source_id": "prod_1",
                "related_object": "product",
                "quantity": 2,
                "amount": 120_000,
                "price": 60_000,
                "subtotal_amount": 120_000,
                "product": {
                    "id": phone["id"],
                    "source_id": "prod_1",
                    "name": "Phone",
                    "price": 60_000,
                    "metadata": {"color": ["purple"]},
                },
            },
            {
                "object": "order_item",
                "id": made["items"][1]["id"],
                "product_id": books["id"],
                "sku_id": comic["id"],
                "source_id": "comic_1",
                "related_object": "sku",
                "quantity": 1,
                "amount": 1_700,
                "price": 1_700,
                "subtotal_amount": 1_700,
                "product": {"id": books["id"], "source_id": "books", "name": "Comics", "price": 2_100},
                "sku": {
                    "id": comic["id"],
                    "source_id": "comic_1",
                    "sku": "Comic",
                    "price": 1_700,
                    "metadata": {"vendor": "x"},
                },
            },
        ],
        "metadata": {"location_id": ["L1"]},
        "customer": {"id": bob["id"], "object": "customer"},
        "referrer": {"id": jane["id"], "object": "customer"},
        "customer_id": bob["id"],
        "referrer_id": jane["id"],
        "object": "order",
    }
    assert project.get("/v1/orders/first") == project.get(f"/v1/orders/{made['id']}") == made


def test_an_order_needs_nothing(project: Project) -> None:
    made = project.post("/v1/orders", {})
    assert made == {
        "id": made["id"],
        "source_id": None,
        "created_at": made["created_at"],
        "updated_at": None,
        "status": "CREATED",
        "items": [],
        "metadata": {},
        "customer_id": None,
        "referrer_id": None,
        "object": "order",
    }
    nulls = dict.fromkeys(
        ("id", "source_id", "status", "amount", "items", "metadata", "customer", "customer_id", "referrer_id")
    )
    assert project.post("/v1/orders", nulls)["status"] == "CREATED"
    assert project.post("/v1/orders", {"customer": {}})["customer_id"] is None


def test_goods_are_found_in_the_catalogue_by_any_name(project: Project) -> None:
    product = make.product(project, "shirt", name="Shirt", price=2_100)
    sku = make.sku(project, "shirt", "shirt-s", price=1_700)
    items: list[dict[str, Any]] = [
        {"product_id": product["id"]},
        {"product_id": "shirt"},
        {"source_id": "shirt", "related_object": "product"},
        {"product": {"source_id": "shirt"}},
        {"sku_id": sku["id"]},
        {"source_id": "shirt-s", "related_object": "sku", "quantity": "2"},
        {"product_id": "shirt", "sku": {"id": sku["id"]}},
    ]
    found = make.order(project, items=items)["items"]
    assert {item["product_id"] for item in found} == {product["id"]}
    assert [item.get("sku_id") for item in found] == [None] * 4 + [sku["id"]] * 3
    assert [item["price"] for item in found] == [2_100] * 4 + [1_700] * 3
    assert (found[5]["quantity"], found[5]["amount"]) == (2, 3_400)
    assert found[0]["product"] == {"id": product["id"], "source_id": "shirt", "name": "Shirt", "price": 2_100}
    assert found[4]["sku"] == {"id": sku["id"], "source_id": "shirt-s", "sku": "Shirt-S", "price": 1_700}


def test_unknown_goods_are_kept_and_not_learned(project: Project) -> None:
    items: list[dict[str, Any]] = [
        {"source_id": "boat", "related_object": "product", "quantity": 1, "product": {"price": 5, "name": "Boat"}},
        {"product_id": "prod_none", "price": 7, "metadata": {"a": 1}},
        {"quantity": 3},
        {"amount": 900, "source_id": "vase", "related_object": "sku"},
    ]
    made = make.order(project, items=items)
    for item in made["items"]:
        del item["id"]
    assert made["items"] == [
        {
            "object": "order_item",
            "source_id": "boat",
            "related_object": "product",
            "quantity": 1,
            "price": 5,
            "amount": 5,
            "subtotal_amount": 5,
            "product": {"name": "Boat", "price": 5},
        },
        {
            "object": "order_item",
            "product_id": "prod_none",
            "quantity": 1,
            "price": 7,
            "amount": 7,
            "subtotal_amount": 7,
            "metadata": {"a": 1},
        },
        {"object": "order_item", "quantity": 3},
        {"object": "order_item", "source_id": "vase", "related_object": "sku", "amount": 900, "subtotal_amount": 900},
    ]
    assert (made["amount"], made["total_amount"]) == (912, 912)
    assert project.get("/v1/products")["total"] == 0


def test_discounts_of_an_earlier_step_are_kept_at_their_level(project: Project) -> None:
    items = [{"price": 700, "discount_amount": 70, "initial_quantity": 1}, {"price": 2_000, "discount_amount": 200}]
    body = {"items": items, "discount_amount": 1_243, "initial_amount": 2_700}
    made = make.order(project, **body)
    assert made["items"][0]["subtotal_amount"] == 630
    assert made["items"][0]["initial_quantity"] == 1
    sums = ("amount", "initial_amount", "discount_amount", "items_discount_amount", "total_discount_amount")
    assert [made[name] for name in sums] == [2_700, 2_700, 1_243, 270, 1_513]
    assert made["total_amount"] == 1_187
    assert project.get(f"/v1/orders/{made['id']}") == made


def test_override_changes_the_catalogue_and_nothing_else_does(project: Project) -> None:
    make.product(project, "shirt", name="Shirt", price=2_100, metadata={"kept": 1})
    silent = {"source_id": "shirt", "related_object": "product", "product": {"name": "Other", "price": 1}}
    assert make.order(project, items=[silent])["items"][0]["product"]["name"] == "Other"
    assert project.get("/v1/products/shirt")["name"] == "Shirt"
    loud = {**silent, "product": {"price": 1_900.0, "metadata": {"new": 2}, "override": True}}
    assert make.order(project, items=[loud])["amount"] == 1_900
    learned = project.get("/v1/products/shirt")
    assert (learned["name"], learned["price"], learned["metadata"]) == ("Shirt", 1_900, {"kept": 1, "new": 2})
    lonely = {"source_id": "alone", "related_object": "sku", "sku": {"price": 5, "override": True}}
    assert make.order(project, items=[lonely])["amount"] == 5
    project.refuse("GET", "/v1/skus/alone", status=404, key="not_found")


def test_post_with_a_source_id_changes_the_order(project: Project) -> None:
    first = make.order(project, 500, source_id="x", metadata={"kept": 1, "changed": 1})
    second = make.order(project, 700, source_id="x", metadata={"changed": 2}, status="PAID")
    assert second["id"] == first["id"]
    assert (second["amount"], second["status"], second["metadata"]) == (700, "PAID", {"kept": 1, "changed": 2})
    third = make.order(project, None, None, id=first["id"], source_id="y")
    assert (third["id"], third["source_id"], third["amount"]) == (first["id"], "y", 700)
    assert third["customer_id"] == first["customer_id"]
    assert project.get("/v1/orders")["total"] == 1
    project.refuse("POST", "/v1/orders", {"id": "ord_nothing"}, status=404, key="not_found")


def test_put_changes_what_is_sent(project: Project) -> None:
    items = [{"product_id": "a", "price": 100, "quantity": 2}, {"product_id": "b", "price": 50}]
    made = make.order(project, items=items, referrer={"source_id": "jane"}, metadata={"a": 1})
    path = f"/v1/orders/{made['id']}"
    assert project.put(path, {}) == made
    paid = project.put(path, {"status": "PAID"})
    assert paid == {**made, "status": "PAID", "updated_at": paid["updated_at"]}
    assert paid["updated_at"] is not None
    fewer = project.put(path, {"items": items[:1], "metadata": {"b": 2}})
    assert (fewer["amount"], len(fewer["items"]), fewer["metadata"]) == (200, 1, {"a": 1, "b": 2})
    assert fewer["items"] == made["items"][:1]
    assert project.put(path, {"amount": 90})["total_amount"] == 90
    assert project.put(path, {"discount_amount": 40})["total_amount"] == 50
    assert project.put(path, {"referrer_id": None})["referrer_id"] is None
    assert project.put(path, {"source_id": "mine"})["source_id"] == "mine"
    make.order(project, 1, source_id="theirs")
    refusal = project.refuse("PUT", path, {"source_id": "theirs"}, status=409, key="duplicate_found")
    assert refusal["resource_type"] == "order"


def test_people_are_made_changed_and_exchanged(project: Project) -> None:
    ann = make.customer(project, "ann", phone="1")
    made = make.order(project, 1, {"source_id": "ann", "name": "Annie"})
    assert made["customer"] == {"id": ann["id"], "object": "customer"}
    changed = project.get("/v1/customers/ann")
    assert (changed["name"], changed["phone"]) == ("Annie", "1")
    bob = make.customer(project, "bob")
    path = f"/v1/orders/{made['id']}"
    assert project.put(path, {"customer_id": "bob"})["customer_id"] == bob["id"]
    assert project.put(path, {"customer_id": ann["id"], "referrer_id": "bob"})["referrer"]["id"] == bob["id"]
    assert project.put(path, {"customer_id": None})["customer_id"] is None
    assert make.order(project, 1, {"email": "only@example.com"})["customer_id"] is not None
    for body in ({"customer_id": "nobody"}, {"referrer_id": "nobody"}, {"customer": {"id": "nobody"}}):
        refusal = project.refuse("POST", "/v1/orders", body, status=404, key="not_found")
        assert refusal["details"] == "Cannot find customer with id nobody"
        project.refuse("PUT", path, body, status=404, key="not_found")


def test_a_refused_order_leaves_nothing_behind(project: Project) -> None:
    body = {"customer": {"source_id": "new"}, "items": SAMPLE_ITEMS, "referrer_id": "nobody"}
    project.refuse("POST", "/v1/orders", body, status=404, key="not_found")
    project.refuse("GET", "/v1/customers/new", status=404, key="not_found")
    assert project.get("/v1/products")["total"] == project.get("/v1/orders")["total"] == 0


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ({"status": "PROCESSING"}, "Property .status must be equal to one of the allowed values ('PROCESSING' is not)"),
        ({"status": 1}, None),
        ({"amount": -1}, "Property .amount must be >= 0"),
        ({"amount": 1.5}, "Property .amount must be integer"),
        ({"amount": 10**30}, "Property .amount must be <= 9007199254740991"),
        ({"items": {}}, "Property .items must be array"),
        ({"items": [{}] * 501}, "Property .items must NOT have more than 500 items"),
        ({"items": [{"quantity": "many"}]}, None),
        ({"items": [{"quantity": -1}]}, "Property .items[0].quantity must be >= 0"),
        ({"items": [{"related_object": "boat"}]}, None),
        ({"items": [{"price": 2**53 - 1, "quantity": 2}]}, "Property .items[0].amount must be <= 9007199254740991"),
        ({"items": [{"price": 2**53 - 1}, {"price": 1}]}, "Property .amount must be <= 9007199254740991"),
        ({"items": [{"price": 5, "discount_amount": 6}]}, "Property .items[0].discount_amount must be <= 5"),
        ({"items": ["x"]}, "Property .items[0] must be object"),
        ({"customer": "ann"}, "Property .customer must be object"),
        ({"customer": {"name": 1}}, "Property .customer.name must be string"),
        ({"metadata": []}, "Property .metadata must be object"),
        ({"source_id": "a\x00"}, "Payload must not contain the character U+0000"),
        ("x", "Payload must be object"),
    ],
)
def test_what_does_not_fit_is_named_and_changes_nothing(project: Project, body: object, details: str | None) -> None:
    made = make.order(project, 5, source_id="kept")
    for method, path in (("POST", "/v1/orders"), ("PUT", "/v1/orders/kept")):
        refusal = project.refuse(method, path, body, status=400, key="invalid_payload")
        assert details in {None, refusal["details"]}
    assert project.get("/v1/orders")["orders"] == [made]


def test_a_source_id_that_no_index_can_hold_is_refused(project: Project) -> None:
    source_id = "".join(chr(0x10000 + 7 * place) for place in range(1_000))  # 4,000 bytes that hardly compress
    for path in ("/v1/orders", "/v1/products", "/v1/customers"):
        project.refuse("POST", path, {"source_id": source_id}, status=400, key="invalid_payload")


def test_five_hundred_lines_fit(project: Project) -> None:
    made = make.order(project, items=[{"product_id": f"p{n}", "price": n} for n in range(500)])
    assert (len(made["items"]), made["amount"]) == (500, 124_750)


def test_unknown_ids_are_not_found(project: Project) -> None:
    for method, body in (("GET", None), ("PUT", {})):
        refusal = project.refuse(method, "/v1/orders/nothing", body, status=404, key="not_found")
        assert refusal["details"] == "Cannot find order with id nothing"
        assert (refusal["resource_id"], refusal["resource_type"]) == ("nothing", "order")


def test_lists_are_oldest_first(project: Project) -> None:
    for name in ("a", "b", "c"):
        make.order(project, 1, source_id=name)
    page = project.get("/v1/orders", limit=2)
    assert (page["object"], page["data_ref"], page["total"]) == ("list", "orders", 3)
    assert [row["source_id"] for row in page["orders"]] == ["a", "b"]
    assert [row["source_id"] for row in project.get("/v1/orders", limit=2, page=2)["orders"]] == ["c"]
    assert [row["source_id"] for row in project.get("/v1/orders", order="-created_at")["orders"]] == ["c", "b", "a"]
    project.put("/v1/orders/b", {"amount": 2})
    assert project.get("/v1/orders", order="-updated_at")["orders"][0]["source_id"] == "b"
    for query in ("limit=101", "order=amount", "page=x"):
        project.refuse("GET", f"/v1/orders?{query}", status=400, key="invalid_query_params")
    project.refuse("GET", "/v1/orders?page=101", status=400, key="page_over_limit")


@pytest.mark.parametrize("people", ["nobody", "the same", "others"])
def test_callers_at_once_make_one_order(project: Project, people: str) -> None:
    who = {"nobody": None, "the same": {"source_id": "ann", "name": "Ann"}}
    made = at_once(
        *[
            lambda n=n: make.order(
                project, customer=who.get(people, {"source_id": f"c{n}"}), source_id="one", metadata={str(n): n}
            )
            for n in range(6)
        ]
    )
    assert len({row["id"] for row in made}) == 1
    assert project.get("/v1/orders/one")["metadata"] == {str(n): n for n in range(6)}
    assert project.get("/v1/orders")["total"] == 1
    assert project.get("/v1/customers")["total"] == {"nobody": 0, "the same": 1, "others": 6}[people]


def test_callers_at_once_of_a_known_customer_make_one_order_that_counts_once(project: Project) -> None:
    """The short way, of which all but one lose the race for the source id and go the long one."""
    make.customer(project, "ann")
    lines = [{"source_id": "p1", "quantity": 2, "price": 100}]

    def place(n: int) -> Any:
        body = {"source_id": "one", "status": "PAID", "items": lines, "customer": {"source_id": "ann"}}
        return project.post("/v1/orders", {**body, "metadata": {str(n): n}})

    made = at_once(*[lambda n=n: place(n) for n in range(8)])
    assert len({row["id"] for row in made}) == 1
    assert project.get("/v1/orders/one")["metadata"] == {str(n): n for n in range(8)}
    sums = project.get("/v1/customers/ann")["summary"]["orders"]
    assert (sums["total_amount"], sums["total_count"]) == (200, 1)
    eventually(lambda: len(project.recorded("customer.order.updated")) == 7)
    assert len(project.recorded("customer.order.paid")) == 1


def test_the_customer_who_is_described_wins_over_the_one_who_is_named(project: Project) -> None:
    ann, bob = make.customer(project, "ann"), make.customer(project, "bob")
    body = {"status": "PAID", "amount": 100, "customer": {"source_id": "ann"}}
    for new in (
        {"customer_id": bob["id"]},
        {"customer_id": bob["id"], "source_id": "known"},
        {"customer_id": ann["id"]},
    ):
        assert project.post("/v1/orders", {**body, **new})["customer_id"] == ann["id"]
    assert project.get("/v1/customers/bob")["summary"]["orders"]["total_count"] == 0


def test_two_orders_at_once_cannot_have_the_same_source_id(project: Project) -> None:
    paths = [f"/v1/orders/{make.order(project, n)['id']}" for n in range(8)]
    answers = at_once(
        *[lambda path=path: project.request("PUT", path, json={"source_id": "one"}) for path in paths],
        lambda: project.request("POST", "/v1/orders", json={"source_id": "one", "status": "PAID"}),
    )
    statuses = [answer.status_code for answer in answers]
    assert statuses[-1] == 200
    assert sorted(statuses[:-1]) in ([200] + 7 * [409], 8 * [409])
    assert project.get("/v1/orders/one")["status"] == "PAID"


def test_the_same_goods_at_once_are_learned_once(project: Project) -> None:
    items = [
        {"source_id": f"p{n}", "related_object": "product", "product": {"price": n, "override": True}} for n in range(8)
    ]
    at_once(*[lambda turn=turn: make.order(project, items=items[turn:] + items[:turn]) for turn in range(6)])
    assert project.get("/v1/products")["total"] == 8


def test_people_in_exchanged_roles_do_not_block_each_other(project: Project) -> None:
    def place(number: int) -> dict[str, Any]:
        ann, bob = {"source_id": "ann", "name": f"A{number}"}, {"source_id": "bob", "name": f"B{number}"}
        customer, referrer = (ann, bob) if number % 2 else (bob, ann)
        return make.order(project, 10, status="PAID", customer=customer, referrer=referrer)

    at_once(*[lambda n=n: place(n) for n in range(8)])
    sums = [project.get(f"/v1/customers/{name}")["summary"]["orders"]["total_amount"] for name in ("ann", "bob")]
    assert sums == [40, 40]
