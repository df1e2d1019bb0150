"""Discounts of which every line has its own. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from guerdon.engine.discounts.caps import Capped, cap_amounts, cap_units, units_counted
from guerdon.engine.discounts.step import Applied, Step, off_lines
from guerdon.engine.discounts.value import Value
from guerdon.engine.order import Item
from guerdon.engine.targets import Line

# What a line of a price is to get for its chosen units, before limits of money.
Off = Callable[[Line, Item], Value[int]]


def each(step: Step, off: Off, *, multiply: bool) -> Applied:
    """Off every line that has a price, within all limits; bundles multiply the limits of units if `multiply`.

    The answer tells the value of the first line.
    """
    told: list[Mapping[str, Any]] = []

    def off_line(line: Line) -> int:
        found = off(line, step.order.items[line.index])
        told.append(found.told)
        return found.value

    capped = cap_units(step, off_line, multiply=multiply)
    return taken(step, capped, told[0] if told else {})


def taken(step: Step, capped: Capped, told: Mapping[str, Any]) -> Applied:
    """What is wanted off the lines, within the limits of money."""
    offs = cap_amounts(step, capped)
    return Applied(
        order=off_lines(step.order, offs),
        lines=capped.lines,
        units=units_counted(step, capped.lines, offs),
        values=told,
    )
