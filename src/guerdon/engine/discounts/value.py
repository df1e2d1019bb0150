"""What a discount is worth: its formula while that can be evaluated, or else the value beside it. Pure."""

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, Generic, TypeVar

import msgspec
from msgspec.structs import replace

from guerdon.engine.discounts.discount import Units
from guerdon.engine.discounts.step import Step
from guerdon.engine.formula import results
from guerdon.engine.formula.compile import Formula, compile_formula
from guerdon.engine.formula.context import Context
from guerdon.engine.order import Item, whole
from guerdon.engine.targets import Entry

V = TypeVar("V", int, Decimal)
_WHOLE = Decimal(100)


class Value(msgspec.Struct, Generic[V], frozen=True):
    """The value, and what the answer says of it: the field with its value if a formula gave it."""

    value: V
    told: Mapping[str, Any] = {}


def amount(step: Step, item: Item | None = None) -> Value[int]:
    """Minor units to take off."""
    found = _money(step, step.discount.amount_off_formula, item)
    if found is not None:
        return Value(found, {"amount_off": found})
    return Value(whole(step.discount.amount_off) or 0)


def percent(step: Step, item: Item | None = None) -> Value[Decimal]:
    """From 0 to 100, with the bundles that multiply it."""
    formula = _formula(step.discount.percent_off_formula)
    found = results.percent(formula, _context(step, item)) if formula else None
    if found is not None:
        return Value(_times(found, step.bundles), {"percent_off": float(found)})
    return Value(_times(Decimal(str(step.discount.percent_off or 0)), step.bundles))


def fixed(step: Step) -> Value[int]:
    """What the order is to cost, in minor units."""
    found = _money(step, step.discount.fixed_amount_formula, None)
    if found is not None:
        return Value(found, {"fixed_amount": found})
    return Value(whole(step.discount.fixed_amount) or 0)


def units(step: Step, goods: Units) -> Value[int]:
    """How many units are free."""
    formula = _formula(goods.unit_off_formula)
    found = results.units(formula, step.context) if formula else None
    if found is not None:
        return Value(found, {"unit_off": found})
    return Value(int(goods.unit_off or 0))


def price(step: Step, entry: Entry | None, item: Item) -> int | None:
    """The new price of a unit of the line in minor units; None if the entry has none."""
    if entry is None:
        return None
    # A formula may be written as a bare number.
    found = _money(step, None if entry.price_formula is None else str(entry.price_formula), item)
    return whole(entry.price) if found is None else found


def limit(step: Step, entry: Entry, name: str, item: Item) -> int:
    """A limit of units of an entry, by its name. One that cannot be told lets nothing through."""
    formula = _formula(entry.wire.get(f"{name}_formula"))
    found = results.units(formula, _context(step, item)) if formula else None
    return int(entry.wire.get(name) or 0) if found is None else found


def _money(step: Step, text: str | None, item: Item | None) -> int | None:
    formula = _formula(text)
    return results.money(formula, _context(step, item)) if formula else None


def _formula(text: str | None) -> Formula | None:
    return _understood(text) if text else None


@lru_cache(maxsize=1024)
def _understood(text: str) -> Formula | None:
    """None for a text that is no formula: it is as good as one that cannot be computed."""
    try:
        return compile_formula(text)
    except ValueError:
        return None


def _context(step: Step, item: Item | None) -> Context:
    return step.context if item is None else replace(step.context, item=item)


def _times(percentage: Decimal, bundles: int) -> Decimal:
    return min(percentage * bundles, _WHOLE)
