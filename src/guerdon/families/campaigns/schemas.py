"""Campaigns on the wire: what makes one, and the two forms in which they are shown."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from guerdon.clock import Moment
from guerdon.engine.points import ExpirationRules
from guerdon.families.campaigns.access import AccessAssignments, AccessSettings
from guerdon.families.campaigns.referring import NewReferralProgram
from guerdon.families.promotion_tiers.schemas import NewTier, TiersList
from guerdon.families.vouchers.schemas import (
    Assignments,
    Discount,
    Gift,
    GiftEffect,
    Metadata,
    NewTimes,
    TimesPatch,
    Voucher,
)
from guerdon.http.wire import Amount, Text

MOST_CODES = 10_000_000
MOST_TIERS = 100
CampaignType = Literal["LOYALTY_PROGRAM", "GIFT_VOUCHERS", "DISCOUNT_COUPONS", "PROMOTION", "REFERRAL_PROGRAM"]
Period = Literal["MONTH", "QUARTER", "HALF_YEAR", "YEAR"]
Name = Annotated[str, Meta(min_length=1, max_length=500)]


class NewCodeConfig(msgspec.Struct, kw_only=True):
    """How codes are to be made; a pattern overrides the length."""

    length: int | None = None
    charset: Text | None = None
    prefix: Text | None = None
    postfix: Text | None = None
    pattern: Text | None = None


class NewGift(msgspec.Struct, kw_only=True):
    """The account that every gift card of a campaign begins with."""

    amount: Amount
    effect: GiftEffect | None = None


class NewLoyaltyCard(msgspec.Struct, omit_defaults=True, kw_only=True):
    """The account that every card of a campaign begins with, and when points expire."""

    points: Amount
    expiration_rules: ExpirationRules | None = None


class Limit(msgspec.Struct, kw_only=True):
    """How often a code may be redeemed; null is no limit."""

    quantity: Amount | None = None


class NewCampaignVoucher(msgspec.Struct, kw_only=True):
    """What the codes of a campaign are; `code` only for the one code of a STANDALONE campaign."""

    type: Literal["DISCOUNT_VOUCHER", "GIFT_VOUCHER", "LOYALTY_CARD"] | None = None
    code: str | None = None
    discount: Discount | None = None
    gift: NewGift | None = None
    loyalty_card: NewLoyaltyCard | None = None
    redemption: Limit | None = None
    code_config: NewCodeConfig | None = None


class TierStart(msgspec.Struct, kw_only=True):
    """When a customer gets into a tier that was reached."""

    type: Literal["IMMEDIATE", "NEXT_PERIOD"]


class TierRounding(msgspec.Struct, omit_defaults=True, kw_only=True):
    """To which boundary the end of a tier is moved."""

    type: Literal["MONTH", "QUARTER", "HALF_YEAR", "YEAR", "CUSTOM"] | None = None
    strategy: Literal["START", "END"] | None = None
    unit: Literal["MONTH"] | None = None
    value: Annotated[int, Meta(ge=0, le=11)] | None = None


class TierEnd(msgspec.Struct, omit_defaults=True, kw_only=True):
    """When a customer falls out of a tier."""

    type: Literal["END_OF_PERIOD", "END_OF_NEXT_PERIOD", "BALANCE_DROP", "CUSTOM"]
    extend: str | None = None
    rounding: TierRounding | None = None


class TiersExpiration(msgspec.Struct, omit_defaults=True, kw_only=True):
    """How a loyalty campaign's tiers are reached and lost."""

    qualification_type: Literal["BALANCE", "POINTS_IN_PERIOD"]
    qualification_period: Period | None = None
    start_date: TierStart
    expiration_date: TierEnd


class NewPromotion(msgspec.Struct, kw_only=True):
    """The tiers that a campaign of promotions begins with."""

    tiers: Annotated[list[NewTier], Meta(max_length=MOST_TIERS)] | None = None


