"""When something is valid: its dates, its windows that come back, its days of the week and its hours. Pure.

Dates are moments; everything else goes by the clock on the wall of the project's time zone.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec

from guerdon.engine.calendar import Duration, add_months, parse_duration
from guerdon.engine.moment import on_the_wall

Invalid = Literal["NOT_YET", "EXPIRED", "NOT_NOW"]
_DAYS_PER_MONTH = 30.4369
_SECONDS_PER_DAY = 86_400


class Validity(msgspec.Struct, frozen=True):
    """The first and last moment, and `windows` with the keys `timeframe`, `day_of_week` and `hours` that are set."""

    start: datetime | None = None
    end: datetime | None = None
    windows: Mapping[str, Any] | None = None


def problem_at(validity: Validity, moment: datetime, timezone: str) -> Invalid | None:
    """Why it is not valid at that moment; None if it is."""
    if validity.start is not None and moment < validity.start:
        return "NOT_YET"
    if validity.end is not None and moment > validity.end:
        return "EXPIRED"
    if validity.windows:
        start = validity.start and on_the_wall(validity.start, timezone)
        if not _in_windows(validity.windows, on_the_wall(moment, timezone), start):
            return "NOT_NOW"
    return None


def _in_windows(windows: Mapping[str, Any], local: datetime, start: datetime | None) -> bool:
    timeframe, days, hours = (windows.get(name) for name in ("timeframe", "day_of_week", "hours"))
    if timeframe and start is not None:
        interval, duration = parse_duration(timeframe["interval"]), parse_duration(timeframe["duration"])
        if not in_timeframe(interval, duration, start, local):
            return False
    weekday = local.isoweekday() % 7  # 0 is Sunday
    if days and weekday not in days:
        return False
    daily: list[Mapping[str, Any]] = hours["daily"] if hours else []
    return not daily or any(_in_hours(window, weekday, f"{local:%H:%M:%S}") for window in daily)


def in_timeframe(interval: Duration, duration: Duration, start: datetime, local: datetime) -> bool:
    """Whether one of the windows that begin every interval after the start is open."""
    length = interval.months * _DAYS_PER_MONTH * _SECONDS_PER_DAY + interval.exact.total_seconds()
    near = int((local - start).total_seconds() // length)
    # Months differ in length, so the estimate can be a little off; long windows may overlap the next.
    begins = (_nth(interval, start, number) for number in range(max(0, near - 2), near + 3))
    return any(begin <= local < duration.after(begin) for begin in begins)


def _nth(interval: Duration, start: datetime, number: int) -> datetime:
    return add_months(start, interval.months * number) + interval.exact * number


def _in_hours(window: Mapping[str, Any], weekday: int, now: str) -> bool:
    """`now` is HH:MM:SS, and the bounds are the same or without seconds, so they compare as texts."""
    end = window.get("expiration_time")
    return weekday in window["days_of_week"] and window["start_time"] <= now and (not end or now < end)
