"""Requests that ask about redeemables or redeem them."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from guerdon.clock import Moment
from guerdon.engine.money import Amount
from guerdon.families.customers.schemas import NewCustomer
from guerdon.families.orders.schemas import NewOrder
from guerdon.families.sessions.schemas import NewSession

Metadata = dict[str, Any]
Name = Annotated[str, Meta(min_length=1, max_length=1_000)]
TrackingId = Annotated[str, Meta(max_length=1_000)]
Kind = Literal["voucher", "promotion_tier", "promotion_stack"]
Expand = Literal["order", "redeemable", "category", "redemption"]
_MOST = 30


class WantedGift(msgspec.Struct, kw_only=True):
    """Credits of a gift card, in minor units; all that fit if not said."""

    credits: Amount | None = None


class WantedReward(msgspec.Struct, kw_only=True):
    """The reward that is wanted. `points` says how many to pay where a reward has no price of its own."""

    id: str
    points: Annotated[int, Meta(ge=1, le=2**53 - 1)] | None = None


class Wanted(msgspec.Struct, kw_only=True):
    """One redeemable of a request."""

    object: Kind
    id: Name
    gift: WantedGift | None = None
    reward: WantedReward | None = None


class Options(msgspec.Struct, kw_only=True):
    """`explain` is ours: the answer then says of every redeemable what was expected and what was found."""

    expand: list[Expand] | None = None
    explain: bool | None = None


class Request(msgspec.Struct, kw_only=True):
    """What validations and redemptions ask."""

    redeemables: Annotated[list[Wanted], Meta(min_length=1, max_length=_MOST)]
    order: NewOrder | None = None
    customer: NewCustomer | None = None
    session: NewSession | None = None
    tracking_id: TrackingId | None = None
    metadata: Metadata | None = None
    options: Options | None = None


class SingleRequest(msgspec.Struct, kw_only=True):
    """What the older operations ask of one voucher or tier."""

    gift: WantedGift | None = None
    reward: WantedReward | None = None
    order: NewOrder | None = None
    customer: NewCustomer | None = None
    session: NewSession | None = None
    tracking_id: TrackingId | None = None
    metadata: Metadata | None = None
    options: Options | None = None


Scenario = Literal[
    "ALL",
    "CUSTOMER_WALLET",
    "AUDIENCE_ONLY",
    "PRODUCTS",
    "PRODUCTS_DISCOUNT",
    "PRODUCTS_BY_CUSTOMER",
    "PRODUCTS_DISCOUNT_BY_CUSTOMER",
    "PROMOTION_STACKS",
]


class FieldFilter(msgspec.Struct):
    """What a field must be, as operators with their operands."""

    conditions: dict[str, Any]


Filters = dict[str, FieldFilter | str]


class QualificationOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Which page of what, in which order. `starting_after` is when the last one of the page before was made."""

    limit: Annotated[int, Meta(ge=1, le=50)] | None = None
    starting_after: Moment | None = None
    filters: Filters | None = None
    expand: list[Literal["redeemable", "category", "validation_rules"]] | None = None
    sorting_rule: Literal["DEFAULT", "BEST_DEAL", "LEAST_DEAL"] | None = None


class QualificationSession(msgspec.Struct):
    """Asks what others have locked."""

    type: Literal["LOCK"] | None = None


class QualificationRequest(msgspec.Struct, kw_only=True):
    """What a customer could use for an order."""

    customer: NewCustomer | None = None
    order: NewOrder | None = None
    tracking_id: TrackingId | None = None
    scenario: Scenario | None = None
    options: QualificationOptions | None = None
    session: QualificationSession | None = None
    metadata: Metadata | None = None
