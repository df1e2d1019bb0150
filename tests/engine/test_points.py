"""Days on which points can last be used: LOYALTY.md §5, row by row, and the edges between."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, strategies as st

from guerdon.engine.points import ExpirationRules, last_day, problem_of


def _months(value: int, rounding: Any = None, month: int | None = None) -> ExpirationRules:
    return ExpirationRules("MONTH", value, rounding, month)


def _fixed(month: int, day: int) -> ExpirationRules:
    return ExpirationRules("FIXED_DAY_OF_YEAR", fixed_month=month, fixed_day=day)


@pytest.mark.parametrize(
    ("rules", "earned", "expected"),
    [
        (_months(1), "2025-01-25", "2025-02-25"),
        (_months(0), "2025-01-01", "2025-01-01"),
        (_months(1), "2025-01-31", "2025-02-28"),
        (_months(1), "2024-01-31", "2024-02-29"),
        (_months(1), "2025-01-30", "2025-02-28"),
        (_months(1), "2025-03-31", "2025-04-30"),
        (_months(12), "2024-07-24", "2025-07-24"),
        (_months(12), "2024-02-29", "2025-02-28"),
        (_months(1, "END_OF_MONTH"), "2025-01-01", "2025-02-28"),
        (_months(1, "END_OF_MONTH"), "2025-01-31", "2025-02-28"),
        (_months(3, "END_OF_QUARTER"), "2025-02-10", "2025-06-30"),
        (_months(3, "END_OF_QUARTER"), "2025-01-15", "2025-06-30"),
        (_months(3, "END_OF_QUARTER"), "2025-03-31", "2025-06-30"),
        (_months(1, "END_OF_HALF_YEAR"), "2025-06-10", "2025-12-31"),
        (_months(1, "END_OF_HALF_YEAR"), "2025-05-10", "2025-06-30"),
        (_months(4, "END_OF_YEAR"), "2025-10-10", "2026-12-31"),
        (_months(2, "PARTICULAR_MONTH", 1), "2025-03-06", "2026-01-31"),
        (_months(2, "PARTICULAR_MONTH", 5), "2025-03-06", "2025-05-31"),
        (_fixed(1, 1), "2025-02-05", "2026-01-01"),
        (_fixed(12, 31), "2025-11-28", "2025-12-31"),
        (_fixed(3, 7), "2025-03-07", "2025-03-07"),
        (_fixed(2, 29), "2025-01-01", "2025-02-28"),
        (_fixed(2, 29), "2024-01-01", "2024-02-29"),
        (_fixed(2, 29), "2023-03-01", "2024-02-29"),
    ],
)
def test_last_day(rules: ExpirationRules, earned: str, expected: str) -> None:
    assert last_day(rules, date.fromisoformat(earned)) == date.fromisoformat(expected)


@given(
    earned=st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    months=st.integers(0, 36),
    rounding=st.sampled_from([None, "END_OF_MONTH", "END_OF_QUARTER", "END_OF_HALF_YEAR", "END_OF_YEAR"]),
)
def test_rounding_only_ever_gives_more_time(earned: date, months: int, rounding: Any) -> None:
    plain = last_day(_months(months), earned)
    assert earned <= plain <= last_day(_months(months, rounding), earned)


@given(earned=st.dates(date(2000, 1, 1), date(2100, 1, 1)), later=st.integers(0, 400), months=st.integers(0, 36))
def test_later_points_never_expire_earlier(earned: date, later: int, months: int) -> None:
    rules = _months(months, "END_OF_QUARTER")
    assert last_day(rules, earned) <= last_day(rules, date.fromordinal(earned.toordinal() + later))


@pytest.mark.parametrize(
    "rules",
    [
        ExpirationRules("MONTH"),
        _months(-1),
        _months(1, "PARTICULAR_MONTH"),
        _months(1, "PARTICULAR_MONTH", 13),
        _fixed(0, 1),
        _fixed(2, 30),
        ExpirationRules("FIXED_DAY_OF_YEAR", fixed_month=1),
    ],
)
def test_impossible_rules_are_named(rules: ExpirationRules) -> None:
    assert problem_of(rules)


def test_possible_rules_have_no_problem() -> None:
    assert problem_of(_months(0, "END_OF_YEAR")) is None
    assert problem_of(_fixed(2, 29)) is None
