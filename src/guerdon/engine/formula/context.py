"""What the operands of a formula stand for. Pure."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec

from guerdon.engine.goods import EMPTY, Catalogue
from guerdon.engine.moment import Moment, When
from guerdon.engine.order import Item, Order

Metadata = Mapping[str, Any]


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """One evaluation. What is None, and a key that a map has not, is missing; `item` is the line of an item effect.

    `redemption_quantity` is how often the voucher can be used, `redeemed_quantity` how often it was.
    """

    moment: Moment
    order: Order = Order()
    item: Item | None = None
    catalogue: Catalogue = EMPTY
    order_metadata: Metadata = {}
    customer_metadata: Metadata = {}
    redeemable_metadata: Metadata = {}
    redemption_metadata: Metadata = {}
    publication_metadata: Metadata = {}
    birthdate: date | None = None
    redemption_quantity: int | None = None
    redeemed_quantity: int | None = None
    publish_count: int | None = None
    voucher_start: When | None = None
    voucher_expiration: When | None = None
    tier_start: When | None = None
    tier_expiration: When | None = None
    bundle_quantity: int | None = None
