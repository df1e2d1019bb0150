"""How many points an order earns by a rule. Pure; amounts in minor units, points are whole."""

from typing import Literal

import msgspec

Basis = Literal["ORDER_AMOUNT", "ORDER_TOTAL_AMOUNT"]


class Fixed(msgspec.Struct, frozen=True):
    """The same number of points every time."""

    points: int


class Proportional(msgspec.Struct, frozen=True):
    """`points` for every whole `every` of the order's amount before or after discounts."""

    basis: Basis
    every: int
    points: int


Earning = Fixed | Proportional


def earned(rule: Earning, *, amount: int, total_amount: int) -> int:
    """Points for an order; whole steps only, so what is short of a step earns nothing."""
    if isinstance(rule, Fixed):
        return rule.points
    value = amount if rule.basis == "ORDER_AMOUNT" else total_amount
    return max(0, value) // rule.every * rule.points
