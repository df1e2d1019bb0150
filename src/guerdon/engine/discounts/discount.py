"""A discount as a campaign, a voucher or a promotion tier defines it. Pure; money in minor units."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

Type = Literal["AMOUNT", "PERCENT", "FIXED", "UNIT"]
Order = "APPLY_TO_ORDER"
Items = "APPLY_TO_ITEMS"


class Units(msgspec.Struct, frozen=True, kw_only=True):
    """Free goods: how many units of which product or variant, and how they come into the order."""

    effect: str = "ADD_MISSING_ITEMS"
    unit_off: float | None = None
    unit_off_formula: str | None = None
    unit_type: str | None = None


class Discount(msgspec.Struct, frozen=True, kw_only=True):
    """Its kind, its values and its caps. A formula wins over the value beside it while it can be evaluated."""

    type: Type
    effect: str | None = None
    amount_off: float | None = None
    amount_off_formula: str | None = None
    percent_off: float | None = None
    percent_off_formula: str | None = None
    fixed_amount: float | None = None
    fixed_amount_formula: str | None = None
    unit_off: float | None = None
    unit_off_formula: str | None = None
    unit_type: str | None = None
    units: Sequence[Units] | None = None
    amount_limit: float | None = None
    aggregated_amount_limit: float | None = None

    @property
    def free_goods(self) -> Sequence[Units]:
        """The goods that a unit discount gives, in order."""
        if self.units:
            return self.units
        return (
            Units(
                effect=self.effect or "ADD_MISSING_ITEMS",
                unit_off=self.unit_off,
                unit_off_formula=self.unit_off_formula,
                unit_type=self.unit_type,
            ),
        )


def read(wire: Mapping[str, Any], *, names_goods: bool) -> Discount:
    """The discount as stored, with the effect that it has where none is named.

    `names_goods` says whether a rule includes or excludes goods. ValidationError if the shape is wrong.
    """
    discount = msgspec.convert(wire, Discount)
    if discount.effect:
        return discount
    if discount.type == "UNIT":
        effect = "ADD_MANY_ITEMS" if discount.units else "ADD_MISSING_ITEMS"
    else:
        effect = Items if names_goods else Order
    return msgspec.structs.replace(discount, effect=effect)
