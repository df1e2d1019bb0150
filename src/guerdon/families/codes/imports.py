"""Imports of codes, by themselves or into a campaign: what is looked at at once, and what the background does."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from guerdon.clock import iso
from guerdon.errors import ApiError, refused
from guerdon.events.work import Work
from guerdon.families.async_actions import bulk, store as async_actions
from guerdon.families.async_actions.bulk import Kind, Row
from guerdon.families.campaigns import codes as campaign_codes, store as campaigns
from guerdon.families.campaigns.schemas import NewCampaignCode
from guerdon.families.campaigns.store import CampaignRow
from guerdon.families.categories import store as categories
from guerdon.families.codes import create, import_csv, tell
from guerdon.families.codes.create import invalid_voucher
from guerdon.families.codes.schemas import ImportedVoucher
from guerdon.families.metadata_schemas.check import Sent, require, typed
from guerdon.families.trash_bin import store as trash_bin
from guerdon.families.vouchers import store
from guerdon.families.vouchers.codes import own_code
from guerdon.families.vouchers.store import VOUCHERS, VoucherRow
from guerdon.http import wire

IMPORT = "codes.import"
_KIND = Kind("code", imported="voucher")


class Import(msgspec.Struct, kw_only=True):
    """An import: into which campaign if any, whether its rows are cells of a CSV, and how many codes it has added.

    `told` sends the events of single codes, which bulk operations else do not.
    """

    action_id: str = ""
    campaign_id: str | None = None
    csv: bool = False
    told: bool = False
    added: int = 0


async def accept(work: Work, new: Sequence[ImportedVoucher], campaign: CampaignRow | None) -> str:
    """Accepts codes of a request; returns the id of the action.

    Errors: invalid_voucher without codes or with what cannot be one, duplicate_key for codes that exist already.
    """
    nameless = sum(1 for one in new if not one.code)
    if nameless:
        raise invalid_voucher(f"Found {nameless} voucher(s) without 'code' value")
    keys = Counter(own_code(work, one.code or "").code_key for one in new)
    for one in new:
        _like(work, one, campaign)
    taken = await store.taken(work.db, work.project.id, list(keys))
    taken |= await trash_bin.reserved(work.db, work.project.id, "code", list(keys))
    twice = sum(1 for key, count in keys.items() if count > 1 and key not in taken)
    if taken or twice:
        raise _duplicates(len(taken) + twice)
    rows = [msgspec.to_builtins(one, enc_hook=iso) for one in new]
    kind = "CAMPAIGN.VOUCHERS_IMPORT" if campaign else "VOUCHERS.IMPORT"
    return await _begin(work, kind, rows, Import(campaign_id=campaign.id if campaign else None))


async def accept_csv(work: Work, rows: Sequence[Row], campaign: CampaignRow | None, *, told: bool) -> str:
    """Accepts the rows of a CSV; what is wrong with one is told in the action's result."""
    named = [{**cells, "code": _code(cells)} for cells in rows]
    kind = "CAMPAIGN.VOUCHERS_IMPORT_CSV" if campaign else "VOUCHERS.IMPORT_CSV"
    return await _begin(work, kind, named, Import(campaign_id=campaign.id if campaign else None, csv=True, told=told))


async def import_codes(work: Work, payload: dict[str, Any]) -> dict[str, Any] | None:
    """Adds one piece of the codes; one of a CSV that is there already gets its category and is switched on or off."""
    wanted: Import = wire.convert(payload, Import)
    campaign = await campaigns.hold(work.db, work.project.id, wanted.campaign_id) if wanted.campaign_id else None
    before = wanted.added

    async def apply(row: Row) -> None:
        if wanted.campaign_id and campaign is None:
            raise invalid_voucher("The campaign has been deleted")
        wanted.added += await _import_one(work, row, campaign, wanted)

    more = await bulk.apply_piece(work, wanted.action_id, _KIND, apply)
    if campaign is not None and wanted.added > before:
        counted = await campaigns.count_codes(work.db, work.project.id, campaign.id, wanted.added - before)
        campaign = counted or campaign
    if more:
        return msgspec.to_builtins(wanted)
    if campaign is not None and wanted.added:
        campaign_codes.tell_added(work, campaign, wanted.added)
    return None


async def _begin(work: Work, action_type: str, rows: Sequence[Row], wanted: Import) -> str:
    return await async_actions.begin(work, action_type, IMPORT, rows, msgspec.to_builtins(wanted))


