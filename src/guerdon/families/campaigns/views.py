"""Campaign rows as answers and events show them."""

from collections.abc import Sequence
from typing import Any

from msgspec import UNSET, UnsetType

from guerdon.clock import iso, iso_or_none
from guerdon.families.campaigns import schemas
from guerdon.families.campaigns.store import NO_EXTENSION, REFERRAL, CampaignRow, CodeSettings, Settings
from guerdon.families.promotion_tiers.schemas import Tier, TierCampaign, TiersList
from guerdon.families.vouchers import terms
from guerdon.families.vouchers.beside import NOTHING, Beside
from guerdon.families.vouchers.schemas import Gift


def campaign(row: CampaignRow, beside: Beside = NOTHING, tiers: Sequence[Tier] = ()) -> schemas.Campaign:
    """The whole campaign, in answers and in the events about campaigns themselves."""
    settings = row.configured
    return schemas.Campaign(
        id=row.id,
        name=row.name,
        description=UNSET if row.description is None else row.description,
        campaign_type=row.campaign_type,
        type=row.type,
        voucher=_voucher(row, settings) if row.has_codes else UNSET,
        auto_join=row.auto_join,
        join_once=row.join_once,
        use_voucher_metadata_schema=settings.use_voucher_metadata_schema,
        **terms.shown(row.start_date, row.expiration_date, settings.validity),
        activity_duration_after_publishing=settings.activity_duration or UNSET,
        vouchers_count=row.vouchers_count,
        active=row.active,
        metadata=row.metadata,
        created_at=iso(row.created_at),
        updated_at=iso_or_none(row.updated_at) or UNSET,
        creation_status=row.creation_status,
        vouchers_generation_status=row.vouchers_generation_status,
        protected=row.protected,
        category=beside.category(row) or UNSET,
        category_id=row.category_id,
        categories=beside.categories_of(row),
        loyalty_tiers_expiration=_tiers_expiration(settings) or UNSET,
        referral_program=settings.referral_program or UNSET,
        promotion=UNSET if row.has_codes else TiersList(tiers=list(tiers), total=len(tiers)),
        validation_rules_assignments=beside.assignments_of(row),
    )


def simple(row: CampaignRow) -> schemas.SimpleCampaign:
    """The campaign inside a project event: the kinds of value that its codes do not have are null."""
    return _simple(row, None)


def simple_of_customer(row: CampaignRow) -> schemas.SimpleCampaign:
    """The campaign inside a customer's event: the kinds of value that its codes do not have are left out."""
    return _simple(row, UNSET)


def of_tier(row: CampaignRow) -> TierCampaign:
    """The campaign inside one of its tiers."""
    return TierCampaign(
        id=row.id,
        **terms.shown(row.start_date, row.expiration_date, row.configured.validity),
        active=row.active,
        category_id=row.category_id or UNSET,
    )


def _simple(row: CampaignRow, absent: UnsetType | None) -> schemas.SimpleCampaign:
    return schemas.SimpleCampaign(
        id=row.id,
        name=row.name,
        campaign_type=row.campaign_type,
        type=row.type,
        is_referral_code=row.campaign_type == REFERRAL,
        referral_program=row.configured.referral_program or UNSET,
        voucher=_simple_voucher(row, absent) if row.has_codes else UNSET,
        auto_join=row.auto_join,
        join_once=row.join_once,
        active=row.active,
        category_id=row.category_id,
        category=None,
        metadata=row.metadata,
        start_date=iso_or_none(row.start_date),
        expiration_date=iso_or_none(row.expiration_date),
        description=row.description,
        created_at=iso(row.created_at),
        updated_at=iso(row.updated_at or row.created_at),
    )


def _simple_voucher(row: CampaignRow, absent: UnsetType | None) -> schemas.SimpleCampaignVoucher:
    codes = row.configured.codes
    return schemas.SimpleCampaignVoucher(
        type=row.voucher_type,
        discount=codes.discount or absent,
        gift=_gift(codes) or absent,
        loyalty_card=_card(codes) or absent,
        redemption=schemas.SimpleLimit(quantity=codes.quantity),
        code_config=_config(codes),
    )


def _voucher(row: CampaignRow, settings: Settings) -> schemas.CampaignVoucher:
    codes = settings.codes
    return schemas.CampaignVoucher(
        type=row.voucher_type,
        discount=codes.discount or UNSET,
        gift=_gift(codes) or UNSET,
        loyalty_card=_card(codes) or UNSET,
        redemption=schemas.Limit(quantity=codes.quantity),
        code_config=_config(codes),
        is_referral_code=row.campaign_type == REFERRAL,
        **terms.shown(row.start_date, row.expiration_date, settings.validity),
    )


def _tiers_expiration(settings: Settings) -> dict[str, Any] | None:
    """As it is stored, but always with how much longer tiers last."""
    told = settings.loyalty_tiers_expiration
    return told and {**told, "expiration_date": {"extend": NO_EXTENSION, **told["expiration_date"]}}


def _gift(codes: CodeSettings) -> Gift | None:
    gift = codes.gift
    return Gift(amount=gift.amount, balance=gift.amount, effect=gift.effect) if gift else None


def _card(codes: CodeSettings) -> schemas.CampaignLoyaltyCard | None:
    card = codes.loyalty_card
    if card is None:
        return None
    return schemas.CampaignLoyaltyCard(points=card.points, expiration_rules=card.expiration_rules or UNSET)


def _config(codes: CodeSettings) -> schemas.CodeConfig:
    config = codes.config
    return schemas.CodeConfig(
        length=config.length,
        prefix=config.prefix,
        charset=config.charset,
        pattern=config.pattern,
        postfix=config.postfix,
    )
