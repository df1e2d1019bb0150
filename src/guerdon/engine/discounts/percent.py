"""A share of the order or of its lines. Pure."""

from decimal import Decimal

from guerdon.engine.discounts import value
from guerdon.engine.discounts.amount import priced
from guerdon.engine.discounts.caps import cap_amounts, cap_units
from guerdon.engine.discounts.step import Applied, Step, off_lines, off_order
from guerdon.engine.money import divide_half_up
from guerdon.engine.order import whole
from guerdon.engine.targets import Line

_WHOLE = 100


def order(step: Step) -> Applied:
    """Off what is left to pay, or off the amount that the request began with; bundles multiply the percentage."""
    percent = value.percent(step)
    base = step.order.total_amount if step.initial is None else step.initial.amount
    if base is None:
        return Applied(order=step.order, lines=step.lines, values=percent.told)
    off = _share(base, _times(percent.value, step.bundles))
    limit = whole(step.discount.amount_limit)
    after = off_order(step.order, off if limit is None else min(off, limit))
    return Applied(order=after, lines=step.lines, values=percent.told)


def each_line(step: Step) -> Applied:
    """Off what is left to pay of every line, or of the units of it that may be discounted."""
    capped = cap_units(step, multiply=False)
    lines = priced(step, capped.lines)
    percents = [value.percent(step, step.order.items[line.index]) for line in lines]
    wanted = {
        line.index: _line_share(step, line, _times(percent.value, step.bundles))
        for line, percent in zip(lines, percents, strict=True)
    }
    told = percents[0].told if percents else value.percent(step).told
    after = off_lines(step.order, cap_amounts(step, wanted, lines))
    return Applied(order=after, lines=capped.lines, units=capped.units, values=told)


def _line_share(step: Step, line: Line, percent: Decimal) -> int:
    item = step.order.items[line.index]
    base = item.subtotal_amount if step.initial is None else item.amount
    if not item.quantity:
        return 0 if line.cut else _share(base or 0, percent)
    return _share((base or 0) * len(line.units), percent, item.quantity)


def _share(base: int, percent: Decimal, parts: int = 1) -> int:
    numerator, denominator = percent.as_integer_ratio()
    return divide_half_up(base * numerator, _WHOLE * denominator * parts)


def _times(percent: Decimal, bundles: int) -> Decimal:
    return min(percent * bundles, Decimal(_WHOLE))
