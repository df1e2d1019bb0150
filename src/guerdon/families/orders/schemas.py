"""Orders on the wire: in requests, as answers, and in the forms that events carry."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from guerdon.engine.discounts.step import Swap
from guerdon.engine.money import Amount
from guerdon.engine.order import SentItem
from guerdon.families.customers.schemas import BareCustomer, NewCustomer, SimpleCustomer

Metadata = dict[str, Any]
SourceId = Annotated[str, Meta(max_length=1_000)]
Status = Literal["CREATED", "PAID", "CANCELED", "FULFILLED"]
Items = Annotated[list[SentItem], Meta(max_length=500)]


class OrderPatch(msgspec.Struct, kw_only=True):
    """What can be said of an order. What is not sent stays, and null says nothing, except that it detaches a person.

    `items` replace all lines. `customer` and `referrer` are made or changed along with the order and win over the ids,
    which may be source ids.
    """

    source_id: SourceId | None = None
    status: Status | None = None
    amount: Amount | None = None
    initial_amount: Amount | None = None
    discount_amount: Amount | None = None
    items: Items | None = None
    metadata: Metadata | None = None
    customer: NewCustomer | None = None
    customer_id: SourceId | UnsetType | None = UNSET
    referrer: NewCustomer | None = None
    referrer_id: SourceId | UnsetType | None = UNSET


class NewOrder(OrderPatch, kw_only=True):
    """An order in a request: one that exists, by id or source id, or one to be made."""

    id: str | None = None


class ItemProduct(msgspec.Struct):
    """What a line knows of its product."""

    id: str | UnsetType = UNSET
    source_id: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    metadata: Metadata | UnsetType = UNSET
    price: int | UnsetType = UNSET


class ItemSku(msgspec.Struct):
    """What a line knows of its variant."""

    id: str | UnsetType = UNSET
    source_id: str | UnsetType = UNSET
    sku: str | UnsetType = UNSET
    metadata: Metadata | UnsetType = UNSET
    price: int | UnsetType = UNSET


class SimpleItem(msgspec.Struct, tag_field="object", tag="order_item"):
    """A line inside the event of a redemption."""

    id: str | UnsetType = UNSET
    source_id: str | UnsetType = UNSET
    related_object: str | UnsetType = UNSET
    product_id: str | UnsetType = UNSET
    sku_id: str | UnsetType = UNSET
    quantity: int | UnsetType = UNSET
    discount_quantity: int | UnsetType = UNSET
    amount: int | UnsetType = UNSET
    discount_amount: int | UnsetType = UNSET
    applied_discount_amount: int | UnsetType = UNSET
    price: int | UnsetType = UNSET
    subtotal_amount: int | UnsetType = UNSET


class Item(SimpleItem, tag_field="object", tag="order_item"):
    """A line with its goods, and with what discounts have done to it; replacements only where they are decided."""

    initial_quantity: int | UnsetType = UNSET
    initial_amount: int | UnsetType = UNSET
    applied_discount_quantity: int | UnsetType = UNSET
    applied_quantity: int | UnsetType = UNSET
    applied_quantity_amount: int | UnsetType = UNSET
    product: ItemProduct | UnsetType = UNSET
    sku: ItemSku | UnsetType = UNSET
    metadata: Metadata | UnsetType = UNSET
    application_details: list[Swap] | UnsetType = UNSET


class _Head(msgspec.Struct, kw_only=True):
    """What all forms of an order show. A sum that no discount has touched is left out."""

    id: str
    source_id: str | None
    created_at: str
    status: Status
    amount: int | UnsetType = UNSET
    discount_amount: int | UnsetType = UNSET
    applied_discount_amount: int | UnsetType = UNSET
    items_discount_amount: int | UnsetType = UNSET
    items_applied_discount_amount: int | UnsetType = UNSET
    total_discount_amount: int | UnsetType = UNSET
    total_applied_discount_amount: int | UnsetType = UNSET
    total_amount: int | UnsetType = UNSET
    metadata: Metadata
    customer_id: str | None
    referrer_id: str | None
    object: str = "order"


class _Whole(_Head, kw_only=True):
    """An order with whole lines and its redemptions by id."""

    updated_at: str | None
    initial_amount: int | UnsetType = UNSET
    items: list[Item]
    redemptions: dict[str, dict[str, Any]] | UnsetType = UNSET


class Person(msgspec.Struct):
    """A customer or referrer of an order."""

    id: str
    object: str = "customer"


class Order(_Whole, kw_only=True):
    """An order as an answer."""

    customer: Person | UnsetType = UNSET
    referrer: Person | UnsetType = UNSET


class CalculatedOrder(_Whole, kw_only=True):
    """An order inside the events of orders and rewards."""

    customer: BareCustomer | UnsetType = UNSET
    referrer: BareCustomer | UnsetType = UNSET


class SimpleOrder(_Head, kw_only=True):
    """An order inside the events of redemptions and points."""

    updated_at: str | UnsetType = UNSET
    items: list[SimpleItem]


class OrdersList(msgspec.Struct):
    """A page of orders."""

    orders: list[Order]
    total: int
    object: str = "list"
    data_ref: str = "orders"


class OrderEvent(msgspec.Struct, kw_only=True):
    """Data of customer.order.created, .updated, .paid and .canceled; the redemption is the one that paid the order."""

    customer: SimpleCustomer
    referrer: SimpleCustomer | None
    order: CalculatedOrder
    redemption: Any = None
