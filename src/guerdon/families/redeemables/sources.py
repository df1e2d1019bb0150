"""The rows behind a basket."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from guerdon.engine.basket import Basket
from guerdon.engine.mapping import PointsMapping
from guerdon.families.campaigns.store import CampaignRow
from guerdon.families.categories.store import CategoryRow
from guerdon.families.customers.store import CustomerRow
from guerdon.families.orders.schemas import NewOrder
from guerdon.families.orders.store import OrderRow
from guerdon.families.promotion_tiers.store import StackRow, TierRow
from guerdon.families.redeemables.counters import NOTHING, Read
from guerdon.families.redeemables.request import Wanted
from guerdon.families.redeemables.rules import Rules
from guerdon.families.rewards.store import AssignmentRow, RewardRow
from guerdon.families.sessions.store import Held
from guerdon.families.vouchers.beside import Beside
from guerdon.families.vouchers.store import VoucherRow


class Offer(msgspec.Struct, frozen=True):
    """A reward that a card is to pay for, as its campaign offers it, and how the holder's tier changes its price."""

    reward: RewardRow
    assignment: AssignmentRow
    mapping: PointsMapping | None = None
    loyalty_tier_id: str | None = None


class Sources(msgspec.Struct, frozen=True, kw_only=True):
    """Rows by id, the vouchers by the names they were asked by, the rewards by card.

    `wanted` are the redeemables of the request, a stack as its tiers.

    `publications` are the metadata of the vouchers' latest publications, where a formula asks for them.

    `before` is the order as stored, `after` as the request would have it; both None where there is no order.
    `new_order` is what the request says of the order, with its customer.
    """

    wanted: Sequence[Wanted]
    vouchers: Mapping[str, VoucherRow]
    tiers: Mapping[str, TierRow] = {}
    stack: StackRow | None = None
    campaigns: Mapping[str, CampaignRow]
    held: Mapping[str, Held]
    rules: Rules
    stacking: dict[str, Any]
    categories: Mapping[str, CategoryRow]
    offers: Mapping[str, Offer] = {}
    publications: Mapping[str, Mapping[str, Any]] = {}
    counted: Read = NOTHING
    customer: CustomerRow | None = None
    before: OrderRow | None = None
    after: OrderRow | None = None
    new_order: NewOrder | None = None

    @property
    def beside(self) -> Beside:
        """What stands beside the redeemables where they are shown."""
        bindings = self.rules.bindings.items()
        return Beside(self.categories, {related_id: [one.assignment for one in rows] for related_id, rows in bindings})


class Loaded(msgspec.Struct, frozen=True):
    """What is decided from, and what it was made of."""

    basket: Basket
    sources: Sources
