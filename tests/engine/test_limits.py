"""Since when limits count."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, strategies as st

from guerdon.engine.limits import period_start
from guerdon.engine.moment import Moment, local_date


@pytest.mark.parametrize(
    ("period", "now", "zone", "expected"),
    [
        ("day", "2026-08-03T23:59:59", "UTC", "2026-08-03T00:00:00"),
        ("day", "2026-08-04T00:00:00", "UTC", "2026-08-04T00:00:00"),
        ("day", "2026-08-03T22:30:00", "Europe/Warsaw", "2026-08-03T22:00:00"),
        ("day", "2026-03-29T12:00:00", "Europe/Warsaw", "2026-03-28T23:00:00"),
        ("day", "2026-03-30T12:00:00", "Europe/Warsaw", "2026-03-29T22:00:00"),
        ("day", "2018-11-04T12:00:00", "America/Sao_Paulo", "2018-11-04T03:00:00"),  # the clocks skip midnight
        ("week", "2026-01-11T22:00:00", "UTC", "2026-01-05T00:00:00"),
        ("week", "2026-01-12T00:10:00", "UTC", "2026-01-12T00:00:00"),
        ("month", "2026-03-31T23:00:00", "UTC", "2026-03-01T00:00:00"),
        ("month", "2026-03-31T23:00:00", "Europe/Warsaw", "2026-03-31T22:00:00"),
    ],
)
def test_periods_begin_at_midnight_of_the_project(period: Any, now: str, zone: str, expected: str) -> None:
    moment = Moment(datetime.fromisoformat(now).replace(tzinfo=UTC), zone)
    assert period_start(period, moment) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_weeks_begin_on_the_project_s_first_weekday() -> None:
    wednesday = Moment(datetime(2026, 3, 11, tzinfo=UTC))
    assert [period_start("week", wednesday, first).day for first in (0, 2, 5, 6)] == [9, 11, 7, 8]


@given(
    now=st.datetimes(datetime(1971, 1, 2), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    zone=st.sampled_from(["UTC", "Europe/Warsaw", "America/Sao_Paulo", "Pacific/Auckland", "Asia/Kathmandu"]),
)
def test_a_period_has_begun_and_not_long_ago(now: datetime, zone: str) -> None:
    moment = Moment(now, zone)
    day, week, month = (period_start(period, moment) for period in ("day", "week", "month"))  # type: ignore[arg-type]
    assert max(week, month) <= day <= now
    assert (now - week).days <= 7
    assert (now - month).days <= 31
    assert local_date(Moment(day, zone)) == local_date(moment)
