"""A share off the order or off its lines: rounding, bases, caps."""

import pytest

from baskets import BRAND, EVERYTHING, after, cart, decide as decided, goods, item, offs, sample, voucher

ORDER = {"type": "PERCENT", "effect": "APPLY_TO_ORDER"}
LINES = {"type": "PERCENT", "effect": "APPLY_TO_ITEMS"}
INITIAL = {"discount_calculation_mode": "INITIAL_AMOUNT"}


@pytest.mark.parametrize(
    ("amount", "percent", "off"),
    [
        (46_500, 10, 4_650),
        (200_000, 40, 80_000),
        (50_070, 50, 25_035),
        (103_350, 3, 3_101),
        (50_350, 3, 1_511),
        (1, 50, 1),
        (1, 49.9, 0),
        (999, 33.3, 333),
        (10_000, 0.005, 1),
        (10_000, 0.0049, 0),
        (12_345, 100, 12_345),
        (12_345, 0, 0),
        (0, 10, 0),
        (2**53 - 1, 99.99, 9_006_298_534_815_517),
    ],
)
def test_off_the_order(amount: int, percent: float, off: int) -> None:
    order = after(cart(amount=amount), {**ORDER, "percent_off": percent})
    assert (order.discount_amount, order.total_amount) == (off, amount - off)


def test_the_base_leaves_out_what_lines_have_off_already() -> None:
    order = after(cart(item("x", 1, 26_500, discount_amount=2_650), item("y", 1, 26_500)), {**ORDER, "percent_off": 3})
    assert (order.discount_amount, order.total_discount_amount, order.total_amount) == (1_511, 4_161, 48_839)
    assert order.items_applied_discount_amount is None


def test_without_an_amount_nothing_is_calculated() -> None:
    assert after(cart(), {**ORDER, "percent_off": 10}).discount_amount is None


@pytest.mark.parametrize(("limit", "off"), [(2_000, 2_000), (5_000, 5_000), (9_000, 5_000), (0, 0)])
def test_the_most_off_an_order(limit: int, off: int) -> None:
    assert after(cart(amount=10_000), {**ORDER, "percent_off": 50, "amount_limit": limit}).discount_amount == off


def test_off_the_lines_of_a_brand() -> None:
    assert offs(after(sample(), {**LINES, "percent_off": 10}, goods(*BRAND))) == [200, 450, 600, 0]


def test_an_order_discount_does_not_lower_the_base_of_lines() -> None:
    order = cart(item("pants", 1, 26_500))
    first = voucher({**ORDER, "percent_off": 3}, id="A")
    second = voucher({**LINES, "percent_off": 10}, EVERYTHING, id="B")
    assert offs(decided(order, first, second).order) == [2_650]


def test_an_item_discount_does_lower_the_base_of_the_order_and_of_lines() -> None:
    order = cart(item("pants", 1, 10_000))
    lines = [voucher({**LINES, "percent_off": 10}, EVERYTHING, id=id) for id in "AB"]
    assert decided(order, *lines, voucher({**ORDER, "percent_off": 10}, id="C")).order.total_amount == 7_290


@pytest.mark.parametrize(("settings", "total"), [({}, 7_200), (INITIAL, 7_000)])
def test_shares_of_the_order_multiply_or_add_up(settings: dict[str, str], total: int) -> None:
    two = [voucher({**ORDER, "percent_off": percent}, id=str(percent)) for percent in (10, 20)]
    assert decided(cart(amount=10_000), *two, **settings).order.total_amount == total


@pytest.mark.parametrize(("settings", "off"), [({}, 2_800), (INITIAL, 3_000)])
def test_shares_of_lines_multiply_or_add_up(settings: dict[str, str], off: int) -> None:
    two = [voucher({**LINES, "percent_off": percent}, EVERYTHING, id=str(percent)) for percent in (10, 20)]
    assert offs(decided(cart(item("mug", 2, 5_000)), *two, **settings).order) == [off]


def test_shares_of_the_initial_amount_never_take_more_than_is_left() -> None:
    order = cart(item("mug", 1, 10_000))
    two = [voucher({**LINES, "percent_off": 60}, EVERYTHING, id=id) for id in "AB"]
    assert offs(decided(order, *two, **INITIAL).order) == [10_000]
    two = [voucher({**ORDER, "percent_off": 60}, id=id) for id in "AB"]
    assert decided(order, *two, **INITIAL).order.total_amount == 0


def test_the_category_decides_on_the_base_before_the_project() -> None:
    first = voucher({**ORDER, "percent_off": 50}, id="A")
    second = voucher({**ORDER, "percent_off": 10}, id="B", category="cat_1")
    order = cart(amount=10_000)
    assert decided(order, first, second, initial_amount_mode_categories=["cat_1"]).order.discount_amount == 6_000
    kept = {"discounted_amount_mode_categories": ["cat_1"], **INITIAL}
    assert decided(order, first, second, **kept).order.discount_amount == 5_500


def test_goods_that_came_for_free_are_no_part_of_the_initial_amount() -> None:
    free = voucher({"type": "UNIT", "effect": "ADD_NEW_ITEMS", "unit_off": 1, "unit_type": "mug"}, id="A")
    share = voucher({**LINES, "percent_off": 10}, EVERYTHING, id="B")
    found = decided(cart(item("mug", 1, 1_000)), free, share, **INITIAL)
    assert found.outcomes[1].taken
    assert found.outcomes[1].taken.order.items_applied_discount_amount == 100


@pytest.mark.parametrize(
    ("quantity", "limit", "off"), [(5, 3, 600), (5, 9, 1_000), (5, 0, 0), (3, 1, 200), (None, 5, 500), (None, 0, 0)]
)
def test_of_the_units_that_a_limit_leaves(quantity: int | None, limit: int, off: int) -> None:
    line = item("mug", quantity, 1_000) if quantity else item("mug", None, amount=2_500)
    assert offs(after(cart(line), {**LINES, "percent_off": 20}, goods({"id": "mug", "quantity_limit": limit}))) == [off]


def test_of_the_share_that_units_have_in_what_is_left_of_a_line() -> None:
    line = item("mug", 3, 1_000, discount_amount=1_500)
    order = after(cart(line), {**LINES, "percent_off": 10}, goods({"id": "mug", "quantity_limit": 1}))
    assert order.items[0].applied_discount_amount == 50
