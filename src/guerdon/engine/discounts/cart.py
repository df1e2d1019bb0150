"""An order while goods come into it and leave it. Pure."""

import operator
from collections.abc import Mapping
from typing import Any, Literal

from msgspec.structs import replace

from guerdon.engine.discounts.step import Step, Swap, off_item
from guerdon.engine.goods import FREE_SHIPPING, Catalogue, product_names, sku_names
from guerdon.engine.money import GREATEST, divide_half_up
from guerdon.engine.order import Item, Order, Product, Sku, amount_of

MOST_UNITS = 999_999_999
# The kind of goods, and a name by which they go.
_Name = tuple[Literal["sku", "product"], str]
_SHIPPING = frozenset({FREE_SHIPPING, FREE_SHIPPING.removeprefix("prod_")})


class Cart:
    """Lines by index. Goods are named by an id or a source id; new ones go on the line of the same goods, or come last.

    No more units come in than let quantities and amounts still be written down.
    """

    def __init__(self, step: Step) -> None:
        self._before = step.order
        self._catalogue = step.catalogue
        self._items = list(step.order.items)
        self._room = GREATEST - (step.order.amount or 0)
        self._by_name: dict[_Name, list[int]] = {}
        self.swaps: list[Swap] = []
        for index, item in enumerate(self._items):
            self._note(index, item)

    def places(self, goods: str) -> list[int]:
        """The lines of the goods. A variant's are its own; a product's are also those of its variants."""
        found = {index for name in self._names(goods) for index in self._by_name.get(name, ())}
        return sorted(found)

    def free(self, index: int, most: int) -> int:
        """Units of the line that are not free yet become so, with whatever is left to pay of them. How many do."""
        item = self._items[index]
        paid = max(0, (item.quantity or 0) - (item.discount_quantity or 0))
        free = min(most, paid)
        if free > 0:
            off = divide_half_up(max(0, item.subtotal_amount or 0) * free, paid)
            self._items[index] = _given(_begun(item), free, off, added=0)
        return free

    def more(self, goods: str, units: int) -> None:
        """So many units more of the goods, free."""
        places = self.places(goods)
        item = self._items[places[0]] if places else line_of(goods, self._catalogue)
        if self._fitting(item, units) > 0:
            self.add(places[0] if places else self._append(item), units)

    def add(self, index: int, units: int) -> None:
        """So many units more on the line, free."""
        units = self._fitting(self._items[index], units)
        item = _begun(self._items[index])
        money = units * (item.price or 0)
        if item.price is not None:
            item = replace(item, amount=(item.amount or 0) + money)
            self._room -= money
        item = replace(item, quantity=(item.quantity or 0) + units)
        self._items[index] = _given(item, units, money, added=units)

    def swap(self, index: int, most: int, goods: str, per_unit: int) -> int:
        """Units of the line go, as many units of the goods come for each, and cost no more than what went.

        Units go only as far as the line has still to be paid for. How many did.
        """
        source, places = self._items[index], self.places(goods)
        target = self._items[places[0]] if places else line_of(goods, self._catalogue)
        price = source.price or 0
        gone = min(most, source.quantity or 0, max(0, source.subtotal_amount or 0) // price if price else most)
        units = self._fitting(target, gone * per_unit)
        if index in places or units <= 0:
            return 0
        cost = units * (target.price or 0)
        self._room += gone * price - cost
        self._items[index] = _moved(_begun(source), -gone, -gone * price)
        target = _moved(_begun(target), units, cost)
        off = max(0, cost - gone * price) if target.amount is not None else 0
        if target.amount is not None:
            target = off_item(target, off)
        place = places[0] if places else self._append(target)
        self._items[place] = target
        self.swaps.append(
            Swap(
                source_index=index,
                source_applied_quantity=-gone,
                source_applied_quantity_amount=-gone * price,
                target_index=place,
                target_applied_quantity=units,
                target_applied_quantity_amount=cost,
                target_applied_discount_amount=off,
            )
        )
        return gone

    def order(self) -> Order:
        """The order with these goods; its amount moves by theirs. The same order if nothing has moved."""
        before = self._before
        if len(self._items) == len(before.items) and all(map(operator.is_, self._items, before.items)):
            return before
        amount = amount_of(self._items)
        if before.amount is not None:
            # An order that was sent with less than its lines come to can lose more than it has.
            amount = max(0, before.amount + (amount or 0) - (amount_of(before.items) or 0))
        return replace(before, items=tuple(self._items), amount=amount, initial_amount=before.amount)

    def _append(self, item: Item) -> int:
        self._items.append(item)
        self._note(len(self._items) - 1, item)
        return len(self._items) - 1

    def _note(self, index: int, item: Item) -> None:
        products: list[_Name] = [("product", name) for name in product_names(item)]
        skus: list[_Name] = [("sku", name) for name in sku_names(item)]
        for name in products + skus:
            self._by_name.setdefault(name, []).append(index)

    def _names(self, goods: str) -> list[_Name]:
        """The names by which the lines of the goods go."""
        sku, product = self._catalogue.skus.get(goods), self._catalogue.products.get(goods)
        if sku is not None:
            return [("sku", name) for name in _ids(goods, sku)]
        if goods in _SHIPPING:
            return [("product", name) for name in _SHIPPING]
        if product is not None:
            return [("product", name) for name in _ids(goods, product)]
        return [("product", goods), ("sku", goods)]

    def _fitting(self, item: Item, units: int) -> int:
        most = MOST_UNITS - (item.quantity or 0)
        if item.price:
            most = min(most, self._room // item.price, (GREATEST - (item.amount or 0)) // item.price)
        return max(0, min(units, most))


def line_of(goods: str, catalogue: Catalogue) -> Item:
    """A line of goods that come in, still without a unit."""
    sku = catalogue.skus.get(goods)
    product = catalogue.products.get((sku or {}).get("product_id") or goods)
    price = None if goods in _SHIPPING else _price(sku, product)
    return Item(
        product_id=(product or {}).get("id") or (None if sku else goods),
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


def _begun(item: Item) -> Item:
    """The line with what it was before its goods changed, said once in an order's life; no quantity counts as 0."""
    return replace(
        item,
        initial_quantity=(item.quantity or 0) if item.initial_quantity is None else item.initial_quantity,
        initial_amount=item.amount if item.initial_amount is None else item.initial_amount,
    )


def _given(item: Item, free: int, off: int, *, added: int) -> Item:
    """The line with units of it free, and those that were added for that."""
    item = replace(
        item,
        discount_quantity=(item.discount_quantity or 0) + free,
        applied_discount_quantity=(item.applied_discount_quantity or 0) + free,
        applied_quantity=(item.applied_quantity or 0) + added,
    )
    if item.amount is None:
        return item
    return replace(
        item,
        discount_amount=(item.discount_amount or 0) + off,
        applied_discount_amount=(item.applied_discount_amount or 0) + off,
        applied_quantity_amount=(item.applied_quantity_amount or 0) + (off if added else 0),
    )


def _moved(item: Item, units: int, money: int) -> Item:
    """The line with units more, or fewer, that nobody gave away."""
    item = replace(item, quantity=(item.quantity or 0) + units, applied_quantity=(item.applied_quantity or 0) + units)
    if item.amount is None:
        return item
    applied = (item.applied_quantity_amount or 0) + money
    return replace(item, amount=item.amount + money, applied_quantity_amount=applied)


def _ids(goods: str, record: Mapping[str, Any]) -> list[str]:
    return list({goods, *(record[name] for name in ("id", "source_id") if record.get(name))})


def _price(sku: Mapping[str, Any] | None, product: Mapping[str, Any] | None) -> int | None:
    for record in (sku, product):
        if record and record.get("price") is not None:
            return int(record["price"])
    return None


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
