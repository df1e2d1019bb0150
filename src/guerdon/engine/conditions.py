"""Conditions such as `{"$more_than": [100]}` become one test of a value. Pure.

A missing value (None) meets only what forbids something. An array meets what one of its elements meets, and what
forbids something if none of its elements is forbidden.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import cast

from guerdon.engine import days, timeframes
from guerdon.engine.days import DayTest
from guerdon.engine.moment import Moment, When, local_date, local_day, on_the_wall, read_when
from guerdon.engine.values import Number, elements, is_array, one_of, read_number, read_text

Test = Callable[[object, Moment], bool]
Operands = Sequence[object]
_Relation = Callable[[Number, Number], bool]
_MOST_DAYS = 1_000_000


def compile_conditions(conditions: Mapping[str, Operands | object] | object) -> Test:
    """The test that the value meets all the conditions; without any, every value does.

    Operands may stand alone instead of in a list. ValueError naming the operator if it is unknown or if its operands
    are not what it needs, and if the conditions are no object.
    """
    if not isinstance(conditions, Mapping):
        raise ValueError("conditions must be an object")  # noqa: TRY004 - it is about what was sent, not about our code
    named = cast("Mapping[str, object]", conditions)
    tests = tuple(_compile(name, operands) for name, operands in named.items())
    if len(tests) == 1:
        return tests[0]
    return lambda value, moment: all(test(value, moment) for test in tests)


def _compile(name: str, operands: object) -> Test:
    make = _OPERATORS.get(name)
    if make is None:
        raise ValueError(f"{name[:50]} is not an operator")
    try:
        return make(elements(operands))
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{name} {error}") from None


def _is(operands: Operands) -> Test:
    wanted = one_of(_some(operands))
    return _any(wanted.holds)


def _in(operands: Operands) -> Test:
    wanted = one_of(operands)
    return _any(wanted.holds)


def _any(test: Test) -> Test:
    """One element, or the value that is no array, meets the test."""
    return lambda value, moment: any(test(element, moment) for element in elements(value))


def _not(make: Callable[[Operands], Test]) -> Callable[[Operands], Test]:
    def negated(operands: Operands) -> Test:
        test = make(operands)
        return lambda value, moment: not test(value, moment)

    return negated


def _starts_with(operands: Operands) -> Test:
    wanted = _texts(operands)
    return _any(lambda value, _moment: (read_text(value) or "").startswith(wanted))


def _ends_with(operands: Operands) -> Test:
    wanted = _texts(operands)
    return _any(lambda value, _moment: (read_text(value) or "").endswith(wanted))


def _contains(operands: Operands) -> Test:
    """A text has one of the parts; an array has one of the elements."""
    wanted, element = _texts(operands), _in(operands)

    def test(value: object, moment: Moment) -> bool:
        if is_array(value):
            return element(value, moment)
        text = read_text(value)
        return text is not None and any(part in text for part in wanted)

    return test


def _compared(relation: _Relation) -> Callable[[Operands], Test]:
    """Numbers with a number and dates with a date; a date with a number by its age in days."""

    def make(operands: Operands) -> Test:
        limit = _one(operands)
        number, when = read_number(limit), read_when(limit)
        if number is not None:
            return _any(lambda value, moment: _number_compares(relation, value, number, moment))
        if when is None:
            raise ValueError("must have a number or a date")
        return _any(lambda value, moment: _date_compares(relation, read_when(value), when, moment.zone))

    return make


def _number_compares(relation: _Relation, value: object, limit: Number, moment: Moment) -> bool:
    number = read_number(value)
    if number is not None:
        return relation(number, limit)
    when = read_when(value)
    if when is None:
        return False
    age = (local_date(moment) - local_day(when, moment.zone)).days
    return age >= 0 and relation(age, limit)


def _date_compares(relation: _Relation, when: When | None, limit: When, zone: str) -> bool:
    """Two moments exactly; where one of them is a date, by days."""
    if when is None:
        return False
    if isinstance(when, datetime) and isinstance(limit, datetime):
        order = (when > limit) - (when < limit)
    else:
        day, limit_day = local_day(when, zone), local_day(limit, zone)
        order = (day > limit_day) - (day < limit_day)
    return relation(order, 0)


def _dated(relation: _Relation) -> Callable[[Operands], Test]:
    def make(operands: Operands) -> Test:
        if read_when(_one(operands)) is None:
            raise ValueError("must have a date")
        return _compared(relation)(operands)

    return make


def _counted(relation: _Relation) -> Callable[[Operands], Test]:
    """The number of an array's elements; what is no array has none to count."""

    def make(operands: Operands) -> Test:
        count = _whole(operands)
        return lambda value, _moment: is_array(value) and relation(len(elements(value)), count)

    return make


