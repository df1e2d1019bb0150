"""Referral tiers and what customers hold, as answers and events show them."""

from datetime import datetime

from msgspec import UNSET

from guerdon.clock import iso, iso_or_none
from guerdon.families.grants.schemas import ReferralTierParameters, SimpleReferralTier
from guerdon.families.holders import views as holder_views
from guerdon.families.holders.store import HolderRow
from guerdon.families.referrals import schemas
from guerdon.families.referrals.store import ReferralTierRow
from guerdon.families.vouchers import views as voucher_views
from guerdon.families.vouchers.assets import Links
from guerdon.families.vouchers.beside import Beside
from guerdon.families.vouchers.store import VoucherRow


def tier(row: ReferralTierRow) -> schemas.ReferralTier:
    return schemas.ReferralTier(
        id=row.id,
        campaign_id=row.campaign_id,
        banner=row.banner,
        type=row.type,
        minimum=UNSET if row.minimum is None else row.minimum,
        reward_id=row.reward_id,
        reward_assignment_id=row.assignment_id,
        created_at=iso(row.created_at),
        updated_at=iso_or_none(row.updated_at),
    )


def simple(row: ReferralTierRow) -> SimpleReferralTier:
    return SimpleReferralTier(
        id=row.id,
        campaign_id=row.campaign_id,
        banner=row.banner,
        parameters=ReferralTierParameters(event_type=row.type),
    )


def held(
    row: HolderRow, voucher: VoucherRow, links: Links, beside: Beside, now: datetime
) -> schemas.CustomerRedeemable:
    fields = holder_views.fields(row)
    shown = voucher_views.voucher_in_event(voucher, links, beside)
    return schemas.CustomerRedeemable(**fields, redeemable=schemas.HeldRedeemable(shown, _status(voucher, now)))


def _status(row: VoucherRow, now: datetime) -> str:
    if not row.active:
        return "DISABLED"
    if row.expiration_date is not None and row.expiration_date < now:
        return "EXPIRED"
    if row.start_date is not None and row.start_date > now:
        return "NOT_ACTIVE_YET"
    if row.redemption_quantity is not None and row.redeemed_quantity >= row.redemption_quantity:
        return "USED"
    return "NO_BALANCE" if row.type != "DISCOUNT_VOUCHER" and not row.balance else "ACTIVE"
