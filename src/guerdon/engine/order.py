"""Orders: what a request says becomes lines with prices and amounts, and totals follow from those. Pure.

Money is whole minor units. None means that a thing is not known, or that no discount has touched this level; 0 means
that one has touched it and nothing came of it.
"""

import math
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from guerdon.engine.money import Amount

Metadata = dict[str, Any]
Kind = Literal["product", "sku"]
Name = Annotated[str, Meta(max_length=1_000)]
# Catalogue prices inside an order are documented as numbers, so that 2100.0 must do as well as 2100.
Price = Amount | Annotated[float, Meta(ge=0, le=2**53 - 1)]
Quantity = Annotated[int, Meta(ge=0, le=999_999_999)] | Annotated[str, Meta(pattern=r"^[0-9]{1,9}$")]


class SentProduct(msgspec.Struct, frozen=True, kw_only=True):
    """What a request says of a line's product; with `override` the catalogue is to learn it."""

    id: Name | None = None
    source_id: Name | None = None
    override: bool | None = None
    name: Name | None = None
    price: Price | None = None
    metadata: Metadata | None = None


class SentSku(msgspec.Struct, frozen=True, kw_only=True):
    """What a request says of a line's variant, whose name is `sku`."""

    id: Name | None = None
    source_id: Name | None = None
    override: bool | None = None
    sku: Name | None = None
    price: Price | None = None
    metadata: Metadata | None = None


class SentItem(msgspec.Struct, frozen=True, kw_only=True):
    """One line as a request says it. Every field may be missing; discounts are what an earlier step has left."""

    product_id: Name | None = None
    sku_id: Name | None = None
    related_object: Kind | None = None
    source_id: Name | None = None
    quantity: Quantity | None = None
    discount_quantity: Quantity | None = None
    initial_quantity: Quantity | None = None
    amount: Amount | None = None
    discount_amount: Amount | None = None
    initial_amount: Amount | None = None
    price: Amount | None = None
    product: SentProduct | None = None
    sku: SentSku | None = None
    metadata: Metadata | None = None

    @property
    def sku_name(self) -> str | None:
        """What the line calls its variant, an id or a source id, the plainest way first."""
        by_source = self.source_id if self.related_object == "sku" else None
        nested = (self.sku.id or self.sku.source_id) if self.sku else None
        return self.sku_id or by_source or nested

    @property
    def product_name(self) -> str | None:
        """What the line calls its product, an id or a source id, the plainest way first."""
        by_source = self.source_id if self.related_object != "sku" else None
        nested = (self.product.id or self.product.source_id) if self.product else None
        return self.product_id or by_source or nested


