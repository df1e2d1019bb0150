"""Customers on the wire, whole and in the smaller forms that other objects and events carry."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from guerdon.clock import Day
from guerdon.http.wire import Text

Metadata = dict[str, Any]
SourceId = Annotated[str, Meta(max_length=1_000)]


class Address(msgspec.Struct):
    """A postal address; every field may be missing or null."""

    city: Text | UnsetType | None = UNSET
    state: Text | UnsetType | None = UNSET
    line_1: Text | UnsetType | None = UNSET
    line_2: Text | UnsetType | None = UNSET
    country: Text | UnsetType | None = UNSET
    postal_code: Text | UnsetType | None = UNSET


class CustomerPatch(msgspec.Struct):
    """What can be said of a customer: what is not sent stays, and null clears."""

    name: Text | UnsetType | None = UNSET
    description: Text | UnsetType | None = UNSET
    email: Text | UnsetType | None = UNSET
    phone: Text | UnsetType | None = UNSET
    birthday: Day | UnsetType | None = UNSET
    birthdate: Day | UnsetType | None = UNSET
    address: Address | UnsetType | None = UNSET
    metadata: Metadata | UnsetType | None = UNSET


class NewCustomer(CustomerPatch):
    """A customer in a request: one that exists, by id or source id, or one to be made."""

    id: str | None = None
    source_id: SourceId | None = None


class GiftSummary(msgspec.Struct):
    """Credits: redeemed ever, and left on all gift cards held."""

    redeemed_amount: int
    amount_to_go: int


class LoyaltyCardSummary(msgspec.Struct):
    """Points: redeemed ever, and left on all loyalty cards held."""

    redeemed_points: int
    points_to_go: int


class RedemptionsSummary(msgspec.Struct):
    """Counts of redemptions and rollbacks."""

    total_redeemed: int
    total_failed: int
    total_succeeded: int
    total_rolled_back: int
    total_rollback_failed: int
    total_rollback_succeeded: int
    gift: GiftSummary
    loyalty_card: LoyaltyCardSummary


class OrdersSummary(msgspec.Struct):
    """Orders that are paid or fulfilled, in amounts after discounts."""

    total_amount: int
    total_count: int
    average_amount: int
    last_order_amount: int
    last_order_date: str | UnsetType = UNSET


class Summary(msgspec.Struct):
    """What a customer has bought and redeemed."""

    redemptions: RedemptionsSummary
    orders: OrdersSummary


class Program(msgspec.Struct):
    """A customer's standing in one loyalty or referral campaign."""

    points: int
    referred_customers: int
    redeemed_points: int
    points_to_go: int
    loyalty_tier: str | UnsetType = UNSET


class Loyalty(msgspec.Struct):
    """Points on all cards, and by campaign name."""

    points: int
    referred_customers: int
    campaigns: dict[str, Program]


class Referrals(msgspec.Struct):
    """By whom the customer was referred."""

    total: int
    campaigns: list[dict[str, Any]]


class Customer(msgspec.Struct, kw_only=True):
    """A customer with summary, loyalty and referrals; what is not known of the profile is left out."""

    id: str
    source_id: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    phone: str | UnsetType = UNSET
    birthday: str | UnsetType = UNSET
    birthdate: str | UnsetType = UNSET
    address: dict[str, Any] | None
    metadata: Metadata
    summary: Summary
    loyalty: Loyalty
    referrals: Referrals
    system_metadata: Metadata
    created_at: str
    updated_at: str | UnsetType = UNSET
    object: str = "customer"


class SimpleCustomer(msgspec.Struct, kw_only=True):
    """A customer inside an event."""

    id: str
    name: str | None
    email: str | None
    source_id: str | None
    metadata: Metadata
    object: str = "customer"


class ReducedCustomer(msgspec.Struct, kw_only=True):
    """A customer inside a publication; what is not known of the profile is left out."""

    id: str
    source_id: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    address: None = None
    summary: None = None
    loyalty: None = None
    referrals: None = None
    metadata: Metadata
    object: str = "customer"


class BareCustomer(msgspec.Struct, kw_only=True):
    """A customer inside an order."""

    id: str
    address: None = None
    summary: None = None
    loyalty: None = None
    referrals: None = None
    object: str = "customer"


class CustomersList(msgspec.Struct):
    """A page of customers."""

    customers: list[Customer]
    total: int
    object: str = "list"
    data_ref: str = "customers"


class MetadataUpdate(msgspec.Struct):
    """The same metadata for many customers."""

    source_ids: Annotated[list[SourceId], Meta(min_length=1)]
    metadata: Metadata


class BulkUpdate(CustomerPatch, kw_only=True):
    """One row of a bulk update."""

    source_id: Annotated[str, Meta(min_length=1, max_length=1_000)]


class CustomerEvent(msgspec.Struct):
    """Data of customer.created, customer.updated and customer.deleted."""

    customer: Customer
