"""Lines of requests become lines with amounts, and the sums of an order hold whatever is in it."""

import math
from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies as st

from guerdon.engine import order as engine
from guerdon.engine.order import Item, Order, Product, SentItem, Sku

NOTHING: dict[str, Any] = {}


def sent(**fields: Any) -> SentItem:
    return msgspec.convert(fields, SentItem)


def normalised(items: list[dict[str, Any]], **amounts: int) -> Order:
    lines = tuple(engine.line(sent(**item)) for item in items)
    amount = engine.revised(Order(), lines, amounts.pop("amount", None))
    return Order(items=lines, amount=amount, **amounts)


CATALOGUE = (
    Product(id="prod_1", source_id="shirt", name="Shirt", price=2_100),
    Sku(id="sku_1", source_id="shirt-s", sku="Small", price=1_700),
)


@pytest.mark.parametrize(
    ("item", "product", "sku", "price"),
    [
        ({"price": 1, "sku": {"price": 2}, "product": {"price": 3}}, *CATALOGUE, 1),
        ({"sku": {"price": 2}, "product": {"price": 3}}, *CATALOGUE, 2),
        ({"product": {"price": 3}}, *CATALOGUE, 3),
        (NOTHING, *CATALOGUE, 1_700),
        (NOTHING, CATALOGUE[0], Sku(id="sku_2"), 2_100),
        (NOTHING, CATALOGUE[0], None, 2_100),
        ({"price": 0}, *CATALOGUE, 0),
        ({"product": {"price": 0}}, *CATALOGUE, 0),
        (NOTHING, None, None, None),
    ],
)
def test_the_price_comes_from_the_nearest_place(
    item: dict[str, Any], product: Product | None, sku: Sku | None, price: int | None
) -> None:
    assert engine.line(sent(**item), product, sku).price == price


@pytest.mark.parametrize(
    ("item", "quantity", "amount"),
    [
        ({"price": 500, "quantity": 3}, 3, 1_500),
        ({"price": 500, "quantity": "2"}, 2, 1_000),
        ({"price": 3_000, "quantity": 1, "amount": 3_300}, 1, 3_300),
        ({"price": 900}, 1, 900),
        ({"amount": 900}, None, 900),
        ({"amount": 900, "price": 300}, None, 900),
        ({"price": 900, "quantity": 0}, 0, 0),
        ({"quantity": 2}, 2, None),
        (NOTHING, 1, None),
    ],
)
def test_quantity_and_amount_of_a_line(item: dict[str, Any], quantity: int | None, amount: int | None) -> None:
    line = engine.line(sent(**item))
    assert (line.quantity, line.amount, line.subtotal_amount) == (quantity, amount, amount)


def test_prices_inside_goods_may_have_fractions_and_are_rounded_half_up() -> None:
    assert [engine.whole(price) for price in (None, 7, 2_100.0, 1_510.5, 1_510.4)] == [None, 7, 2_100, 1_511, 1_510]


@pytest.mark.parametrize(
    ("items", "amounts", "amount"),
    [
        ([{"price": 60_000, "quantity": 2}, {"product": {"price": 2_100}, "sku": {"price": 1_700}}], {}, 121_700),
        ([{"price": 2_500, "quantity": 4}, {"price": 0, "quantity": 1}], {}, 10_000),
        ([{"price": 6_700}], {"amount": 6_000}, 6_000),
        ([{"price": 6_000}], {"amount": 20_050}, 20_050),
        (
            [
                {"quantity": 1, "price": 6_500},
                {"quantity": 1, "price": 6_000},
                {"quantity": 1, "price": 2_000},
                {"quantity": 2, "price": 5_000},
                {"quantity": 2, "price": 11_000},
            ],
            {},
            46_500,
        ),
        ([{"price": 100}, {"quantity": 5}], {}, 100),
        ([{"quantity": 5}], {}, None),
        ([], {}, None),
        ([], {"amount": 20_000}, 20_000),
    ],
)
def test_the_amount_of_an_order(items: list[dict[str, Any]], amounts: dict[str, int], amount: int | None) -> None:
    order = normalised(items, **amounts)
    assert (order.amount, order.total_amount, order.total_discount_amount) == (amount, amount, None)