class NewCampaign(NewTimes, kw_only=True):
    """A campaign to be made."""

    name: Name
    description: Text | None = None
    campaign_type: CampaignType = "DISCOUNT_COUPONS"
    type: Literal["AUTO_UPDATE", "STATIC", "STANDALONE"] = "AUTO_UPDATE"
    join_once: bool | None = None
    auto_join: bool | None = None
    use_voucher_metadata_schema: bool | None = None
    vouchers_count: Annotated[int, Meta(ge=0, le=MOST_CODES)] | None = None
    activity_duration_after_publishing: str | None = None
    category_id: str | None = None
    category: str | None = None
    metadata: Metadata | None = None
    validation_rules: Annotated[list[str], Meta(max_length=1)] | None = None
    loyalty_tiers_expiration: TiersExpiration | None = None
    voucher: NewCampaignVoucher | None = None
    promotion: NewPromotion | None = None
    referral_program: NewReferralProgram | None = None
    access_settings: AccessSettings | None = None


class NewGiftEffect(msgspec.Struct, kw_only=True):
    """What can be changed about gift cards."""

    effect: GiftEffect | None = None


class CampaignPatch(TimesPatch, kw_only=True):
    """What can be changed about a campaign. What is not sent stays, null clears, and metadata are merged."""

    description: Text | UnsetType | None = UNSET
    type: Literal["AUTO_UPDATE", "STATIC"] | None = None
    join_once: bool | None = None
    auto_join: bool | None = None
    activity_duration_after_publishing: str | UnsetType | None = UNSET
    category_id: str | UnsetType | None = UNSET
    category: str | UnsetType | None = UNSET
    metadata: Metadata | None = None
    unset_metadata_fields: list[str] | None = None
    discount: Discount | None = None
    gift: NewGiftEffect | None = None
    loyalty_card: NewLoyaltyCard | None = None
    loyalty_tiers_expiration: TiersExpiration | None = None
    access_settings: AccessSettings | None = None


class NewCampaignCode(msgspec.Struct, kw_only=True):
    """A code to be added to a campaign, where it differs from the campaign's others."""

    category_id: str | None = None
    category: str | None = None
    metadata: Metadata | None = None
    redemption: Limit | None = None
    additional_info: Text | None = None
    active: bool | None = None
    start_date: Moment | None = None
    expiration_date: Moment | None = None


class NewCampaignCodes(NewCampaignCode, kw_only=True):
    """Codes to be added to a campaign: one of the caller's own, or generated ones."""

    code: str | None = None
    code_config: NewCodeConfig | None = None


class CodeConfig(msgspec.Struct, kw_only=True):
    """How codes are made."""

    length: int
    prefix: str
    charset: str
    pattern: str
    postfix: str


class CampaignLoyaltyCard(msgspec.Struct, kw_only=True):
    """What cards begin with."""

    points: int
    expiration_rules: ExpirationRules | UnsetType = UNSET


class CampaignVoucher(msgspec.Struct, kw_only=True):
    """What the codes of a campaign are."""

    type: str
    discount: dict[str, Any] | UnsetType = UNSET
    gift: Gift | UnsetType = UNSET
    loyalty_card: CampaignLoyaltyCard | UnsetType = UNSET
    redemption: Limit
    code_config: CodeConfig
    is_referral_code: bool
    start_date: str | UnsetType = UNSET
    expiration_date: str | UnsetType = UNSET
    validity_timeframe: dict[str, Any] | UnsetType = UNSET
    validity_day_of_week: list[int] | UnsetType = UNSET
    validity_hours: dict[str, Any] | UnsetType = UNSET


