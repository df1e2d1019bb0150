"""Segments on the wire."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from guerdon.families.customers.schemas import Customer

MOST_MEMBERS = 20_000
Name = Annotated[str, Meta(min_length=1, max_length=1_000)]


class NewStaticSegment(msgspec.Struct, tag_field="type", tag="static"):
    """A list of customers by their ids."""

    name: Name
    customers: Annotated[list[str], Meta(max_length=MOST_MEMBERS)] = []


class NewAutoUpdateSegment(msgspec.Struct, tag_field="type", tag="auto-update"):
    """Whoever meets the filter; it is told who enters and leaves."""

    name: Name
    filter: dict[str, Any]


class NewPassiveSegment(msgspec.Struct, tag_field="type", tag="passive"):
    """Whoever meets the filter."""

    name: Name
    filter: dict[str, Any]


class SegmentPatch(msgspec.Struct):
    """What can be changed of a passive segment; what is not sent stays."""

    name: Name | None = None
    filter: dict[str, Any] | None = None


NewSegment = NewStaticSegment | NewAutoUpdateSegment | NewPassiveSegment


class Segment(msgspec.Struct, kw_only=True):
    """A segment; a static one has no filter."""

    id: str
    name: str
    type: Literal["static", "auto-update", "passive"]
    filter: dict[str, Any] | None
    created_at: str
    updated_at: str | UnsetType = UNSET
    object: str = "segment"


class SegmentsList(msgspec.Struct):
    """Some of a project's segments."""

    data: list[Segment]
    total: int
    object: str = "list"
    data_ref: str = "data"


class SimpleSegment(msgspec.Struct):
    """A segment inside other things."""

    id: str
    name: str
    object: str = "segment"


class SimpleSegmentsList(msgspec.Struct):
    """The segments of a customer."""

    data: list[SimpleSegment]
    total: int
    object: str = "list"
    data_ref: str = "data"


class SegmentEvent(msgspec.Struct):
    """Data of customer.segment.entered and customer.segment.left."""

    customer: Customer
    segment: SimpleSegment
