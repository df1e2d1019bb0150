"""What is told of orders, to whom and how often, and what customers have spent by it."""

from typing import Any

import pytest

import make
import shapes
from installation import Delivery, Project
from together import at_once

EVENTS = ("customer.order.created", "customer.order.updated", "customer.order.paid", "customer.order.canceled")


def told(project: Project, path: str, count: int) -> list[Delivery]:
    """The deliveries once there are so many, and no more of them, in the order of their events.

    An order of somebody else comes last: once its event has been passed on, those before it have been, too.
    """
    make.order(project, customer="the end")
    deliveries = sorted(project.receiver.wait(path, count + 1), key=lambda one: one.json["event"]["id"])
    assert [one.type for one in deliveries[count:]] == ["customer.order.created"]
    assert deliveries[count].data["customer"]["source_id"] == "the end"
    assert len(project.deliveries()) == count + 1
    return deliveries[:count]


def spent(project: Project, customer: str = "ann") -> dict[str, Any]:
    return project.get(f"/v1/customers/{customer}")["summary"]["orders"]


def test_a_paid_order_is_told_as_the_reference_tells_it(project: Project) -> None:
    path = make.listen(project, "customer.order.paid")
    customer = make.customer(project)
    bottle = make.product(project, price=2_500)
    items = [
        {"product_id": bottle["id"], "quantity": 4},
        {"product_id": "prod_5h1pp1ng", "quantity": 1, "price": 0},
    ]
    metadata = {"card": ["Other"], "region": "US", "currency": "USD"}
    made = make.order(project, items=items, status="PAID", metadata=metadata)
    (delivery,) = project.receiver.wait(path)
    assert delivery.signed_with(project.secret)
    assert delivery.json["event"]["entity_id"] == customer["id"]
    assert delivery.json["event"]["id"].startswith("evcus_")
    seed = shapes.seed("customer.order.paid")
    # Beyond the reference's example: ids of the lines, and the catalogue's names of the goods.
    names = ("id", "product.id", "product.source_id")
    assert shapes.differences(seed, delivery.data) == {
        f".order.items[{place}].{name}": "extra" for place in (0, 1) for name in names
    }
    order = delivery.data["order"]
    assert (order["amount"], order["total_amount"], order["status"]) == (10_000, 10_000, "PAID")
    assert order["metadata"] == metadata
    shown = [(item["quantity"], item["price"], item["amount"], item["product"]["name"]) for item in order["items"]]
    assert shown == [(4, 2_500, 10_000, "Bottle"), (1, 0, 0, "Shipping")]
    assert {key: order[key] for key in ("id", "updated_at", "items")} == {
        key: made[key] for key in ("id", "updated_at", "items")
    }
    assert delivery.data["customer"]["id"] == order["customer"]["id"] == order["customer_id"] == customer["id"]


def test_a_referrer_is_told_too(project: Project) -> None:
    path = make.listen(project, "customer.order.created")
    make.order(project, 1, referrer={"source_id": "jane", "name": "Jane"})
    (delivery,) = project.receiver.wait(path)
    order, referrer = delivery.data["order"], delivery.data["referrer"]
    assert (referrer["name"], referrer["object"]) == ("Jane", "customer")
    assert order["referrer"]["id"] == order["referrer_id"] == referrer["id"]
    assert order["updated_at"] is None


@pytest.mark.parametrize(
    ("status", "events"),
    [
        ("CREATED", ["created"]),
        ("PAID", ["created", "paid"]),
        ("CANCELED", ["created", "canceled"]),
        ("FULFILLED", ["created"]),
    ],
)
def test_events_of_a_new_order(project: Project, status: str, events: list[str]) -> None:
    path = make.listen(project, *EVENTS)
    make.order(project, 1, status=status)
    found = told(project, path, len(events))
    assert [one.type.removeprefix("customer.order.") for one in found] == events
    assert [one.data["order"]["status"] for one in found] == [status] * len(events)
    assert found[0].data["order"]["updated_at"] is None


