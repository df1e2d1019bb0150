"""New prices: of the order, or of units by entry."""

from typing import Any

import pytest

from baskets import (
    BRAND,
    EVERYTHING,
    after,
    attached,
    bundle,
    cart,
    catalogue,
    collection,
    goods,
    item,
    offs,
    sample,
    taken,
    voucher,
)

ORDER = {"type": "FIXED", "effect": "APPLY_TO_ORDER"}
LINES = {"type": "FIXED", "effect": "APPLY_TO_ITEMS"}


@pytest.mark.parametrize(("fixed", "off"), [(5_000, 5_000), (10_000, 0), (12_000, 0), (0, 10_000)])
def test_a_price_of_the_order(fixed: int, off: int) -> None:
    order = after(cart(amount=10_000), {**ORDER, "fixed_amount": fixed})
    assert (order.discount_amount, order.total_amount) == (off, 10_000 - off)


def test_a_price_of_what_is_left_of_the_order() -> None:
    order = cart(item("mug", 1, 10_000, discount_amount=1_000), discount_amount=2_000)
    assert after(order, {**ORDER, "fixed_amount": 5_000}).applied_discount_amount == 2_000


def test_an_order_without_an_amount_gets_no_price() -> None:
    assert after(cart(), {**ORDER, "fixed_amount": 5_000}).discount_amount is None


def test_a_price_of_the_units_of_a_brand() -> None:
    applies = goods(*({"id": name, "price": 1_000} for name in BRAND))
    assert offs(after(sample(), LINES, applies)) == [0, 1_500, 3_000, 0]


def test_one_price_for_everything() -> None:
    prices = [2_900, 3_100, 1_700, 1_500, 60_000]
    order = cart(*(item(f"p{n}", 1, price) for n, price in enumerate(prices)))
    applies = goods({**collection("pc_all"), "price": 800})
    known = catalogue(pc_all=[f"p{n}" for n in range(5)])
    assert offs(after(order, LINES, applies, catalogue=known)) == [2_100, 2_300, 900, 700, 59_200]


@pytest.mark.parametrize(
    ("entry", "line", "off"),
    [
        ({"price": 1_500}, item("mug", 2, 1_000), 0),
        ({"price": 1_000, "quantity_limit": 2}, item("mug", 3, 1_500), 1_000),
        ({"price": 0}, item("mug", 3, 1_500), 4_500),
        ({}, item("mug", 3, 1_500), 0),
        ({"price": 1_000}, item("mug", 2, 1_500, discount_amount=600), 400),
        ({"price": 1_000}, item("mug", None, amount=1_500), 0),
        ({"price": 1_000, "amount_limit": 300}, item("mug", 2, 1_500), 300),
        ({"price": 500, "price_formula": "ORDER_ITEM_PRICE * 0.8"}, item("mug", 1, 11_000), 2_200),
        ({"price": 500, "price_formula": 8}, item("mug", 1, 1_000), 200),
        ({"price": 500, "price_formula": 'ORDER_METADATA("x")'}, item("mug", 1, 1_000), 500),
    ],
)
def test_a_price_of_a_line(entry: dict[str, Any], line: Any, off: int) -> None:
    assert after(cart(line), LINES, goods({"id": "mug", **entry})).items_applied_discount_amount == off


def test_a_product_has_its_price_in_all_variants_and_the_most_specific_entry_counts() -> None:
    order = cart(item("tee/tee_s", 1, 2_000), item("tee/tee_m", 1, 2_000))
    applies = goods({"id": "tee", "price": 1_500}, {"object": "sku", "id": "tee_m", "price": 100})
    assert offs(after(order, LINES, applies)) == [500, 1_900]


def test_prices_by_formula() -> None:
    order = cart(
        item("pink", 1, 6_500), item("navy", 1, 6_000), item("ship", 1, 2_000), item("gray", 2, 5_000),
        item("pearl", 2, 11_000),
    )  # fmt: skip
    fifth = "IF(ORDER_AMOUNT > 300;ORDER_ITEM_PRICE * 0.8;ORDER_ITEM_PRICE)"
    tenth = "IF(ORDER_AMOUNT > 200;ORDER_ITEM_PRICE * 0.9;ORDER_ITEM_PRICE)"
    applies = goods(
        {"id": "ship", "price": 2_000, "price_formula": "IF(ORDER_AMOUNT > 400;0;20)"},
        {**collection("pc_20"), "price": 99_900, "price_formula": fifth},
        {**collection("pc_10"), "price": 99_900, "price_formula": tenth},
    )
    known = catalogue(pc_20=["pink", "pearl"], pc_10=["navy", "gray"])
    assert offs(after(order, LINES, applies, catalogue=known)) == [1_300, 600, 2_000, 1_000, 4_400]


def test_a_line_that_is_cheaper_already_uses_up_no_limit() -> None:
    order = cart(item("mug", 2, 800), item("poster", 2, 1_500))
    applies = goods({**collection("pc"), "price": 1_000, "aggregated_quantity_limit": 2})
    assert offs(after(order, LINES, applies, catalogue=catalogue(pc=["mug", "poster"]))) == [0, 1_000]


def test_bundles_multiply_the_units_and_not_the_price() -> None:
    order = cart(item("ticket", 3, 2_000), item("drink", 5, 500))
    applies = goods(
        {"id": "ticket", "price": 1_000, "quantity_limit": 1}, {"id": "drink", "price": 200, "quantity_limit": 2}
    )
    rules = attached(bundle=bundle(("ticket", 1), ("drink", 2)))
    assert offs(taken(order, voucher(LINES, applies, rules)).order) == [2_000, 1_200]


def test_everything_has_no_price_of_its_own() -> None:
    assert offs(after(sample(), LINES, EVERYTHING)) == [0, 0, 0, 0]
