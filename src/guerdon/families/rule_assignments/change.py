"""Binding what is there already by a rule, and releasing it; what is bound is found in its own family."""

from collections.abc import Awaitable, Callable

import msgspec

from guerdon.errors import invalid_payload, not_found
from guerdon.events.work import Work
from guerdon.families.campaigns import store as campaigns, views as campaign_views
from guerdon.families.campaigns.store import CAMPAIGNS, CampaignRow
from guerdon.families.loyalties import rules as earning_rules
from guerdon.families.loyalties.store import RULES as EARNING_RULES
from guerdon.families.promotion_tiers import store as tiers, views as tier_views
from guerdon.families.rewards.store import ASSIGNMENTS as OFFERS
from guerdon.families.validation_rules import assign, store as rules
from guerdon.families.validation_rules.schemas import About, NewRuleAssignment
from guerdon.families.validation_rules.store import AssignmentRow, RuleRow
from guerdon.families.vouchers import store as vouchers, views as voucher_views
from guerdon.families.vouchers.store import VOUCHERS


class Bound(msgspec.Struct, frozen=True):
    """What a rule binds, held until the transaction ends, by its id and as events show it."""

    id: str
    about: About
    campaign_id: str | None


# Finds and holds what is to be bound, by the name that a request has for it.
_Hold = Callable[[Work, str], Awaitable[Bound | None]]


async def bind(work: Work, rule: RuleRow, new: NewRuleAssignment, *, again: bool) -> AssignmentRow:
    """The assignment; `again` puts it in the place of one that is there.

    Errors: not_found, duplicate_found if the rule binds this already, invalid_payload.
    """
    await work.db.begin()
    bound = await _held(work, new.related_object_type, new.related_object_id)
    if bound is None:
        raise not_found(new.related_object_type, new.related_object_id)
    before = await rules.assignment_of(work.db, work.project.id, bound.id, rule.id) if again else None
    if before is not None:
        await assign.detach(work, rule, before, bound.about, campaign_id=bound.campaign_id)
    made = await assign.bind(work, [rule.id], new.related_object_type, bound.id)
    if new.related_object_type == "earning_rule":
        await earning_rules.note_rule(work, bound.id, rule.id, bound=True)
        bound = await _earning_rule(work, bound.id) or bound
    await assign.tell(work, made, bound.about, campaign_id=bound.campaign_id)
    return made[0].assignment


async def release(work: Work, rule: RuleRow, row: AssignmentRow) -> None:
    """Errors: not_found if somebody else was faster."""
    await work.db.begin()
    if row.related_object_type == "earning_rule":
        await earning_rules.note_rule(work, row.related_object_id, rule.id, bound=False)
    bound = await _held(work, row.related_object_type, row.related_object_id)
    about, campaign_id = (bound.about, bound.campaign_id) if bound else (About(), None)
    await assign.detach(work, rule, row, about, campaign_id=campaign_id)


async def _held(work: Work, related_type: str, name: str) -> Bound | None:
    if related_type == "distribution":
        raise invalid_payload("Property .related_object_type 'distribution' is bound by its own trigger")
    hold = _HOLDS.get(related_type)
    return await hold(work, name) if hold else None


async def _voucher(work: Work, name: str) -> Bound | None:
    """By id or code."""
    found = await vouchers.find(work.db, work.project, name)
    held = found and await VOUCHERS.lock(work.db, work.project.id, found.id)
    if held is None:
        return None
    campaign = await CAMPAIGNS.get(work.db, work.project.id, id=held.campaign_id) if held.campaign_id else None
    about = About(voucher=voucher_views.simple(held), campaign=_simple(campaign))
    return Bound(held.id, about, held.campaign_id)


async def _campaign(work: Work, name: str) -> Bound | None:
    """By id or name."""
    found = await campaigns.find(work.db, work.project.id, name)
    held = found and await campaigns.hold(work.db, work.project.id, found.id)
    return Bound(held.id, About(campaign=_simple(held)), held.id) if held else None


async def _tier(work: Work, tier_id: str) -> Bound | None:
    held = (await tiers.hold(work.db, work.project.id, [tier_id])).get(tier_id)
    if held is None:
        return None
    campaign = await CAMPAIGNS.get(work.db, work.project.id, id=held.campaign_id)
    about = About(campaign=_simple(campaign), promotion_tier=tier_views.simple(held))
    return Bound(held.id, about, held.campaign_id)


async def _earning_rule(work: Work, rule_id: str) -> Bound | None:
    held = await EARNING_RULES.lock(work.db, work.project.id, rule_id)
    campaign = held and await CAMPAIGNS.get(work.db, work.project.id, id=held.campaign_id)
    return Bound(held.id, earning_rules.about(campaign, held), campaign.id) if held and campaign else None


async def _offer(work: Work, offer_id: str) -> Bound | None:
    held = await OFFERS.lock(work.db, work.project.id, offer_id)
    if held is None:
        return None
    campaign = await CAMPAIGNS.get(work.db, work.project.id, id=held.campaign_id)
    return Bound(held.id, About(campaign=_simple(campaign)), held.campaign_id)


def _simple(campaign: CampaignRow | None) -> object:
    return campaign_views.simple(campaign) if campaign else None


_HOLDS: dict[str, _Hold] = {
    "voucher": _voucher,
    "campaign": _campaign,
    "promotion_tier": _tier,
    "earning_rule": _earning_rule,
    "reward_assignment": _offer,
}
