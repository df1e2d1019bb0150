"""Single codes on the wire: what makes one, and what can be changed about it."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from guerdon.families.campaigns.schemas import NewCampaignCode, NewCodeConfig, SimpleCampaign
from guerdon.families.customers.schemas import SimpleCustomer
from guerdon.families.vouchers.schemas import (
    Discount,
    GiftEffect,
    Metadata,
    SimpleVoucher,
    TimesPatch,
    ValidityHours,
    ValidityTimeframe,
    Voucher,
    WeekDays,
)
from guerdon.http.wire import Amount, Text

VoucherType = Literal["DISCOUNT_VOUCHER", "GIFT_VOUCHER", "LOYALTY_CARD"]


class NewGift(msgspec.Struct, kw_only=True):
    """The account that a gift card begins with, in cents."""

    amount: Amount
    effect: GiftEffect | None = None


class NewCard(msgspec.Struct, kw_only=True):
    """The account that a loyalty card begins with."""

    points: Amount


class NewVoucher(NewCampaignCode, kw_only=True):
    """A code to be made: by itself, or in a campaign, which then says what it gives."""

    type: VoucherType | None = None
    discount: Discount | None = None
    gift: NewGift | None = None
    loyalty_card: NewCard | None = None
    campaign: Text | None = None
    campaign_id: Text | None = None
    validity_timeframe: ValidityTimeframe | None = None
    validity_day_of_week: WeekDays | None = None
    validity_hours: ValidityHours | None = None
    validation_rules: list[str] | None = None
    code_config: NewCodeConfig | None = None
    code: str | None = None


class ImportedVoucher(NewVoucher, kw_only=True):
    """A code to be imported, with what has been redeemed of it elsewhere: how often, and how many cents."""

    redeemed_quantity: Amount = 0
    redeemed_amount: Amount = 0


class CodeUpdate(msgspec.Struct):
    """One row of a bulk update."""

    code: Annotated[str, Meta(min_length=1)]
    metadata: Metadata


class CodesMetadata(msgspec.Struct):
    """The same metadata for many codes."""

    codes: Annotated[list[Annotated[str, Meta(min_length=1)]], Meta(min_length=1)]
    metadata: Metadata


class VoucherPatch(TimesPatch, kw_only=True):
    """What can be changed about a code. What is not sent stays, null clears, and metadata are merged."""

    type: VoucherType | None = None
    discount: Discount | None = None
    category: str | UnsetType | None = UNSET
    category_id: str | UnsetType | None = UNSET
    active: bool | None = None
    additional_info: Text | UnsetType | None = UNSET
    metadata: Metadata | None = None


class VoucherEvent(msgspec.Struct):
    """Data of voucher.created, .updated, .enabled, .disabled and .deleted."""

    voucher: Voucher
    campaign: SimpleCampaign | None


class CustomerVoucherDeleted(msgspec.Struct):
    """Data of customer.voucher.deleted."""

    customer: SimpleCustomer
    campaign: SimpleCampaign | None
    voucher: SimpleVoucher
