"""The names that formulas may use for facts, and where each is found. Money is in major units. Pure."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cached_property

from guerdon.engine import goods
from guerdon.engine.extremes import cheapest, dearest
from guerdon.engine.formula.context import Context
from guerdon.engine.formula.values import ARITHMETIC
from guerdon.engine.moment import local_date
from guerdon.engine.order import Item
from guerdon.engine.values import find

# What is missing is None.
Plain = Callable[["Scope"], object]
Keyed = Callable[["Scope", str], object]


class Scope:
    """One evaluation: its context, and the extreme lines, which are looked for at most once."""

    def __init__(self, context: Context) -> None:
        self.context = context

    @property
    def item(self) -> Item | None:
        return self.context.item

    @cached_property
    def cheapest(self) -> Item | None:
        return cheapest(self.context.order.items)

    @cached_property
    def dearest(self) -> Item | None:
        return dearest(self.context.order.items)


def _major(amount: int | None) -> object:
    return None if amount is None else ARITHMETIC.scaleb(Decimal(amount), -2)


def _lines(scope: Scope) -> object:
    return len(scope.context.order.items) or None


def _units(scope: Scope) -> object:
    items = scope.context.order.items
    return sum(item.quantity or 0 for item in items) if items else None


Choice = Callable[[Scope], Item | None]
_CHOICES: Mapping[str, Choice] = {
    "ORDER_ITEM": lambda scope: scope.item,
    "CHEAPEST_ORDER_ITEM": lambda scope: scope.cheapest,
    "MOST_EXPENSIVE_ORDER_ITEM": lambda scope: scope.dearest,
}
_OF_ITEM: Mapping[str, Callable[[Item], object]] = {
    "PRICE": lambda item: _major(item.price),
    "AMOUNT": lambda item: _major(item.amount),
    "SUBTOTAL": lambda item: _major(item.subtotal_amount),
    "UNITS_QUANTITY": lambda item: item.quantity,
}


def _of_item(choose: Choice, read: Callable[[Item], object]) -> Plain:
    def operand(scope: Scope) -> object:
        item = choose(scope)
        return None if item is None else read(item)

    return operand


def _item_metadata(choose: Choice) -> Keyed:
    def operand(scope: Scope, key: str) -> object:
        item = choose(scope)
        return None if item is None else find(item.metadata, key)

    return operand


def _product_metadata(choose: Choice) -> Keyed:
    def operand(scope: Scope, key: str) -> object:
        item = choose(scope)
        return None if item is None else find(goods.metadata(item, scope.context.catalogue), key)

    return operand


PLAIN: Mapping[str, Plain] = {
    **{
        f"{line}_{name}": _of_item(choose, read) for line, choose in _CHOICES.items() for name, read in _OF_ITEM.items()
    },
    "ORDER_AMOUNT": lambda scope: _major(scope.context.order.amount),
    "ORDER_ITEMS_QUANTITY": _lines,
    "ORDER_UNITS_QUANTITY": _units,
    "ORDER_BUNDLE_QUANTITY": lambda scope: scope.context.bundle_quantity,
    "VOUCHER_REDEMPTION_QUANTITY": lambda scope: scope.context.redemption_quantity,
    "VOUCHER_REDEEMED_QUANTITY": lambda scope: scope.context.redeemed_quantity,
    "VOUCHER_PUBLISH_COUNT": lambda scope: scope.context.publish_count,
    "VOUCHER_START_DATE": lambda scope: scope.context.voucher_start,
    "VOUCHER_EXPIRATION_DATE": lambda scope: scope.context.voucher_expiration,
    "PROMOTION_TIER_START_DATE": lambda scope: scope.context.tier_start,
    "PROMOTION_TIER_EXPIRATION_DATE": lambda scope: scope.context.tier_expiration,
    "CUSTOMER_BIRTHDATE": lambda scope: scope.context.birthdate,
    "TODAY": lambda scope: local_date(scope.context.moment),
    "NOW": lambda scope: scope.context.moment.now,
}
KEYED: Mapping[str, Keyed] = {
    **{f"{line}_METADATA": _item_metadata(choose) for line, choose in _CHOICES.items()},
    **{f"{line}_PRODUCT_METADATA": _product_metadata(choose) for line, choose in _CHOICES.items()},
    "ORDER_METADATA": lambda scope, key: find(scope.context.order_metadata, key),
    "CUSTOMER_METADATA": lambda scope, key: find(scope.context.customer_metadata, key),
    "REDEEMABLE_METADATA": lambda scope, key: find(scope.context.redeemable_metadata, key),
    "REDEMPTION_METADATA": lambda scope, key: find(scope.context.redemption_metadata, key),
    "PUBLICATION_METADATA": lambda scope, key: find(scope.context.publication_metadata, key),
}
# What formulas of earning rules may use, which know no voucher and no single line.
FOR_POINTS = frozenset(
    name
    for name in (*PLAIN, *KEYED)
    if not name.startswith(("ORDER_ITEM_", "ORDER_BUNDLE", "VOUCHER_", "PROMOTION_TIER_", "RED", "PUBLICATION_"))
)
