"""A fixed sum off: the order, each line, each unit, or in proportion."""

from typing import Any

import pytest

from baskets import BRAND, EVERYTHING, after, cart, goods, item, offs, sample, sums, taken, voucher

ORDER = {"type": "AMOUNT", "effect": "APPLY_TO_ORDER"}
LINES = {"type": "AMOUNT", "effect": "APPLY_TO_ITEMS"}
UNITS = {"type": "AMOUNT", "effect": "APPLY_TO_ITEMS_BY_QUANTITY"}
BY_AMOUNT = {"type": "AMOUNT", "effect": "APPLY_TO_ITEMS_PROPORTIONALLY"}
BY_UNITS = {"type": "AMOUNT", "effect": "APPLY_TO_ITEMS_PROPORTIONALLY_BY_QUANTITY"}


def test_off_the_order_leaves_the_lines_alone() -> None:
    order = after(sample(), {**ORDER, "amount_off": 1000})
    assert sums(order) == {
        "amount": 17_500,
        "discount_amount": 1_000,
        "applied_discount_amount": 1_000,
        "total_discount_amount": 1_000,
        "total_applied_discount_amount": 1_000,
        "total_amount": 16_500,
    }
    assert order.items == sample().items


def test_off_the_order_is_at_most_what_is_left() -> None:
    order = after(cart(amount=10_000, discount_amount=9_200), {**ORDER, "amount_off": 1_000})
    assert (order.applied_discount_amount, order.discount_amount, order.total_amount) == (800, 10_000, 0)


def test_without_an_amount_nothing_is_calculated() -> None:
    assert sums(after(cart(), {**ORDER, "amount_off": 1_000})) == {}
    assert sums(after(cart(item("mug", 2)), {**ORDER, "amount_off": 1_000})) == {}


@pytest.mark.parametrize(
    ("discount", "applies", "effect"),
    [
        ({}, None, "APPLY_TO_ORDER"),
        ({}, goods("mug"), "APPLY_TO_ITEMS"),
        ({}, goods(excluded=["mug"]), "APPLY_TO_ITEMS"),
        ({}, EVERYTHING, "APPLY_TO_ITEMS"),
        ({}, goods(), "APPLY_TO_ORDER"),
        ({"effect": "APPLY_TO_ORDER"}, goods("mug"), "APPLY_TO_ORDER"),
        ({"effect": "APPLY_TO_ITEMS"}, None, "APPLY_TO_ITEMS"),
    ],
)
def test_an_effect_that_is_not_named_follows_the_rules(discount: dict[str, Any], applies: Any, effect: str) -> None:
    assert voucher({"type": "AMOUNT", "amount_off": 1, **discount}, applies).effect == effect


@pytest.mark.parametrize(
    ("discount", "expected"),
    [
        (LINES, [1_000, 1_000, 1_000, 0]),
        (UNITS, [2_000, 3_000, 3_000, 0]),
        (BY_AMOUNT, [160, 360, 480, 0]),
        (BY_UNITS, [250, 375, 375, 0]),
    ],
)
def test_ten_off_the_lines_of_a_brand(discount: dict[str, Any], expected: list[int]) -> None:
    order = after(sample(), {**discount, "amount_off": 1_000}, goods(*BRAND))
    assert offs(order) == expected
    assert [one.applied_discount_amount or 0 for one in order.items] == expected
    assert order.discount_amount is None
    assert order.total_amount == 17_500 - sum(expected)


def test_an_amount_that_was_sent_for_the_order_stays() -> None:
    order = after(cart(item("mug", 1, 2_000), item("tv", 1, 9_000), amount=50_000), {**LINES, "amount_off": 500},
                  goods("mug"))  # fmt: skip
    assert (order.amount, order.items_discount_amount, order.total_amount) == (50_000, 500, 49_500)


