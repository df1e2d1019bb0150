"""Changing single codes, switching them on and off, and deleting them."""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from guerdon.errors import not_found
from guerdon.events.work import Work
from guerdon.families.campaigns import store as campaigns
from guerdon.families.campaigns.store import CAMPAIGNS, CampaignRow
from guerdon.families.categories import store as categories
from guerdon.families.codes import tell
from guerdon.families.codes.create import invalid_voucher
from guerdon.families.codes.schemas import VoucherPatch
from guerdon.families.customers import store as customers
from guerdon.families.customers.store import CardChange, CustomerRow
from guerdon.families.metadata_schemas.check import Sent, require
from guerdon.families.trash_bin import store as trash_bin
from guerdon.families.trash_bin.store import Gone
from guerdon.families.validation_rules import store as rules
from guerdon.families.vouchers import store, terms
from guerdon.families.vouchers.store import VOUCHERS, VoucherRow

_PLAIN = ("start_date", "expiration_date", "additional_info")


async def update(work: Work, row: VoucherRow, patch: VoucherPatch) -> VoucherRow:
    """The code after the change; nothing is told if nothing changes.

    Errors: not_found, invalid_voucher, metadata_validation_failed.
    """
    await require(work, Sent("voucher", patch.metadata, created=False))
    category = await _category(work, patch)
    await work.db.begin()
    held = await VOUCHERS.lock(work.db, work.project.id, row.id)
    if held is None:
        raise not_found("voucher", row.code)
    changes = _changes(held, patch) | ({} if category in {UNSET, held.category_id} else {"category_id": category})
    if not changes:
        return held
    changed = msgspec.structs.replace(held, **changes, updated_at=work.now)
    terms.check_windows(changed.start_date, changed.validity)
    await VOUCHERS.update(work.db, work.project.id, changed)
    campaign = await _campaign(work, changed)
    await tell.told(work, "voucher.updated", changed, campaign)
    if changed.active != held.active:
        await tell.told(work, "voucher.enabled" if changed.active else "voucher.disabled", changed, campaign)
    return changed


async def switch(work: Work, row: VoucherRow, *, active: bool) -> VoucherRow:
    """The code, switched on or off; nothing is told if it was so already. Errors: not_found."""
    await work.db.begin()
    changed = await store.switch(work.db, work.project.id, row.id, active=active, at=work.now)
    if changed is None:
        current = await VOUCHERS.get(work.db, work.project.id, id=row.id)
        if current is None:
            raise not_found("voucher", row.code)
        return current
    await tell.told(work, "voucher.enabled" if active else "voucher.disabled", changed, await _campaign(work, changed))
    return changed


async def delete(work: Work, row: VoucherRow, *, force: bool) -> None:
    """Removes the code with what is on it; its holder has so much less. Errors: not_found.

    Unless it is forced, nobody can have the code again until it leaves the bin.
    """
    await work.db.begin()
    gone = await store.remove_one(work.db, work.project.id, row.id, work.now)
    if gone is None:
        raise not_found("voucher", row.code)
    campaign = await _campaign(work, gone)
    if campaign is not None:
        await campaigns.count_codes(work.db, work.project.id, campaign.id, -1)
        if gone.holder_id is not None:
            await campaigns.leave(work.db, work.project.id, campaign.id, gone.holder_id)
    holders: list[CustomerRow] = []
    if gone.holder_id is not None:
        holders = await customers.change_cards(work.db, work.project.id, [_taken(gone, gone.holder_id)])
    await rules.forget(work.db, work.project.id, [gone.id])
    if not force:
        await trash_bin.keep(work, Gone("voucher", gone.id, gone.code, "code", gone.code_key, gone.campaign_id))
    await tell.told(work, "voucher.deleted", gone, campaign)
    for holder in holders:
        tell.lost(work, gone, campaign, holder)


def _taken(gone: VoucherRow, holder_id: str) -> CardChange:
    if gone.type == "LOYALTY_CARD":
        return CardChange(holder_id, campaign=gone.campaign, points=-gone.balance, leaves=True)
    return CardChange(holder_id, credits=-gone.balance if gone.type == "GIFT_VOUCHER" else 0)


async def _campaign(work: Work, row: VoucherRow) -> CampaignRow | None:
    return await CAMPAIGNS.get(work.db, work.project.id, id=row.campaign_id) if row.campaign_id else None


async def _category(work: Work, patch: VoucherPatch) -> str | UnsetType | None:
    """The id of the category that is wanted, None for none. Errors: not_found."""
    wanted = patch.category if patch.category_id is UNSET else patch.category_id
    return UNSET if wanted is UNSET else await categories.named(work.db, work.project.id, wanted)


def _changes(row: VoucherRow, patch: VoucherPatch) -> dict[str, Any]:
    """The columns that the patch changes. Errors: invalid_voucher for another type."""
    sent = {name: value for name in _PLAIN if (value := getattr(patch, name)) is not UNSET}
    if patch.active is not None:
        sent["active"] = patch.active
    if patch.metadata is not None:
        sent["metadata"] = {**row.metadata, **patch.metadata}
    if patch.type not in {None, row.type}:
        raise invalid_voucher("It is not possible to change Voucher type")
    if patch.discount is not None:
        terms.check_discount(patch.discount, "discount")
        discount = msgspec.to_builtins(patch.discount)
        if row.discount is None or discount["type"] != row.discount["type"]:
            raise invalid_voucher("It is not possible to change Voucher discount type")
        sent["discount"] = discount
    sent["validity"] = terms.windows(patch, row.validity)
    return {name: value for name, value in sent.items() if value != getattr(row, name)}
