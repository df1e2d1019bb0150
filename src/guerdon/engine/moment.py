"""A moment, and the time zone by whose calendar it is read; dates and moments as values have them. Pure."""

import re
from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec

When = date | datetime
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9:.,Z+-]{1,30})?")


class Moment(msgspec.Struct, frozen=True):
    """`now` is aware and in UTC; `zone` is the project's time zone, such as `Europe/Warsaw`."""

    now: datetime
    zone: str = "UTC"


@lru_cache(maxsize=256)
def local_time(moment: Moment) -> datetime:
    """What the clock on the wall shows, without a zone."""
    return on_the_wall(moment.now, moment.zone)


def local_date(moment: Moment) -> date:
    """The day of the project's calendar."""
    return local_time(moment).date()


def on_the_wall(when: When, zone: str) -> datetime:
    """The local time of a moment, midnight of a date. On the calendar's first and last day that of UTC."""
    if not isinstance(when, datetime):
        return datetime(when.year, when.month, when.day)  # noqa: DTZ001 - the clock on a wall knows no zone
    try:
        return when.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    except OverflowError:
        return when.replace(tzinfo=None)


def local_day(when: When, zone: str) -> date:
    """The day that a date is, or on which a moment falls by the project's calendar."""
    return on_the_wall(when, zone).date() if isinstance(when, datetime) else when


def read_when(value: object) -> When | None:
    """The date or the moment (in UTC) that a value is or that it writes in ISO 8601; None if it is neither."""
    if isinstance(value, str):
        if len(value) > 41 or not _ISO.fullmatch(value):  # noqa: PLR2004 - the longest text of the pattern
            return None
        try:
            value = date.fromisoformat(value) if len(value) == len("2026-01-31") else datetime.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, datetime):
        try:
            return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        except OverflowError:
            return None
    return value if isinstance(value, date) else None