async def _import_one(work: Work, row: Row, campaign: CampaignRow | None, wanted: Import) -> bool:
    """True if a code was added, False if one was changed."""
    if wanted.csv:
        row = await _read(work, row, campaign)
    new: ImportedVoucher = wire.convert(row, ImportedVoucher)
    category_id = await categories.named(work.db, work.project.id, new.category_id or new.category)
    new = msgspec.structs.replace(new, category_id=category_id)
    code = own_code(work, new.code or "")
    if wanted.csv:
        known = await store.find(work.db, work.project, code.code)
        if known is not None and known.code_key == code.code_key:
            await _change(work, known, new, campaign, wanted)
            return False
    like = _like(work, new, campaign)
    await require(work, Sent("voucher", like.metadata))
    made = await campaign_codes.own(work, like, code)
    if wanted.told:
        await tell.told(work, "voucher.created", made, campaign)
    return True


async def _read(work: Work, cells: Row, campaign: CampaignRow | None) -> Row:
    row = import_csv.of_campaign(cells, campaign.voucher_type) if campaign else import_csv.by_itself(cells)
    if not row.get("code"):
        raise invalid_voucher("Code is required")
    if campaign is not None and "active" not in row and campaign.expiration_date:
        row["active"] = campaign.active and campaign.expiration_date > work.now
    (found,) = await typed(work, "voucher", [row])
    return found


async def _change(
    work: Work, known: VoucherRow, new: ImportedVoucher, campaign: CampaignRow | None, wanted: Import
) -> None:
    """Errors: invalid_voucher for a code that belongs elsewhere."""
    if known.campaign_id != wanted.campaign_id:
        raise invalid_voucher(f"Voucher with code '{known.code}' already exists")
    held = await VOUCHERS.lock(work.db, work.project.id, known.id)
    if held is None:
        raise invalid_voucher(f"Voucher with code '{known.code}' has been deleted")
    changed = msgspec.structs.replace(
        held,
        active=held.active if new.active is None else new.active,
        category_id=new.category_id or held.category_id,
    )
    if changed != held:
        changed = msgspec.structs.replace(changed, updated_at=work.now)
        await VOUCHERS.update(work.db, work.project.id, changed)
    if wanted.told:
        await tell.told(work, "voucher.updated", changed, campaign)


def _like(work: Work, new: ImportedVoucher, campaign: CampaignRow | None) -> VoucherRow:
    """What the voucher is like; it only lacks a code. Errors: invalid_voucher, invalid_payload."""
    like = create.standalone(work, new) if campaign is None else _like_others(work, new, campaign)
    redeemed = new.redeemed_amount if like.type == "GIFT_VOUCHER" else 0
    if redeemed > like.balance:
        raise invalid_voucher("More has been redeemed than the card had")
    if like.redemption_quantity is not None and new.redeemed_quantity > like.redemption_quantity:
        raise invalid_voucher("The code has been redeemed more often than it can be")
    return msgspec.structs.replace(
        like,
        redeemed=redeemed,
        spent_before=redeemed,
        balance=like.balance - redeemed,
        redeemed_quantity=new.redeemed_quantity,
        redeemed_before=new.redeemed_quantity,
    )


def _like_others(work: Work, new: ImportedVoucher, campaign: CampaignRow) -> VoucherRow:
    """As the campaign has its codes, with an account of its own if the row says so."""
    if new.type not in {None, campaign.voucher_type}:
        raise invalid_voucher(f"Codes of campaign '{campaign.name}' are of type {campaign.voucher_type}")
    changes = NewCampaignCode(**{field: getattr(new, field) for field in NewCampaignCode.__struct_fields__})
    like = campaign_codes.template(campaign, work.now, changes)
    account = new.gift.amount if new.gift else new.loyalty_card.points if new.loyalty_card else None
    kind = "GIFT_VOUCHER" if new.gift else "LOYALTY_CARD" if new.loyalty_card else like.type
    if kind != like.type:
        raise invalid_voucher(f"Codes of campaign '{campaign.name}' are of type {like.type}")
    return like if account is None else msgspec.structs.replace(like, added=account, balance=account)


def _code(cells: Row) -> str:
    return next((text for name, text in cells.items() if name.strip().lower().rstrip("*") == "code"), "")


def _duplicates(count: int) -> ApiError:
    return refused("duplicate_key", "Duplicate codes", f"{count} voucher codes(s) already exist.")
