"""Adds codes to campaigns: one at once, many in the background, or one of the caller's own."""

from datetime import datetime
from typing import Any

import msgspec

from guerdon.clock import iso
from guerdon.engine.codes import CodeConfig
from guerdon.errors import duplicate_found, not_found
from guerdon.events.work import Work
from guerdon.families.async_actions import store as async_actions
from guerdon.families.campaigns import store, views
from guerdon.families.campaigns.schemas import (
    CodesAdded,
    CodesCompleted,
    CodesFailed,
    CodesStarted,
    NewCampaignCode,
    VoucherCreated,
)
from guerdon.families.campaigns.store import CampaignRow
from guerdon.families.metadata_schemas.check import Sent, require
from guerdon.families.trash_bin import store as trash_bin
from guerdon.families.vouchers import beside, codes, store as vouchers, views as voucher_views
from guerdon.families.vouchers.assets import Links
from guerdon.families.vouchers.store import NewCode, VoucherRow
from guerdon.http import wire

GENERATE = "campaigns.generate_codes"
_SLICE = 5_000


class Generation(msgspec.Struct, kw_only=True):
    """Many codes to be made, and how many are. `added` tells those of a campaign that was there before."""

    action_id: str
    campaign_id: str
    changes: NewCampaignCode
    config: CodeConfig
    count: int
    added: bool
    done: int = 0


def template(campaign: CampaignRow, now: datetime, changes: NewCampaignCode | None = None) -> VoucherRow:
    """What a new voucher of the campaign is like, with what the request says otherwise; it only lacks a code."""
    settings = campaign.configured
    kind, given = settings.codes, changes or NewCampaignCode()
    initial = kind.gift.amount if kind.gift else kind.loyalty_card.points if kind.loyalty_card else 0
    inherited = campaign.metadata if settings.use_voucher_metadata_schema else {}
    return VoucherRow(
        id="",
        code="",
        code_key="",
        type=campaign.voucher_type,
        campaign_id=campaign.id,
        campaign=campaign.name,
        discount=kind.discount,
        gift_effect=kind.gift.effect if kind.gift else None,
        added=initial,
        balance=initial,
        redemption_quantity=given.redemption.quantity if given.redemption else kind.quantity,
        is_referral_code=campaign.campaign_type == "REFERRAL_PROGRAM",
        active=given.active is not False,
        category_id=given.category_id or campaign.category_id,
        start_date=given.start_date or campaign.start_date,
        expiration_date=given.expiration_date or campaign.expiration_date,
        validity=settings.validity,
        additional_info=given.additional_info,
        metadata={**inherited, **(given.metadata or {})},
        created_at=now,
    )


def check_capacity(work: Work, config: CodeConfig, count: int) -> None:
    """Errors: invalid_code_config if there cannot be so many codes."""
    if count > config.capacity(case_sensitive=work.project.case_sensitive_codes):
        raise codes.not_enough()


async def one(work: Work, campaign: CampaignRow, like: VoucherRow, config: CodeConfig) -> VoucherRow:
    """Makes one code. Errors: invalid_code_config if none is free."""
    _tell_started(work, campaign, 1)
    try:
        (made,) = await codes.issue(work, like, config, 1)
    except codes.NotEnoughCodes:
        raise codes.not_enough() from None
    _tell_completed(work, campaign, 1)
    return made


async def own(work: Work, like: VoucherRow, code: NewCode) -> VoucherRow:
    """Adds a code that the caller chose. Errors: duplicate_found."""
    made = await vouchers.add(work.db, work.project.id, like, [code], 1)
    taken = duplicate_found("voucher", "id", code.code)
    if not made:
        raise taken
    await trash_bin.require_free(work, "code", code.code_key, taken)
    return made[0]


async def add_one(
    work: Work, campaign: CampaignRow, changes: NewCampaignCode, wanted: CodeConfig | NewCode
) -> VoucherRow:
    """Adds one code to a campaign.

    Errors: not_found, duplicate_found, invalid_code_config, metadata_validation_failed.
    """
    await work.db.begin()
    held = await _hold(work, campaign.id)
    like = template(held, work.now, changes)
    await require(work, Sent("voucher", like.metadata))
    if isinstance(wanted, NewCode):
        made = await own(work, like, wanted)
        links = Links(work.runtime, work.project.id)
        found = await beside.categories_of(work.db, work.project.id, [made])
        created = VoucherCreated(voucher_views.voucher_in_event(made, links, found), views.simple(held))
        work.record("voucher.created", made.id, created, campaign_id=held.id)
    else:
        made = await one(work, held, like, wanted)
    tell_added(work, held, 1)
    await store.count_codes(work.db, work.project.id, held.id, 1)
    return made


