"""Deliveries on the wire: what the reference's audit log shows as webhook sendouts."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from guerdon.clock import Moment
from guerdon.http.paging import CursorQuery

Status = Literal["PENDING", "RETRYING", "SENT", "FAILED"]


class DeliveriesQuery(CursorQuery, kw_only=True):
    """What a list of deliveries can be narrowed to."""

    status: Status | None = None
    event_type: str | None = None
    source_id: str | None = None
    entity_id: str | None = None
    created_after: Moment | None = None
    created_before: Moment | None = None


class Replay(msgspec.Struct, kw_only=True):
    """Body of sending a range again: deliveries made within a window of time that ended in a status."""

    created_after: Moment
    created_before: Moment
    status: Literal["FAILED", "SENT", "RETRYING"] = "FAILED"
    source_id: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    event_types: Annotated[list[str], Meta(min_length=1, max_length=200)] | None = None


class ReplayAccepted(msgspec.Struct):
    """The asynchronous action that sends a range again."""

    async_action_id: str


class DeliveredEvent(msgspec.Struct):
    """The event that a delivery tells of."""

    id: str
    type: str
    entity_id: str
    group_id: str
    created_at: str


class Source(msgspec.Struct):
    """The webhook or distribution that a delivery is of."""

    id: str
    object: str
    target_url: str


class Attempt(msgspec.Struct):
    """One call to the receiver."""

    number: int
    started_at: str
    duration_ms: int
    status_code: int | None
    error: str | None
    response_excerpt: str | None


class SampleAttempt(Attempt, kw_only=True):
    """The only attempt of a sample, and the id of the delivery that it is logged as."""

    delivery_id: str


class Delivery(msgspec.Struct, kw_only=True):
    """A delivery; its attempts only when it is read by itself."""

    id: str
    object: str = "delivery"
    status: str
    event: DeliveredEvent
    source: Source
    created_at: str
    next_attempt_at: str | None
    sent_at: str | None
    attempts_count: int
    body: Any
    attempts: list[Attempt] | UnsetType = UNSET


class DeliveriesList(msgspec.Struct):
    """A page of deliveries, newest first."""

    data: list[Delivery]
    has_more: bool
    more_starting_after: str | None
    object: str = "list"
    data_ref: str = "data"
