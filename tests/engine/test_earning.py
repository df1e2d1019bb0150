"""Points for what customers do."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, strategies as st

from guerdon.clock import Moment as Read
from guerdon.engine.earning import Basis, Earning, Fixed, Occasion, Proportional, earned
from guerdon.engine.formula.compile import compile_formula
from guerdon.engine.formula.context import Context
from guerdon.engine.goods import Named
from guerdon.engine.moment import Moment
from guerdon.engine.order import Item, Order

NOON = Moment(Read.parse("2026-03-04T12:00:00Z"))
BASKET = Order(
    items=(
        Item(product_id="prod_a", quantity=3, discount_quantity=1, amount=3_000, discount_amount=1_000),
        Item(product_id="prod_b", sku_id="sku_b", quantity=2, amount=1_500),
    ),
    amount=5_000,
    discount_amount=500,
)


def occasion(order: Order = BASKET, **metadata: Any) -> Occasion:
    """Metadata are those of the order, the customer and the event alike."""
    context = Context(moment=NOON, order=order, order_metadata=metadata, customer_metadata=metadata)
    return Occasion(context, metadata)


def of_amounts(amount: int, total_amount: int) -> Occasion:
    return occasion(Order(amount=amount, discount_amount=amount - total_amount))


@pytest.mark.parametrize(
    ("rule", "amount", "total_amount", "expected"),
    [
        (Fixed(25), 0, 0, 25),
        (Proportional("ORDER_TOTAL_AMOUNT", 500, 10), 50_000, 45_000, 900),
        (Proportional("ORDER_AMOUNT", 500, 10), 50_000, 45_000, 1_000),
        (Proportional("ORDER_AMOUNT", 100, 1), 1_000, 1_000, 10),
        (Proportional("ORDER_AMOUNT", 100, 3), 299, 299, 6),
        (Proportional("ORDER_AMOUNT", 100, 3), 99, 99, 0),
        (Proportional("ORDER_AMOUNT", 1, 1), 0, 0, 0),
    ],
)
def test_amounts_earn(rule: Earning, amount: int, total_amount: int, expected: int) -> None:
    assert earned(rule, of_amounts(amount, total_amount)) == expected


@given(amount=st.integers(0, 10**12), every=st.integers(1, 10**6), points=st.integers(0, 10**6))
def test_steps_are_whole_and_none_is_missed(amount: int, every: int, points: int) -> None:
    got = earned(Proportional("ORDER_AMOUNT", every, points), of_amounts(amount, amount))
    assert got * every <= amount * points < (got + points) * every or points == 0


@pytest.mark.parametrize(
    ("basis", "goods", "expected"),
    [
        ("ORDER_ITEMS_QUANTITY", (), 4),  # one of the three was free
        ("ORDER_ITEMS_QUANTITY", (Named("product", "prod_a"),), 2),
        ("ORDER_ITEMS_QUANTITY", (Named("sku", "sku_b"), Named("product", "prod_b")), 2),
        ("ORDER_ITEMS_AMOUNT", (), 4_500),
        ("ORDER_ITEMS_AMOUNT", (Named("product", "prod_a"),), 3_000),
        ("ORDER_ITEMS_SUBTOTAL_AMOUNT", (Named("product", "prod_a"),), 2_000),
        ("ORDER_ITEMS_SUBTOTAL_AMOUNT", (Named("product", "prod_z"),), 0),
    ],
)
def test_lines_earn(basis: Basis, goods: tuple[Named, ...], expected: int) -> None:
    assert earned(Proportional(basis, 1, 1, goods=goods), occasion()) == expected


@pytest.mark.parametrize("basis", ["ORDER_METADATA", "CUSTOMER_METADATA", "CUSTOM_EVENT_METADATA"])
@pytest.mark.parametrize(
    ("value", "expected"),
    [(8, 4), (7.9, 3), ("8", 4), (1, 0), (-8, 0), (None, 0), ("many", 0), ([8], 0), (True, 0), (10**30, 5 * 10**29)],
)
def test_metadata_earn(basis: Basis, value: object, expected: int) -> None:
    assert earned(Proportional(basis, 2, 1, property="visits"), occasion(visits=value)) == expected


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("ORDER_AMOUNT * 0.15", 8),
        ("2.5", 3),
        ("2.4999", 2),
        ("0 - 7", 0),
        ('ORDER_METADATA("nothing")', 5),
        ("1 / 0", 5),
    ],
)
def test_a_formula_gives_the_points_and_the_number_stands_in_for_it(formula: str, expected: int) -> None:
    order = Order(amount=5_100)
    assert earned(Fixed(5, compile_formula(formula)), occasion(order)) == expected


def test_points_of_a_formula_are_rounded_once_after_the_steps() -> None:
    rule = Proportional("ORDER_AMOUNT", 1_000, 1, compile_formula("1.5"))
    assert [earned(rule, of_amounts(amount, amount)) for amount in (999, 1_000, 2_000, 3_000)] == [0, 2, 3, 5]


def test_what_is_exact_is_not_rounded() -> None:
    rule = Proportional("ORDER_METADATA", 3, 1, property="visits")
    assert earned(rule, occasion(visits=Decimal("2.9999999999999999999999999999999999999999"))) == 0
