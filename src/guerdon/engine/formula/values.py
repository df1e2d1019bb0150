"""What formulas compute with, and how: decimal numbers, texts, dates, yes and no. Pure.

What cannot be computed raises `Incomputable`, which a formula turns into None and DEFAULT_TO into its next argument.
"""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Context as Arithmetic, Decimal, DivisionByZero, InvalidOperation, Overflow

from guerdon.engine.moment import Moment, When, local_day, read_when
from guerdon.engine.values import is_array, read_number, read_text

# An array is a value of metadata; it can only be asked for its elements.
Value = Decimal | str | bool | date | tuple[object, ...]
# 60 digits hold every product of two amounts exactly; the bound of the exponent keeps every operation short.
ARITHMETIC = Arithmetic(
    prec=60, rounding=ROUND_HALF_UP, Emax=99, Emin=-99, traps=[DivisionByZero, InvalidOperation, Overflow]
)


class Incomputable(Exception):  # noqa: N818 - it is no error: the caller has a static value
    """An operand is missing, or a value is not of the kind that is needed."""


def known(raw: object) -> Value:
    """A value of the context as formulas have it."""
    if isinstance(raw, str | bool | date):
        return raw
    if is_array(raw):
        return tuple(raw)  # pyright: ignore[reportArgumentType, reportUnknownArgumentType, reportUnknownVariableType] - an array
    return _decimal(raw)


def number(value: object) -> Decimal:
    """The number that a value is, or that a text writes."""
    if isinstance(value, Decimal):
        return value
    return _decimal(value)


def truth(value: Value) -> bool:
    if isinstance(value, bool):
        return value
    if value in {"true", "false"}:
        return value == "true"
    raise Incomputable


def when(value: object) -> When:
    read = read_when(value)
    if read is None:
        raise Incomputable
    return read


def day(value: object, moment: Moment) -> date:
    return local_day(when(value), moment.zone)


def text(value: object) -> str:
    read = read_text(value)
    if read is None:
        raise Incomputable
    return read


def equal(left: object, right: object, moment: Moment) -> bool:
    """Numbers by value, also against texts that write them; dates by day against dates; texts letter by letter."""
    if isinstance(left, tuple):
        return any(equal(element, right, moment) for element in _flat(left))  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(left, str) and isinstance(right, str):
        return left == right
    if isinstance(left, bool) or isinstance(right, bool):
        return read_text(left) == read_text(right) and read_text(left) is not None
    if isinstance(left, date) or isinstance(right, date):
        return order(left, right, moment) == 0
    first, second = read_number(left), read_number(right)
    return first is not None and first == second


def order(left: object, right: object, moment: Moment) -> int:
    """-1, 0 or 1, of two numbers or two dates. Two moments compare exactly, anything else of dates by days."""
    first, second = read_number(left), read_number(right)
    if first is not None and second is not None:
        return (first > second) - (first < second)
    one, other = when(left), when(right)
    if isinstance(one, datetime) and isinstance(other, datetime):
        return (one > other) - (one < other)
    one, other = local_day(one, moment.zone), local_day(other, moment.zone)
    return (one > other) - (one < other)


def _decimal(raw: object) -> Decimal:
    read = read_number(raw)
    if read is None:
        raise Incomputable
    return ARITHMETIC.create_decimal(read)


def _flat(elements: Iterable[object]) -> Iterable[object]:
    return (element for element in elements if not is_array(element))