@pytest.mark.parametrize(
    ("order", "items_discount", "total_discount", "total"),
    [
        # A stored order: what an earlier step has left is kept, at its level.
        (
            Order(
                amount=2_700,
                discount_amount=1_243,
                items=(
                    Item(amount=700, discount_amount=70),
                    Item(amount=500, discount_amount=50),
                    Item(amount=1_500, discount_amount=150),
                ),
            ),
            270,
            1_513,
            1_187,
        ),
        (Order(amount=100_000, discount_amount=8_400, items=(Item(discount_amount=89_700),)), 89_700, 98_100, 1_900),
        # Only the total has a floor; the discounts stay what they are.
        (Order(amount=15_100, items=(Item(amount=30_000, discount_amount=25_035),)), 25_035, 25_035, 0),
        # Untouched is not the same as touched in vain.
        (Order(amount=100, items=(Item(amount=100),)), None, None, 100),
        (Order(amount=100, items=(Item(amount=100, discount_amount=0),)), 0, 0, 100),
        (Order(amount=100, discount_amount=0), None, 0, 100),
        (Order(discount_amount=7), None, 7, None),
    ],
)
def test_the_sums_of_an_order(
    order: Order, items_discount: int | None, total_discount: int | None, total: int | None
) -> None:
    assert order.items_discount_amount == items_discount
    assert order.total_discount_amount == total_discount
    assert order.total_amount == total


def test_applied_discounts_are_summed_on_their_own() -> None:
    order = Order(amount=100, applied_discount_amount=5, items=(Item(amount=100, applied_discount_amount=3),))
    assert (order.items_applied_discount_amount, order.total_applied_discount_amount) == (3, 8)
    assert order.total_amount == 100


def test_a_line_has_the_ids_of_known_goods_and_the_names_of_unknown_ones() -> None:
    known = engine.line(sent(product_id="shirt", sku_id="shirt-s"), *CATALOGUE)
    assert (known.product_id, known.sku_id) == ("prod_1", "sku_1")
    unknown = engine.line(sent(product_id="boat", source_id="boat", related_object="product"))
    assert (unknown.product_id, unknown.source_id, unknown.related_object) == ("boat", "boat", "product")
    assert (unknown.product, unknown.sku) == (None, None)


def test_what_is_sent_of_goods_wins_and_the_rest_is_filled_in() -> None:
    line = engine.line(
        sent(product={"name": "My shirt", "metadata": {"a": 1}, "override": True}, sku={"price": 5}), *CATALOGUE
    )
    assert line.product == Product(id="prod_1", source_id="shirt", name="My shirt", price=2_100, metadata={"a": 1})
    assert line.sku == Sku(id="sku_1", source_id="shirt-s", sku="Small", price=5)


@pytest.mark.parametrize(
    ("item", "product_name", "sku_name"),
    [
        ({"product_id": "p", "source_id": "s", "product": {"id": "i"}}, "p", None),
        ({"source_id": "s", "related_object": "product", "product": {"id": "i"}}, "s", None),
        ({"source_id": "s"}, "s", None),
        ({"source_id": "s", "related_object": "sku", "product": {"source_id": "b"}}, "b", "s"),
        ({"sku_id": "k", "source_id": "s", "related_object": "sku"}, None, "k"),
        ({"product": {"id": "i", "source_id": "b"}, "sku": {"id": "j", "source_id": "c"}}, "i", "j"),
        ({"product": {"source_id": "b"}, "sku": {"source_id": "c"}}, "b", "c"),
        (NOTHING, None, None),
    ],
)
def test_how_a_line_names_its_goods(item: dict[str, Any], product_name: str | None, sku_name: str | None) -> None:
    assert (sent(**item).product_name, sent(**item).sku_name) == (product_name, sku_name)


