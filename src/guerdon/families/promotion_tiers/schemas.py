"""Promotion tiers on the wire, whole and as other objects carry them."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from guerdon.families.vouchers.schemas import Assignments, Discount, Metadata, NewTimes, TimesPatch
from guerdon.http.wire import Amount, Text

Name = Annotated[str, Meta(min_length=1, max_length=500)]


class NewAction(msgspec.Struct):
    """What a tier gives."""

    discount: Discount


class NewTier(NewTimes, kw_only=True):
    """A tier to be made. Without a hierarchy it comes last in its campaign."""

    name: Name
    action: NewAction
    banner: Text | None = None
    metadata: Metadata | None = None
    hierarchy: Amount | None = None
    active: bool | None = None
    category: str | None = None
    category_id: str | None = None
    validation_rules: list[str] | None = None


class TierPatch(TimesPatch, kw_only=True):
    """What can be changed. What is not sent stays, null clears what may be absent, metadata are merged.

    `validation_rules` are those that bind it from then on.
    """

    name: Name | None = None
    action: NewAction | None = None
    banner: Text | UnsetType | None = UNSET
    metadata: Metadata | None = None
    hierarchy: Amount | None = None
    category: str | UnsetType | None = UNSET
    category_id: str | UnsetType | None = UNSET
    validation_rules: list[str] | None = None


class TierCampaign(msgspec.Struct, kw_only=True):
    """The campaign of a tier, inside the tier."""

    id: str
    start_date: str | UnsetType = UNSET
    expiration_date: str | UnsetType = UNSET
    validity_timeframe: dict[str, Any] | UnsetType = UNSET
    validity_day_of_week: list[int] | UnsetType = UNSET
    validity_hours: dict[str, Any] | UnsetType = UNSET
    active: bool
    category_id: str | UnsetType = UNSET
    object: str = "campaign"


class TierRedemptions(msgspec.Struct):
    """How often a tier was redeemed."""

    total_redeemed: int


class TierOrders(msgspec.Struct):
    """The orders that a tier was redeemed for, and what it took off them."""

    total_amount: int
    total_discount_amount: int


class Summary(msgspec.Struct):
    """What a tier was redeemed for."""

    redemptions: TierRedemptions
    orders: TierOrders


class Tier(msgspec.Struct, kw_only=True):
    """A whole tier; one that is deleted belongs to no campaign."""

    id: str
    created_at: str
    updated_at: str | UnsetType = UNSET
    name: str
    banner: str | UnsetType = UNSET
    action: dict[str, Any]
    metadata: Metadata
    hierarchy: int
    promotion_id: str
    campaign: TierCampaign | UnsetType = UNSET
    campaign_id: str | UnsetType = UNSET
    active: bool
    start_date: str | UnsetType = UNSET
    expiration_date: str | UnsetType = UNSET
    validity_timeframe: dict[str, Any] | UnsetType = UNSET
    validity_day_of_week: list[int] | UnsetType = UNSET
    validity_hours: dict[str, Any] | UnsetType = UNSET
    summary: Summary
    object: str = "promotion_tier"
    validation_rule_assignments: Assignments
    category_id: str | UnsetType = UNSET
    categories: list[Any] = []


class TiersList(msgspec.Struct, kw_only=True):
    """Tiers of a project or campaign."""

    object: str = "list"
    data_ref: str = "tiers"
    tiers: list[Tier]
    total: int
    has_more: bool = False


class SimpleTier(msgspec.Struct, kw_only=True):
    """A tier inside an event about something else."""

    id: str
    name: str
    banner: str | None
    campaign: dict[str, str]
    metadata: Metadata


class TierEvent(msgspec.Struct):
    """Data of campaign.promotion_tier.created, .updated, .enabled, .disabled and .deleted."""

    campaign: Any  # a simple one, which families above know
    promotion_tier: Tier
