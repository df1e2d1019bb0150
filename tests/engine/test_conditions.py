"""Conditions of rules, segments and filters: one table row by operator and kind of value, and hostile values."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, strategies as st

from guerdon.engine import conditions
from guerdon.engine.conditions import compile_conditions
from guerdon.engine.moment import Moment

# A Wednesday; in Auckland it is already Thursday, in Honolulu still Tuesday evening.
NOW = datetime(2026, 3, 11, 12, 30, tzinfo=UTC)


def holds(operator: str, operands: Any, value: Any, zone: str = "UTC") -> bool:
    return compile_conditions({operator: operands})(value, Moment(NOW, zone))


@pytest.mark.parametrize(
    ("operator", "operands", "meets", "fails"),
    [
        ("$is", ["Santorini"], ["Santorini", ["x", "Santorini"]], ["santorini", "Athens", None, [], ["x"], {}]),
        ("$is", "web", ["web"], ["app"]),
        ("$is", [5], [5, 5.0, "5", "5.0", ["5"]], [6, "five", True, None, float("nan"), float("inf")]),
        ("$is", ["5"], ["5", 5, 5.0], ["5.0", "05"]),
        ("$is", [0.1], [0.1, "0.1", "0.10"], [0.11]),
        ("$is", [True], [True, "true"], [1, "1", False, "True", None]),
        ("$is", ["true"], [True, "true"], [False, 1]),
        ("$is", [1], [1], [True]),
        ("$is", ["a", "b"], ["a", "b"], ["c"]),
        ("$is", [10**18], [10**18, "1000000000000000000"], [10**18 + 1, 1e18 + 1e3]),
        ("$is", ["2026-03-11"], ["2026-03-11", "2026-03-11T23:00:00Z", date(2026, 3, 11)], ["2026-03-12"]),
        ("$is", ["2026-03-11T12:00:00Z"], ["2026-03-11T13:00:00+01:00", "2026-03-11T12:00:00.000Z"], ["2026-03-11"]),
        ("$is_not", ["a"], ["b", None, [], ["b"], {}], ["a", ["b", "a"]]),
        ("$in", ["a", "b"], ["b", ["x", "a"]], ["c", None]),
        ("$in", [], [], ["a", None, []]),
        ("$not_in", ["a", "b"], ["c", None, ["c"]], ["b", ["c", "b"]]),
        ("$has_value", "", ["", 0, False, [], {}], [None]),
        ("$is_unknown", [""], [None], ["", 0, False, []]),
        ("$starts_with", ["Bo", "X"], ["Boston", "X", ["a", "Bo"]], ["boston", "aBo", None, {}]),
        ("$starts_with", [12], [123, "12a", 12.5], [312]),
        ("$ends_with", ["ton"], ["Boston"], ["Tonga", None]),
        ("$contains", ["ost"], ["Boston"], ["OST", None, ["Boston"]]),
        ("$contains", ["new"], [["old", "new"], "renewed"], [["renewed"], []]),
        ("$not_contain", ["new"], [["renewed"], "old", None, {}], [["new"], "renewed"]),
        ("$less_than", [100], [99, "99.99", -1, [200, 5]], [100, "100", None, "x", True, {}]),
        ("$less_than_or_equal", [1], [1, 0], [2]),
        ("$less_than_equal", ["1"], [1, "1"], [2]),
        ("$more_than", [100], [101, 100.01, "101"], [100, None, ""]),
        ("$greater_than", [100], [101], [100]),
        ("$more_than_or_equal", [100], [100, "100.0"], [99.99]),
        ("$more_than_equal", [100], [100], [99]),
        ("$greater_than_or_equal", [1], [1], [0]),
        ("$more_than", ["2026-03-01"], ["2026-03-02", "2026-03-02T00:00:00Z"], ["2026-03-01T23:59:59Z", 5, None]),
        ("$less_than", ["2026-03-01T10:00:00Z"], ["2026-03-01T09:59:59Z"], ["2026-03-01T10:00:00Z", "2026-03-01"]),
        ("$more_than", [3], ["2026-03-07"], ["2026-03-08", "2026-03-11", "2026-04-11"]),
        ("$less_than", [3], ["2026-03-09", "2026-03-11T01:00:00Z"], ["2026-03-08", "2026-03-12"]),
        ("$after", ["2026-03-01"], ["2026-03-02", NOW], ["2026-03-01", "yesterday", None, 20260401]),
        ("$before", ["2026-03-01T00:00:00+01:00"], ["2026-02-28T22:59:59Z"], ["2026-02-28T23:00:00Z"]),
        ("$count", [2], [["a", "b"]], [["a"], [], None, "ab", 2]),
        ("$count", [0], [[]], [None, ["a"]]),
        ("$count_more", [1], [["a", "b"]], [["a"], None]),
        ("$count_less", [3], [["a", "b"], []], [["a", "b", "c"], None]),
        ("$not_differ", ["a", "b"], [["b", "a"], ["a", "b", "a"]], [["a"], ["a", "b", "c"], [], None, "a"]),
        ("$not_differ", [], [[]], [["a"], None]),
        ("$not_differ", [1, 2], [["1", 2.0]], [[1], [{}], [None]]),
        ("$not_intersect", ["a", "b"], [["c"], [], None, "c"], [["c", "a"], "b"]),
    ],
)
def test_values_by_operator(operator: str, operands: Any, meets: list[Any], fails: list[Any]) -> None:
    assert [value for value in meets if not holds(operator, operands, value)] == []
    assert [value for value in fails if holds(operator, operands, value)] == []


@pytest.mark.parametrize(
    ("operator", "operands", "meets", "fails"),
    [
        ("$today", "", ["2026-03-11", "2026-03-11T23:59:59Z"], ["2026-03-12", "2025-03-11", None, "x"]),
        ("$tomorrow", [], ["2026-03-12"], ["2026-03-11"]),
        ("$yesterday", [True], ["2026-03-10"], ["2026-03-09"]),
        ("$this_week", [], ["2026-03-09", "2026-03-15"], ["2026-03-08", "2026-03-16"]),
        ("$last_week", [], ["2026-03-02", "2026-03-08"], ["2026-03-09"]),
        ("$next_week", [], ["2026-03-16"], ["2026-03-15", "2026-03-23"]),
        ("$this_month", [], ["2026-03-31"], ["2025-03-31", "2026-04-01"]),
        ("$last_month", [], ["2026-02-01"], ["2026-01-31"]),
        ("$next_month", [], ["2026-04-30"], ["2026-05-01"]),
        ("$this_year", [], ["2026-12-31"], ["2025-12-31"]),
        ("$last_year", [], ["2025-01-01"], ["2024-12-31"]),
        ("$next_year", [], ["2027-06-01"], ["2028-01-01"]),
        ("$today_md", [], ["1990-03-11", date(1990, 3, 11)], ["1990-03-12"]),
        ("$tomorrow_md", [], ["1990-03-12"], ["1990-03-11"]),
        ("$yesterday_md", [], ["1990-03-10"], ["1990-03-11"]),
        ("$this_week_md", [], ["1990-03-09", "2030-03-15"], ["1990-03-08", "1990-03-16"]),
        ("$last_week_md", [], ["1990-03-02"], ["1990-03-09"]),
        ("$next_week_md", [], ["1990-03-22"], ["1990-03-15"]),
        ("$this_month_md", [], ["1990-03-31"], ["1990-04-01"]),
        ("$last_month_md", [], ["1992-02-29"], ["1990-03-01"]),
        ("$next_month_md", [], ["1990-04-01"], ["1990-03-01"]),
        ("$is_day_of_month", [11, 12], ["2020-01-11", "2020-01-12"], ["2020-01-13"]),
        ("$is_month", ["3"], ["1999-03-01"], ["1999-04-01"]),
        ("$is_year", 1999, ["1999-03-01"], ["2026-03-01"]),
        ("$is_day", [0], ["2026-03-15"], ["2026-03-16"]),
        ("$dow", [3, 6], ["2026-03-11", "2026-03-14T10:00:00Z"], ["2026-03-12", None, "Wednesday"]),
        ("$more_than_ago", [3], ["2026-03-07"], ["2026-03-08", "2026-03-20"]),
        ("$less_than_ago", [3], ["2026-03-09", "2026-03-11"], ["2026-03-08", "2026-03-12"]),
        ("$is_days_ago", [3], ["2026-03-08T23:00:00Z"], ["2026-03-09"]),
        ("$more_than_future", [3], ["2026-03-15"], ["2026-03-14", "2026-03-01"]),
        ("$less_than_future", [3], ["2026-03-13", "2026-03-11"], ["2026-03-14", "2026-03-10"]),
        ("$is_days_in_future", [3], ["2026-03-14"], ["2026-03-13"]),
        ("$is_years_ago", [18], ["2008-03-11"], ["2008-03-12", "2007-03-11"]),
        ("$is_days_ago_md", [3], ["1990-03-08"], ["1990-03-09"]),
        ("$is_days_ago_md", [0], ["1990-03-11"], ["1990-03-12"]),
        ("$is_more_days_ago_md", [3], ["1990-03-07", "1990-03-12"], ["1990-03-08"]),
        ("$is_less_days_ago_md", [3], ["1990-03-09"], ["1990-03-08", "1990-03-12"]),
        ("$is_days_in_future_md", [20], ["1990-03-31"], ["1990-03-30"]),
        ("$is_more_days_in_future_md", [20], ["1990-04-01", "1990-03-10"], ["1990-03-31"]),
        ("$is_less_days_in_future_md", [20], ["1990-03-30"], ["1990-03-31", "1990-03-10"]),
        (
            "$timeframe",
            ["2026-01-01T10:00:00Z;P1D;PT1H"],
            ["2026-03-11T10:59:59Z"],
            ["2026-03-11T11:00:00Z", "2025-12-31T10:30:00Z", None],
        ),
        (
            "$timeframe_absolute",
            ["2026-01-01;2026-01-08", "2026-02-01T10:00:00Z;2026-02-01T11:00:00Z"],
            ["2026-01-01", "2026-01-07T23:59:59Z", "2026-02-01T10:30:00Z"],
            ["2026-01-08", "2026-02-01T11:00:00Z"],
        ),
        (
            "$timeframe_daily_hours",
            ["18:00;20:01;2,3"],
            ["2026-03-11T18:00:00Z", "2026-03-10T20:00:59Z"],
            ["2026-03-11T20:01:00Z", "2026-03-12T19:00:00Z"],
        ),
        (
            "$timeframe_daily_hours",
            ["22:00;02:00;3"],
            ["2026-03-11T23:00:00Z", "2026-03-12T01:59:00Z"],
            ["2026-03-11T01:00:00Z", "2026-03-12T22:00:00Z"],
        ),
    ],
)
def test_dates_by_operator(operator: str, operands: Any, meets: list[Any], fails: list[Any]) -> None:
    assert [value for value in meets if not holds(operator, operands, value)] == []
    assert [value for value in fails if holds(operator, operands, value)] == []


def test_days_are_those_of_the_time_zone() -> None:
    assert holds("$today", [], "2026-03-12", "Pacific/Auckland")
    assert holds("$is", ["2026-03-12"], "2026-03-11T12:00:00Z", "Pacific/Auckland")
    assert holds("$timeframe_daily_hours", ["02:00;03:00;3"], NOW, "Pacific/Honolulu")
    assert holds("$dow", [4], NOW, "Pacific/Auckland")


def test_an_anniversary_of_a_leap_day_is_on_the_last_of_february() -> None:
    at = Moment(datetime(2026, 2, 28, tzinfo=UTC))
    assert compile_conditions({"$today_md": []})("2000-02-29", at)
    assert compile_conditions({"$is_years_ago": [26]})("2000-02-29", at)


def test_all_conditions_of_one_object_must_hold() -> None:
    between = compile_conditions({"$more_than": [10], "$less_than": [20]})
    assert [value for value in (10, 11, 19, 20) if between(value, Moment(NOW))] == [11, 19]
    assert compile_conditions({})(None, Moment(NOW))


@pytest.mark.parametrize(
    "wrong",
    [
        {"$isnt": [1]},
        {"is": [1]},
        {"$in_location": ["loc_1"]},
        {"$is": []},
        {"$is": [None]},
        {"$is": [{"id": "a"}]},
        {"$is": [["a"]]},
        {"$is": [float("nan")]},
        {"$more_than": ["many"]},
        {"$more_than": [True]},
        {"$more_than": [1, 2]},
        {"$more_than": []},
        {"$more_than": {"a": 1}},
        {"$after": [5]},
        {"$count": [-1]},
        {"$count": [1.5]},
        {"$count": ["x"]},
        {"$starts_with": [None]},
        {"$starts_with": [10**5000]},
        {"$dow": [7]},
        {"$dow": [1.5]},
        {"$dow": [10**30]},
        {"$is_month": [0]},
        {"$more_than_ago": [10**9]},
        {"$timeframe": ["2026-01-01;P1D"]},
        {"$timeframe": ["today;P1D;PT1H"]},
        {"$timeframe": ["2026-01-01;PT0S;PT1H"]},
        {"$timeframe": ["2026-01-01;P99999W;P99999Y"]},
        {"$timeframe_absolute": ["2026-01-01"]},
        {"$timeframe_daily_hours": ["18:00;20:61;2"]},
        {"$timeframe_daily_hours": ["18:00;20:00;7"]},
    ],
)
def test_a_wrong_condition_names_its_operator(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"^{next(iter(wrong)).replace('$', '[$]')} "):
        compile_conditions(wrong)


@pytest.mark.parametrize("wrong", [None, [], "x", 5])
def test_conditions_are_an_object(wrong: Any) -> None:
    with pytest.raises(ValueError, match="object"):
        compile_conditions(wrong)


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.just(10**4000),
    st.floats(),
    st.text(),
    st.dates(),
    st.datetimes(timezones=st.just(UTC)),
    st.dates().map(str),
    st.datetimes().map(datetime.isoformat),
    st.integers(-(10**60), 10**60).map(str),
)
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=2))
OPERATORS = sorted(conditions._OPERATORS)


@given(
    operator=st.sampled_from(OPERATORS),
    operands=JSON,
    value=JSON,
    now=st.datetimes(timezones=st.just(UTC)),
    zone=st.sampled_from(["UTC", "Pacific/Auckland", "America/New_York"]),
)
def test_whatever_is_sent_is_refused_or_tested(
    operator: str, operands: Any, value: Any, now: datetime, zone: str
) -> None:
    try:
        test = compile_conditions({operator: operands})
    except ValueError:
        return
    assert isinstance(test(value, Moment(now, zone)), bool)


@pytest.mark.parametrize("operator", OPERATORS)
def test_deep_and_large_values_end(operator: str) -> None:
    deep: Any = "x"
    for _ in range(10_000):
        deep = [deep]
    operands = {"$timeframe": "2026-01-01;P1D;PT1H", "$timeframe_absolute": "2026-01-01;2027-01-01"}.get(operator)
    operands = operands or ("18:00;20:00;1" if operator == "$timeframe_daily_hours" else "2026-01-01")
    for operand in (operands, 5):
        try:
            test = compile_conditions({operator: operand})
        except ValueError:
            continue
        for value in (deep, "9" * 1_000_000, 10**4000, list(range(100_000)), [{"a": deep}] * 1000, "9999-12-31"):
            assert test(value, Moment(NOW)) in {True, False}


NUMBERS = st.integers(-(10**18), 10**18) | st.decimals(-(10**9), 10**9, places=3).map(str)


@given(value=NUMBERS, limit=NUMBERS)
def test_a_number_is_less_equal_or_more(value: Any, limit: Any) -> None:
    less, more = holds("$less_than", [limit], value), holds("$more_than", [limit], value)
    assert not (less and more)
    assert holds("$more_than_or_equal", [limit], value) is not less
    assert holds("$less_than_or_equal", [limit], value) is not more


@given(value=JSON, members=st.lists(st.text() | st.integers() | st.booleans(), min_size=1, max_size=4))
def test_what_forbids_is_the_opposite_of_what_demands(value: Any, members: Any) -> None:
    for demands, forbids in (("$is", "$is_not"), ("$in", "$not_in"), ("$in", "$not_intersect")):
        assert holds(demands, members, value) is not holds(forbids, members, value)
    assert holds("$contains", members, value) is not holds("$not_contain", members, value)
