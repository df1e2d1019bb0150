"""Making, changing, switching and deleting the tiers of a campaign."""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from guerdon.db.table import Order, Where
from guerdon.errors import not_found
from guerdon.events.work import Work
from guerdon.families.campaigns import views as campaign_views
from guerdon.families.campaigns.store import CAMPAIGNS, CampaignRow
from guerdon.families.categories import store as categories
from guerdon.families.promotion_tiers import make, shown, store, views
from guerdon.families.promotion_tiers.make import Home
from guerdon.families.promotion_tiers.schemas import NewTier, Tier, TierEvent, TierPatch
from guerdon.families.promotion_tiers.store import TIERS, TierRow
from guerdon.families.promotions import stacks
from guerdon.families.validation_rules import assign, store as rules
from guerdon.families.validation_rules.schemas import About
from guerdon.families.vouchers import terms

_PLAIN = ("banner", "start_date", "expiration_date")


async def add(work: Work, campaign: CampaignRow, new: NewTier) -> Tier:
    """Errors: invalid_payload, not_found."""
    made = await make.rows(work, campaign.id, [new], "")
    await work.db.begin()
    held = await CAMPAIGNS.lock(work.db, work.project.id, campaign.id)
    if held is None:
        raise not_found("campaign", campaign.id)
    (row,) = await make.add(work, _home(held), made, [new])
    return await one(work, row)


async def update(work: Work, row: TierRow, patch: TierPatch) -> Tier:
    """The tier after the change; nothing is told if nothing changes. Errors: invalid_payload, not_found."""
    category = await _category(work, patch)
    await work.db.begin()
    held = await TIERS.lock(work.db, work.project.id, row.id)
    if held is None:
        raise not_found("promotion_tier", row.id)
    sent = _sent(held, patch)
    if category is not UNSET:
        sent["category_id"] = category
    bindings = await _change_rules(work, held, patch.validation_rules)
    if bindings or any(value != getattr(held, name) for name, value in sent.items()):
        held = msgspec.structs.replace(held, **sent, updated_at=work.now)
        terms.check_windows(held.start_date, held.validity)
        await TIERS.update(work.db, work.project.id, held)
        await _tell(work, "campaign.promotion_tier.updated", held)
    return await one(work, held)


async def switch(work: Work, row: TierRow, *, active: bool) -> Tier:
    """The tier, switched on or off; nothing is told if it was so already. Errors: not_found."""
    await work.db.begin()
    changed = await store.switch(work.db, work.project.id, row.id, active=active, at=work.now)
    if changed is not None:
        name = "campaign.promotion_tier.enabled" if active else "campaign.promotion_tier.disabled"
        await _tell(work, name, changed)
    current = changed or await TIERS.get(work.db, work.project.id, id=row.id)
    if current is None:
        raise not_found("promotion_tier", row.id)
    return await one(work, current)


async def delete(work: Work, row: TierRow) -> None:
    """Deletes a tier, also from the stacks that have it. Errors: not_found if somebody else was faster."""
    await work.db.begin()
    (whole,) = await shown.tiers(work.db, work.project.id, [row], {})
    if await store.remove(work.db, work.project.id, row.id) is None:
        raise not_found("promotion_tier", row.id)
    await rules.forget(work.db, work.project.id, [row.id])
    await store.forget_sums(work.db, work.project.id, [row.id])
    campaign = await CAMPAIGNS.get(work.db, work.project.id, id=row.campaign_id)
    if campaign is None:  # it is being deleted, with everything that it has
        return
    told = TierEvent(campaign_views.simple(campaign), whole)
    work.record("campaign.promotion_tier.deleted", campaign.id, told, campaign_id=campaign.id)
    for stack in await store.leave_stacks(work.db, work.project.id, campaign.id, row.id, work.now):
        stacks.tell(work, "campaign.promotion_stack.updated", campaign, stack)


async def one(work: Work, row: TierRow) -> Tier:
    (whole,) = await several(work, [row])
    return whole


async def several(work: Work, rows: list[TierRow]) -> list[Tier]:
    """Tiers of any campaigns as answers show them."""
    ids = Where().add("id = ANY({})", sorted({row.campaign_id for row in rows}))
    found = await CAMPAIGNS.all(work.db, work.project.id, ids, Order("created_at"))
    campaigns = {campaign.id: campaign_views.of_tier(campaign) for campaign in found}
    return await shown.tiers(work.db, work.project.id, rows, campaigns)


def _home(campaign: CampaignRow) -> Home:
    return Home(campaign_views.of_tier(campaign), campaign_views.simple(campaign))


async def _tell(work: Work, event_type: str, row: TierRow) -> None:
    campaign = await CAMPAIGNS.get(work.db, work.project.id, id=row.campaign_id)
    if campaign is not None:
        await make.tell(work, event_type, _home(campaign), row)


async def _category(work: Work, patch: TierPatch) -> str | UnsetType | None:
    """The id of the category that is wanted, None for none. Errors: not_found."""
    wanted = patch.category if patch.category_id is UNSET else patch.category_id
    return UNSET if wanted is UNSET else await categories.named(work.db, work.project.id, wanted)


async def _change_rules(work: Work, row: TierRow, wanted: list[str] | None) -> bool:
    """Binds the tier by these rules and by no others; False if it is so already. Errors: not_found."""
    if wanted is None:
        return False
    current = (await rules.bindings_of(work.db, work.project.id, [row.id])).get(row.id, [])
    campaign = await CAMPAIGNS.get(work.db, work.project.id, id=row.campaign_id)
    about = About(campaign=campaign and campaign_views.simple(campaign), promotion_tier=views.simple(row))
    gone = [binding for binding in current if binding.rule.id not in wanted]
    for binding in gone:
        await assign.detach(work, binding.rule, binding.assignment, about, campaign_id=row.campaign_id)
    known = {binding.rule.id for binding in current}
    new = [rule_id for rule_id in wanted if rule_id not in known]
    bound = await assign.bind(work, new, "promotion_tier", row.id)
    await assign.tell(work, bound, about, campaign_id=row.campaign_id)
    return bool(gone or bound)


def _sent(row: TierRow, patch: TierPatch) -> dict[str, Any]:
    """The columns that the request is about. Errors: invalid_payload."""
    sent = {name: value for name in _PLAIN if (value := getattr(patch, name)) is not UNSET}
    sent |= {name: value for name in ("name", "hierarchy") if (value := getattr(patch, name)) is not None}
    if patch.metadata is not None:
        sent["metadata"] = {**row.metadata, **patch.metadata}
    if patch.action is not None:
        terms.check_discount(patch.action.discount, "action.discount")
        sent["discount"] = msgspec.to_builtins(patch.action.discount)
    sent["validity"] = terms.windows(patch, row.validity)
    return sent
