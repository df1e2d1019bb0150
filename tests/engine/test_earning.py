"""Points for an order."""

import pytest
from hypothesis import given, strategies as st

from guerdon.engine.earning import Earning, Fixed, Proportional, earned


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
def test_earned(rule: Earning, amount: int, total_amount: int, expected: int) -> None:
    assert earned(rule, amount=amount, total_amount=total_amount) == expected


@given(amount=st.integers(0, 10**12), every=st.integers(1, 10**6), points=st.integers(0, 10**6))
def test_steps_are_whole_and_none_is_missed(amount: int, every: int, points: int) -> None:
    got = earned(Proportional("ORDER_AMOUNT", every, points), amount=amount, total_amount=0)
    assert got * every <= amount * points < (got + points) * every or points == 0
