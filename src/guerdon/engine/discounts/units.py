"""Free goods: units that are in the order already, or come into it, at no cost. Pure."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from guerdon.engine.discounts import value
from guerdon.engine.discounts.caps import cap_units
from guerdon.engine.discounts.step import Applied, Step, with_goods
from guerdon.engine.goods import FREE_SHIPPING, Catalogue, product_names, sku_names
from guerdon.engine.money import GREATEST, divide_half_up
from guerdon.engine.order import Item, Order, Product, Sku

# Beyond it the line's amount could no longer be written down.
_MOST_UNITS = 999_999_999


def add(step: Step) -> Applied:
    """The free goods of the discount one after the other, those missing or always new ones as each says."""
    order = step.order
    told: Mapping[str, Any] = {}
    for goods in step.discount.free_goods:
        units = value.units(step, goods)
        told = told or units.told
        give = _missing if goods.effect == "ADD_MISSING_ITEMS" else _new
        order = give(order, _Gift(goods.unit_type or "", min(units.value * step.bundles, _MOST_UNITS), step.catalogue))
    after = order if order is step.order else replace(order, initial_amount=step.order.amount)
    return Applied(order=after, lines=step.lines, values=told)


def add_same(step: Step) -> Applied:
    """So many more units, free, of every chosen line."""
    units = value.units(step, step.discount.free_goods[0])
    more = min(units.value * step.bundles, _MOST_UNITS)
    changed = {line.index: _more(step.order.items[line.index], more) for line in step.lines}
    return Applied(order=with_goods(step.order, changed), lines=step.lines, values=units.told)


def swap(step: Step) -> Applied:
    """Units of the chosen lines give way to units of other goods, at no more than the price of those they replace."""
    per_unit = value.units(step, step.discount.free_goods[0])
    capped = cap_units(step, multiply=True)
    order = step.order
    for line in capped.lines:
        gone = len(line.units)
        if gone:
            gift = _Gift(step.discount.unit_type or "", min(gone * per_unit.value, _MOST_UNITS), step.catalogue)
            order = _swapped(order, line.index, gone, gift)
    after = order if order is step.order else replace(order, initial_amount=step.order.amount)
    return Applied(order=after, lines=capped.lines, units=capped.units, values=per_unit.told)


class _Gift(msgspec.Struct, frozen=True):
    """Units of goods to be given, by the goods' id or source id."""

    goods: str
    units: int
    catalogue: Catalogue

    def is_in(self, item: Item) -> bool:
        """A variant is given as that variant; a product as itself, or as the line of its variant if it has one."""
        if self.goods in self.catalogue.skus:
            return self.goods in sku_names(item) or self.catalogue.skus[self.goods].get("id") == item.sku_id
        return self.goods in product_names(item) or _shipping(self.goods, item)

    def line(self) -> Item:
        """A line of the goods, still without a unit."""
        sku = self.catalogue.skus.get(self.goods)
        product = self.catalogue.products.get((sku or {}).get("product_id") or self.goods)
        price = _first(sku, product)
        return Item(
            product_id=(product or {}).get("id") or (None if sku else self.goods),
            sku_id=(sku or {}).get("id"),
            related_object="sku" if sku else "product",
            source_id=(sku or product or {}).get("source_id"),
            quantity=0,
            initial_quantity=0,
            price=price,
            amount=None if price is None else 0,
            initial_amount=None if price is None else 0,
            product=_product(product),
            sku=_sku(sku),
        )


def _missing(order: Order, gift: _Gift) -> Order:
    """Units that are there and not free yet become free, in the order of the lines; what is missing is added."""
    left = gift.units
    changed: dict[int, Item] = {}
    for index, item in enumerate(order.items):
        if not gift.is_in(item):
            continue
        free = min(left, max(0, (item.quantity or 0) - (item.discount_quantity or 0)))
        left -= free
        changed[index] = _freed(item, free)
        if not left:
            break
    if not left:
        return with_goods(order, changed)
    return _new(with_goods(order, changed), replace(gift, units=left))


