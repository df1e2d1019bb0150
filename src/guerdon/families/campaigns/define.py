"""Reads what a request says of a campaign into the row that is stored."""

from datetime import datetime
from typing import Any

import msgspec

from guerdon.engine.codes import CodeConfig, code_config
from guerdon.engine.points import problem_of
from guerdon.errors import ApiError, invalid_payload, refused
from guerdon.families.campaigns.schemas import (
    NewCampaign,
    NewCampaignVoucher,
    NewCodeConfig,
    NewLoyaltyCard,
    TiersExpiration,
)
from guerdon.families.campaigns.store import (
    NO_EXTENSION,
    PROMOTION,
    REFERRAL,
    CampaignRow,
    CardSettings,
    CodeSettings,
    GiftSettings,
    Settings,
)
from guerdon.families.vouchers import terms
from guerdon.families.vouchers.codes import invalid_code_config

# Per type of campaign: the type of its codes, and the property that says what they give.
KINDS = {
    "DISCOUNT_COUPONS": ("DISCOUNT_VOUCHER", "discount"),
    "GIFT_VOUCHERS": ("GIFT_VOUCHER", "gift"),
    "LOYALTY_PROGRAM": ("LOYALTY_CARD", "loyalty_card"),
    REFERRAL: ("DISCOUNT_VOUCHER", "discount"),
}
_DONE = "DONE"
_IN_PROGRESS = "IN_PROGRESS"


def invalid_campaign(details: str) -> ApiError:
    return refused("invalid_campaign", "Invalid Campaign", details)


def campaign(
    new: NewCampaign, campaign_id: str, category_id: str | None, now: datetime, program: dict[str, Any] | None = None
) -> CampaignRow:
    """The campaign as it will be once its codes are made or being made; `program` is that of a referral campaign.

    Errors: invalid_campaign, invalid_code_config, and invalid_payload for dates and rules that make no sense.
    """
    voucher = None if new.campaign_type == PROMOTION else _voucher(new)
    if voucher is None:
        _check_promotion(new)
    check_times(new.activity_duration_after_publishing, new.loyalty_tiers_expiration)
    validity = terms.windows(new)
    terms.check_windows(new.start_date, validity)
    settings = Settings(
        codes=_codes(voucher) if voucher else CodeSettings(config=codes_like(None)),
        validity=validity,
        activity_duration=new.activity_duration_after_publishing,
        use_voucher_metadata_schema=new.use_voucher_metadata_schema is not False,
        loyalty_tiers_expiration=tiers_expiration(new.loyalty_tiers_expiration),
        referral_program=program,
    )
    count = codes_of(new)
    status = _IN_PROGRESS if count > 1 else _DONE
    return CampaignRow(
        id=campaign_id,
        name=new.name,
        description=new.description,
        campaign_type=new.campaign_type,
        type=new.type,
        join_once=new.campaign_type == "LOYALTY_PROGRAM" or (bool(new.join_once) and new.type != "STANDALONE"),
        auto_join=bool(new.auto_join),
        voucher_type=KINDS[new.campaign_type][0] if voucher else "",
        category_id=category_id,
        start_date=new.start_date,
        expiration_date=new.expiration_date,
        settings=msgspec.to_builtins(settings),
        metadata=new.metadata or {},
        vouchers_count=count if count == 1 else 0,
        creation_status=status,
        vouchers_generation_status=status,
        generations_running=int(count > 1),
        created_at=now,
    )


def codes_of(new: NewCampaign) -> int:
    """How many codes the campaign begins with: one, unless the request says otherwise. A promotion has none."""
    if new.campaign_type == PROMOTION:
        return 0
    return 1 if new.vouchers_count is None else new.vouchers_count


def codes_like(new: NewCodeConfig | None) -> CodeConfig:
    """Errors: invalid_code_config."""
    wanted = new or NewCodeConfig()
    try:
        return code_config(
            length=wanted.length,
            charset=wanted.charset,
            prefix=wanted.prefix or "",
            postfix=wanted.postfix or "",
            pattern=wanted.pattern or "",
        )
    except ValueError as error:
        raise invalid_code_config(f"Code config is wrong: {error}") from None


