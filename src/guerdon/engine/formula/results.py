"""What a formula's value means where it is used. None always means: take the static value. Pure."""

from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

from guerdon.engine.formula.compile import Formula
from guerdon.engine.formula.context import Context
from guerdon.engine.formula.values import ARITHMETIC
from guerdon.engine.money import GREATEST
from guerdon.engine.values import read_number

_MINOR_PER_MAJOR = 100
_WHOLE = Decimal(1)


def money(formula: Formula, context: Context) -> int | None:
    """Minor units, halves up, not below 0."""
    value = _number(formula, context)
    return None if value is None else _bounded(value * _MINOR_PER_MAJOR, ROUND_HALF_UP)


def percent(formula: Formula, context: Context) -> Decimal | None:
    """From 0 to 100."""
    value = _number(formula, context)
    return None if value is None else min(max(value, Decimal(0)), Decimal(100))


def units(formula: Formula, context: Context) -> int | None:
    """Whole units, what is left over dropped, not below 0."""
    value = _number(formula, context)
    return None if value is None else _bounded(value, ROUND_FLOOR)


def exact_points(formula: Formula, context: Context) -> Decimal | None:
    """A number of points that is yet to be multiplied and rounded, not below 0."""
    value = _number(formula, context)
    return None if value is None else max(value, Decimal(0))


def _number(formula: Formula, context: Context) -> Decimal | None:
    number = read_number(formula(context))
    return None if number is None or abs(number) > GREATEST else ARITHMETIC.create_decimal(number)


def _bounded(value: Decimal, rounding: str) -> int | None:
    """None beyond what amounts can be."""
    whole = int(max(value, Decimal(0)).quantize(_WHOLE, rounding, ARITHMETIC))
    return whole if whole <= GREATEST else None
