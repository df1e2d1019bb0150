"""Custom events and their definitions on the wire."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from guerdon.families.customers.schemas import NewCustomer, SimpleCustomer

MOST_PROPERTIES = 100
Metadata = dict[str, Any]
Name = Annotated[str, Meta(min_length=1, max_length=300)]


class Property(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What one key of an event's metadata must be."""

    type: Literal["string", "number", "date", "datetime", "boolean"]
    optional: bool | UnsetType = UNSET
    deleted: bool | UnsetType = UNSET


class Properties(msgspec.Struct):
    """The keys that an event's metadata may or must have."""

    properties: Annotated[dict[Name, Property], Meta(max_length=MOST_PROPERTIES)]


class NewEventSchema(msgspec.Struct):
    """A definition of an event that there is none of yet."""

    name: Name
    schema: Properties


class EventSchemaPatch(msgspec.Struct):
    """Keys to be added or replaced; the others stay."""

    schema: Properties | None = None


class EventSchema(msgspec.Struct, kw_only=True):
    """A definition of an event."""

    id: str
    name: str
    schema: dict[str, dict[str, Any]]
    created_at: str
    updated_at: str | UnsetType = UNSET
    object: str = "custom-event-schema"


class EventSchemasList(msgspec.Struct):
    """All definitions of a project."""

    data: list[EventSchema]
    total: int
    object: str = "list"
    data_ref: str = "data"


class SentReferral(msgspec.Struct, omit_defaults=True):
    """The code by which the customer was referred, and who is said to have done it."""

    code: str
    referrer_id: str | None = None


class SentLoyalty(msgspec.Struct):
    """The card that earns."""

    code: str


class NewCustomEvent(msgspec.Struct, kw_only=True):
    """What a customer has done."""

    event: Name
    customer: NewCustomer
    referral: SentReferral | None = None
    loyalty: SentLoyalty | None = None
    metadata: Metadata | None = None


class EventCustomer(msgspec.Struct, kw_only=True):
    """The customer of an event; what is not known of the profile is left out."""

    id: str
    source_id: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    metadata: Metadata
    object: str = "customer"


class Tracked(msgspec.Struct, kw_only=True):
    """Answer: the event as it was recorded."""

    object: str = "event"
    type: str
    customer: EventCustomer
    referral: SentReferral | None
    loyalty: SentLoyalty | None
    metadata: Metadata


class CustomEvent(Tracked, kw_only=True):
    """The event inside an event."""

    id: str
    created_at: str


class SimpleEventSchema(msgspec.Struct):
    """The definition inside an event."""

    id: str
    name: str


class CustomEventEvent(msgspec.Struct, kw_only=True):
    """Data of customer.custom_event; what the referral and the card come to is not known yet when it is recorded."""

    event: CustomEvent
    event_schema: SimpleEventSchema
    customer: SimpleCustomer
    referral: None = None
    loyalty: None = None
