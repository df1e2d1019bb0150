"""Points: the last day on which they can be used. Pure; days are calendar days of the project's time zone."""

from datetime import date
from typing import Literal

import msgspec

from guerdon.engine.calendar import add_months, last_of_month

_DECEMBER = 12
MOST_MONTHS = 1_200
_ROUNDED_TO = {"END_OF_MONTH": 1, "END_OF_QUARTER": 3, "END_OF_HALF_YEAR": 6, "END_OF_YEAR": 12}
PeriodType = Literal["MONTH", "FIXED_DAY_OF_YEAR"]
RoundingType = Literal["END_OF_MONTH", "END_OF_QUARTER", "END_OF_HALF_YEAR", "END_OF_YEAR", "PARTICULAR_MONTH"]


class ExpirationRules(msgspec.Struct, frozen=True, omit_defaults=True):
    """When points expire: some months after a day, rounded up or not, or on a fixed day of the year.

    `rounding_value` is the month (1 is January) that PARTICULAR_MONTH rounds up to the end of.
    """

    period_type: PeriodType
    period_value: int | None = None
    rounding_type: RoundingType | None = None
    rounding_value: int | None = None
    fixed_month: int | None = None
    fixed_day: int | None = None


def problem_of(rules: ExpirationRules) -> str | None:
    """What is wrong with the rules, as 'property must be …'; None when nothing is."""
    if rules.period_type == "MONTH":
        if rules.period_value is None or not 0 <= rules.period_value <= MOST_MONTHS:
            return f"period_value must be from 0 to {MOST_MONTHS}"
        if rules.rounding_type == "PARTICULAR_MONTH" and not _is_month(rules.rounding_value):
            return "rounding_value must be a month from 1 to 12"
        return None
    if not _is_month(rules.fixed_month):
        return "fixed_month must be a month from 1 to 12"
    leap_year = 2024
    days = last_of_month(leap_year, rules.fixed_month or 1)
    if rules.fixed_day is None or not 1 <= rules.fixed_day <= days:
        return f"fixed_day must be a day from 1 to {days}"
    return None


def _is_month(value: int | None) -> bool:
    return value is not None and 1 <= value <= _DECEMBER


def last_day(rules: ExpirationRules, earned: date) -> date:
    """The last day on which points earned that day can be used. OverflowError beyond the year 9999."""
    if rules.period_type == "FIXED_DAY_OF_YEAR":
        return _next_fixed_day(rules.fixed_month or 1, rules.fixed_day or 1, earned)
    end = add_months(earned, rules.period_value or 0)
    if rules.rounding_type is None:
        return end
    if rules.rounding_type == "PARTICULAR_MONTH":
        month = rules.rounding_value or 1
        return _end_of(end.year + (end.month > month), month)
    length = _ROUNDED_TO[rules.rounding_type]
    return _end_of(end.year, -(-end.month // length) * length)


def _next_fixed_day(month: int, day: int, earned: date) -> date:
    """The first such day on or after the given one; the 29th of February is the 28th in common years."""
    for year in (earned.year, earned.year + 1):
        fixed = date(year, month, min(day, last_of_month(year, month)))
        if fixed >= earned:
            return fixed
    raise AssertionError("unreachable: every year has the day")


def _end_of(year: int, month: int) -> date:
    return date(year, month, last_of_month(year, month))
