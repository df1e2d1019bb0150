"""What the statements that read what a decision needs are asked for, and what they find."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from guerdon.families.campaigns.store import CampaignRow
from guerdon.families.categories.store import CategoryRow
from guerdon.families.customers.store import CustomerRow
from guerdon.families.orders.store import OrderRow
from guerdon.families.products.store import ProductRow, SkuRow
from guerdon.families.promotion_tiers.store import TierRow
from guerdon.families.stacking_rules.store import StackingRulesRow
from guerdon.families.validation_rules.store import AssignmentRow, RuleRow
from guerdon.families.vouchers.store import VoucherRow


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Names of a request. `key` is its own session.

    Ids or codes of vouchers (`code_keys` as the project compares them), ids of tiers and of further campaigns, ids or
    source ids of goods, the id or else the source id of the customer and of the order.
    """

    vouchers: Sequence[str]
    code_keys: Sequence[str]
    tiers: Sequence[str]
    campaigns: Sequence[str]
    products: Sequence[str]
    skus: Sequence[str]
    customer_id: str | None
    customer_source_id: str | None
    order_id: str | None
    order_source_id: str | None
    now: datetime
    key: str


class Lock(msgspec.Struct, frozen=True):
    """What somebody else's session holds of a voucher."""

    voucher_id: str
    amount: int


class Moving(msgspec.Struct, frozen=True, kw_only=True):
    """What changes with every request. `assignments` are those of the vouchers."""

    vouchers: Sequence[VoucherRow]
    assignments: Sequence[AssignmentRow]
    locks: Sequence[Lock]
    customer: CustomerRow | None
    order: OrderRow | None


class Gathered(msgspec.Struct, frozen=True, kw_only=True):
    """The rows there are. `rules` are those that bind the vouchers, tiers and campaigns."""

    vouchers: Sequence[VoucherRow]
    tiers: Sequence[TierRow]
    campaigns: Sequence[CampaignRow]
    assignments: Sequence[AssignmentRow]
    rules: Sequence[RuleRow]
    categories: Sequence[CategoryRow]
    products: Sequence[ProductRow]
    skus: Sequence[SkuRow]
    locks: Sequence[Lock]
    customer: CustomerRow | None
    order: OrderRow | None
    stacking: StackingRulesRow | None
