"""Making, changing and deleting stacks of a campaign's tiers."""

from typing import Any

import msgspec
from msgspec import UNSET

from guerdon.errors import invalid_payload, not_found
from guerdon.events.work import Work
from guerdon.families.campaigns import store as campaigns, views as campaign_views
from guerdon.families.campaigns.store import CampaignRow
from guerdon.families.categories import store as categories
from guerdon.families.promotion_tiers import store
from guerdon.families.promotion_tiers.store import STACKS, StackRow
from guerdon.families.promotions import views
from guerdon.families.promotions.schemas import NewStack, StackEvent, StackPatch, StackTiers


async def create(work: Work, campaign: CampaignRow, new: NewStack) -> StackRow:
    """Errors: invalid_payload, not_found for a tier or category."""
    category_id = await categories.named(work.db, work.project.id, new.category_id)
    await work.db.begin()
    held = await campaigns.hold(work.db, work.project.id, campaign.id)
    if held is None:
        raise not_found("campaign", campaign.id)
    row = StackRow(
        id=work.new_id("stack_"),
        campaign_id=held.id,
        name=new.name,
        tier_ids=await _tiers(work, held.id, new.tiers),
        category_id=category_id,
        created_at=work.now,
    )
    await STACKS.insert(work.db, work.project.id, row)
    tell(work, "campaign.promotion_stack.created", held, row)
    return row


async def update(work: Work, campaign: CampaignRow, row: StackRow, patch: StackPatch) -> StackRow:
    """The stack after the change; nothing is told if nothing changes. Errors: those of `create`."""
    sent: dict[str, Any] = {} if patch.name is None else {"name": patch.name}
    if patch.category_id is not UNSET:
        sent["category_id"] = await categories.named(work.db, work.project.id, patch.category_id)
    await work.db.begin()
    if patch.tiers is not None:
        sent["tier_ids"] = await _tiers(work, row.campaign_id, patch.tiers)
    held = await STACKS.lock(work.db, work.project.id, row.id)
    if held is None:
        raise not_found("promotion_stack", row.id)
    changed = msgspec.structs.replace(held, **sent, updated_at=work.now)
    await STACKS.update(work.db, work.project.id, changed)
    if any(value != getattr(held, name) for name, value in sent.items()):
        tell(work, "campaign.promotion_stack.updated", campaign, changed)
    return changed


def tell(work: Work, event_type: str, campaign: CampaignRow, row: StackRow) -> None:
    """Records what has happened to a stack, as it is now."""
    told = StackEvent(campaign_views.simple(campaign), views.simple_stack(row))
    work.record(event_type, campaign.id, told, campaign_id=campaign.id)


async def _tiers(work: Work, campaign_id: str, wanted: StackTiers) -> list[str]:
    """The ids of the tiers, which are held. Errors: invalid_payload for one twice, not_found."""
    if len(set(wanted.ids)) < len(wanted.ids):
        raise invalid_payload("Property .tiers.ids must NOT have duplicate items")
    found = await store.hold(work.db, work.project.id, wanted.ids)
    for tier_id in wanted.ids:
        if tier_id not in found or found[tier_id].campaign_id != campaign_id:
            raise not_found("promotion_tier", tier_id)
    return wanted.ids
