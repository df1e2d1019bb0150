"""Splitting and filling: the parts are the whole, to the last unit, and nobody gets more than fits."""

import pytest
from hypothesis import given, settings, strategies as st

from guerdon.engine.allocate import fill, split

AMOUNTS = st.integers(0, 2**53 - 1)
ROOMS = st.lists(st.tuples(AMOUNTS, AMOUNTS), max_size=20)


@pytest.mark.parametrize(
    ("amount", "weights", "limits", "parts"),
    [
        (300, [3300, 3400], [3300, 3400], [148, 152]),
        (1000, [2000, 4500, 6000], [2000, 4500, 6000], [160, 360, 480]),
        (1000, [2, 3, 3], [2000, 4500, 6000], [250, 375, 375]),
        (100, [1, 1, 1], [100] * 3, [33, 33, 34]),
        (200, [1, 1, 1], [200] * 3, [67, 67, 66]),
        (1, [1, 1, 1], [9] * 3, [0, 0, 1]),
        (2, [1, 1, 1, 1], [9] * 4, [1, 1, 0, 0]),
        (1000, [1, 1], [200, 10_000], [200, 800]),
        (1000, [1, 1], [10_000, 200], [800, 200]),
        (1000, [1, 1], [100, 100], [100, 100]),
        (1000, [0, 1], [500, 500], [0, 500]),
        (1000, [0, 0], [500, 500], [0, 0]),
        (0, [1, 2], [5, 5], [0, 0]),
        (5, [], [], []),
    ],
)
def test_split(amount: int, weights: list[int], limits: list[int], parts: list[int]) -> None:
    assert split(amount, weights, limits) == parts


@settings(derandomize=True)
@given(AMOUNTS, ROOMS)
def test_a_split_gives_out_all_that_fits(amount: int, rooms: list[tuple[int, int]]) -> None:
    weights, limits = [weight for weight, _ in rooms], [limit for _, limit in rooms]
    parts = split(amount, weights, limits)
    room = sum(limit for weight, limit in rooms if weight)
    assert sum(parts) == min(amount, room)
    assert all(0 <= part <= limit for part, limit in zip(parts, limits, strict=True))


@settings(derandomize=True)
@given(st.integers(1, 10**6), st.lists(st.integers(1, 10**6), min_size=1, max_size=20))
def test_a_split_is_off_by_rounding_alone_but_for_the_last_parts(amount: int, weights: list[int]) -> None:
    parts = split(amount, weights, [amount] * len(weights))
    exact = [amount * weight / sum(weights) for weight in weights]
    assert sum(parts) == amount
    assert sum(abs(part - share) > 0.5 for part, share in zip(parts, exact, strict=True)) <= len(weights) // 2 + 1


@pytest.mark.parametrize(
    ("wanted", "limit", "given"),
    [
        ([10, 10, 10], 25, [10, 10, 5]),
        ([10, 10, 10], None, [10, 10, 10]),
        ([10, 10], 0, [0, 0]),
        ([1, 20, 1], 5, [1, 4, 0]),
        ([], 5, []),
    ],
)
def test_fill(wanted: list[int], limit: int | None, given: list[int]) -> None:
    assert fill(wanted, limit) == given