async def add_many(work: Work, campaign: CampaignRow, changes: NewCampaignCode, config: CodeConfig, count: int) -> str:
    """Accepts the generation of codes for a campaign; returns the asynchronous action's id.

    Errors: not_found, metadata_validation_failed.
    """
    await require(work, Sent("voucher", template(campaign, work.now, changes).metadata))
    await work.db.begin()
    changed = await store.begin_generation(work.db, work.project.id, campaign.id)
    if changed is None:
        raise not_found("campaign", campaign.id)
    return await begin(work, changed, changes, config, count, added=True)


async def begin(
    work: Work, campaign: CampaignRow, changes: NewCampaignCode, config: CodeConfig, count: int, *, added: bool
) -> str:
    """Begins a generation that is already noted on the campaign."""
    generation = Generation(
        action_id="", campaign_id=campaign.id, changes=changes, config=config, count=count, added=added
    )
    _tell_started(work, campaign, count)
    payload: dict[str, Any] = msgspec.to_builtins(generation, enc_hook=iso)  # dates as the request gave them
    return await async_actions.begin(work, "CAMPAIGN.VOUCHERS_GENERATE", GENERATE, [], payload)


async def generate(work: Work, payload: dict[str, Any]) -> dict[str, Any] | None:
    """Makes a slice of the codes; goes on until all are made, no code is free, or the campaign is removed."""
    generation: Generation = wire.convert(payload, Generation)
    action = await async_actions.lock(work, generation.action_id)
    campaign = await store.hold(work.db, work.project.id, generation.campaign_id)
    if campaign is None:
        await async_actions.finish(work, action, _result(generation.done), operation_status="FAILED")
        return None
    like = template(campaign, work.now, generation.changes)  # as the campaign is now, it may have been changed
    wanted = min(_SLICE, generation.count - generation.done)
    try:
        made = len(await codes.issue(work, like, generation.config, wanted))
    except codes.NotEnoughCodes as short:
        made = short.made
    generation.done += made
    await store.count_codes(work.db, work.project.id, generation.campaign_id, made)
    if made and generation.done < generation.count:
        progress = 100 * generation.done // generation.count
        await async_actions.advance(work, action, _result(generation.done), progress)
        return msgspec.to_builtins(generation, enc_hook=iso)
    await _end(work, generation, action)
    return None


async def _end(work: Work, generation: Generation, action: async_actions.AsyncActionRow) -> None:
    succeeded = generation.done == generation.count
    status = "DONE" if succeeded else "FAILED"
    campaign = await store.end_generation(work.db, work.project.id, generation.campaign_id, status)
    if campaign is None:
        raise LookupError(generation.campaign_id)  # it was held
    if succeeded:
        _tell_completed(work, campaign, generation.done)
    else:
        refusal = codes.not_enough()
        error = {"key": str(refusal.key), "message": refusal.message, "details": str(refusal.details)}
        failed = CodesFailed(views.simple(campaign), generation.done, iso(work.now), error)
        work.record("campaign.vouchers.generation.failed", campaign.id, failed, campaign_id=campaign.id)
    if generation.added and generation.done:
        tell_added(work, campaign, generation.done)
    outcome = "SUCCESS" if succeeded else "FAILED"
    await async_actions.finish(work, action, _result(generation.done), operation_status=outcome)


async def _hold(work: Work, campaign_id: str) -> CampaignRow:
    held = await store.hold(work.db, work.project.id, campaign_id)
    if held is None:
        raise not_found("campaign", campaign_id)
    return held


def _result(done: int) -> dict[str, Any]:
    return {"message": f"Generated {done} vouchers.", "done_count": done}


def _tell_started(work: Work, campaign: CampaignRow, count: int) -> None:
    data = CodesStarted(views.simple(campaign), count, iso(work.now))
    work.record("campaign.vouchers.generation.started", campaign.id, data, campaign_id=campaign.id)


def _tell_completed(work: Work, campaign: CampaignRow, count: int) -> None:
    data = CodesCompleted(views.simple(campaign), count, iso(work.now))
    work.record("campaign.vouchers.generation.completed", campaign.id, data, campaign_id=campaign.id)


def tell_added(work: Work, campaign: CampaignRow, count: int) -> None:
    """Records that codes were added to a campaign that was there before."""
    data = CodesAdded(views.simple(campaign), count, iso(work.now))
    work.record("campaign.vouchers.added", campaign.id, data, campaign_id=campaign.id)
