"""Tiers: what is reached, how long it lasts, and which moves follow."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, strategies as st

from guerdon.engine.calendar import parse_duration
from guerdon.engine.mapping import PointsMapping, mapped, scaled
from guerdon.engine.tiers import Points, Policy, Rounding, Standing, Tier, settle, until

BOTTOM, MIDDLE, TOP = Tier("bottom", 1, 249), Tier("middle", 250, 499), Tier("top", 500, 1_000)
TIERS = (BOTTOM, MIDDLE, TOP)
DROP = Policy()


def day(text: str) -> date:
    return date.fromisoformat(text)


def policy(ends: str, period: str = "MONTH", *, extend: str | None = None, **more: Any) -> Policy:
    kind = "BALANCE" if ends in {"CUSTOM", "BALANCE_DROP"} else "POINTS_IN_PERIOD"
    fields = {"qualification": kind, "period": period, "ends": ends, **more}
    return Policy(**fields, extend=parse_duration(extend) if extend else None)


def kinds(rules: Policy, standing: Standing | None, points: Points, today: str) -> list[str]:
    return [move.kind for move in settle(rules, TIERS, standing, points, day(today))]


@pytest.mark.parametrize(
    ("rules", "start", "end"),
    [
        (policy("BALANCE_DROP"), "2025-03-10", None),
        (policy("END_OF_PERIOD"), "2025-03-10", "2025-03-31"),
        (policy("END_OF_NEXT_PERIOD"), "2025-03-10", "2025-04-30"),
        (policy("END_OF_PERIOD", extend="P7D"), "2025-03-10", "2025-04-07"),
        (policy("END_OF_NEXT_PERIOD", extend="P7D"), "2025-03-10", "2025-05-07"),
        (policy("END_OF_PERIOD", extend="P1M"), "2025-03-10", "2025-04-30"),
        (policy("END_OF_NEXT_PERIOD", extend="P1M"), "2025-03-10", "2025-05-31"),
        (policy("END_OF_PERIOD", "QUARTER"), "2025-02-15", "2025-03-31"),
        (policy("END_OF_NEXT_PERIOD", "HALF_YEAR"), "2025-02-15", "2025-12-31"),
        (policy("END_OF_NEXT_PERIOD", "YEAR"), "2024-02-29", "2025-12-31"),
        (policy("CUSTOM", extend="P3M", rounding=Rounding("MONTH")), "2022-11-10", "2023-02-28"),
        (policy("CUSTOM", extend="P3M"), "2022-11-10", "2023-02-10"),
        (policy("CUSTOM", extend="P3M", rounding=Rounding("QUARTER")), "2022-11-10", "2023-03-31"),
        (policy("CUSTOM", extend="P3M", rounding=Rounding("YEAR", "START")), "2022-11-10", "2023-01-01"),
        (policy("CUSTOM", extend="P1M", rounding=Rounding("YEAR", "START")), "2022-11-10", "2022-11-10"),
        (policy("CUSTOM", extend="P3M", rounding=Rounding("CUSTOM", "END", 0)), "2022-11-10", "2024-01-31"),
        (policy("CUSTOM", extend="P3M", rounding=Rounding("CUSTOM", "END", 1)), "2022-11-10", "2023-02-28"),
        (policy("CUSTOM"), "2022-11-10", None),
        (policy("CUSTOM", extend="P999Y"), "9998-11-10", "9999-12-31"),
    ],
)
def test_how_long_a_tier_lasts(rules: Policy, start: str, end: str | None) -> None:
    assert until(rules, day(start)) == (day(end) if end else None)


@pytest.mark.parametrize(
    ("before", "balance", "moves", "after"),
    [
        (None, 0, [], None),
        (None, 1, ["joined"], "bottom"),
        (None, 249, ["joined"], "bottom"),
        ("bottom", 250, ["upgraded"], "middle"),
        ("top", 499, ["downgraded"], "middle"),
        ("bottom", 0, ["left"], None),
        ("top", 1_001, ["left"], None),
        ("middle", 300, [], "middle"),
        ("gone", 300, ["left", "joined"], "middle"),
    ],
)
def test_a_balance_moves_both_ways(before: str | None, balance: int, moves: list[str], after: str | None) -> None:
    standing = Standing(before, day("2025-01-01")) if before else None
    found = settle(DROP, TIERS, standing, Points(balance), day("2025-03-10"))
    assert [move.kind for move in found] == moves
    last = found[-1].after if found else standing
    assert (last.tier_id if last else None) == after


def test_a_tier_with_an_end_is_kept_until_then() -> None:
    rules = policy("CUSTOM", extend="P1M")
    standing = Standing("middle", day("2025-01-10"), day("2025-02-10"))
    assert kinds(rules, standing, Points(5), "2025-02-10") == []
    assert kinds(rules, standing, Points(600), "2025-02-10") == ["upgraded"]
    assert kinds(rules, standing, Points(5), "2025-02-11") == ["downgraded"]
    assert kinds(rules, standing, Points(0), "2025-02-11") == ["left"]
    (move,) = settle(rules, TIERS, standing, Points(300), day("2025-02-11"))
    assert (move.kind, move.after) == ("prolonged", Standing("middle", day("2025-01-10"), day("2025-03-11")))


def test_missed_ends_are_made_up_for_each_at_its_day() -> None:
    rules = policy("CUSTOM", extend="P1M")
    standing = Standing("middle", day("2025-01-10"), day("2025-02-10"))
    moves = settle(rules, TIERS, standing, Points(300), day("2025-04-20"))
    assert [move.kind for move in moves] == ["prolonged"] * 3
    assert moves[-1].after == Standing("middle", day("2025-01-10"), day("2025-05-13"))


@pytest.mark.parametrize(
    ("next_one", "today", "moves"),
    [
        (False, "2025-03-10", ["joined"]),
        (False, "2025-03-09", []),
        (True, "2025-03-31", []),
        (True, "2025-04-01", ["joined"]),
        (True, "2025-05-01", []),
    ],
)
def test_collected_points_count_in_their_period(next_one: bool, today: str, moves: list[str]) -> None:  # noqa: FBT001
    rules = policy("END_OF_PERIOD", starts_next=next_one)
    collected = {day("2025-02-28"): 999, day("2025-03-05"): 200, day("2025-03-10"): 50}
    points = Points(0, {of: value for of, value in collected.items() if of <= day(today) and value != 999})
    found = settle(rules, (MIDDLE, TOP), None, points, day(today))
    assert [move.kind for move in found] == moves
    if moves:
        starts = day("2025-04-01") if next_one else day("2025-03-10")
        assert found[0].after == Standing("middle", starts, until(rules, starts))


def test_more_than_the_highest_tier_wants_still_reaches_it_in_a_period() -> None:
    points = Points(0, {day("2025-03-05"): 5_000})
    (move,) = settle(policy("END_OF_PERIOD"), TIERS, None, points, day("2025-03-10"))
    assert move.after
    assert move.after.tier_id == "top"


def test_a_tier_that_ends_with_a_period_is_judged_by_it() -> None:
    rules = policy("END_OF_PERIOD")
    standing = Standing("top", day("2025-03-10"), day("2025-03-31"))
    march, april = day("2025-03-10"), day("2025-04-02")
    assert kinds(rules, standing, Points(0, {march: 500}), "2025-04-01") == ["prolonged"]
    assert kinds(rules, standing, Points(0, {march: 300}), "2025-04-01") == ["downgraded"]
    assert kinds(rules, standing, Points(900), "2025-04-01") == ["left"]
    extended = Standing("top", day("2025-03-10"), day("2025-04-07"))
    assert kinds(rules, extended, Points(0, {april: 500}), "2025-04-08") == ["prolonged"]


@given(
    balance=st.integers(0, 1_200),
    start=st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    ends=st.sampled_from(["END_OF_PERIOD", "END_OF_NEXT_PERIOD", "BALANCE_DROP", "CUSTOM"]),
    days=st.integers(0, 800),
)
def test_what_is_settled_stays_settled(balance: int, start: date, ends: str, days: int) -> None:
    rules = policy(ends, extend="P10D")
    points = Points(balance, {start: balance})
    first = settle(rules, TIERS, None, points, start)
    standing = first[-1].after if first else None
    today = date.fromordinal(start.toordinal() + days)
    second = settle(rules, TIERS, standing, points, today)
    standing = second[-1].after if second else standing
    assert settle(rules, TIERS, standing, points, today) == []
    assert standing is None or standing.until is None or standing.until >= today


@pytest.mark.parametrize(
    ("mapping", "points"),
    [
        (None, 5),
        (PointsMapping(type="MULTIPLY", multiplier=3), 15),
        (PointsMapping(type="MULTIPLY", multiplier=0.5), 3),
        (PointsMapping(type="MULTIPLY", multiplier=0.1), 1),
        (PointsMapping(type="CUSTOM", points=7), 7),
        (PointsMapping(type="CUSTOM"), None),
    ],
)
def test_a_tier_maps_points(mapping: PointsMapping | None, points: int | None) -> None:
    assert mapped(5, mapping) == points


def test_only_a_multiplier_scales() -> None:
    assert scaled(100, PointsMapping(type="MULTIPLY", multiplier=1.5)) == 150
    assert scaled(100, PointsMapping(type="CUSTOM", points=7)) == 100