class Product(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A product as the catalogue or a line knows it; the line's metadata are only those of the request."""

    id: str | None = None
    source_id: str | None = None
    name: str | None = None
    price: int | None = None
    metadata: Metadata | None = None


class Sku(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A variant as the catalogue or a line knows it."""

    id: str | None = None
    source_id: str | None = None
    sku: str | None = None
    price: int | None = None
    metadata: Metadata | None = None


class Item(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line. `discount_*` counts over all redeemables and earlier steps, `applied_*` is the share of one request."""

    id: str | None = None
    product_id: str | None = None
    sku_id: str | None = None
    source_id: str | None = None
    related_object: Kind | None = None
    quantity: int | None = None
    initial_quantity: int | None = None
    discount_quantity: int | None = None
    applied_discount_quantity: int | None = None
    applied_quantity: int | None = None
    price: int | None = None
    amount: int | None = None
    initial_amount: int | None = None
    discount_amount: int | None = None
    applied_discount_amount: int | None = None
    applied_quantity_amount: int | None = None
    product: Product | None = None
    sku: Sku | None = None
    metadata: Metadata | None = None

    @property
    def subtotal_amount(self) -> int | None:
        """The amount less all item discounts; None for a line without a price."""
        return None if self.amount is None else self.amount - (self.discount_amount or 0)

    @property
    def goods(self) -> tuple[str | None, ...]:
        """What the line is of: equal for two lines of the same goods."""
        return (self.sku_id, self.product_id, self.related_object, self.source_id)


class Order(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """An order's lines and its own amounts.

    The sums are computed, so that they hold in every order there is; once, because a value never changes.
    """

    items: tuple[Item, ...] = ()
    amount: int | None = None
    initial_amount: int | None = None
    discount_amount: int | None = None
    applied_discount_amount: int | None = None

    @cached_property
    def items_discount_amount(self) -> int | None:
        return _sum(item.discount_amount for item in self.items)

    @cached_property
    def items_applied_discount_amount(self) -> int | None:
        return _sum(item.applied_discount_amount for item in self.items)

    @cached_property
    def total_discount_amount(self) -> int | None:
        return _sum((self.discount_amount, self.items_discount_amount))

    @cached_property
    def total_applied_discount_amount(self) -> int | None:
        return _sum((self.applied_discount_amount, self.items_applied_discount_amount))

    @cached_property
    def total_amount(self) -> int | None:
        """What is left to pay, never less than nothing, also where a low amount was sent with high discounts."""
        return None if self.amount is None else max(0, self.amount - (self.total_discount_amount or 0))


def line(sent: SentItem, product: Product | None = None, sku: Sku | None = None) -> Item:
    """The line that a request means, with what the catalogue knows of its goods.

    What is sent wins over the catalogue, and an amount over price times quantity. A quantity that is missing is 1,
    unless an amount is sent, which then stands alone. Unknown goods keep the names they were sent with.
    """
    quantity = _count(sent.quantity)
    if quantity is None and sent.amount is None:
        quantity = 1
    price = _first(
        sent.price,
        whole(sent.sku.price) if sent.sku else None,
        whole(sent.product.price) if sent.product else None,
        sku.price if sku else None,
        product.price if product else None,
    )
    amount = sent.amount
    if amount is None and price is not None and quantity is not None:
        amount = price * quantity
    return Item(
        product_id=product.id if product else sent.product_id,
        sku_id=sku.id if sku else sent.sku_id,
        source_id=sent.source_id,
        related_object=sent.related_object,
        quantity=quantity,
        initial_quantity=_count(sent.initial_quantity),
        discount_quantity=_count(sent.discount_quantity),
        price=price,
        amount=amount,
        initial_amount=sent.initial_amount,
        discount_amount=sent.discount_amount,
        product=_product(sent.product, product),
        sku=_sku(sent.sku, sku),
        metadata=sent.metadata,
    )


def amount_of(items: Iterable[Item]) -> int | None:
    """The sum of the lines; None if no line has an amount."""
    return _sum(item.amount for item in items)


def revised(before: Order, items: Sequence[Item], amount: int | None) -> int | None:
    """The amount of an order whose lines are replaced: the one sent, or else the new sum.

    Where no new line has an amount, one that was sent for the order earlier stays, and one that was summed does not.
    """
    total = _first(amount, amount_of(items))
    return before.amount if total is None and before.amount != amount_of(before.items) else total


def keep_ids(before: Iterable[Item], items: Iterable[Item]) -> tuple[Item, ...]:
    """The new lines, each with the id of an old line of the same goods as long as there is one."""
    ids: dict[tuple[str | None, ...], list[str | None]] = {}
    for item in before:
        ids.setdefault(item.goods, []).append(item.id)
    return tuple(
        msgspec.structs.replace(item, id=ids[item.goods].pop(0)) if ids.get(item.goods) else item for item in items
    )


def whole(price: float | None) -> int | None:
    """A price in whole minor units, halves rounded up."""
    return price if price is None or isinstance(price, int) else math.floor(price + 0.5)


def _product(sent: SentProduct | None, known: Product | None) -> Product | None:
    if sent is None:
        return known
    known = known or Product()
    product = Product(
        id=known.id or sent.id,
        source_id=known.source_id or sent.source_id,
        name=_text(sent.name, known.name),
        price=_first(whole(sent.price), known.price),
        metadata=sent.metadata,
    )
    return None if product == Product() else product


def _sku(sent: SentSku | None, known: Sku | None) -> Sku | None:
    if sent is None:
        return known
    known = known or Sku()
    sku = Sku(
        id=known.id or sent.id,
        source_id=known.source_id or sent.source_id,
        sku=_text(sent.sku, known.sku),
        price=_first(whole(sent.price), known.price),
        metadata=sent.metadata,
    )
    return None if sku == Sku() else sku


def _count(quantity: int | str | None) -> int | None:
    return None if quantity is None else int(quantity)


def _text(sent: str | None, known: str | None) -> str | None:
    return known if sent is None else sent


def _first(*amounts: int | None) -> int | None:
    for amount in amounts:
        if amount is not None:
            return amount
    return None


def _sum(amounts: Iterable[int | None]) -> int | None:
    """None only if there is nothing to add up."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if known else None
