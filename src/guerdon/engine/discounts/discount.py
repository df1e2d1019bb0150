"""A discount as a campaign, a voucher or a promotion tier defines it, read once. Pure; money in minor units."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

Type = Literal["AMOUNT", "PERCENT", "FIXED", "UNIT"]
Number = int | float


class Units(msgspec.Struct, frozen=True, kw_only=True):
    """Free goods: how many units of which product or variant, and how they come into the order."""

    effect: str = "ADD_MISSING_ITEMS"
    unit_off: Number | None = None
    unit_off_formula: str | None = None
    unit_type: str | None = None


class Discount(msgspec.Struct, frozen=True, kw_only=True):
    """Its kind, its values and its caps, and `wire`, the discount as it was defined.

    A formula wins over the value beside it while it can be evaluated.
    """

    type: Type
    effect: str | None = None
    amount_off: Number | None = None
    amount_off_formula: str | None = None
    percent_off: Number | None = None
    percent_off_formula: str | None = None
    fixed_amount: Number | None = None
    fixed_amount_formula: str | None = None
    unit_off: Number | None = None
    unit_off_formula: str | None = None
    unit_type: str | None = None
    units: tuple[Units, ...] | None = None
    amount_limit: Number | None = None
    aggregated_amount_limit: Number | None = None
    wire: Mapping[str, Any] = {}

    def effect_on(self, *, goods: bool) -> str:
        """The effect, or the one that it has where none is named: on goods if a rule includes or excludes any."""
        if self.effect:
            return self.effect
        if self.type == "UNIT":
            return "ADD_MANY_ITEMS" if self.units else "ADD_MISSING_ITEMS"
        return "APPLY_TO_ITEMS" if goods else "APPLY_TO_ORDER"

    @property
    def free_goods(self) -> tuple[Units, ...]:
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


def read(wire: Mapping[str, Any]) -> Discount:
    """The discount as stored. ValidationError if the shape is wrong."""
    return msgspec.structs.replace(msgspec.convert(wire, Discount), wire=wire)