class Campaign(msgspec.Struct, kw_only=True):
    """A whole campaign."""

    id: str
    name: str
    description: str | UnsetType = UNSET
    campaign_type: str
    type: str
    voucher: CampaignVoucher | UnsetType = UNSET
    auto_join: bool
    join_once: bool
    use_voucher_metadata_schema: bool
    start_date: str | UnsetType = UNSET
    expiration_date: str | UnsetType = UNSET
    validity_timeframe: dict[str, Any] | UnsetType = UNSET
    validity_day_of_week: list[int] | UnsetType = UNSET
    validity_hours: dict[str, Any] | UnsetType = UNSET
    activity_duration_after_publishing: str | UnsetType = UNSET
    vouchers_count: int
    active: bool
    metadata: Metadata
    created_at: str
    updated_at: str | UnsetType = UNSET
    creation_status: str
    vouchers_generation_status: str
    protected: bool
    category: str | UnsetType = UNSET
    category_id: str | None
    categories: list[Any] = []
    loyalty_tiers_expiration: dict[str, Any] | UnsetType = UNSET
    promotion: TiersList | UnsetType = UNSET
    referral_program: dict[str, Any] | UnsetType = UNSET
    validation_rules_assignments: Assignments
    access_settings_assignments: AccessAssignments | UnsetType = UNSET
    object: str = "campaign"


class SimpleLimit(msgspec.Struct, kw_only=True):
    """How often a code may be redeemed, of a campaign inside an event."""

    quantity: int | None
    redeemed_quantity: int = 0


class SimpleCampaignVoucher(msgspec.Struct, kw_only=True):
    """What the codes of a campaign are, inside an event."""

    type: str
    discount: dict[str, Any] | UnsetType | None = UNSET
    gift: Gift | UnsetType | None = UNSET
    loyalty_card: CampaignLoyaltyCard | UnsetType | None = UNSET
    redemption: SimpleLimit
    code_config: CodeConfig


class SimpleCampaign(msgspec.Struct, kw_only=True):
    """A campaign inside an event. `updated_at`, which some samples have and none has null, begins as `created_at`."""

    id: str
    name: str
    campaign_type: str
    type: str
    is_referral_code: bool
    referral_program: dict[str, Any] | UnsetType = UNSET
    voucher: SimpleCampaignVoucher | UnsetType = UNSET
    auto_join: bool
    join_once: bool
    active: bool
    category_id: str | None
    category: str | None
    metadata: Metadata
    start_date: str | None
    expiration_date: str | None
    description: str | None
    created_at: str
    updated_at: str
    object: str = "campaign"


class CampaignsList(msgspec.Struct):
    """A page of campaigns."""

    campaigns: list[Campaign]
    total: int
    object: str = "list"
    data_ref: str = "campaigns"


class CampaignCreated(msgspec.Struct):
    """Data of campaign.created."""

    campaign: Campaign
    created_at: str


class CampaignSwitched(msgspec.Struct):
    """Data of campaign.enabled and campaign.disabled."""

    campaign: Campaign


class CampaignUpdated(msgspec.Struct):
    """Data of campaign.updated."""

    campaign: Campaign


class CampaignDeleted(msgspec.Struct):
    """Data of campaign.deleted."""

    campaign: Campaign
    deleted_at: str


class CodesStarted(msgspec.Struct):
    """Data of campaign.vouchers.generation.started."""

    campaign: SimpleCampaign
    count: int
    started_at: str


class CodesCompleted(msgspec.Struct):
    """Data of campaign.vouchers.generation.completed."""

    campaign: SimpleCampaign
    count: int
    completed_at: str


class CodesFailed(msgspec.Struct):
    """Data of campaign.vouchers.generation.failed; `count` codes were made."""

    campaign: SimpleCampaign
    count: int
    failed_at: str
    error: dict[str, str]


class CodesAdded(msgspec.Struct):
    """Data of campaign.vouchers.added."""

    campaign: SimpleCampaign
    count: int
    created_at: str


class VoucherCreated(msgspec.Struct):
    """Data of voucher.created."""

    voucher: Voucher
    campaign: SimpleCampaign | None
