"""Orders as part of a larger piece of work, such as a redemption, and how other families' events show them."""

import asyncio
from datetime import UTC, datetime

import msgspec
import pytest

import make
from guerdon.engine.order import Item, Order, SentItem
from guerdon.families.customers.schemas import NewCustomer
from guerdon.families.orders import save, store, views
from guerdon.families.orders.schemas import NewOrder
from guerdon.families.orders.store import OrderRow
from guerdon.families.orders.write import write
from installation import Project

ROW = OrderRow(
    id="ord_1",
    status="PAID",
    customer_id="cust_1",
    amount=1_000,
    total_amount=1_000,
    items=(Item(id="ordli_1", product_id="prod_1", quantity=1, initial_quantity=1, price=1_000, amount=1_000),),
    metadata={"a": 1},
    redemptions={"r_1": {"related_object_type": "voucher"}},
    created_at=datetime(2026, 11, 21, 10, 24, tzinfo=UTC),
)


def test_an_order_is_changed_between_reading_and_writing_it(project: Project) -> None:
    path = make.listen(project, "customer.order.paid")

    async def redeem() -> None:
        async with make.work_on(project) as work:
            new = NewOrder(customer=NewCustomer(source_id="ann"), items=[SentItem(price=1_000)], source_id="x")
            draft = await save.draft(work, new)
            discounted = msgspec.structs.replace(draft.after.order, discount_amount=300)
            paid = msgspec.structs.replace(store.with_order(draft.after, discounted), status="PAID")
            await write(
                work, msgspec.structs.replace(draft, after=paid), redemption={"id": "r_1", "object": "redemption"}
            )

    asyncio.run(redeem())
    (delivery,) = project.receiver.wait(path)
    assert delivery.data["redemption"] == {"id": "r_1", "object": "redemption"}
    stored = project.get("/v1/orders/x")
    assert (stored["status"], stored["amount"], stored["total_amount"]) == ("PAID", 1_000, 700)
    assert stored["total_amount"] == delivery.data["order"]["total_amount"]
    assert project.get("/v1/customers/ann")["summary"]["orders"]["total_amount"] == 700


def test_a_failure_later_in_the_work_undoes_the_order(project: Project) -> None:
    path = make.listen(project, "customer.order.created")

    async def fail() -> None:
        async with make.work_on(project) as work:
            await save.upsert(work, NewOrder(customer=NewCustomer(source_id="ann"), source_id="x", status="PAID"))
            raise RuntimeError("later")

    with pytest.raises(RuntimeError, match="later"):
        asyncio.run(fail())
    for gone in ("/v1/orders/x", "/v1/customers/ann"):
        project.refuse("GET", gone, status=404, key="not_found")
    make.order(project, 1, "bob")
    assert [one.data["customer"]["source_id"] for one in project.receiver.wait(path)] == ["bob"]


def test_the_simple_form_has_no_people_goods_and_redemptions() -> None:
    assert msgspec.to_builtins(views.simple(ROW)) == {
        "id": "ord_1",
        "source_id": None,
        "created_at": "2026-11-21T10:24:00.000Z",
        "status": "PAID",
        "amount": 1_000,
        "total_amount": 1_000,
        "metadata": {"a": 1},
        "customer_id": "cust_1",
        "referrer_id": None,
        "object": "order",
        "items": [
            {
                "object": "order_item",
                "id": "ordli_1",
                "product_id": "prod_1",
                "quantity": 1,
                "amount": 1_000,
                "price": 1_000,
                "subtotal_amount": 1_000,
            }
        ],
    }


def test_every_form_can_show_what_a_calculation_has_come_to() -> None:
    item = msgspec.structs.replace(ROW.items[0], discount_amount=50, applied_discount_amount=50)
    calculated = Order(items=(item,), amount=1_000, discount_amount=0, applied_discount_amount=0)
    for view in (views.order, views.calculated, views.simple):
        shown = msgspec.to_builtins(view(ROW, calculated))
        sums = ("items_discount_amount", "items_applied_discount_amount", "total_applied_discount_amount")
        assert [shown[name] for name in sums] == [50, 50, 50]
        assert (shown["discount_amount"], shown["total_amount"]) == (0, 950)
        assert (shown["items"][0]["applied_discount_amount"], shown["items"][0]["subtotal_amount"]) == (50, 950)


def test_whole_forms_show_the_redemptions() -> None:
    assert views.order(ROW).redemptions == views.calculated(ROW).redemptions == ROW.redemptions
    nothing = dict.fromkeys(("address", "summary", "loyalty", "referrals"))
    customer = msgspec.to_builtins(views.calculated(ROW))["customer"]
    assert customer == {"id": "cust_1", **nothing, "object": "customer"}
