"""A new price for the order or for its units. Pure."""

from guerdon.engine.discounts import value
from guerdon.engine.discounts.amount import priced
from guerdon.engine.discounts.caps import cap_amounts, cap_units
from guerdon.engine.discounts.step import Applied, Step, off_lines, off_order
from guerdon.engine.money import divide_half_up
from guerdon.engine.targets import Line


def order(step: Step) -> Applied:
    """What is left to pay becomes the sum; a sum above it changes nothing, and bundles do not multiply it."""
    fixed = value.fixed(step)
    off = max(0, (step.order.total_amount or 0) - fixed.value)
    return Applied(order=off_order(step.order, off), lines=step.lines, values=fixed.told)


def each_unit(step: Step) -> Applied:
    """Every unit that may be discounted gets the price of its entry; bundles multiply the limits of units."""
    capped = cap_units(step, multiply=True)
    lines = priced(step, capped.lines)
    wanted = {line.index: _off(step, line) for line in lines}
    after = off_lines(step.order, cap_amounts(step, wanted, lines))
    return Applied(order=after, lines=capped.lines, units=capped.units)


def _off(step: Step, line: Line) -> int:
    item = step.order.items[line.index]
    price = value.price(step, line.entry, item)
    if price is None or not item.quantity:
        return 0
    now = divide_half_up((item.subtotal_amount or 0) * len(line.units), item.quantity)
    return max(0, now - price * len(line.units))