def test_events_of_changes(project: Project) -> None:
    path = make.listen(project, *EVENTS)
    order = make.order(project, 1, source_id="x")
    place = f"/v1/orders/{order['id']}"
    changes: list[tuple[dict[str, Any], list[str]]] = [
        ({}, []),
        ({"status": "CREATED", "amount": 1}, []),
        ({"amount": 2}, ["updated"]),
        ({"status": "PAID"}, ["updated", "paid"]),
        ({"status": "PAID", "customer": {"source_id": "ann"}}, []),
        ({"metadata": {"a": 1}, "status": "PAID"}, ["updated"]),
        ({"status": "FULFILLED"}, ["updated"]),
        ({"status": "CANCELED"}, ["updated", "canceled"]),
    ]
    for change, _ in changes:
        project.put(place, change)
    make.order(project, 2, source_id="x", metadata={"a": 1})
    make.order(project, 3, source_id="x")
    expected = ["created", *(event for _, events in changes for event in events), "updated"]
    found = told(project, path, len(expected))
    assert [one.type.removeprefix("customer.order.") for one in found] == expected


def test_an_order_of_nobody_is_not_told(project: Project) -> None:
    path = make.listen(project, *EVENTS)
    order = make.order(project, 1, None)
    project.put(f"/v1/orders/{order['id']}", {"status": "PAID"})
    assert told(project, path, 0) == []


def test_a_refused_change_is_not_told(project: Project) -> None:
    path = make.listen(project, *EVENTS)
    project.refuse(
        "POST", "/v1/orders", {"customer": {"source_id": "ann"}, "status": "LOST"}, status=400, key="invalid_payload"
    )
    body = {"customer": {"source_id": "ann"}, "referrer_id": "nobody"}
    project.refuse("POST", "/v1/orders", body, status=404, key="not_found")
    assert told(project, path, 0) == []


def test_what_a_customer_has_spent(project: Project) -> None:
    first = make.order(project, 1_000, status="PAID", discount_amount=100)
    second = make.order(project, 500, status="FULFILLED")
    make.order(project, 70, status="CREATED")
    make.order(project, 80, status="CANCELED")
    assert spent(project) == {
        "total_amount": 1_400,
        "total_count": 2,
        "average_amount": 700,
        "last_order_amount": 500,
        "last_order_date": second["created_at"],
    }
    project.put(f"/v1/orders/{second['id']}", {"status": "PAID"})
    project.put(f"/v1/orders/{first['id']}", {"amount": 1_300})
    assert (spent(project)["total_amount"], spent(project)["last_order_amount"]) == (1_700, 500)
    project.put(f"/v1/orders/{second['id']}", {"amount": 600})
    assert (spent(project)["total_amount"], spent(project)["last_order_amount"]) == (1_800, 600)


def test_when_the_last_order_is_canceled_the_one_before_is_the_last(project: Project) -> None:
    orders = []
    for amount in (10, 20, 30):
        orders.append(make.order(project, amount, status="PAID"))
        project.advance("PT1M")
    expected = [(60, 3, 30), (30, 2, 20), (10, 1, 10), (0, 0, 0)]
    for order, sums in zip([None, *reversed(orders)], expected, strict=True):
        if order:
            project.put(f"/v1/orders/{order['id']}", {"status": "CANCELED"})
        found = spent(project)
        assert (found["total_amount"], found["total_count"], found["last_order_amount"]) == sums
    assert "last_order_date" not in spent(project)
    project.put(f"/v1/orders/{orders[0]['id']}", {"status": "PAID"})
    assert spent(project)["last_order_date"] == orders[0]["created_at"]


def test_an_older_order_that_is_paid_later_is_not_the_last(project: Project) -> None:
    older = make.order(project, 10)
    project.advance("PT1M")
    newer = make.order(project, 20, status="PAID")
    project.put(f"/v1/orders/{older['id']}", {"status": "PAID"})
    found = spent(project)
    assert (found["total_amount"], found["last_order_amount"]) == (30, 20)
    assert found["last_order_date"] == newer["created_at"]


