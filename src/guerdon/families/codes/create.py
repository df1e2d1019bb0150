"""Making single codes: standalone ones, and ones of a campaign."""

from typing import Any

import msgspec

from guerdon.errors import ApiError, not_found, refused
from guerdon.events.work import Work
from guerdon.families.campaigns import codes as campaign_codes, define, store as campaigns, views as campaign_views
from guerdon.families.campaigns.schemas import NewCampaignCode
from guerdon.families.campaigns.store import CampaignRow
from guerdon.families.categories import store as categories
from guerdon.families.codes import tell
from guerdon.families.codes.schemas import NewVoucher
from guerdon.families.metadata_schemas.check import Sent, require
from guerdon.families.validation_rules import assign
from guerdon.families.validation_rules.schemas import About
from guerdon.families.vouchers import codes, terms, views
from guerdon.families.vouchers.codes import own_code
from guerdon.families.vouchers.store import VoucherRow


def invalid_voucher(details: str) -> ApiError:
    return refused("invalid_voucher", "Invalid Voucher", details)


async def create(work: Work, new: NewVoucher, code: str | None) -> VoucherRow:
    """A code of the caller's own, or a generated one.

    Errors: invalid_voucher, invalid_code_config, duplicate_found, metadata_validation_failed, and not_found
    for what the request names.
    """
    category_id = await categories.named(work.db, work.project.id, new.category_id or new.category)
    new = msgspec.structs.replace(new, category_id=category_id)
    await work.db.begin()
    if new.campaign_id or new.campaign:
        made, campaign = await _in_campaign(work, new, code)
    else:
        made, campaign = await _alone(work, new, code), None
    about = About(voucher=views.simple(made), campaign=campaign_views.simple(campaign) if campaign else None)
    bound = await assign.bind(work, new.validation_rules, "voucher", made.id)
    await assign.tell(work, bound, about, campaign_id=made.campaign_id)
    return made


async def _alone(work: Work, new: NewVoucher, code: str | None) -> VoucherRow:
    like = standalone(work, new)
    await require(work, Sent("voucher", like.metadata))
    if code is not None:
        made = await campaign_codes.own(work, like, own_code(work, code))
    else:
        config = define.codes_like(new.code_config)
        try:
            (made,) = await codes.issue(work, like, config, 1)
        except codes.NotEnoughCodes:
            raise codes.not_enough() from None
    await tell.told(work, "voucher.created", made, None)
    return made


async def _in_campaign(work: Work, new: NewVoucher, code: str | None) -> tuple[VoucherRow, CampaignRow]:
    name = new.campaign_id or new.campaign or ""
    campaign = await campaigns.find(work.db, work.project.id, name)
    if campaign is None:
        raise not_found("campaign", name)
    define.require_codes(campaign)
    if campaign.type == "STANDALONE":
        raise define.invalid_campaign("You can not generate vouchers for STANDALONE type campaign.")
    if new.type not in {None, campaign.voucher_type}:
        raise invalid_voucher(f"Codes of campaign '{campaign.name}' are of type {campaign.voucher_type}")
    changes = NewCampaignCode(**{field: getattr(new, field) for field in NewCampaignCode.__struct_fields__})
    config = define.codes_like(new.code_config) if new.code_config else campaign.configured.codes.config
    wanted = own_code(work, code) if code is not None else config
    return await campaign_codes.add_one(work, campaign, changes, wanted), campaign


def standalone(work: Work, new: NewVoucher) -> VoucherRow:
    """What the voucher is like; it only lacks a code. Errors: invalid_voucher, invalid_payload."""
    kind = _kind(new)
    terms.check_discount(new.discount, "discount")
    validity = terms.windows(new)
    terms.check_windows(new.start_date, validity)
    return VoucherRow(
        id="",
        code="",
        code_key="",
        type=kind,
        discount=msgspec.to_builtins(new.discount) if kind == "DISCOUNT_VOUCHER" else None,
        gift_effect=(new.gift.effect or "APPLY_TO_ORDER") if kind == "GIFT_VOUCHER" and new.gift else None,
        added=new.gift.amount if kind == "GIFT_VOUCHER" and new.gift else 0,
        balance=new.gift.amount if kind == "GIFT_VOUCHER" and new.gift else 0,
        redemption_quantity=new.redemption.quantity if new.redemption else None,
        active=new.active is not False,
        category_id=new.category_id,
        start_date=new.start_date,
        expiration_date=new.expiration_date,
        validity=validity,
        additional_info=new.additional_info,
        metadata=new.metadata or {},
        created_at=work.now,
    )


def _kind(new: NewVoucher) -> str:
    """The type, which may be left to what the code gives. Errors: invalid_voucher."""
    given: dict[str, Any] = {
        "DISCOUNT_VOUCHER": new.discount,
        "GIFT_VOUCHER": new.gift,
        "LOYALTY_CARD": new.loyalty_card,
    }
    kinds = [kind for kind, value in given.items() if value is not None]
    kind = new.type or (kinds[0] if len(kinds) == 1 else None)
    if kind is None:
        raise invalid_voucher("Exactly one of 'discount' and 'gift' says what a voucher gives")
    if kind == "LOYALTY_CARD":
        raise invalid_voucher("A loyalty card belongs to a campaign: 'campaign' or 'campaign_id' is required")
    if kinds != [kind]:
        name = "discount" if kind == "DISCOUNT_VOUCHER" else "gift"
        raise invalid_voucher(f"A voucher of type {kind} has '{name}' and nothing else")
    return kind
