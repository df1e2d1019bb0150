"""One redeemable's turn: what it finds, and what it leaves. Pure; money in minor units."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from guerdon.engine.discounts.discount import Discount
from guerdon.engine.formula.context import Context
from guerdon.engine.goods import EMPTY, Catalogue
from guerdon.engine.order import Item, Order, amount_of
from guerdon.engine.targets import Line


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """The order as those before left it (without anybody's `applied_*`), and what decides on the discount.

    `lines` are those chosen, in the order of application. `initial` is the order as the request brought it, if
    percentages are taken of that. `bundles` multiplies. `used_units` counts units discounted before, by limit.
    """

    order: Order
    discount: Discount
    lines: tuple[Line, ...] = ()
    catalogue: Catalogue = EMPTY
    context: Context
    bundles: int = 1
    initial: Order | None = None
    used_units: Mapping[str, int] = {}


class Applied(msgspec.Struct, frozen=True, kw_only=True):
    """The order after it, the lines and units it took, the counters it moves, and the values it came to."""

    order: Order
    lines: tuple[Line, ...] = ()
    units: Mapping[str, int] = {}
    values: Mapping[str, Any] = {}


def off_order(order: Order, amount: int) -> Order:
    """The order with so much taken off as a whole, at most what is left to pay."""
    left = order.total_amount
    off = amount if left is None else min(amount, left)
    return replace(order, discount_amount=(order.discount_amount or 0) + off, applied_discount_amount=_add(order, off))


def off_lines(order: Order, offs: Mapping[int, int]) -> Order:
    """The order with the amounts taken off its lines, by index."""
    return with_items(order, {index: _off(order.items[index], off) for index, off in offs.items()})


def with_items(order: Order, changed: Mapping[int, Item], added: Sequence[Item] = ()) -> Order:
    """The order with other lines in their places, and some more."""
    items = tuple(changed.get(index, item) for index, item in enumerate(order.items))
    return replace(order, items=(*items, *added))


def with_goods(order: Order, changed: Mapping[int, Item], added: Sequence[Item] = ()) -> Order:
    """The same where the goods change: the amount follows the lines, unless they carry no more money than before.

    To the amount of an order whose lines carried none, that of the new ones is added.
    """
    after = with_items(order, changed, added)
    before, now = amount_of(order.items), amount_of(after.items)
    amount = order.amount
    if now is not None and now != before:
        amount = now if before is not None else (amount or 0) + now
    return replace(after, amount=amount, initial_amount=order.amount)


def plain(order: Order) -> Order:
    """The order without anybody's share, for the next one's turn."""
    items = tuple(replace(item, **_NO_SHARE) if _has_share(item) else item for item in order.items)
    return replace(order, items=items, applied_discount_amount=None)


_NO_SHARE: dict[str, None] = {
    "applied_discount_amount": None,
    "applied_discount_quantity": None,
    "applied_quantity": None,
    "applied_quantity_amount": None,
}


def _has_share(item: Item) -> bool:
    return item.applied_discount_amount is not None or item.applied_quantity is not None


def _off(item: Item, off: int) -> Item:
    return replace(
        item,
        discount_amount=(item.discount_amount or 0) + off,
        applied_discount_amount=(item.applied_discount_amount or 0) + off,
    )


def _add(order: Order, off: int) -> int:
    return (order.applied_discount_amount or 0) + off
