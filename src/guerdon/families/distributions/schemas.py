"""Distributions on the wire."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from guerdon.events.catalogue import Purpose
from guerdon.families.customers.schemas import SimpleCustomer
from guerdon.http.paging import CursorQuery

# What a trigger is called that is no event, and the one that may also go to those whom it happened to long ago.
BY_HAND, SEGMENT_ENTERED = "manual", "customer.segment.entered"
Name = Annotated[str, Meta(min_length=1, max_length=500)]


class Trigger(msgspec.Struct, omit_defaults=True):
    """The event that starts the distribution, and what narrows it.

    One that is started by hand has the type `manual`, and goes to a customer or a segment at `send_at`, or ten minutes
    after it was set live. `include_present_members` lets one for who enters a segment go to those who are in it, too.
    """

    type: str
    segment_id: str | None = None
    campaign_id: str | None = None
    validation_rule_id: str | None = None
    custom_event_schema_id: str | None = None
    loyalty_tier_id: str | None = None
    customer_id: str | None = None
    include_present_members: bool = False
    send_at: str | None = None


class Action(msgspec.Struct, omit_defaults=True):
    """What is sent: a plain message, or with it a promotion or a code freshly published from a campaign."""

    type: Purpose = Purpose.MESSAGE
    promotion_tier_id: str | None = None
    campaign_id: str | None = None


class Channel(msgspec.Struct, omit_defaults=True):
    """A webhook that the messages go to; `event_name` becomes the envelope's type."""

    type: Literal["webhook"]
    event_name: Annotated[str, Meta(min_length=1, max_length=500)]
    target_url: Annotated[str, Meta(max_length=2_000)]
    headers: dict[str, str] = {}
    payload: Annotated[str, Meta(max_length=100_000)] | None = None
    raw: bool = False


Channels = Annotated[list[Channel], Meta(min_length=1, max_length=10)]


class NewDistribution(msgspec.Struct, kw_only=True):
    """Body of creating a distribution; it is a draft unless it is sent as LIVE."""

    name: Name
    trigger: Trigger
    action: Action = msgspec.field(default_factory=Action)
    channels: Channels
    status: Literal["DRAFT", "LIVE"] = "DRAFT"


class DistributionPatch(msgspec.Struct, kw_only=True):
    """Body of changing a distribution: what is not sent stays."""

    name: Name | UnsetType = UNSET
    trigger: Trigger | UnsetType = UNSET
    action: Action | UnsetType = UNSET
    channels: Channels | UnsetType = UNSET


class Distribution(msgspec.Struct, kw_only=True):
    """A distribution; PAUSED also when its retries were used up."""

    id: str
    object: str = "distribution"
    name: str
    status: str
    trigger: Trigger
    action: Action
    channels: list[Channel]
    created_at: str
    updated_at: str | None


class DistributionsList(msgspec.Struct):
    """A page of distributions, newest first."""

    data: list[Distribution]
    has_more: bool
    more_starting_after: str | None
    object: str = "list"
    data_ref: str = "data"


class DistributionsQuery(CursorQuery):
    """Where the list goes on."""


class Consents(msgspec.Struct):
    """What the reference tells of consents, which is nothing."""

    disabled: bool = True


class SimpleDistribution(msgspec.Struct, kw_only=True):
    """A distribution in the event that starts it by hand."""

    id: str
    created_at: str
    updated_at: str | None
    status: str = "TO SEND"
    consents: Consents = msgspec.field(default_factory=Consents)
    set_live_at: str | None
    distribution_channels: tuple[str, ...] = ("webhook",)


class ManualEvent(msgspec.Struct):
    """Data of manual_distribution_schedule, once for each customer that it goes to."""

    distribution: SimpleDistribution
    customer: SimpleCustomer
