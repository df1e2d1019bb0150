"""Changing campaigns: the campaign at once, its codes that nobody has yet in the background."""

from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import UNSET

from guerdon.clock import iso
from guerdon.errors import ApiError, not_found, refused
from guerdon.events.work import Work
from guerdon.families.async_actions import store as async_actions
from guerdon.families.campaigns import access, define, shown, store
from guerdon.families.campaigns.schemas import CampaignPatch, CampaignUpdated
from guerdon.families.campaigns.store import CAMPAIGNS, CampaignRow, Settings
from guerdon.families.categories import store as categories
from guerdon.families.vouchers import store as vouchers, terms
from guerdon.families.vouchers.store import Following, Position

FOLLOW = "campaigns.change_codes"
_SLICE = 5_000
_MODIFYING = "MODIFYING"
_PLAIN = ("description", "start_date", "expiration_date")
_DATES = frozenset({"start_date", "expiration_date"})


class Changes(msgspec.Struct, frozen=True):
    """What codes have to follow: columns with the value that the campaign had, and keys of metadata.

    They get what the campaign has by then: several changes may be on their way, in any order.
    """

    columns: dict[str, Any]
    metadata: list[str]


_BEGINNING = Position(datetime(1, 1, 1, tzinfo=UTC), "")


async def update(work: Work, row: CampaignRow, patch: CampaignPatch) -> CampaignRow:
    """The campaign after the change; nothing is told if nothing changes.

    Errors: not_found, invalid_campaign for what cannot be changed, invalid_payload, resource_protected.
    """
    wanted = patch.category if patch.category_id is UNSET else patch.category_id
    category = UNSET if wanted is UNSET else await categories.named(work.db, work.project.id, wanted)
    await work.db.begin()
    held = await CAMPAIGNS.lock(work.db, work.project.id, row.id)  # waits for those who are making codes of it
    if held is None:
        raise not_found("campaign", row.id)
    if held.protected:
        raise _protected(held)
    sent = _sent(held, patch)
    if category is not UNSET:
        sent["category_id"] = category
    moved = await access.change(work, held.id, patch.access_settings)
    if not moved and all(value == getattr(held, name) for name, value in sent.items()):
        return held
    changed = msgspec.structs.replace(held, **sent, updated_at=work.now)
    terms.check_windows(changed.start_date, changed.configured.validity)
    changes = _changes(held, changed)
    if changes is not None:
        changed = msgspec.structs.replace(
            changed,
            creation_status=_MODIFYING,
            vouchers_generation_status=_MODIFYING,
            generations_running=changed.generations_running + 1,
        )
    await CAMPAIGNS.update(work.db, work.project.id, changed)
    whole = await shown.campaign(work.db, work.project.id, changed)
    work.record("campaign.updated", row.id, CampaignUpdated(whole), campaign_id=row.id)
    if changes is not None:
        payload = {"campaign_id": row.id, "changes": msgspec.to_builtins(changes, enc_hook=iso), "done": 0}
        await async_actions.begin(work, "CAMPAIGN.VOUCHERS_UPDATE", FOLLOW, [], payload)
    return changed


