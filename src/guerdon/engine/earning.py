"""How many points an event earns by a rule. Pure; amounts in minor units, points are whole."""

import math
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any, Literal

import msgspec

from guerdon.engine.formula import results
from guerdon.engine.formula.compile import Formula
from guerdon.engine.formula.context import Context
from guerdon.engine.goods import Named, is_of
from guerdon.engine.mapping import PointsMapping
from guerdon.engine.order import Item
from guerdon.engine.values import find, read_number

Basis = Literal[
    "ORDER_AMOUNT",
    "ORDER_TOTAL_AMOUNT",
    "ORDER_METADATA",
    "ORDER_ITEMS_QUANTITY",
    "ORDER_ITEMS_AMOUNT",
    "ORDER_ITEMS_SUBTOTAL_AMOUNT",
    "CUSTOMER_METADATA",
    "CUSTOM_EVENT_METADATA",
]
# Where a basis stands in an earning rule's `loyalty`.
PLACES: Mapping[Basis, tuple[str, str]] = {
    "ORDER_AMOUNT": ("order", "amount"),
    "ORDER_TOTAL_AMOUNT": ("order", "total_amount"),
    "ORDER_METADATA": ("order", "metadata"),
    "ORDER_ITEMS_QUANTITY": ("order_items", "quantity"),
    "ORDER_ITEMS_AMOUNT": ("order_items", "amount"),
    "ORDER_ITEMS_SUBTOTAL_AMOUNT": ("order_items", "subtotal_amount"),
    "CUSTOMER_METADATA": ("customer", "metadata"),
    "CUSTOM_EVENT_METADATA": ("custom_event", "metadata"),
}
_HALF = Fraction(1, 2)


class Fixed(msgspec.Struct, frozen=True):
    """The same number of points every time, or what the formula gives where it can be computed."""

    points: int
    formula: Formula | None = None


class Proportional(msgspec.Struct, frozen=True):
    """`points`, or what the formula gives, for every whole `every` of something.

    That is a number of the order, of its lines of some goods (of all lines where none are named), or the number that
    metadata have for the property.
    """

    basis: Basis
    every: int
    points: int
    formula: Formula | None = None
    property: str = ""
    goods: tuple[Named, ...] = ()


Earning = Fixed | Proportional


class Occasion(msgspec.Struct, frozen=True):
    """What has happened: the order and the customer in the form that formulas read, and the event's own metadata."""

    context: Context
    event_metadata: Mapping[str, Any] = {}


def earned(rule: Earning, occasion: Occasion, mapping: PointsMapping | None = None) -> int:
    """Points for an event; whole steps only, so what is short of a step earns nothing. Rounded once, halves up.

    `mapping` is what the tier of the customer makes of the rule: other points, or so many times as many.
    """
    steps = 1 if isinstance(rule, Fixed) else _steps(rule, occasion)
    if not steps:
        return 0
    if mapping is not None and mapping.points is not None:
        return mapping.points * steps
    computed = results.exact_points(rule.formula, occasion.context) if rule.formula else None
    each = Fraction(rule.points if computed is None else computed)
    times = Fraction(str(mapping.multiplier)) if mapping and mapping.multiplier else 1
    return math.floor(each * steps * times + _HALF)


def _steps(rule: Proportional, occasion: Occasion) -> int:
    value = _VALUES[rule.basis](rule, occasion)
    return max(0, math.floor(Fraction(value) / rule.every))


def _total(_rule: Proportional, occasion: Occasion) -> int | Fraction:
    order = occasion.context.order
    amount = order.total_amount
    return (order.amount or 0) if amount is None else amount


def _items(count: Callable[[Item], int]) -> "_Value":
    def value(rule: Proportional, occasion: Occasion) -> int | Fraction:
        return sum(count(item) for item in _matching(rule, occasion.context))

    return value


def _matching(rule: Proportional, context: Context) -> Iterable[Item]:
    """The lines of any of the goods; each once, however many entries mean it."""
    return (
        item
        for item in context.order.items
        if not rule.goods or any(is_of(item, named, context.catalogue, context.moment) for named in rule.goods)
    )


def _metadata(of: Callable[[Occasion], Mapping[str, Any]]) -> "_Value":
    def value(rule: Proportional, occasion: Occasion) -> int | Fraction:
        number = read_number(find(of(occasion), rule.property))
        return 0 if number is None else Fraction(number)

    return value


_Value = Callable[[Proportional, Occasion], int | Fraction]
_VALUES: Mapping[str, _Value] = {
    "ORDER_AMOUNT": lambda _rule, occasion: occasion.context.order.amount or 0,
    "ORDER_TOTAL_AMOUNT": _total,
    "ORDER_METADATA": _metadata(lambda occasion: occasion.context.order_metadata),
    # Units that came free of charge do not count.
    "ORDER_ITEMS_QUANTITY": _items(lambda item: (item.quantity or 0) - (item.discount_quantity or 0)),
    "ORDER_ITEMS_AMOUNT": _items(lambda item: item.amount or 0),
    "ORDER_ITEMS_SUBTOTAL_AMOUNT": _items(lambda item: item.subtotal_amount or 0),
    "CUSTOMER_METADATA": _metadata(lambda occasion: occasion.context.customer_metadata),
    "CUSTOM_EVENT_METADATA": _metadata(lambda occasion: occasion.event_metadata),
}
