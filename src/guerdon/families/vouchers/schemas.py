"""Vouchers on the wire: what they give, when they are valid, and the three forms in which they are shown."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from guerdon.clock import Moment
from guerdon.http.wire import Amount, Text

Metadata = dict[str, Any]
Percent = Annotated[int, Meta(ge=0, le=100)] | Annotated[float, Meta(ge=0, le=100)]
WeekDay = Annotated[int, Meta(ge=0, le=6)]
WeekDays = Annotated[list[WeekDay], Meta(max_length=7)]
TimeOfDay = Annotated[str, Meta(pattern=r"^(([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?)?$")]


class AmountDiscount(msgspec.Struct, tag_field="type", tag="AMOUNT", omit_defaults=True, kw_only=True):
    """Cents off the order or its items."""

    amount_off: Amount
    amount_off_formula: Text | None = None
    aggregated_amount_limit: Amount | None = None
    effect: (
        Literal[
            "APPLY_TO_ORDER",
            "APPLY_TO_ITEMS",
            "APPLY_TO_ITEMS_PROPORTIONALLY",
            "APPLY_TO_ITEMS_PROPORTIONALLY_BY_QUANTITY",
            "APPLY_TO_ITEMS_BY_QUANTITY",
        ]
        | None
    ) = None


class PercentDiscount(msgspec.Struct, tag_field="type", tag="PERCENT", omit_defaults=True, kw_only=True):
    """A share off the order or its items."""

    percent_off: Percent
    percent_off_formula: Text | None = None
    amount_limit: Amount | None = None
    aggregated_amount_limit: Amount | None = None
    effect: Literal["APPLY_TO_ORDER", "APPLY_TO_ITEMS"] | None = None


class FixedDiscount(msgspec.Struct, tag_field="type", tag="FIXED", omit_defaults=True, kw_only=True):
    """A price that the order gets; items get the prices of the rule that names them."""

    fixed_amount: Amount | None = None
    fixed_amount_formula: Text | None = None
    effect: Literal["APPLY_TO_ORDER", "APPLY_TO_ITEMS"] | None = None


class FreeUnits(msgspec.Struct, omit_defaults=True, kw_only=True):
    """One of several goods that are given away; `unit_type` is the id of a product or SKU."""

    unit_type: Text
    effect: Literal["ADD_NEW_ITEMS", "ADD_MISSING_ITEMS"]
    unit_off: Amount | None = None
    unit_off_formula: Text | None = None


class UnitDiscount(msgspec.Struct, tag_field="type", tag="UNIT", omit_defaults=True, kw_only=True):
    """Goods that are given away: one kind (`unit_type`), or several (`units`)."""

    unit_off: Amount | None = None
    unit_off_formula: Text | None = None
    unit_type: Text | None = None
    effect: (
        Literal["ADD_MISSING_ITEMS", "ADD_NEW_ITEMS", "ADD_MANY_ITEMS", "ADD_SAME_ITEMS", "REPLACE_ITEMS"] | None
    ) = None
    units: Annotated[list[FreeUnits], Meta(min_length=1)] | None = None


Discount = AmountDiscount | PercentDiscount | FixedDiscount | UnitDiscount
GiftEffect = Literal["APPLY_TO_ORDER", "APPLY_TO_ITEMS"]


class ValidityTimeframe(msgspec.Struct, kw_only=True):
    """Periods that come back: `duration` long, every `interval`, counted from the start date."""

    interval: str
    duration: str


class DailyHours(msgspec.Struct, omit_defaults=True, kw_only=True):
    """Hours of some days of the week (0 is Sunday); without an end they last until midnight."""

    start_time: TimeOfDay
    expiration_time: TimeOfDay | None = None
    days_of_week: Annotated[list[WeekDay], Meta(min_length=1, max_length=7)]


class ValidityHours(msgspec.Struct, kw_only=True):
    """Hours in which something is valid."""

    daily: list[DailyHours]


class NewTimes(msgspec.Struct, kw_only=True):
    """When something new is valid: from when to when, and in which windows of that time."""

    start_date: Moment | None = None
    expiration_date: Moment | None = None
    validity_timeframe: ValidityTimeframe | None = None
    validity_day_of_week: WeekDays | None = None
    validity_hours: ValidityHours | None = None


class TimesPatch(msgspec.Struct, kw_only=True):
    """The same of a change. What is not sent stays, and null clears."""

    start_date: Moment | UnsetType | None = UNSET
    expiration_date: Moment | UnsetType | None = UNSET
    validity_timeframe: ValidityTimeframe | UnsetType | None = UNSET
    validity_day_of_week: WeekDays | UnsetType | None = UNSET
    validity_hours: ValidityHours | UnsetType | None = UNSET


class Gift(msgspec.Struct, kw_only=True):
    """A gift card's account in cents."""

    amount: int
    subtracted_amount: int | UnsetType = UNSET
    balance: int
    effect: str


