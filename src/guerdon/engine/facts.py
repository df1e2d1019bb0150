"""What rules may ask about: the order as it stands, the customer, the redemption and what was redeemed before. Pure."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec

from guerdon.engine.goods import EMPTY, Catalogue
from guerdon.engine.moment import Moment
from guerdon.engine.order import Order

Metadata = Mapping[str, Any]


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """The customer of a request. Without an id it is somebody whom the project does not know yet."""

    id: str | None = None
    source_id: str | None = None
    metadata: Metadata = {}
    birthdate: date | None = None
    segments: frozenset[str] = frozenset()


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """One redeemable's view. `order` is the order as the redeemables before it have left it.

    `counters` holds what was counted before this redemption, by the name of the rule that asks for it
    (`redemption.count.daily`): successful redemptions that were not rolled back, and sums in minor units or points.
    `initial_amount` is the order's amount before the first redeemable. `holder_id` is whom the code was published to.
    `credits` and `points` are what this redemption takes from a gift card and from a loyalty card.
    """

    moment: Moment
    order: Order = Order()
    initial_amount: int | None = None
    order_metadata: Metadata = {}
    customer: Customer | None = None
    catalogue: Catalogue = EMPTY
    redemption_metadata: Metadata = {}
    event_metadata: Metadata = {}
    holder_id: str | None = None
    api_key: str | None = None
    user: str | None = None
    credits: int | None = None
    points: int | None = None
    counters: Mapping[str, int] = {}