def require_codes(row: CampaignRow) -> None:
    """Errors: invalid_campaign for a promotion."""
    if not row.has_codes:
        raise invalid_campaign(f"Campaign '{row.name}' of type {PROMOTION} has no vouchers")


def _check_promotion(new: NewCampaign) -> None:
    if new.voucher is not None:
        raise invalid_campaign(f"Property 'voucher' is not allowed for {PROMOTION} campaign")
    if new.type == "STANDALONE":
        raise invalid_campaign(f"Type STANDALONE is not allowed for {PROMOTION} campaign")


def _voucher(new: NewCampaign) -> NewCampaignVoucher:
    if new.promotion is not None:
        raise invalid_campaign(f"Property 'promotion' is allowed only for {PROMOTION} campaign")
    if (new.referral_program is None) is (new.campaign_type == REFERRAL):
        raise invalid_campaign(f"Property 'referral_program' is required for {REFERRAL} campaign, and only for that")
    voucher_type, given = KINDS[new.campaign_type]
    voucher = new.voucher
    if voucher is None or getattr(voucher, given) is None:
        raise invalid_campaign(f"Property '{given}' is required for {new.campaign_type} campaign")
    if voucher.type not in {None, voucher_type}:
        raise invalid_campaign(f"Voucher type must be {voucher_type} for {new.campaign_type} campaign")
    if new.type == "STANDALONE":
        if new.campaign_type in {"LOYALTY_PROGRAM", REFERRAL}:
            raise invalid_campaign(f"Type STANDALONE is not allowed for {new.campaign_type} campaign")
        if codes_of(new) != 1:
            raise invalid_campaign("STANDALONE type campaign has exactly one voucher")
    elif voucher.code is not None:
        raise invalid_campaign("Property 'voucher.code' is allowed only for STANDALONE type campaign")
    return voucher


def _codes(voucher: NewCampaignVoucher) -> CodeSettings:
    gift, card, discount = voucher.gift, voucher.loyalty_card, voucher.discount
    terms.check_discount(discount, "voucher.discount")
    return CodeSettings(
        config=codes_like(voucher.code_config),
        quantity=voucher.redemption.quantity if voucher.redemption else None,
        discount=msgspec.to_builtins(discount),
        gift=GiftSettings(gift.amount, gift.effect or "APPLY_TO_ORDER") if gift else None,
        loyalty_card=card_settings(card, "voucher.loyalty_card") if card else None,
    )


def card_settings(card: NewLoyaltyCard, path: str) -> CardSettings:
    """What cards begin with. Errors: invalid_payload."""
    problem = problem_of(card.expiration_rules) if card.expiration_rules else None
    if problem is not None:
        raise invalid_payload(f"Property .{path}.expiration_rules.{problem}")
    return msgspec.convert(msgspec.to_builtins(card), CardSettings)


def check_times(activity_duration: str | None, tiers: TiersExpiration | None) -> None:
    """Errors: invalid_payload for durations that are none."""
    durations = {"activity_duration_after_publishing": activity_duration}
    if tiers:
        extend = tiers.expiration_date.extend
        durations["loyalty_tiers_expiration.expiration_date.extend"] = None if extend == NO_EXTENSION else extend
    for path, text in durations.items():
        if text is not None:
            terms.check_duration(path, text)


def tiers_expiration(expiration: TiersExpiration | None) -> dict[str, Any] | None:
    """As it is stored. Errors: invalid_payload."""
    if expiration and expiration.qualification_type == "POINTS_IN_PERIOD" and not expiration.qualification_period:
        raise invalid_payload("Property .loyalty_tiers_expiration should have required property 'qualification_period'")
    rounding = expiration.expiration_date.rounding if expiration else None
    if rounding and rounding.type == "CUSTOM" and rounding.strategy is None:
        rounding.strategy = "END"
    return msgspec.to_builtins(expiration)
