"""Windows of time written as texts, such as `2026-01-01T00:00:00Z;P1D;PT1H`, and whether a moment is within. Pure."""

import re
from collections.abc import Callable
from datetime import datetime

from guerdon.engine.calendar import Duration, parse_duration
from guerdon.engine.moment import on_the_wall, read_when
from guerdon.engine.validity import in_timeframe

# Takes a moment as the clock on the wall shows it, and the zone.
Window = Callable[[datetime, str], bool]
_HOUR = re.compile(r"(?:[01][0-9]|2[0-4]):[0-5][0-9](?::[0-5][0-9])?")
_DAYS = re.compile(r"[0-6](?:,[0-6])*")


def recurring(text: str) -> Window:
    """`<start>;<interval>;<duration>`: from the start on, for the duration at the beginning of every interval."""
    first, interval_text, duration_text = _parts(text, 3)
    start = read_when(first)
    interval, duration = parse_duration(interval_text), parse_duration(duration_text)
    if start is None or _nothing(interval) or _nothing(duration):
        raise ValueError("must have a start, an interval and a duration")

    def within(wall: datetime, zone: str) -> bool:
        try:
            return in_timeframe(interval, duration, on_the_wall(start, zone), wall)
        except OverflowError:  # windows beyond the calendar's end
            return False

    return within


def absolute(text: str) -> Window:
    """`<from>;<to>`: from the one until, and without, the other."""
    start, end = (read_when(part) for part in _parts(text, 2))
    if start is None or end is None:
        raise ValueError("must have two dates")
    return lambda wall, zone: on_the_wall(start, zone) <= wall < on_the_wall(end, zone)


def daily_hours(text: str) -> Window:
    """`<HH:MM>;<HH:MM>;<weekdays>`: 0 is Sunday. An end that is not after the start is on the next day."""
    start, end, weekdays = _parts(text, 3)
    if not (_HOUR.fullmatch(start) and _HOUR.fullmatch(end) and _DAYS.fullmatch(weekdays)):
        raise ValueError("must have two hours and weekdays from 0 to 6")
    days = {int(day) for day in weekdays.split(",")}

    def within(wall: datetime, _zone: str) -> bool:
        # Texts compare as times do, because the bounds are prefixes of the same form.
        now, today = f"{wall:%H:%M:%S}", weekday(wall)
        if start < end:
            return today in days and start <= now < end
        return (today in days and start <= now) or ((today - 1) % 7 in days and now < end)

    return within


def weekday(day: datetime) -> int:
    """0 is Sunday."""
    return day.isoweekday() % 7


def _parts(text: str, count: int) -> list[str]:
    parts = [part.strip() for part in text.split(";")]
    if len(parts) != count:
        raise ValueError(f"must have {count} parts with semicolons between")
    return parts


def _nothing(duration: Duration) -> bool:
    return duration.months == 0 and not duration.exact
