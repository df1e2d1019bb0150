"""Deleting campaigns: the campaign at once, its codes in the background."""

from collections import Counter
from typing import Any

from guerdon.clock import iso
from guerdon.errors import not_found
from guerdon.events.work import Work
from guerdon.families.async_actions import store as async_actions
from guerdon.families.campaigns import shown, store
from guerdon.families.campaigns.schemas import CampaignDeleted
from guerdon.families.campaigns.store import CampaignRow
from guerdon.families.customers import store as customers
from guerdon.families.customers.store import CardChange
from guerdon.families.promotion_tiers import store as promotion_tiers
from guerdon.families.trash_bin import store as trash_bin
from guerdon.families.trash_bin.store import Gone
from guerdon.families.validation_rules import store as rules
from guerdon.families.vouchers import store as vouchers
from guerdon.families.vouchers.store import Removed

REMOVE = "campaigns.remove_codes"
_SLICE = 5_000


async def delete(work: Work, row: CampaignRow, *, force: bool) -> str:
    """Removes the campaign; returns the id of the action that removes its codes. Errors: not_found.

    Unless it is forced, its name and its codes stay reserved until it leaves the bin.
    """
    await work.db.begin()
    gone = await store.remove(work.db, work.project.id, row.id)
    if gone is None:
        raise not_found("campaign", row.id)
    whole = await shown.campaign(work.db, work.project.id, gone)
    tiers = await promotion_tiers.forget_campaign(work.db, work.project.id, gone.id) if not gone.has_codes else []
    await rules.forget(work.db, work.project.id, [gone.id, *tiers])
    work.record("campaign.deleted", gone.id, CampaignDeleted(whole, iso(work.now)), campaign_id=gone.id)
    entry_id = None
    if not force:
        entry_id = await trash_bin.keep(work, Gone("campaign", gone.id, gone.name, "campaign", gone.name))
    payload = {
        "entry_id": entry_id,
        "campaign_id": gone.id,
        "name": gone.name,
        "count": whole.vouchers_count,
        "done": 0,
    }
    return await async_actions.begin(work, "CAMPAIGN.VOUCHERS_DELETE", REMOVE, [], payload)


async def remove_codes(work: Work, payload: dict[str, Any]) -> dict[str, Any] | None:
    """Removes a slice of the codes of a campaign that is gone, and goes on until nothing of it is left."""
    action = await async_actions.lock(work, payload["action_id"])
    campaign_id: str = payload["campaign_id"]
    removed = await vouchers.remove(work.db, work.project.id, campaign_id, _SLICE)
    entry_id: str | None = payload.get("entry_id")
    if entry_id is not None:
        keys = [voucher.code_key for voucher in removed]
        await trash_bin.reserve(work.db, work.project.id, "code", keys, entry_id)
    await rules.forget(work.db, work.project.id, [voucher.id for voucher in removed])
    await customers.change_cards(work.db, work.project.id, _taken(removed, payload["name"]))
    holders = await store.forget_holders(work.db, work.project.id, campaign_id, _SLICE)
    done: int = payload["done"] + len(removed)
    result = {"message": f"Deleted {done} vouchers.", "done_count": done}
    if removed or holders:
        progress = min(99, 100 * done // max(1, payload["count"]))
        await async_actions.advance(work, action, result, progress)
        return {**payload, "done": done}
    await store.forget_counts(work.db, work.project.id, campaign_id)
    await async_actions.finish(work, action, result, operation_status="SUCCESS")
    return None


def _taken(removed: list[Removed], campaign: str) -> list[CardChange]:
    """What the holders of removed cards no longer have."""
    cents, points = Counter[str](), Counter[str]()
    for voucher in removed:
        if voucher.holder_id and voucher.type == "GIFT_VOUCHER":
            cents[voucher.holder_id] -= voucher.balance
        elif voucher.holder_id and voucher.type == "LOYALTY_CARD":
            points[voucher.holder_id] -= voucher.balance
    return [
        *(CardChange(holder_id, credits=change) for holder_id, change in sorted(cents.items())),
        *(CardChange(holder_id, campaign, change, leaves=True) for holder_id, change in sorted(points.items())),
    ]
