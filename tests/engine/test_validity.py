"""When something is valid."""

from datetime import UTC, datetime
from typing import Any

import pytest

from guerdon.engine.validity import Validity, problem_at

START = datetime(2026, 1, 31, 12, tzinfo=UTC)


def at(text: str, *, zone: str = "UTC", start: datetime | None = START, **windows: Any) -> str | None:
    return problem_at(Validity(start, None, windows), datetime.fromisoformat(text), zone)


def test_both_ends_of_a_period_belong_to_it() -> None:
    period = Validity(START, START.replace(day=31, hour=13))
    for hour, problem in ((11, "NOT_YET"), (12, None), (13, None), (14, "EXPIRED")):
        assert problem_at(period, START.replace(hour=hour), "UTC") == problem
    assert problem_at(Validity(), START, "UTC") is None


@pytest.mark.parametrize(
    ("moment", "problem"),
    [
        ("2026-01-31T12:00:00+00:00", None),
        ("2026-01-31T12:59:59+00:00", None),
        ("2026-01-31T13:00:00+00:00", "NOT_NOW"),
        ("2026-02-03T12:30:00+00:00", "NOT_NOW"),
        ("2026-02-02T12:30:00+00:00", None),
        ("2036-02-02T12:30:00+00:00", None),
    ],
)
def test_windows_come_back_every_interval(moment: str, problem: str | None) -> None:
    assert at(moment, timeframe={"interval": "P2D", "duration": "PT1H"}) == problem


@pytest.mark.parametrize(
    ("moment", "problem"),
    [
        ("2026-02-28T12:30:00+00:00", None),
        ("2026-03-31T12:30:00+00:00", None),
        ("2026-03-28T12:30:00+00:00", "NOT_NOW"),
        ("2056-02-29T12:30:00+00:00", None),
    ],
)
def test_an_interval_of_months_keeps_the_day(moment: str, problem: str | None) -> None:
    assert at(moment, timeframe={"interval": "P1M", "duration": "P1D"}) == problem


def test_windows_go_by_the_clock_on_the_wall() -> None:
    timeframe = {"interval": "P1D", "duration": "PT1H"}
    winter = datetime(2026, 3, 1, 8, tzinfo=UTC)  # nine o'clock in Warsaw
    for moment, problem in (("2026-03-28T08:30:00+00:00", None), ("2026-03-30T07:30:00+00:00", None)):
        assert at(moment, zone="Europe/Warsaw", start=winter, timeframe=timeframe) == problem
    assert at("2026-03-30T08:30:00+00:00", zone="Europe/Warsaw", start=winter, timeframe=timeframe) == "NOT_NOW"


def test_days_of_the_week_are_those_of_the_time_zone() -> None:
    sunday_evening = "2026-11-22T23:30:00+00:00"
    assert at(sunday_evening, day_of_week=[0]) is None
    assert at(sunday_evening, day_of_week=[1]) == "NOT_NOW"
    assert at(sunday_evening, zone="Europe/Warsaw", day_of_week=[1]) is None


@pytest.mark.parametrize(
    ("moment", "problem"),
    [
        ("2026-11-23T07:59:59+00:00", "NOT_NOW"),
        ("2026-11-23T08:00:00+00:00", None),
        ("2026-11-23T18:00:00+00:00", "NOT_NOW"),
        ("2026-11-24T23:59:59+00:00", None),
        ("2026-11-25T12:00:00+00:00", "NOT_NOW"),
    ],
)
def test_hours_of_some_days(moment: str, problem: str | None) -> None:
    daily = [
        {"start_time": "08:00", "expiration_time": "18:00", "days_of_week": [1]},
        {"start_time": "20:00:00", "days_of_week": [2]},
    ]
    assert at(moment, hours={"daily": daily}) == problem


def test_the_first_day_of_the_calendar_is_one_in_every_zone() -> None:
    daily = {"timeframe": {"interval": "P1D", "duration": "PT10H"}}
    first = Validity(start=datetime(1, 1, 1, tzinfo=UTC), windows=daily)
    assert problem_at(first, datetime(2026, 11, 21, 20, tzinfo=UTC), "America/New_York") == "NOT_NOW"
    assert problem_at(first, datetime(2026, 11, 21, 9, tzinfo=UTC), "America/New_York") is None
