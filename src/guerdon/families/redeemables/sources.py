"""The rows behind a basket."""

from collections.abc import Mapping
from typing import Any

import msgspec

from guerdon.engine.basket import Basket
from guerdon.families.campaigns.store import CampaignRow
from guerdon.families.categories.store import CategoryRow
from guerdon.families.customers.store import CustomerRow
from guerdon.families.orders.schemas import NewOrder
from guerdon.families.orders.store import OrderRow
from guerdon.families.redeemables.counters import NOTHING, Read
from guerdon.families.redeemables.rules import Rules
from guerdon.families.rewards.store import AssignmentRow, RewardRow
from guerdon.families.sessions.store import Held
from guerdon.families.vouchers.store import VoucherRow


class Offer(msgspec.Struct, frozen=True):
    """A reward that a card is to pay for, as its campaign offers it."""

    reward: RewardRow
    assignment: AssignmentRow


class Sources(msgspec.Struct, frozen=True, kw_only=True):
    """Rows by id, the vouchers by the names they were asked by, the rewards by card.

    `before` is the order as stored, `after` as the request would have it; both None where there is no order.
    `new_order` is what the request says of the order, with its customer.
    """

    vouchers: Mapping[str, VoucherRow]
    campaigns: Mapping[str, CampaignRow]
    held: Mapping[str, Held]
    offers: Mapping[str, Offer]
    rules: Rules
    stacking: dict[str, Any]
    categories: Mapping[str, CategoryRow] = {}
    counted: Read = NOTHING
    customer: CustomerRow | None = None
    before: OrderRow | None = None
    after: OrderRow | None = None
    new_order: NewOrder | None = None


class Loaded(msgspec.Struct, frozen=True):
    """What is decided from, and what it was made of."""

    basket: Basket
    sources: Sources
