"""Offering rewards in loyalty programmes, from either side."""

from collections.abc import Sequence
from typing import Any

import msgspec

from guerdon.errors import duplicate_found, invalid_payload, missing_param, not_found
from guerdon.events.work import Work
from guerdon.families.campaigns import store as campaigns, views as campaign_views
from guerdon.families.campaigns.store import CAMPAIGNS, CampaignRow
from guerdon.families.loyalties.schemas import AssignmentEvent, NewCampaignAssignment
from guerdon.families.rewards import store, views
from guerdon.families.rewards.parameters import campaign_of
from guerdon.families.rewards.schemas import NewAssignment
from guerdon.families.rewards.store import ASSIGNMENTS, REWARDS, AssignmentRow, RewardRow
from guerdon.families.validation_rules import store as rules
from guerdon.families.validation_rules.assign import bind, tell
from guerdon.families.validation_rules.schemas import About
from guerdon.jobs import queue

# The job that looks at a card when its points have moved: redeems what the engine is to redeem, and settles its tier.
SETTLE = "loyalties.settle"


async def offer(work: Work, campaign: CampaignRow, new: Sequence[NewCampaignAssignment]) -> list[AssignmentRow]:
    """Offers all of the rewards or none. Errors: those of `assign`."""
    await work.db.begin()
    return [await assign(work, campaign, one.reward, one) for one in new]


async def assign(work: Work, campaign: CampaignRow, reward_id: str, new: NewAssignment) -> AssignmentRow:
    """The offer.

    Errors: missing_param without a price, not_found, invalid_payload for a campaign that would reward itself or for a
    second offer that the engine is to redeem, duplicate_found for a second offer of the reward.
    """
    await work.db.begin()
    held = await _hold(work, campaign, automatic=_wants_automatic(new))
    reward = await store.hold(work.db, work.project.id, reward_id)
    if reward is None:
        raise not_found("reward", reward_id)
    if campaign_of(reward.parameters) == held.id:
        raise invalid_payload(f"Reward {reward.id} gives points of campaign {held.id} itself")
    row = AssignmentRow(
        id=work.new_id("rewa_"), reward_id=reward.id, campaign_id=held.id, created_at=work.now, **_price(new, reward)
    )
    await _begin_automatic(work, row)
    if not await store.assign(work.db, work.project.id, row):
        found = await store.offer(work.db, work.project.id, held.id, reward.id)
        raise duplicate_found("reward_assignment", "id", found.id if found else reward.id)
    bound = await bind(work, new.validation_rules, "reward_assignment", row.id)
    await _tell(work, "campaign.reward.assignment.created", held, row)
    await tell(work, bound, About(campaign=campaign_views.simple(held)), campaign_id=held.id)
    return row


async def reprice(work: Work, campaign: CampaignRow, row: AssignmentRow, new: NewAssignment) -> AssignmentRow:
    """The offer at its new price; nothing is told if that is the old one.

    Errors: missing_param, not_found, invalid_payload for a second offer that the engine is to redeem.
    """
    await work.db.begin()
    await _hold(work, campaign, automatic=_wants_automatic(new))
    held = await ASSIGNMENTS.lock(work.db, work.project.id, row.id)
    reward = held and await store.hold(work.db, work.project.id, held.reward_id)
    if held is None or reward is None:
        raise not_found("reward_assignment", row.id)
    changed = msgspec.structs.replace(held, **_price(new, reward))
    if changed == held:
        return held
    await _begin_automatic(work, changed)
    changed = msgspec.structs.replace(changed, updated_at=work.now)
    await ASSIGNMENTS.update(work.db, work.project.id, changed)
    await _tell(work, "campaign.reward.assignment.updated", campaign, changed)
    return changed


async def withdraw(work: Work, campaign: CampaignRow, row: AssignmentRow) -> None:
    """Errors: not_found if somebody else was faster."""
    await work.db.begin()
    if not await ASSIGNMENTS.delete(work.db, work.project.id, row.id):
        raise not_found("reward_assignment", row.id)
    await rules.forget(work.db, work.project.id, [row.id])
    await _tell(work, "campaign.reward.assignment.deleted", campaign, row)


async def forget(work: Work, payload: dict[str, Any]) -> None:
    """Removes the offers of a campaign that was deleted."""
    gone = await store.forget_campaign(work.db, work.project.id, payload["entity_id"])
    await rules.forget(work.db, work.project.id, gone)


async def _tell(work: Work, event_type: str, campaign: CampaignRow, row: AssignmentRow) -> None:
    reward = await REWARDS.get(work.db, work.project.id, id=row.reward_id)
    if reward is not None:
        told = AssignmentEvent(campaign_views.simple(campaign), views.reward(reward), views.assignment(row))
        work.record(event_type, campaign.id, told, campaign_id=campaign.id)


async def _hold(work: Work, campaign: CampaignRow, *, automatic: bool) -> CampaignRow:
    """The campaign, to ourselves where it gets an offer of which it has at most one. Errors: not_found."""
    hold = CAMPAIGNS.lock if automatic else campaigns.hold
    held = await hold(work.db, work.project.id, campaign.id)
    if held is None:
        raise not_found("campaign", campaign.id)
    return held


async def _begin_automatic(work: Work, row: AssignmentRow) -> None:
    """From now on cards of the project are looked at when their points move. Errors: invalid_payload for a second."""
    if not row.auto_redeem:
        return
    other = await store.automatic(work.db, work.project.id, row.campaign_id)
    if other is not None and other.id != row.id:
        raise invalid_payload(f"Property .parameters.loyalty.auto_redeem is set for reward assignment {other.id}")
    await queue.follow(work.db, work.project.id, SETTLE)


def _wants_automatic(new: NewAssignment) -> bool:
    return bool(new.parameters and new.parameters.loyalty and new.parameters.loyalty.auto_redeem)


def _price(new: NewAssignment, reward: RewardRow) -> dict[str, Any]:
    """Coins have none: the customer says how many points to pay."""
    automatic = _wants_automatic(new)
    if reward.type == "COIN":
        if automatic:
            raise invalid_payload("Property .parameters.loyalty.auto_redeem is not for rewards of type COIN")
        return {"points": None}
    loyalty = new.parameters and new.parameters.loyalty
    if loyalty is None:
        raise missing_param("parameters.loyalty")
    if loyalty.points is None:
        raise missing_param("parameters.loyalty.points")
    return {"points": loyalty.points, "auto_redeem": automatic}