class LoyaltyCard(msgspec.Struct, kw_only=True):
    """A loyalty card's account in points."""

    points: int
    balance: int
    next_expiration_date: str | UnsetType = UNSET
    next_expiration_points: int | UnsetType = UNSET
    pending_points: int | UnsetType = UNSET
    expired_points: int | UnsetType = UNSET
    subtracted_points: int | UnsetType = UNSET


class Redemption(msgspec.Struct, kw_only=True):
    """How often a code may be redeemed (null is no limit) and has been, and the points or cents it was for."""

    quantity: int | UnsetType | None = UNSET
    redeemed_quantity: int
    redeemed_points: int | UnsetType = UNSET
    redeemed_amount: int | UnsetType = UNSET
    object: str | UnsetType = UNSET
    url: str | UnsetType = UNSET


class Publish(msgspec.Struct, kw_only=True):
    """How often a code was published, and where to read of it."""

    object: str = "list"
    count: int
    url: str


class Asset(msgspec.Struct):
    """A picture of a code."""

    id: str
    url: str


class Assets(msgspec.Struct):
    """The pictures of a code."""

    qr: Asset
    barcode: Asset


class Assignments(msgspec.Struct):
    """The validation rules of something."""

    object: str = "list"
    data_ref: str = "data"
    data: list[Any] = []
    total: int = 0


class Voucher(msgspec.Struct, kw_only=True):
    """A whole voucher. What does not apply is left out of answers, and null in events."""

    id: str
    code: str
    campaign: str | UnsetType = UNSET
    campaign_id: str | UnsetType = UNSET
    category: str | UnsetType | None = UNSET
    category_id: str | UnsetType | None = UNSET
    categories: list[Any] = []
    type: str
    discount: dict[str, Any] | UnsetType | None = UNSET
    gift: Gift | UnsetType | None = UNSET
    loyalty_card: LoyaltyCard | UnsetType | None = UNSET
    start_date: str | UnsetType | None = UNSET
    expiration_date: str | UnsetType | None = UNSET
    validity_timeframe: dict[str, Any] | UnsetType | None = UNSET
    validity_day_of_week: list[int] | UnsetType | None = UNSET
    validity_hours: dict[str, Any] | UnsetType | None = UNSET
    active: bool
    additional_info: str | UnsetType | None = UNSET
    metadata: Metadata
    assets: Assets
    is_referral_code: bool
    created_at: str
    updated_at: str | UnsetType | None = UNSET
    holder_id: str | UnsetType = UNSET
    referrer_id: str | UnsetType = UNSET
    validation_rules_assignments: Assignments | UnsetType = UNSET
    redemption: Redemption
    publish: Publish
    object: str = "voucher"


class SimpleVoucher(msgspec.Struct, kw_only=True):
    """A voucher inside an event."""

    id: str
    code: str
    gift: Gift | UnsetType = UNSET
    discount: dict[str, Any] | UnsetType = UNSET
    loyalty_card: LoyaltyCard | UnsetType = UNSET
    type: str
    campaign: str | UnsetType = UNSET
    campaign_id: str | UnsetType = UNSET
    is_referral_code: bool
    holder_id: str | UnsetType = UNSET
    referrer_id: str | UnsetType = UNSET
    category_id: str | None
    active: bool
    created_at: str
    updated_at: str | UnsetType = UNSET
    redemption: Redemption
    start_date: str | None
    expiration_date: str | None
    metadata: Metadata
    object: str = "voucher"


class PublishedVoucher(SimpleVoucher, kw_only=True):
    """A voucher in the event of its publication, with its pictures."""

    assets: Assets
    categories: list[Any] = []


class VouchersList(msgspec.Struct):
    """A page of vouchers."""

    vouchers: list[Voucher]
    total: int
    object: str = "list"
    data_ref: str = "vouchers"
