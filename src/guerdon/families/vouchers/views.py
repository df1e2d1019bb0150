"""Voucher rows as answers and events show them."""

from urllib.parse import quote

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from guerdon.clock import iso, iso_or_none
from guerdon.families.vouchers import schemas
from guerdon.families.vouchers.assets import Links
from guerdon.families.vouchers.beside import NOTHING, Beside
from guerdon.families.vouchers.store import VoucherRow

_Absent = UnsetType | None


def voucher(row: VoucherRow, links: Links, beside: Beside = NOTHING) -> schemas.Voucher:
    """The whole voucher of an answer: what does not apply is left out."""
    return _whole(row, links, beside, UNSET)


def voucher_in_event(row: VoucherRow, links: Links, beside: Beside = NOTHING) -> schemas.Voucher:
    """The whole voucher of an event: what does not apply is null."""
    return _whole(row, links, beside, None)


def simple(row: VoucherRow) -> schemas.SimpleVoucher:
    """The voucher inside events; their description does not know what was taken off a gift card by hand."""
    account = gift(row)
    return schemas.SimpleVoucher(
        id=row.id,
        code=row.code,
        gift=replace(account, subtracted_amount=UNSET) if account else UNSET,
        discount=row.discount or UNSET,
        loyalty_card=loyalty_card(row) or UNSET,
        type=row.type,
        campaign=row.campaign or UNSET,
        campaign_id=row.campaign_id or UNSET,
        is_referral_code=row.is_referral_code,
        holder_id=row.holder_id or UNSET,
        referrer_id=row.referrer_id or UNSET,
        category_id=row.category_id,
        active=row.active,
        created_at=iso(row.created_at),
        updated_at=iso_or_none(row.updated_at) or UNSET,
        redemption=_redemption(row),
        start_date=iso_or_none(row.start_date),
        expiration_date=iso_or_none(row.expiration_date),
        metadata=row.metadata,
    )


def published(row: VoucherRow, links: Links) -> schemas.PublishedVoucher:
    """The voucher of `voucher.published`."""
    whole = simple(row)
    fields = {name: getattr(whole, name) for name in schemas.SimpleVoucher.__struct_fields__}
    return schemas.PublishedVoucher(**fields, assets=links.of(row.id))


def gift(row: VoucherRow, *, in_full: bool = False) -> schemas.Gift | None:
    """The account of a gift card; in full with sums that are 0."""
    if row.type != "GIFT_VOUCHER":
        return None
    return schemas.Gift(
        amount=row.added,
        subtracted_amount=_nonzero(row.subtracted, in_full=in_full),
        balance=row.balance,
        effect=row.gift_effect or "APPLY_TO_ORDER",
    )


def loyalty_card(row: VoucherRow, *, in_full: bool = False) -> schemas.LoyaltyCard | None:
    """The account of a loyalty card; in full with sums that are 0."""
    if row.type != "LOYALTY_CARD":
        return None
    return schemas.LoyaltyCard(
        points=row.added,
        balance=row.balance,
        next_expiration_date=row.next_expiration_date.isoformat() if row.next_expiration_date else UNSET,
        next_expiration_points=row.next_expiration_points or UNSET,
        pending_points=_nonzero(row.pending, in_full=in_full),
        expired_points=_nonzero(row.expired, in_full=in_full),
        subtracted_points=_nonzero(row.subtracted, in_full=in_full),
    )


def _whole(row: VoucherRow, links: Links, beside: Beside, absent: _Absent) -> schemas.Voucher:
    validity = row.validity or {}
    in_event = absent is None
    return schemas.Voucher(
        id=row.id,
        code=row.code,
        campaign=row.campaign or UNSET,
        campaign_id=row.campaign_id or UNSET,
        category=beside.category(row) or absent,
        category_id=row.category_id or absent,
        categories=beside.categories_of(row),
        type=row.type,
        discount=row.discount or absent,
        gift=gift(row, in_full=True) or absent,
        loyalty_card=loyalty_card(row, in_full=True) or absent,
        start_date=iso_or_none(row.start_date) or absent,
        expiration_date=iso_or_none(row.expiration_date) or absent,
        validity_timeframe=validity.get("timeframe", absent),
        validity_day_of_week=validity.get("day_of_week", absent),
        validity_hours=validity.get("hours", absent),
        active=row.active,
        additional_info=row.additional_info or absent,
        metadata=row.metadata,
        assets=links.of(row.id),
        is_referral_code=row.is_referral_code,
        created_at=iso(row.created_at),
        updated_at=iso_or_none(row.updated_at) or absent,
        holder_id=row.holder_id or UNSET,
        referrer_id=row.referrer_id or UNSET,
        validation_rules_assignments=UNSET if in_event else beside.assignments_of(row),
        redemption=_redemption_list(row, absent),
        publish=schemas.Publish(count=row.publish_count, url=_url(row, "publications")),
    )


def _redemption(row: VoucherRow) -> schemas.Redemption:
    return schemas.Redemption(
        quantity=row.redemption_quantity,
        redeemed_quantity=row.redeemed_quantity,
        redeemed_points=row.redeemed if row.type == "LOYALTY_CARD" else UNSET,
        redeemed_amount=row.redeemed if row.type == "GIFT_VOUCHER" else UNSET,
    )


def _redemption_list(row: VoucherRow, absent: _Absent) -> schemas.Redemption:
    found = _redemption(row)
    found.quantity = absent if row.redemption_quantity is None else row.redemption_quantity
    found.object = "list"
    found.url = _url(row, "redemptions")
    return found


def _url(row: VoucherRow, what: str) -> str:
    return f"/v1/vouchers/{quote(row.code, safe='')}/{what}?page=1&limit=10"


def _nonzero(value: int, *, in_full: bool) -> int | UnsetType:
    return value if value or in_full else UNSET
