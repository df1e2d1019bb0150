"""Stacks of promotion tiers on the wire."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from guerdon.families.campaigns.schemas import SimpleCampaign
from guerdon.families.promotion_tiers.schemas import Name

MOST_TIERS = 30  # a stack is redeemed in one request


class StackTiers(msgspec.Struct):
    """The tiers of a stack, in the order in which they apply."""

    ids: Annotated[list[str], Meta(min_length=1, max_length=MOST_TIERS)]
    hierarchy_mode: Literal["MANUAL"] = "MANUAL"


class NewStack(msgspec.Struct, kw_only=True):
    """A stack to be made."""

    name: Name
    tiers: StackTiers
    category_id: str | None = None


class StackPatch(msgspec.Struct, kw_only=True):
    """What can be changed; a category of null clears."""

    name: Name | None = None
    tiers: StackTiers | None = None
    category_id: str | UnsetType | None = UNSET


class Stack(msgspec.Struct, kw_only=True):
    """A stack."""

    id: str
    name: str
    created_at: str
    updated_at: str | UnsetType = UNSET
    campaign_id: str
    tiers: StackTiers
    category_id: str | None
    categories: list[Any]
    object: str = "promotion_stack"


class StacksList(msgspec.Struct):
    """A page of stacks, or all of a campaign."""

    data: list[Stack]
    total: int
    object: str = "list"
    data_ref: str = "data"


class SimpleStack(msgspec.Struct, kw_only=True):
    """A stack inside an event."""

    id: str
    name: str
    category_id: str | UnsetType
    campaign: dict[str, str]
    tiers: StackTiers


class StackEvent(msgspec.Struct):
    """Data of campaign.promotion_stack.created and .updated."""

    campaign: SimpleCampaign
    promotion_stack: SimpleStack