def _not_differ(operands: Operands) -> Test:
    """The array has these elements and no others, in any order and number."""
    wanted = one_of(operands)

    def test(value: object, moment: Moment) -> bool:
        if value is None or not all(wanted.holds(element, moment) for element in elements(value)):
            return False
        found = one_of(elements(value))
        return all(found.holds(operand, moment) for operand in operands)

    return test


def _known(_operands: Operands) -> Test:
    return lambda value, _moment: value is not None


def _days(make_test: Callable[[days.Relation, int], DayTest], relation: days.Relation) -> Callable[[Operands], Test]:
    return lambda operands: _on_days(make_test(relation, _whole(operands)))


def _calendar(test: DayTest) -> Callable[[Operands], Test]:
    """An operator whose name says everything, so that its operands do not matter."""
    return lambda _operands: _on_days(test)


def _on_days(test: DayTest) -> Test:
    def test_value(value: object, moment: Moment) -> bool:
        when = read_when(value)
        try:
            return when is not None and test(local_day(when, moment.zone), local_date(moment))
        except (OverflowError, ValueError):  # beyond the ends of the calendar
            return False

    return _any(test_value)


def _part_of_date(part: Callable[[datetime], int], least: int, most: int) -> Callable[[Operands], Test]:
    def make(operands: Operands) -> Test:
        wanted = {_whole((operand,)) for operand in _some(operands)}
        if not all(number in range(least, most + 1) for number in wanted):
            raise ValueError(f"must have whole numbers from {least} to {most}")
        return _on_the_clock(lambda wall, _zone: part(wall) in wanted)

    return make


def _window(read: Callable[[str], timeframes.Window]) -> Callable[[Operands], Test]:
    def make(operands: Operands) -> Test:
        windows = [read(text) for text in _texts(operands)]
        return _on_the_clock(lambda wall, zone: any(window(wall, zone) for window in windows))

    return make


def _on_the_clock(test: timeframes.Window) -> Test:
    def test_value(value: object, moment: Moment) -> bool:
        when = read_when(value)
        return when is not None and test(on_the_wall(when, moment.zone), moment.zone)

    return _any(test_value)


def _some(operands: Operands) -> Operands:
    if not operands:
        raise ValueError("must have a value")
    return operands


def _one(operands: Operands) -> object:
    if len(operands) != 1:
        raise ValueError("must have one value")
    return operands[0]


def _whole(operands: Operands) -> int:
    number = read_number(_one(operands))
    if number is None or number != int(number) or not 0 <= number <= _MOST_DAYS:
        raise ValueError("must have a whole number that is not negative")
    return int(number)


def _texts(operands: Operands) -> tuple[str, ...]:
    texts = tuple(map(read_text, _some(operands)))
    if None in texts:
        raise ValueError("must have texts")
    return cast("tuple[str, ...]", texts)


