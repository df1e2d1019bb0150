"""One redeemable's turn: what it finds, and what it leaves. Pure; money in minor units."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from guerdon.engine.discounts.discount import Discount
from guerdon.engine.formula.context import Context
from guerdon.engine.goods import EMPTY, Catalogue
from guerdon.engine.order import Item, Order
from guerdon.engine.targets import Line


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """The order as those before left it (without anybody's `applied_*`), and what decides on the discount.

    `lines` are those chosen, in the order of application, `untouchable` those that no discount on goods may touch.
    `initial` is the order as the request brought it, if percentages are taken of that. `bundles` multiplies.
    `used_units` counts units discounted before, by limit.
    """

    order: Order
    discount: Discount
    lines: tuple[Line, ...] = ()
    untouchable: frozenset[int] = frozenset()
    catalogue: Catalogue = EMPTY
    context: Context
    bundles: int = 1
    initial: Order | None = None
    used_units: Mapping[str, int] = {}


class Swap(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a line that gave way to units of another: how many, for how much, and what was taken off these.

    The source's are negative.
    """

    source_index: int
    source_applied_quantity: int
    source_applied_quantity_amount: int
    target_index: int
    target_applied_quantity: int
    target_applied_quantity_amount: int
    target_applied_discount_amount: int


class Applied(msgspec.Struct, frozen=True, kw_only=True):
    """The order after it, the lines and units it took, the counters it moves, the values it came to, and its swaps."""

    order: Order
    lines: tuple[Line, ...] = ()
    units: Mapping[str, int] = {}
    values: Mapping[str, Any] = {}
    swaps: tuple[Swap, ...] = ()


def off_order(order: Order, amount: int) -> Order:
    """The order with so much taken off as a whole, at most what is left to pay; without an amount it stays as it is."""
    left = order.total_amount
    if left is None:
        return order
    off = min(amount, left)
    return replace(
        order,
        discount_amount=(order.discount_amount or 0) + off,
        applied_discount_amount=(order.applied_discount_amount or 0) + off,
    )


def off_lines(order: Order, offs: Mapping[int, int]) -> Order:
    """The order with the amounts taken off its lines, by index."""
    if not offs:
        return order
    items = list(order.items)
    for index, off in offs.items():
        items[index] = off_item(items[index], off)
    return replace(order, items=tuple(items))


def off_item(item: Item, off: int) -> Item:
    return replace(
        item,
        discount_amount=(item.discount_amount or 0) + off,
        applied_discount_amount=(item.applied_discount_amount or 0) + off,
    )


def plain(order: Order) -> Order:
    """The order without anybody's share, for the next one's turn."""
    return replace(order, items=_plain(order.items), applied_discount_amount=None)


def has_share(item: Item) -> bool:
    """Whether somebody has touched the line."""
    return item.applied_discount_amount is not None or item.applied_quantity is not None


def _plain(items: Sequence[Item]) -> tuple[Item, ...]:
    return tuple(replace(item, **_NO_SHARE) if has_share(item) else item for item in items)


_NO_SHARE: dict[str, None] = {
    "applied_discount_amount": None,
    "applied_discount_quantity": None,
    "applied_quantity": None,
    "applied_quantity_amount": None,
}