def _new(order: Order, gift: _Gift) -> Order:
    """So many units more, all of them free, on the line of the goods or on a new one."""
    if not gift.units:
        return order
    index = next((index for index, item in enumerate(order.items) if gift.is_in(item)), None)
    if index is None:
        return with_goods(order, {}, [_more(gift.line(), gift.units)])
    return with_goods(order, {index: _more(order.items[index], gift.units)})


def _freed(item: Item, free: int) -> Item:
    """The line with units of it free: whatever is left to pay of them is taken off."""
    paid = (item.quantity or 0) - (item.discount_quantity or 0)
    off = divide_half_up((item.subtotal_amount or 0) * free, paid) if paid else 0
    return _given(_begun(item), free, off, added=0)


def _more(item: Item, units: int) -> Item:
    """The line with so many units more, all of them free."""
    item = _begun(item)
    off = 0
    if item.price is not None:
        off = units * item.price
        item = replace(item, amount=min((item.amount or 0) + off, GREATEST))
    return _given(replace(item, quantity=min((item.quantity or 0) + units, _MOST_UNITS)), units, off, added=units)


def _given(item: Item, free: int, off: int, *, added: int) -> Item:
    money = {}
    if item.amount is not None:
        money = {
            "discount_amount": (item.discount_amount or 0) + off,
            "applied_discount_amount": (item.applied_discount_amount or 0) + off,
            "applied_quantity_amount": (item.applied_quantity_amount or 0) + (off if added else 0),
        }
    return replace(
        item,
        discount_quantity=(item.discount_quantity or 0) + free,
        applied_discount_quantity=(item.applied_discount_quantity or 0) + free,
        applied_quantity=(item.applied_quantity or 0) + added,
        **money,
    )


def _begun(item: Item) -> Item:
    """The line with what it was before its goods changed, said once in an order's life."""
    return replace(
        item,
        initial_quantity=item.quantity if item.initial_quantity is None else item.initial_quantity,
        initial_amount=item.amount if item.initial_amount is None else item.initial_amount,
    )


def _swapped(order: Order, index: int, gone: int, gift: _Gift) -> Order:
    source = _begun(order.items[index])
    price = source.price or 0
    worth = min(gone * price, source.amount or 0)
    left = replace(
        source,
        quantity=(source.quantity or 0) - gone,
        amount=None if source.amount is None else source.amount - worth,
        applied_quantity=(source.applied_quantity or 0) - gone,
        applied_quantity_amount=(source.applied_quantity_amount or 0) - worth,
    )
    items = [left if position == index else item for position, item in enumerate(order.items)]
    at = next((p for p, item in enumerate(items) if p != index and gift.is_in(item)), None)
    target = _begun(gift.line() if at is None else items[at])
    cost = gift.units * (target.price or 0)
    bonus = max(0, cost - worth)
    swapped = replace(
        target,
        quantity=(target.quantity or 0) + gift.units,
        amount=None if target.amount is None else target.amount + cost,
        discount_amount=(target.discount_amount or 0) + bonus,
        applied_discount_amount=(target.applied_discount_amount or 0) + bonus,
        applied_quantity=(target.applied_quantity or 0) + gift.units,
        applied_quantity_amount=(target.applied_quantity_amount or 0) + cost,
    )
    return with_goods(
        order, {index: left} if at is None else {index: left, at: swapped}, [swapped] if at is None else []
    )


def _first(sku: Mapping[str, Any] | None, product: Mapping[str, Any] | None) -> int | None:
    for record in (sku, product):
        if record and record.get("price") is not None:
            return int(record["price"])
    return None


def _shipping(goods: str, item: Item) -> bool:
    return goods == FREE_SHIPPING and FREE_SHIPPING.removeprefix("prod_") in {item.source_id, item.product_id}


def _product(record: Mapping[str, Any] | None) -> Product | None:
    if record is None:
        return None
    return Product(
        id=record.get("id"), source_id=record.get("source_id"), name=record.get("name"), price=record.get("price")
    )


def _sku(record: Mapping[str, Any] | None) -> Sku | None:
    if record is None:
        return None
    return Sku(id=record.get("id"), source_id=record.get("source_id"), sku=record.get("sku"), price=record.get("price"))
