"""A fixed sum off the order or off its lines. Pure."""

from collections.abc import Callable

from msgspec.structs import replace

from guerdon.engine.allocate import split
from guerdon.engine.discounts import lines, value
from guerdon.engine.discounts.caps import cap_units
from guerdon.engine.discounts.step import Applied, Step, off_order
from guerdon.engine.discounts.value import Value
from guerdon.engine.order import Item, whole
from guerdon.engine.targets import Line


def order(step: Step) -> Applied:
    """Once off the order; bundles multiply it."""
    amount = value.amount(step)
    return Applied(order=off_order(step.order, amount.value * step.bundles), lines=step.lines, values=amount.told)


def each_line(step: Step) -> Applied:
    """Once off every line, however many units it has, as long as any of them may be discounted; bundles multiply it."""

    def off(_line: Line, item: Item) -> Value[int]:
        amount = value.amount(step, item)
        return replace(amount, value=amount.value * step.bundles)

    return lines.each(step, off, multiply=False)


def each_unit(step: Step) -> Applied:
    """Once off every unit; bundles multiply the limits of units instead."""

    def off(line: Line, item: Item) -> Value[int]:
        amount = value.amount(step, item)
        return replace(amount, value=amount.value * len(line.units))

    return lines.each(step, off, multiply=True)


def in_proportion(step: Step) -> Applied:
    """One sum, split over the lines by what is left to pay of them; bundles multiply it."""
    return _split(step, lambda item, _: item.subtotal_amount or 0)


def in_proportion_to_units(step: Step) -> Applied:
    """One sum, split over the lines by their units; bundles multiply it."""
    return _split(step, lambda _, line: len(line.units))


def _split(step: Step, weight: Callable[[Item, Line], int]) -> Applied:
    """What a line cannot take goes to the others; what caps of entries take away is lost."""
    capped = cap_units(step, lambda line: step.order.items[line.index].subtotal_amount or 0, multiply=False)
    shares = [line for line in capped.lines if capped.offs.get(line.index, 0) > 0]
    items = [step.order.items[line.index] for line in shares]
    amount = value.amount(step)
    room = [item.subtotal_amount or 0 for item in items]
    limit = whole(step.discount.aggregated_amount_limit)
    most = sum(room) if limit is None else min(sum(room), limit)
    weights = [weight(item, line) for item, line in zip(items, shares, strict=True)]
    parts = split(min(amount.value * step.bundles, most), weights, room)
    offs = {**dict.fromkeys(capped.offs, 0), **{line.index: part for line, part in zip(shares, parts, strict=True)}}
    return lines.taken(step, replace(capped, offs=offs), amount.told)
