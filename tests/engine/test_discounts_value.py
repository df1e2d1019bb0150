"""Values by formula, and the values beside them where a formula cannot be computed."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from baskets import EVERYTHING, attached, bundle, cart, goods, item, offs, taken, voucher
from guerdon.engine.facts import Customer
from guerdon.engine.redeemable import Formulas

AMOUNT = {"type": "AMOUNT", "effect": "APPLY_TO_ORDER", "amount_off": 500}
PERCENT = {"type": "PERCENT", "effect": "APPLY_TO_ORDER", "percent_off": 5}
FIXED = {"type": "FIXED", "effect": "APPLY_TO_ORDER", "fixed_amount": 5_000}
ORDER = cart(item("mug", 2, 600), item("tee", 1, 8_800))


@pytest.mark.parametrize(
    ("discount", "off", "told"),
    [
        (AMOUNT, 500, {}),
        ({**AMOUNT, "amount_off_formula": "ORDER_AMOUNT * 0.1"}, 1_000, {"amount_off": 1_000}),
        ({**AMOUNT, "amount_off_formula": "0.005"}, 1, {"amount_off": 1}),
        ({**AMOUNT, "amount_off_formula": "-5"}, 0, {"amount_off": 0}),
        ({**AMOUNT, "amount_off_formula": 'ORDER_METADATA("none")'}, 500, {}),
        ({**AMOUNT, "amount_off_formula": "1 / 0"}, 500, {}),
        ({**AMOUNT, "amount_off_formula": '"text"'}, 500, {}),
        ({**AMOUNT, "amount_off_formula": "IF("}, 500, {}),
        ({**AMOUNT, "amount_off_formula": ""}, 500, {}),
        ({**AMOUNT, "amount_off_formula": "POW(10;40)"}, 500, {}),
        ({**AMOUNT, "amount_off_formula": "ORDER_ITEM_PRICE"}, 500, {}),
        ({"type": "AMOUNT", "effect": "APPLY_TO_ORDER", "amount_off_formula": "1 / 0"}, 0, {}),
        ({**PERCENT, "percent_off_formula": "ORDER_ITEMS_QUANTITY * 5"}, 1_000, {"percent_off": 10.0}),
        ({**PERCENT, "percent_off_formula": "1 / 3"}, 33, {"percent_off": 1 / 3}),
        ({**PERCENT, "percent_off_formula": "250"}, 10_000, {"percent_off": 100.0}),
        ({**PERCENT, "percent_off_formula": "0 - 1"}, 0, {"percent_off": 0.0}),
        ({**PERCENT, "percent_off_formula": 'CUSTOMER_METADATA("none")'}, 500, {}),
        ({**FIXED, "fixed_amount_formula": "ORDER_AMOUNT - 20"}, 2_000, {"fixed_amount": 8_000}),
        ({**FIXED, "fixed_amount_formula": 'ORDER_METADATA("none")'}, 5_000, {}),
    ],
)
def test_off_the_order(discount: dict[str, Any], off: int, told: dict[str, Any]) -> None:
    found = taken(ORDER, voucher(discount))
    assert (found.order.discount_amount, found.values) == (off, told)


@pytest.mark.parametrize(
    ("discount", "expected", "told"),
    [
        ({**AMOUNT, "amount_off_formula": "ORDER_ITEM_PRICE * 0.01 + 1"}, [106, 188], {"amount_off": 106}),
        (
            {**AMOUNT, "effect": "APPLY_TO_ITEMS_BY_QUANTITY", "amount_off_formula": "ORDER_ITEM_UNITS_QUANTITY"},
            [400, 100], {"amount_off": 200},
        ),
        (
            {**PERCENT, "percent_off_formula": "IF(ORDER_ITEM_PRICE > 10;10;20)"}, [240, 880], {"percent_off": 20.0},
        ),
        ({**PERCENT, "percent_off_formula": 'ORDER_ITEM_METADATA("none")'}, [60, 440], {}),
        (
            {**AMOUNT, "effect": "APPLY_TO_ITEMS_PROPORTIONALLY", "amount_off_formula": "ORDER_AMOUNT / 10"},
            [120, 880], {"amount_off": 1_000},
        ),
    ],
)  # fmt: skip
def test_off_the_lines(discount: dict[str, Any], expected: list[int], told: dict[str, Any]) -> None:
    effect = "APPLY_TO_ITEMS" if discount["effect"] == "APPLY_TO_ORDER" else discount["effect"]
    found = taken(ORDER, voucher({**discount, "effect": effect}, EVERYTHING))
    assert (offs(found.order), found.values) == (expected, told)


@pytest.mark.parametrize(
    "formula",
    [
        'REDEEMABLE_METADATA("off")',
        'REDEMPTION_METADATA("off")',
        'CUSTOMER_METADATA("off")',
        'ORDER_METADATA("off")',
        'PUBLICATION_METADATA("off")',
        "VOUCHER_REDEMPTION_QUANTITY",
        "VOUCHER_REDEEMED_QUANTITY + 2",
        "VOUCHER_PUBLISH_COUNT * 3",
        "MONTH(VOUCHER_START_DATE)",
        "MONTH(TODAY)",
        "YEARS_SINCE(CUSTOMER_BIRTHDATE)",
    ],
)
def test_what_formulas_know(formula: str) -> None:
    said = {"off": 3}
    one = voucher(
        {**AMOUNT, "amount_off_formula": formula},
        metadata=said,
        formulas=Formulas(
            publication_metadata=said,
            redemption_quantity=3,
            redeemed_quantity=1,
            publish_count=1,
            start_date=datetime(2026, 3, 1, tzinfo=UTC),
        ),
    )
    customer = Customer(metadata=said, birthdate=date(2022, 6, 1))
    found = taken(ORDER, one, customer=customer, order_metadata=said, redemption_metadata=said)
    assert found.order.discount_amount == 300


def test_formulas_see_the_order_as_it_stands() -> None:
    order = cart(item("mug", 1, 10_000, discount_amount=4_000))
    one = voucher({**AMOUNT, "effect": "APPLY_TO_ITEMS", "amount_off_formula": "ORDER_ITEM_SUBTOTAL / 10"}, EVERYTHING)
    assert taken(order, one).order.items[0].applied_discount_amount == 600


BUNDLE = attached(bundle=bundle(("mug", 1)))
APART = attached(bundle=bundle(("mug", 1), scaling="NONE"))


@pytest.mark.parametrize(
    ("discount", "off"),
    [
        (AMOUNT, 1_000),
        (PERCENT, 1_000),
        ({**PERCENT, "percent_off": 60}, 10_000),
        (FIXED, 5_000),
        ({**AMOUNT, "amount_off_formula": "3"}, 600),
        ({**PERCENT, "percent_off_formula": "7"}, 1_400),
    ],
)
def test_bundles_multiply_what_is_off_the_order(discount: dict[str, Any], off: int) -> None:
    assert taken(ORDER, voucher(discount, None, BUNDLE)).order.discount_amount == off


@pytest.mark.parametrize(
    ("discount", "expected"),
    [
        ({**AMOUNT, "effect": "APPLY_TO_ITEMS"}, [1_000, 1_000]),
        ({**AMOUNT, "effect": "APPLY_TO_ITEMS_BY_QUANTITY"}, [1_000, 500]),
        ({**AMOUNT, "effect": "APPLY_TO_ITEMS_PROPORTIONALLY"}, [120, 880]),
        ({**AMOUNT, "effect": "APPLY_TO_ITEMS_PROPORTIONALLY_BY_QUANTITY"}, [667, 333]),
        ({**PERCENT, "effect": "APPLY_TO_ITEMS"}, [120, 880]),
    ],
)
def test_bundles_multiply_what_is_off_the_lines(discount: dict[str, Any], expected: list[int]) -> None:
    assert offs(taken(ORDER, voucher(discount, EVERYTHING, BUNDLE)).order) == expected


def test_bundles_that_do_not_multiply() -> None:
    assert taken(ORDER, voucher(AMOUNT, None, APART)).order.discount_amount == 500
    counted = {**AMOUNT, "amount_off_formula": "ORDER_BUNDLE_QUANTITY * 10"}
    assert taken(ORDER, voucher(counted, None, APART)).order.discount_amount == 2_000


@pytest.mark.parametrize(
    ("multiplied", "expected"), [({"quantity_limit": 1}, [1_000, 0]), ({"aggregated_quantity_limit": 2}, [1_000, 0])]
)
def test_bundles_leave_the_limits_of_a_percentage(multiplied: dict[str, int], expected: list[int]) -> None:
    one = voucher({**AMOUNT, "effect": "APPLY_TO_ITEMS_BY_QUANTITY"}, goods({"id": "mug", **multiplied}), BUNDLE)
    assert offs(taken(ORDER, one).order) == expected
    share = voucher({**PERCENT, "effect": "APPLY_TO_ITEMS"}, goods({"id": "mug", "quantity_limit": 1}), BUNDLE)
    assert offs(taken(ORDER, share).order) == [60, 0]


def test_multiplied_percentages_do_not_reach_beyond_the_units_of_a_limit() -> None:
    applies = goods({"id": "mug", "quantity_limit": 1})
    one = voucher({"type": "PERCENT", "effect": "APPLY_TO_ITEMS", "percent_off": 60}, applies, BUNDLE)
    assert offs(taken(ORDER, one).order) == [600, 0]