@pytest.mark.parametrize(
    ("discount", "expected"),
    [
        ({**LINES, "amount_off": 1_000}, [1_000, 700]),
        ({**UNITS, "amount_off": 1_000}, [1_000, 700]),
        ({**BY_AMOUNT, "amount_off": 9_999}, [2_000, 700]),
        ({**BY_UNITS, "amount_off": 2_000}, [1_300, 700]),
        ({**LINES, "amount_off": 2**53 - 1}, [2_000, 700]),
        ({**UNITS, "amount_off": 2**53 - 1}, [2_000, 700]),
    ],
)
def test_no_line_gives_more_than_it_costs(discount: dict[str, Any], expected: list[int]) -> None:
    assert offs(after(cart(item("big", 1, 2_000), item("small", 1, 700)), discount, EVERYTHING)) == expected


def test_the_rest_of_a_split_is_settled_on_the_last_line() -> None:
    order = after(cart(item("a", 1, 3_300), item("b", 1, 3_400)), {**BY_AMOUNT, "amount_off": 300}, EVERYTHING)
    assert offs(order) == [148, 152]
    order = after(cart(*(item(name, 1, 500) for name in "abc")), {**BY_AMOUNT, "amount_off": 100}, EVERYTHING)
    assert offs(order) == [33, 33, 34]


def test_a_split_goes_by_what_earlier_discounts_have_left() -> None:
    lines = (item("a", 1, 2_000, discount_amount=1_000), item("b", 1, 3_000))
    order = after(cart(*lines), {**BY_AMOUNT, "amount_off": 400}, EVERYTHING)
    assert [one.applied_discount_amount for one in order.items] == [100, 300]
    assert offs(order) == [1_100, 300]


def test_lines_without_a_price_have_no_discount_fields() -> None:
    for discount in (LINES, UNITS, BY_AMOUNT, BY_UNITS):
        order = after(cart(item("mug", 2), item("tee", 1, 500)), {**discount, "amount_off": 100}, EVERYTHING)
        assert order.items[0].discount_amount is None
        assert order.items[1].discount_amount == 100


def test_a_line_of_an_amount_but_no_quantity_counts_as_a_whole_line_and_as_no_unit() -> None:
    order = cart(item("mug", None, amount=900))
    assert offs(after(order, {**LINES, "amount_off": 100}, EVERYTHING)) == [100]
    assert offs(after(order, {**UNITS, "amount_off": 100}, EVERYTHING)) == [0]
    assert offs(after(order, {**LINES, "amount_off": 100}, goods({"id": "mug", "quantity_limit": 0}))) == [0]


def test_where_no_line_matches_nothing_is_touched() -> None:
    found = taken(sample(), voucher({**LINES, "amount_off": 100}, goods("unknown")))
    assert sums(found.order) == {"amount": 17_500, "total_amount": 17_500}
    assert not found.has_effect


def test_a_line_with_nothing_left_is_touched_with_zeros() -> None:
    order = after(cart(item("mug", 1, 500, discount_amount=500)), {**LINES, "amount_off": 100}, EVERYTHING)
    assert (order.items[0].applied_discount_amount, order.items_applied_discount_amount) == (0, 0)
    assert (order.items_discount_amount, order.total_applied_discount_amount, order.total_amount) == (500, 0, 0)


def test_discounts_above_a_low_amount_stay_and_the_total_is_nothing() -> None:
    order = after(cart(item("mug", 1, 50_070), amount=15_100), {**LINES, "amount_off": 25_035}, EVERYTHING)
    assert (order.amount, order.total_discount_amount, order.total_amount) == (15_100, 25_035, 0)


def test_lines_discounted_beyond_their_amount_by_whoever_sent_them_get_no_more_and_lose_nothing() -> None:
    order = cart(item("mug", 1, 500, discount_amount=800), item("tee", 1, 500))
    for discount in (LINES, UNITS, BY_AMOUNT, BY_UNITS):
        assert offs(after(order, {**discount, "amount_off": 100}, EVERYTHING)) == [800, 100]
