"""The operators of formulas, by their signs and words. Pure."""

import operator
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal

from guerdon.engine.formula.values import ARITHMETIC, Value, day, equal, order, text
from guerdon.engine.moment import Moment

Comparison = Callable[[Value, Value, Moment], bool]
Calculation = Callable[[Decimal, Decimal], Decimal]

CALCULATIONS: tuple[Mapping[str, Calculation], ...] = (
    {"+": ARITHMETIC.add, "-": ARITHMETIC.subtract},
    {
        "*": ARITHMETIC.multiply,
        "\u00d7": ARITHMETIC.multiply,
        "/": ARITHMETIC.divide,
        "\u00f7": ARITHMETIC.divide,
        "%": ARITHMETIC.remainder,
    },
)


def _ordered(relation: Callable[[int, int], bool]) -> Comparison:
    return lambda left, right, moment: relation(order(left, right, moment), 0)


def _by_day(relation: Callable[[date, date], bool]) -> Comparison:
    return lambda left, right, moment: relation(day(left, moment), day(right, moment))


def _different(left: Value, right: Value, moment: Moment) -> bool:
    return not equal(left, right, moment)


def _contains(left: Value, right: Value, moment: Moment) -> bool:
    """An array has the element, a text the part."""
    return equal(left, right, moment) if isinstance(left, tuple) else text(right) in text(left)


def _starts_with(left: Value, right: Value, _moment: Moment) -> bool:
    return text(left).startswith(text(right))


def _ends_with(left: Value, right: Value, _moment: Moment) -> bool:
    return text(left).endswith(text(right))


def _in_array(left: Value, right: Value, moment: Moment) -> bool:
    """The right side is an array, or one text with commas between the elements."""
    if isinstance(right, tuple):
        return any(equal(left, element, moment) for element in right)
    wanted = {part.strip() for part in text(right).split(",")}
    if isinstance(left, tuple):
        return any(element in wanted for element in left if isinstance(element, str))
    return text(left) in wanted


def _not_in_array(left: Value, right: Value, moment: Moment) -> bool:
    return not _in_array(left, right, moment)


COMPARISONS: Mapping[str, Comparison] = {
    ">": _ordered(operator.gt),
    "<": _ordered(operator.lt),
    "=": equal,
    "is": equal,
    "isNot": _different,
    "contains": _contains,
    "startsWith": _starts_with,
    "endsWith": _ends_with,
    "IN_ARRAY": _in_array,
    "NOT_IN_ARRAY": _not_in_array,
    "DATE_IS": _by_day(operator.eq),
    "DATE_IS_NOT": _by_day(operator.ne),
    "IS_AFTER": _ordered(operator.gt),
    "IS_BEFORE": _ordered(operator.lt),
}
