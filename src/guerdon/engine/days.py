"""Days seen from today: so many days ago, in this week, the same day of another year. Pure.

A week begins on Monday. An anniversary of 29 February is on the 28th where there is no 29th.
"""

from collections.abc import Callable
from datetime import date, timedelta

from guerdon.engine.calendar import last_of_month

# Takes a day and today. OverflowError or ValueError beyond the calendar's ends.
DayTest = Callable[[date, date], bool]
Relation = Callable[[int, int], bool]
_DAYS_PER_WEEK = 7
_MONTHS_PER_YEAR = 12


def days_ago(relation: Relation, days: int) -> DayTest:
    """The day is today or earlier, and so many days back."""
    return lambda day, today: day <= today and relation((today - day).days, days)


def days_ahead(relation: Relation, days: int) -> DayTest:
    """The day is today or later, and so many days on."""
    return lambda day, today: day >= today and relation((day - today).days, days)


def anniversary_days_ago(relation: Relation, days: int) -> DayTest:
    """The last anniversary is so many days back."""

    def test(day: date, today: date) -> bool:
        last = anniversary(day, today.year)
        if last > today:
            last = anniversary(day, today.year - 1)
        return relation((today - last).days, days)

    return test


def anniversary_days_ahead(relation: Relation, days: int) -> DayTest:
    """The next anniversary is so many days on."""

    def test(day: date, today: date) -> bool:
        coming = anniversary(day, today.year)
        if coming < today:
            coming = anniversary(day, today.year + 1)
        return relation((coming - today).days, days)

    return test


def day_from_today(offset: int) -> DayTest:
    return lambda day, today: (day - today).days == offset


def week_from_today(offset: int) -> DayTest:
    return lambda day, today: (_monday(day) - _monday(today)).days == offset * _DAYS_PER_WEEK


def month_from_today(offset: int) -> DayTest:
    return lambda day, today: _months(day) - _months(today) == offset


def year_from_today(offset: int) -> DayTest:
    return lambda day, today: day.year - today.year == offset


def anniversary_from_today(offset: int) -> DayTest:
    """The day has an anniversary so many days from today."""
    return lambda day, today: _falls_on(day, today + timedelta(days=offset))


def anniversary_in_week(offset: int) -> DayTest:
    def test(day: date, today: date) -> bool:
        first = _monday(today) + timedelta(weeks=offset)
        return any(_falls_on(day, first + timedelta(days=number)) for number in range(_DAYS_PER_WEEK))

    return test


def anniversary_in_month(offset: int) -> DayTest:
    return lambda day, today: (day.month - today.month - offset) % _MONTHS_PER_YEAR == 0


def years_ago(years: int) -> DayTest:
    """Today is the anniversary that completes so many years."""
    return lambda day, today: today.year - day.year == years and _falls_on(day, today)


def anniversary(day: date, year: int) -> date:
    """The same day of another year."""
    return date(year, day.month, min(day.day, last_of_month(year, day.month)))


def _falls_on(day: date, other: date) -> bool:
    return anniversary(day, other.year) == other


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _months(day: date) -> int:
    return day.year * _MONTHS_PER_YEAR + day.month
