"""A fixed sum off the order or off its lines. Pure."""

from collections.abc import Callable

from guerdon.engine.allocate import split
from guerdon.engine.discounts import value
from guerdon.engine.discounts.caps import cap_amounts, cap_units
from guerdon.engine.discounts.step import Applied, Step, off_lines, off_order
from guerdon.engine.order import Item
from guerdon.engine.targets import Line


def order(step: Step) -> Applied:
    """Once off the order; bundles multiply it."""
    amount = value.amount(step)
    return Applied(order=off_order(step.order, amount.value * step.bundles), lines=step.lines, values=amount.told)


def each_line(step: Step) -> Applied:
    """Once off every line, however many units it has, as long as any of them may be discounted."""
    return _per_line(step, lambda line, amount: amount * step.bundles if _any(step, line) else 0, multiply=False)


def each_unit(step: Step) -> Applied:
    """Once off every unit; bundles multiply the limits of units instead."""
    return _per_line(step, lambda line, amount: amount * len(line.units), multiply=True)


def in_proportion(step: Step) -> Applied:
    """One sum, split over the lines by what is left to pay of them."""
    return _split(step, lambda item, _: item.subtotal_amount or 0)


def in_proportion_to_units(step: Step) -> Applied:
    """One sum, split over the lines by their units."""
    return _split(step, lambda _, line: len(line.units))


def _per_line(step: Step, off: Callable[[Line, int], int], *, multiply: bool) -> Applied:
    capped = cap_units(step, multiply=multiply)
    lines = priced(step, capped.lines)
    amounts = [value.amount(step, step.order.items[line.index]) for line in lines]
    wanted = {line.index: off(line, amount.value) for line, amount in zip(lines, amounts, strict=True)}
    told = amounts[0].told if amounts else value.amount(step).told
    after = off_lines(step.order, cap_amounts(step, wanted, lines))
    return Applied(order=after, lines=capped.lines, units=capped.units, values=told)


def _split(step: Step, weight: Callable[[Item, Line], int]) -> Applied:
    capped = cap_units(step, multiply=False)
    lines = priced(step, capped.lines)
    items = [step.order.items[line.index] for line in lines]
    amount = value.amount(step)
    room = [item.subtotal_amount or 0 for item in items]
    whole = min(amount.value * step.bundles, sum(room))
    parts = split(whole, [weight(item, line) for item, line in zip(items, lines, strict=True)], room)
    wanted = {line.index: part for line, part in zip(lines, parts, strict=True)}
    after = off_lines(step.order, cap_amounts(step, wanted, lines))
    return Applied(order=after, lines=capped.lines, units=capped.units, values=amount.told)


def priced(step: Step, lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """The lines that have an amount; what has no price cannot have a discount."""
    return tuple(line for line in lines if step.order.items[line.index].amount is not None)


def _any(step: Step, line: Line) -> bool:
    return bool(line.units) or not (step.order.items[line.index].quantity or line.cut)
