"""The functions of formulas. They take arguments that are not computed yet, because some choose among them. Pure."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal

from guerdon.engine.calendar import add_months
from guerdon.engine.formula.operands import Scope
from guerdon.engine.formula.values import ARITHMETIC, Incomputable, Value, day, known, number, text, truth, when
from guerdon.engine.moment import local_date

Node = Callable[[Scope], Value]
Arguments = Sequence[Node]
# The function, and the least and the greatest number of arguments.
Function = tuple[Callable[[Scope, Arguments], Value], int, int]
_MANY = 100
_MOST_DIGITS = 20
_MONTHS_PER_YEAR = 12


def _minimum(scope: Scope, arguments: Arguments) -> Value:
    return min(number(argument(scope)) for argument in arguments)


def _maximum(scope: Scope, arguments: Arguments) -> Value:
    return max(number(argument(scope)) for argument in arguments)


def _power(scope: Scope, arguments: Arguments) -> Value:
    base, exponent = (number(argument(scope)) for argument in arguments)
    return known(ARITHMETIC.power(base, exponent))  # which may be infinite


def _if(scope: Scope, arguments: Arguments) -> Value:
    condition, then, otherwise = arguments
    return then(scope) if truth(condition(scope)) else otherwise(scope)


def _default_to(scope: Scope, arguments: Arguments) -> Value:
    for argument in arguments[:-1]:
        try:
            return argument(scope)
        except (Incomputable, ArithmeticError):
            continue
    return arguments[-1](scope)


def _rounded(rounding: str) -> Callable[[Scope, Arguments], Value]:
    def function(scope: Scope, arguments: Arguments) -> Value:
        value = number(arguments[0](scope))
        digits = number(arguments[1](scope)) if len(arguments) > 1 else Decimal(0)
        if digits != int(digits) or abs(digits) > _MOST_DIGITS:
            raise Incomputable
        return value.quantize(Decimal(1).scaleb(-int(digits)), rounding, ARITHMETIC)

    return function


def _part(part: Callable[[date], int]) -> Callable[[Scope, Arguments], Value]:
    return lambda scope, arguments: Decimal(part(day(arguments[0](scope), scope.context.moment)))


def _date(scope: Scope, arguments: Arguments) -> Value:
    return day(text(arguments[0](scope)), scope.context.moment)


def _date_time(scope: Scope, arguments: Arguments) -> Value:
    return when(text(arguments[0](scope)))


def _since(count: Callable[[date, date], int]) -> Callable[[Scope, Arguments], Value]:
    def function(scope: Scope, arguments: Arguments) -> Value:
        moment = scope.context.moment
        return Decimal(count(day(arguments[0](scope), moment), local_date(moment)))

    return function


def _until(count: Callable[[date, date], int]) -> Callable[[Scope, Arguments], Value]:
    def function(scope: Scope, arguments: Arguments) -> Value:
        moment = scope.context.moment
        return Decimal(count(local_date(moment), day(arguments[0](scope), moment)))

    return function


def days_between(first: date, last: date) -> int:
    return (last - first).days


def months_between(first: date, last: date) -> int:
    """Whole months; negative if the last is before the first."""
    if last < first:
        return -months_between(last, first)
    months = (last.year - first.year) * _MONTHS_PER_YEAR + last.month - first.month
    return months - (add_months(first, months) > last)


def years_between(first: date, last: date) -> int:
    """Whole years; negative if the last is before the first."""
    months = months_between(first, last)
    years = abs(months) // _MONTHS_PER_YEAR
    return years if months >= 0 else -years


FUNCTIONS: Mapping[str, Function] = {
    "MIN": (_minimum, 1, _MANY),
    "MAX": (_maximum, 1, _MANY),
    "POW": (_power, 2, 2),
    "IF": (_if, 3, 3),
    "DEFAULT_TO": (_default_to, 1, _MANY),
    "ROUND": (_rounded(ROUND_HALF_UP), 1, 2),
    "FLOOR": (_rounded(ROUND_FLOOR), 1, 2),
    "CEIL": (_rounded(ROUND_CEILING), 1, 2),
    "DATE": (_date, 1, 1),
    "DATE_TIME": (_date_time, 1, 1),
    "DAY_OF_MONTH": (_part(lambda day: day.day), 1, 1),
    "MONTH": (_part(lambda day: day.month), 1, 1),
    "YEAR": (_part(lambda day: day.year), 1, 1),
    "DAYS_SINCE": (_since(days_between), 1, 1),
    "MONTHS_SINCE": (_since(months_between), 1, 1),
    "YEARS_SINCE": (_since(years_between), 1, 1),
    "DAYS_UNTIL": (_until(days_between), 1, 1),
    "MONTHS_UNTIL": (_until(months_between), 1, 1),
}
