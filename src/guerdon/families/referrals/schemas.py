"""Referral codes, those who hold them, and what referrers get, on the wire."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from guerdon.engine.money import GREATEST
from guerdon.families.campaigns.schemas import SimpleCampaign
from guerdon.families.customers.schemas import NewCustomer, SimpleCustomer
from guerdon.families.grants.schemas import SimpleReferralTier
from guerdon.families.holders.schemas import Holder
from guerdon.families.vouchers.schemas import SimpleVoucher, Voucher
from guerdon.http.wire import Text

MOST_HOLDERS = 100


class NewHolders(msgspec.Struct, kw_only=True):
    """Customers who are referred by the code of the path."""

    holders: Annotated[list[NewCustomer], Meta(min_length=1, max_length=MOST_HOLDERS)]
    metadata: dict[str, Any] | None = None


class HoldersAdded(msgspec.Struct):
    """Answer: the new holders, in the order of the request."""

    holders: list[Holder]


class HoldersList(msgspec.Struct):
    """A slice of those who hold a code."""

    data: list[Holder]
    total: int
    has_more: bool
    more_starting_after: str | UnsetType = UNSET
    object: str = "list"
    data_ref: str = "data"


class HeldRedeemable(msgspec.Struct):
    """A code that a customer holds, and whether it can be used."""

    voucher: Voucher
    status: str
    type: str = "voucher"


class CustomerRedeemable(msgspec.Struct, kw_only=True):
    """What a customer holds, and in which role."""

    id: str
    created_at: str
    redeemable_id: str
    redeemable_object: str = "voucher"
    customer_id: str
    holder_role: str
    campaign_id: str | None
    campaign_type: str | None
    voucher_type: str
    redeemable: HeldRedeemable


class CustomerRedeemablesList(msgspec.Struct):
    """A slice of what a customer holds."""

    data: list[CustomerRedeemable]
    total: int
    has_more: bool
    more_starting_after: str | UnsetType = UNSET
    object: str = "list"
    data_ref: str = "data"


class NewReferralTier(msgspec.Struct, kw_only=True):
    """What referrers get: `minimum` says for how many customers, where it is not for each of them."""

    banner: Text | None = None
    type: Literal["EACH_REFEREE", "MINIMUM_REFEREES"] = "EACH_REFEREE"
    minimum: Annotated[int, Meta(ge=1, le=GREATEST)] | None = None
    reward: str


class ReferralTierPatch(msgspec.Struct, kw_only=True):
    """What can be changed about it. What is not sent stays."""

    banner: Text | None = None
    minimum: Annotated[int, Meta(ge=1, le=GREATEST)] | None = None
    reward: str | None = None


class ReferralTier(msgspec.Struct, kw_only=True):
    """A referral tier."""

    id: str
    campaign_id: str
    banner: str
    type: str
    minimum: int | UnsetType
    reward_id: str
    reward_assignment_id: str
    created_at: str
    updated_at: str | None
    object: str = "referral_tier"


class ReferralTiersList(msgspec.Struct):
    """A page of referral tiers."""

    data: list[ReferralTier]
    total: int
    object: str = "list"
    data_ref: str = "data"


class ReferralTierEvent(msgspec.Struct):
    """Data of campaign.referral_tier.created, .updated and .deleted."""

    campaign: SimpleCampaign
    referral_tier: SimpleReferralTier


class Referred(msgspec.Struct, kw_only=True):
    """Data of customer.referred: by the redemption of a code, or by a custom event."""

    customer: SimpleCustomer
    referrer: SimpleCustomer
    campaign: SimpleCampaign
    voucher: SimpleVoucher
    custom_event: Any = None
    redemption: Any = UNSET