_OPERATORS: dict[str, Callable[[Operands], Test]] = {
    "$is": _is,
    "$is_not": _not(_is),
    "$in": _in,
    "$not_in": _not(_in),
    "$has_value": _known,
    "$is_unknown": _not(_known),
    "$starts_with": _starts_with,
    "$ends_with": _ends_with,
    "$contains": _contains,
    "$not_contain": _not(_contains),
    "$less_than": _compared(operator.lt),
    "$less_than_or_equal": _compared(operator.le),
    "$less_than_equal": _compared(operator.le),
    "$more_than": _compared(operator.gt),
    "$greater_than": _compared(operator.gt),
    "$more_than_or_equal": _compared(operator.ge),
    "$more_than_equal": _compared(operator.ge),
    "$greater_than_or_equal": _compared(operator.ge),
    "$after": _dated(operator.gt),
    "$before": _dated(operator.lt),
    "$count": _counted(operator.eq),
    "$count_more": _counted(operator.gt),
    "$count_less": _counted(operator.lt),
    "$not_differ": _not_differ,
    "$not_intersect": _not(_in),
    "$timeframe": _window(timeframes.recurring),
    "$timeframe_absolute": _window(timeframes.absolute),
    "$timeframe_daily_hours": _window(timeframes.daily_hours),
    "$dow": _part_of_date(timeframes.weekday, 0, 6),
    "$is_day": _part_of_date(timeframes.weekday, 0, 6),
    "$is_day_of_month": _part_of_date(lambda wall: wall.day, 1, 31),
    "$is_month": _part_of_date(lambda wall: wall.month, 1, 12),
    "$is_year": _part_of_date(lambda wall: wall.year, 1, 9999),
    "$more_than_ago": _days(days.days_ago, operator.gt),
    "$less_than_ago": _days(days.days_ago, operator.lt),
    "$is_days_ago": _days(days.days_ago, operator.eq),
    "$more_than_future": _days(days.days_ahead, operator.gt),
    "$less_than_future": _days(days.days_ahead, operator.lt),
    "$is_days_in_future": _days(days.days_ahead, operator.eq),
    "$is_years_ago": lambda operands: _on_days(days.years_ago(_whole(operands))),
    "$is_days_ago_md": _days(days.anniversary_days_ago, operator.eq),
    "$is_more_days_ago_md": _days(days.anniversary_days_ago, operator.gt),
    "$is_less_days_ago_md": _days(days.anniversary_days_ago, operator.lt),
    "$is_days_in_future_md": _days(days.anniversary_days_ahead, operator.eq),
    "$is_more_days_in_future_md": _days(days.anniversary_days_ahead, operator.gt),
    "$is_less_days_in_future_md": _days(days.anniversary_days_ahead, operator.lt),
    "$today": _calendar(days.day_from_today(0)),
    "$tomorrow": _calendar(days.day_from_today(1)),
    "$yesterday": _calendar(days.day_from_today(-1)),
    "$this_week": _calendar(days.week_from_today(0)),
    "$last_week": _calendar(days.week_from_today(-1)),
    "$next_week": _calendar(days.week_from_today(1)),
    "$this_month": _calendar(days.month_from_today(0)),
    "$last_month": _calendar(days.month_from_today(-1)),
    "$next_month": _calendar(days.month_from_today(1)),
    "$this_year": _calendar(days.year_from_today(0)),
    "$last_year": _calendar(days.year_from_today(-1)),
    "$next_year": _calendar(days.year_from_today(1)),
    "$today_md": _calendar(days.anniversary_from_today(0)),
    "$tomorrow_md": _calendar(days.anniversary_from_today(1)),
    "$yesterday_md": _calendar(days.anniversary_from_today(-1)),
    "$this_week_md": _calendar(days.anniversary_in_week(0)),
    "$last_week_md": _calendar(days.anniversary_in_week(-1)),
    "$next_week_md": _calendar(days.anniversary_in_week(1)),
    "$this_month_md": _calendar(days.anniversary_in_month(0)),
    "$last_month_md": _calendar(days.anniversary_in_month(-1)),
    "$next_month_md": _calendar(days.anniversary_in_month(1)),
}
OPERATORS = tuple(_OPERATORS)
