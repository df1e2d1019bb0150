"""A share of the order or of its lines. Pure."""

from decimal import Decimal

from guerdon.engine.discounts import lines, value
from guerdon.engine.discounts.step import Applied, Step, off_order
from guerdon.engine.discounts.value import Value
from guerdon.engine.money import divide_half_up
from guerdon.engine.order import Item, whole
from guerdon.engine.targets import Line

_WHOLE = 100


def order(step: Step) -> Applied:
    """Off what is left to pay, or off the amount that the request began with; bundles multiply the percentage."""
    percent = value.percent(step)
    base = step.order.total_amount if step.initial is None else step.initial.amount
    off = _share(base or 0, percent.value)
    limit = whole(step.discount.amount_limit)
    after = off_order(step.order, off if limit is None else min(off, limit))
    return Applied(order=after, lines=step.lines, values=percent.told)


def each_line(step: Step) -> Applied:
    """Off what is left to pay of every line, or of the units of it that may be discounted."""
    same = None if step.discount.percent_off_formula else value.percent(step)

    def off(line: Line, item: Item) -> Value[int]:
        percent = same or value.percent(step, item)
        base = _base(step, line, item)
        if item.quantity:
            return Value(_share(base * len(line.units), percent.value, item.quantity), percent.told)
        return Value(_share(base, percent.value), percent.told)

    return lines.each(step, off, multiply=False)


def _base(step: Step, line: Line, item: Item) -> int:
    """A line that came into the order for free has no amount that the request began with."""
    if step.initial is None:
        return item.subtotal_amount or 0
    begun = step.initial.items
    return (begun[line.index].amount or 0) if line.index < len(begun) else 0


def _share(base: int, percent: Decimal, parts: int = 1) -> int:
    numerator, denominator = percent.as_integer_ratio()
    return divide_half_up(base * numerator, _WHOLE * denominator * parts)