@pytest.mark.parametrize("item", [{"quantity": "x"}, {"quantity": -1}, {"price": 1.5}, {"amount": 2**53}])
def test_what_is_no_line(item: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        sent(**item)


@pytest.mark.parametrize(
    ("before", "items", "sent_amount", "amount"),
    [
        (Order(amount=500, items=(Item(amount=500),)), [Item(amount=70)], None, 70),
        (Order(amount=500, items=(Item(amount=500),)), [Item(amount=70)], 90, 90),
        (Order(amount=500, items=(Item(amount=500),)), [], None, None),
        (Order(amount=400, items=(Item(amount=500),)), [], None, 400),
        (Order(amount=400), [Item(quantity=1)], None, 400),
        (Order(amount=400), [Item(amount=30)], None, 30),
    ],
)
def test_the_amount_when_lines_are_replaced(
    before: Order, items: list[Item], sent_amount: int | None, amount: int | None
) -> None:
    assert engine.revised(before, items, sent_amount) == amount


def test_lines_of_the_same_goods_keep_their_ids() -> None:
    before = [Item(id="1", product_id="a"), Item(id="2", product_id="b"), Item(id="3", product_id="b")]
    after = [Item(product_id="b", quantity=5), Item(product_id="b"), Item(product_id="b"), Item(product_id="c")]
    assert [item.id for item in engine.keep_ids(before, after)] == ["2", "3", None, None]


amounts = st.none() | st.integers(min_value=0, max_value=2**53 - 1)
items = st.builds(Item, amount=amounts, discount_amount=amounts, applied_discount_amount=amounts)
orders = st.builds(
    Order,
    items=st.lists(items, max_size=8).map(tuple),
    amount=amounts,
    discount_amount=amounts,
    applied_discount_amount=amounts,
)


@given(orders)
def test_the_identities_hold_in_every_order(order: Order) -> None:
    assert (order.items_discount_amount or 0) == sum(item.discount_amount or 0 for item in order.items)
    assert (order.items_applied_discount_amount or 0) == sum(item.applied_discount_amount or 0 for item in order.items)
    assert (order.total_discount_amount or 0) == (order.discount_amount or 0) + (order.items_discount_amount or 0)
    assert (order.total_applied_discount_amount or 0) == (order.applied_discount_amount or 0) + (
        order.items_applied_discount_amount or 0
    )
    if order.amount is None:
        assert order.total_amount is None
    else:
        assert order.total_amount == max(0, order.amount - (order.total_discount_amount or 0))
    for item in order.items:
        assert (item.subtotal_amount is None) == (item.amount is None)
        if item.amount is not None:
            assert item.subtotal_amount == item.amount - (item.discount_amount or 0)


@given(orders)
def test_a_sum_is_missing_exactly_where_no_discount_has_touched_its_level(order: Order) -> None:
    of_items = any(item.discount_amount is not None for item in order.items)
    assert (order.items_discount_amount is not None) == of_items
    assert (order.total_discount_amount is not None) == (of_items or order.discount_amount is not None)


quantities = st.none() | st.integers(min_value=0, max_value=999) | st.integers(min_value=0, max_value=999).map(str)
prices = st.none() | st.integers(min_value=0, max_value=10_000)
sent_items = st.builds(SentItem, quantity=quantities, price=prices, amount=prices)


@given(st.lists(sent_items, max_size=8), prices)
def test_amounts_follow_from_what_is_sent(lines: list[SentItem], amount: int | None) -> None:
    normal = tuple(engine.line(line) for line in lines)
    for line, given_line in zip(normal, lines, strict=True):
        assert isinstance(line.quantity, int) or given_line.amount is not None
        if given_line.amount is not None:
            assert line.amount == given_line.amount
        elif given_line.price is not None:
            assert line.amount == given_line.price * (line.quantity or 0)
        else:
            assert line.amount is None
    total = engine.revised(Order(), normal, amount)
    known = [line.amount for line in normal if line.amount is not None]
    assert total == (amount if amount is not None else sum(known) if known else None)


@given(st.floats(min_value=0, max_value=1e12))
def test_a_price_is_rounded_to_the_nearest_unit(price: float) -> None:
    assert abs((engine.whole(price) or 0) - price) <= 0.5 or math.isclose(price, engine.whole(price) or 0)


@given(st.lists(items, max_size=6), st.lists(items, max_size=6))
def test_keeping_ids_changes_nothing_but_ids_and_uses_none_twice(before: list[Item], after: list[Item]) -> None:
    numbered = [msgspec.structs.replace(item, id=str(place)) for place, item in enumerate(before)]
    kept = engine.keep_ids(numbered, after)
    assert [msgspec.structs.replace(item, id=None) for item in kept] == after
    ids = [item.id for item in kept if item.id]
    assert len(ids) == len(set(ids)) == min(len(before), len(after))