def test_an_order_that_changes_hands_takes_its_amount_along(project: Project) -> None:
    make.order(project, 5, status="PAID")
    order = make.order(project, 10, status="PAID")
    project.put(f"/v1/orders/{order['id']}", {"customer": {"source_id": "bob"}})
    assert [spent(project, name)["total_amount"] for name in ("ann", "bob")] == [5, 10]
    assert [spent(project, name)["last_order_amount"] for name in ("ann", "bob")] == [5, 10]
    project.put(f"/v1/orders/{order['id']}", {"customer_id": None})
    assert spent(project, "bob")["total_count"] == 0
    project.put(f"/v1/orders/{order['id']}", {"customer_id": "ann"})
    assert spent(project)["total_amount"] == 15


def test_an_order_outlives_its_customer(project: Project) -> None:
    order = make.order(project, 10, status="PAID")
    project.delete("/v1/customers/ann")
    changed = project.put(f"/v1/orders/{order['id']}", {"status": "CANCELED"})
    assert (changed["status"], changed["customer_id"]) == ("CANCELED", order["customer_id"])


def test_sums_do_not_undo_a_change_of_the_profile(project: Project) -> None:
    make.customer(project, "ann", metadata={})
    at_once(
        *[lambda n=n: make.order(project, 10, status="PAID") for n in range(4)],
        *[lambda n=n: project.put("/v1/customers/ann", {"metadata": {str(n): n}}) for n in range(4)],
    )
    assert spent(project)["total_amount"] == 40
    assert project.get("/v1/customers/ann")["metadata"] == {str(n): n for n in range(4)}


def test_two_who_pay_the_same_order_at_once_pay_it_once(project: Project) -> None:
    path = make.listen(project, *EVENTS)
    order = make.order(project, 10, source_id="x")
    place = f"/v1/orders/{order['id']}"
    answers = at_once(
        *[lambda: project.put(place, {"status": "PAID"})] * 3,
        *[lambda: make.order(project, source_id="x", status="PAID")] * 3,
    )
    assert {answer["status"] for answer in answers} == {"PAID"}
    found = spent(project)
    assert (found["total_amount"], found["total_count"]) == (10, 1)
    types = [one.type.removeprefix("customer.order.") for one in told(project, path, 3)]
    assert types == ["created", "updated", "paid"]


def test_the_last_order_is_found_when_several_are_canceled_at_once(project: Project) -> None:
    orders = []
    for amount in range(1, 22):
        orders.append(make.order(project, amount, status="PAID"))
        project.advance("PT1S")
    paths = [f"/v1/orders/{order['id']}" for order in orders]
    for left in (16, 11, 6, 1):
        at_once(*[lambda path=path: project.put(path, {"status": "CANCELED"}) for path in paths[left : left + 5]])
        found = spent(project)
        assert (found["total_count"], found["last_order_amount"]) == (left, left)


def test_sums_are_exact_whatever_happens_at_once(project: Project) -> None:
    orders = []
    for amount in range(1, 9):
        orders.append(make.order(project, amount, status="PAID" if amount % 2 else "CREATED"))
        project.advance("PT1S")
    half = [order["id"] for order in orders[4:]]

    def switch(order: dict[str, Any]) -> dict[str, Any]:
        status = "CANCELED" if order["status"] == "PAID" else "PAID"
        return project.put(f"/v1/orders/{order['id']}", {"status": status})

    at_once(
        *[lambda order=order: switch(order) for order in orders],
        *[lambda place=place: project.put(f"/v1/orders/{place}", {"amount": 100}) for place in half],
        *[lambda: make.order(project, 1_000, "bob", status="PAID")] * 3,
    )
    now = project.get("/v1/orders", limit=100)["orders"]
    for name in ("ann", "bob"):
        customer = project.get(f"/v1/customers/{name}")
        mine = [one for one in now if one["customer_id"] == customer["id"] and one["status"] == "PAID"]
        sums = customer["summary"]["orders"]
        assert sums["total_count"] == len(mine)
        assert sums["total_amount"] == sum(one["total_amount"] for one in mine)
        assert sums["last_order_amount"] == mine[-1]["total_amount"]
        assert sums["last_order_date"] == mine[-1]["created_at"]
