"""A new price for the order or for its units. Pure."""

from guerdon.engine.discounts import lines, value
from guerdon.engine.discounts.step import Applied, Step, off_order
from guerdon.engine.discounts.value import Value
from guerdon.engine.money import divide_half_up
from guerdon.engine.order import Item
from guerdon.engine.targets import Line


def order(step: Step) -> Applied:
    """What is left to pay becomes the sum; a sum above it changes nothing, and bundles do not multiply it."""
    fixed = value.fixed(step)
    off = max(0, (step.order.total_amount or 0) - fixed.value)
    return Applied(order=off_order(step.order, off), lines=step.lines, values=fixed.told)


def each_unit(step: Step) -> Applied:
    """Every unit that may be discounted gets the price of its entry; bundles multiply the limits of units."""

    def off(line: Line, item: Item) -> Value[int]:
        price = value.price(step, line.entry, item)
        if price is None or not item.quantity:
            return Value(0)
        now = divide_half_up((item.subtotal_amount or 0) * len(line.units), item.quantity)
        return Value(max(0, now - price * len(line.units)))

    return lines.each(step, off, multiply=True)
