"""Quotes on the wire: what validations answer, and what redemptions say of those that were not redeemed."""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from guerdon.families.orders.schemas import Item

Metadata = dict[str, Any]


class Text(msgspec.Struct):
    """What the merchant wants to be said."""

    message: str


class Error(msgspec.Struct, kw_only=True):
    """A refusal of one redeemable, as the error of a request would be."""

    code: int
    key: str
    message: str
    details: str | UnsetType = UNSET
    request_id: str
    resource_id: str | UnsetType = UNSET
    resource_type: str | UnsetType = UNSET
    redeemable_type: str
    redeemable_id: str
    error: Text | UnsetType = UNSET


class Details(msgspec.Struct, kw_only=True):
    """Why in short."""

    key: str
    message: str


class Result(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What a redeemable is worth, or why it is worth nothing here."""

    discount: dict[str, Any] | UnsetType = UNSET
    gift: dict[str, Any] | UnsetType = UNSET
    loyalty_card: dict[str, Any] | UnsetType = UNSET
    error: Error | UnsetType = UNSET
    details: Details | UnsetType = UNSET
    bundle: dict[str, Any] | UnsetType = UNSET


class Goods(msgspec.Struct, kw_only=True):
    """Goods that a rule includes or excludes."""

    data: list[dict[str, Any]]
    total: int
    object: str = "list"
    data_ref: str = "data"


class QuotedOrder(msgspec.Struct, kw_only=True):
    """An order as a decision leaves it; a sum that nothing has touched is left out. Ids only of a stored order."""

    id: str | UnsetType = UNSET
    source_id: str | UnsetType | None = UNSET
    created_at: str | UnsetType = UNSET
    updated_at: str | UnsetType | None = UNSET
    status: str | UnsetType = UNSET
    amount: int | UnsetType = UNSET
    initial_amount: int | UnsetType = UNSET
    discount_amount: int | UnsetType = UNSET
    applied_discount_amount: int | UnsetType = UNSET
    items_discount_amount: int | UnsetType = UNSET
    items_applied_discount_amount: int | UnsetType = UNSET
    total_discount_amount: int | UnsetType = UNSET
    total_applied_discount_amount: int | UnsetType = UNSET
    total_amount: int | UnsetType = UNSET
    items: list[Item] | UnsetType = UNSET
    metadata: Metadata
    customer_id: str | None
    referrer_id: str | None
    object: str = "order"


class Applicable(msgspec.Struct, kw_only=True):
    """One redeemable of an answer. Only one that applies has an order and lists of goods."""

    status: str
    id: str
    object: str
    order: QuotedOrder | UnsetType = UNSET
    applicable_to: Goods | UnsetType = UNSET
    inapplicable_to: Goods | UnsetType = UNSET
    result: Result
    metadata: Metadata
    categories: list[dict[str, Any]]
    campaign_name: str | UnsetType = UNSET
    campaign_id: str | UnsetType = UNSET
    name: str | UnsetType = UNSET


class Session(msgspec.Struct, kw_only=True):
    """The lock that was taken."""

    key: str
    type: str
    ttl: int | float
    ttl_unit: str


class Validated(msgspec.Struct, kw_only=True):
    """The answer of a validation. `explanation` is ours."""

    id: str
    valid: bool
    redeemables: list[Applicable]
    skipped_redeemables: list[Applicable] | UnsetType = UNSET
    inapplicable_redeemables: list[Applicable] | UnsetType = UNSET
    order: QuotedOrder | UnsetType = UNSET
    tracking_id: str | UnsetType = UNSET
    session: Session | UnsetType = UNSET
    stacking_rules: dict[str, Any]
    explanation: list[dict[str, Any]] | UnsetType = UNSET


class ValidatedVoucher(msgspec.Struct, kw_only=True):
    """The answer of the older validation of one voucher."""

    valid: bool
    code: str
    reason: str | UnsetType = UNSET
    error: Error | UnsetType = UNSET
    discount: dict[str, Any] | UnsetType = UNSET
    gift: dict[str, Any] | UnsetType = UNSET
    loyalty: dict[str, Any] | UnsetType = UNSET
    bundle: dict[str, Any] | UnsetType = UNSET
    applicable_to: Goods | UnsetType = UNSET
    inapplicable_to: Goods | UnsetType = UNSET
    order: QuotedOrder | UnsetType = UNSET
    campaign: str | UnsetType = UNSET
    campaign_id: str | UnsetType = UNSET
    metadata: Metadata
    tracking_id: str | UnsetType = UNSET
    session: Session | UnsetType = UNSET


class QualifiedRedeemable(msgspec.Struct, kw_only=True):
    """Something that a customer could use, with what it would come to by itself."""

    id: str
    object: str
    created_at: str
    result: Result
    order: QuotedOrder
    applicable_to: Goods
    inapplicable_to: Goods
    metadata: Metadata
    categories: list[dict[str, Any]]
    banner: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    campaign_name: str | UnsetType = UNSET
    campaign_id: str | UnsetType = UNSET
    validation_rule_id: str | UnsetType = UNSET
    validation_rules_assignments: dict[str, Any] | UnsetType = UNSET
    redeemables: list[Applicable] | UnsetType = UNSET


class QualifiedList(msgspec.Struct, kw_only=True):
    """One page of them."""

    object: str = "list"
    data_ref: str = "data"
    data: list[QualifiedRedeemable]
    total: int
    has_more: bool
    more_starting_after: str | UnsetType = UNSET


class Qualified(msgspec.Struct, kw_only=True):
    """The answer of a qualification; the order is as it was sent."""

    redeemables: QualifiedList
    tracking_id: str | UnsetType = UNSET
    order: QuotedOrder
    stacking_rules: dict[str, Any]