async def follow(work: Work, payload: dict[str, Any]) -> dict[str, Any] | None:
    """Changes a slice of the codes of a campaign that was changed, and goes on until there are no more."""
    action = await async_actions.lock(work, payload["action_id"])
    campaign = await store.hold(work.db, work.project.id, payload["campaign_id"])
    done: int = payload["done"]
    if campaign is None:
        await async_actions.finish(work, action, _result(done), operation_status="FAILED")
        return None
    change = _following(msgspec.convert(payload["changes"], Changes), campaign)
    after = msgspec.convert(payload["after"], Position) if "after" in payload else _BEGINNING
    count, last = await vouchers.follow(work.db, work.project.id, campaign.id, change, after, work.now, _SLICE)
    done += count
    if last is not None:
        progress = min(99, 100 * done // max(1, campaign.vouchers_count))
        await async_actions.advance(work, action, _result(done), progress)
        return {**payload, "after": msgspec.to_builtins(last), "done": done}
    await store.end_generation(work.db, work.project.id, campaign.id, "DONE")
    await async_actions.finish(work, action, _result(done), operation_status="SUCCESS")
    return None


def _result(done: int) -> dict[str, Any]:
    return {"message": f"Updated {done} vouchers.", "done_count": done}


def _protected(row: CampaignRow) -> ApiError:
    details = f"Resource campaign with id {row.id} is protected and cannot be modified"
    return refused("resource_protected", "Resource is protected", details)


def _sent(row: CampaignRow, patch: CampaignPatch) -> dict[str, Any]:
    """The columns that the request is about, `settings` among them. Errors: invalid_campaign, invalid_payload."""
    sent = {name: value for name in _PLAIN if (value := getattr(patch, name)) is not UNSET}
    sent |= {"auto_join": patch.auto_join} if patch.auto_join is not None else {}
    if patch.join_once is not None and row.campaign_type != "LOYALTY_PROGRAM" and row.type != "STANDALONE":
        sent["join_once"] = patch.join_once
    if patch.type is not None and patch.type != row.type:
        if row.type == "STANDALONE":
            raise define.invalid_campaign("It is not possible to change the type of a STANDALONE campaign")
        sent["type"] = patch.type
    if patch.metadata is not None or patch.unset_metadata_fields:
        merged = {**row.metadata, **(patch.metadata or {})}
        gone = set(patch.unset_metadata_fields or ())
        sent["metadata"] = {name: value for name, value in merged.items() if name not in gone}
    sent["settings"] = msgspec.to_builtins(_settings(row, patch))
    return sent


def _settings(row: CampaignRow, patch: CampaignPatch) -> Settings:
    before = row.configured
    settings = msgspec.structs.replace(before, validity=terms.windows(patch, before.validity))
    if patch.activity_duration_after_publishing is not UNSET:
        define.check_times(patch.activity_duration_after_publishing, None)
        settings = msgspec.structs.replace(settings, activity_duration=patch.activity_duration_after_publishing)
    if patch.loyalty_tiers_expiration is not None and row.campaign_type == "LOYALTY_PROGRAM":
        define.check_times(None, patch.loyalty_tiers_expiration)
        expiration = define.tiers_expiration(patch.loyalty_tiers_expiration)
        settings = msgspec.structs.replace(settings, loyalty_tiers_expiration=expiration)
    codes = settings.codes
    if patch.discount is not None and codes.discount is not None:
        terms.check_discount(patch.discount, "discount")
        discount = msgspec.to_builtins(patch.discount)
        if discount["type"] != codes.discount["type"]:
            raise define.invalid_campaign("It is not possible to change Campaign discount type")
        codes = msgspec.structs.replace(codes, discount=discount)
    if patch.gift is not None and patch.gift.effect is not None and codes.gift is not None:
        codes = msgspec.structs.replace(codes, gift=msgspec.structs.replace(codes.gift, effect=patch.gift.effect))
    if patch.loyalty_card is not None and codes.loyalty_card is not None:
        codes = msgspec.structs.replace(codes, loyalty_card=define.card_settings(patch.loyalty_card, "loyalty_card"))
    return msgspec.structs.replace(settings, codes=codes)


def _changes(old: CampaignRow, new: CampaignRow) -> Changes | None:
    """What the codes have to follow; None if nothing concerns them."""
    if not new.has_codes:
        return None
    before, after = _of_codes(old), _of_codes(new)
    columns = {name: before[name] for name in before if before[name] != after[name]}
    keys: list[str] = []
    if new.configured.use_voucher_metadata_schema:
        every = sorted(old.metadata.keys() | new.metadata.keys())
        keys = [name for name in every if old.metadata.get(name, UNSET) != new.metadata.get(name, UNSET)]
    return Changes(columns, keys) if columns or keys else None


def _following(changes: Changes, campaign: CampaignRow) -> Following:
    """The changes that lead to what the campaign is now."""
    now = _of_codes(campaign)
    columns = {
        name: (_moment(before) if name in _DATES else before, now[name]) for name, before in changes.columns.items()
    }
    kept = {name: campaign.metadata[name] for name in changes.metadata if name in campaign.metadata}
    return Following(columns, kept, [name for name in changes.metadata if name not in kept])


def _of_codes(row: CampaignRow) -> dict[str, Any]:
    """What codes have from their campaign, by the names of their columns."""
    settings = row.configured
    return {
        "start_date": row.start_date,
        "expiration_date": row.expiration_date,
        "validity": settings.validity,
        "category_id": row.category_id,
        "discount": settings.codes.discount,
        "gift_effect": settings.codes.gift.effect if settings.codes.gift else None,
    }


def _moment(text: str | None) -> datetime | None:
    return None if text is None else msgspec.convert(text, datetime)
