"""Every kind of discount and what it does. Pure."""

from collections.abc import Callable

from guerdon.engine.discounts import amount, fixed, percent, units
from guerdon.engine.discounts.step import Applied, Step

Kind = Callable[[Step], Applied]
KINDS: dict[tuple[str, str], Kind] = {
    ("AMOUNT", "APPLY_TO_ORDER"): amount.order,
    ("AMOUNT", "APPLY_TO_ITEMS"): amount.each_line,
    ("AMOUNT", "APPLY_TO_ITEMS_BY_QUANTITY"): amount.each_unit,
    ("AMOUNT", "APPLY_TO_ITEMS_PROPORTIONALLY"): amount.in_proportion,
    ("AMOUNT", "APPLY_TO_ITEMS_PROPORTIONALLY_BY_QUANTITY"): amount.in_proportion_to_units,
    ("PERCENT", "APPLY_TO_ORDER"): percent.order,
    ("PERCENT", "APPLY_TO_ITEMS"): percent.each_line,
    ("FIXED", "APPLY_TO_ORDER"): fixed.order,
    ("FIXED", "APPLY_TO_ITEMS"): fixed.each_unit,
    ("UNIT", "ADD_MISSING_ITEMS"): units.add,
    ("UNIT", "ADD_NEW_ITEMS"): units.add,
    ("UNIT", "ADD_MANY_ITEMS"): units.add,
    ("UNIT", "ADD_SAME_ITEMS"): units.add_same,
    ("UNIT", "REPLACE_ITEMS"): units.swap,
}


def apply(step: Step, effect: str) -> Applied:
    """The order after the discount; one that no discount of its type can have leaves it as it is."""
    kind = KINDS.get((step.discount.type, effect))
    return Applied(order=step.order, lines=step.lines) if kind is None else kind(step)
