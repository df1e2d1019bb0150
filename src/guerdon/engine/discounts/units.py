"""Free goods: units that are in the order already, or come into it, at no cost. Pure."""

from collections.abc import Mapping
from typing import Any

from guerdon.engine.discounts import value
from guerdon.engine.discounts.caps import cap_units, units_counted
from guerdon.engine.discounts.cart import MOST_UNITS, Cart
from guerdon.engine.discounts.step import Applied, Step
from guerdon.engine.discounts.value import Value


def add(step: Step) -> Applied:
    """The free goods of the discount one after the other, those missing or always new ones as each says."""
    cart = Cart(step)
    worth = [value.units(step, goods) for goods in step.discount.free_goods]
    for goods, units in zip(step.discount.free_goods, worth, strict=True):
        if not goods.unit_type:
            continue
        left = _times(units.value, step)
        places = cart.places(goods.unit_type)
        if not step.untouchable.isdisjoint(places):
            continue
        if goods.effect == "ADD_MISSING_ITEMS":
            for index in places:
                left -= cart.free(index, left)
        cart.more(goods.unit_type, left)
    return Applied(order=cart.order(), lines=step.lines, values=_told(step, worth))


def add_same(step: Step) -> Applied:
    """So many more units, free, of every chosen line."""
    cart = Cart(step)
    units = value.units(step, step.discount.free_goods[0])
    for line in step.lines:
        cart.add(line.index, _times(units.value, step))
    return Applied(order=cart.order(), lines=step.lines, values=units.told)


def swap(step: Step) -> Applied:
    """Units of the chosen lines give way to units of other goods, at no more than the price of those they replace."""
    cart = Cart(step)
    goods = step.discount.free_goods[0]
    per_unit = value.units(step, goods)
    capped = cap_units(step, lambda line: len(line.units), multiply=True)
    gone: dict[int, int] = {}
    if goods.unit_type and step.untouchable.isdisjoint(cart.places(goods.unit_type)):
        for index, units in capped.offs.items():
            gone[index] = cart.swap(index, units, goods.unit_type, per_unit.value)
    return Applied(
        order=cart.order(),
        lines=capped.lines,
        units=units_counted(step, capped.lines, gone),
        values=per_unit.told,
        swaps=tuple(cart.swaps),
    )


def _times(units: int, step: Step) -> int:
    return min(units * step.bundles, MOST_UNITS)


def _told(step: Step, worth: list[Value[int]]) -> Mapping[str, Any]:
    """The numbers that formulas gave, beside the goods that they are for."""
    if not step.discount.units:
        return worth[0].told
    if not any(units.told for units in worth):
        return {}
    kinds: list[Mapping[str, Any]] = step.discount.wire["units"]
    return {"units": [{**kind, **units.told} for kind, units in zip(kinds, worth, strict=True)]}
