"""Durations of the calendar: ISO 8601 periods and months that end where the month does."""

import calendar
import re
from datetime import date, datetime, timedelta
from typing import TypeVar

import msgspec

D = TypeVar("D", date, datetime)
_ISO = re.compile(
    r"^P(?=.)(?:(\d{1,4})Y)?(?:(\d{1,5})M)?(?:(\d{1,5})W)?(?:(\d{1,6})D)?"
    r"(?:T(?=.)(?:(\d{1,7})H)?(?:(\d{1,9})M)?(?:(\d{1,10})S)?)?$"
)


class Duration(msgspec.Struct, frozen=True):
    """Months, which differ in length, and exact time."""

    months: int
    exact: timedelta

    def after(self, moment: D) -> D:
        """The moment so much later. OverflowError beyond the year 9999."""
        return add_months(moment, self.months) + self.exact


def parse_duration(text: str) -> Duration:
    """Reads an ISO 8601 duration such as `P1Y6M`, `P30D` or `PT36H`. ValueError if it is none."""
    match = _ISO.fullmatch(text)
    if match is None:
        raise ValueError("must be an ISO 8601 duration")
    years, months, weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    exact = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    return Duration(12 * years + months, exact)


def add_months(day: D, months: int) -> D:
    """The same day so many months later, or the last of that month where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > date.max.year:
        raise OverflowError("date value out of range")
    return day.replace(year=year, month=month + 1, day=min(day.day, last_of_month(year, month + 1)))


def last_of_month(year: int, month: int) -> int:
    """How many days the month has."""
    return calendar.monthrange(year, month)[1]
