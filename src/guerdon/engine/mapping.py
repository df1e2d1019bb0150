"""How a loyalty tier changes points: those of an earning rule, and the price of a reward. Pure."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

import msgspec

from guerdon.engine.money import GREATEST


class PointsMapping(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Points multiplied, or replaced; CUSTOM without points takes a reward away from the tier."""

    type: Literal["MULTIPLY", "CUSTOM"]
    multiplier: float | None = None
    points: int | None = None


def taken_away(mapping: PointsMapping | None) -> bool:
    """Whether the tier does not have this at all."""
    return mapping is not None and mapping.type == "CUSTOM" and mapping.points is None


def scaled(points: int, mapping: PointsMapping | None) -> int:
    """The points times the multiplier, halves rounded up; as they are where there is none."""
    if mapping is None or mapping.type != "MULTIPLY" or mapping.multiplier is None:
        return points
    product = Decimal(points) * Decimal(str(mapping.multiplier))
    return min(GREATEST, int(product.to_integral_value(rounding=ROUND_HALF_UP)))


def mapped(points: int, mapping: PointsMapping | None) -> int | None:
    """The points as the tier has them; None if it does not have this at all."""
    if mapping is None:
        return points
    return scaled(points, mapping) if mapping.type == "MULTIPLY" else mapping.points
