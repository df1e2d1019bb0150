"""Making the tiers of loyalty campaigns, and changing the campaigns that have them."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from guerdon.errors import invalid_payload, missing_param, not_found
from guerdon.events.doorbell import Bell
from guerdon.events.work import Work
from guerdon.families.campaigns import change, views as campaign_views
from guerdon.families.campaigns.store import CAMPAIGNS, CampaignRow
from guerdon.families.loyalties import standing, tier_store as store, tier_views as views
from guerdon.families.loyalties.assignments import SETTLE
from guerdon.families.loyalties.store import RULES
from guerdon.families.loyalties.tier_schemas import MOST_TIERS, NewLoyaltyTier, NewMapping, ProgrammePatch, TierEvent
from guerdon.families.loyalties.tier_store import LOYALTY_TIERS, LoyaltyTierRow
from guerdon.families.metadata_schemas.check import Sent, require
from guerdon.families.rewards.store import ASSIGNMENTS
from guerdon.jobs import queue
from guerdon.jobs.queue import NewJob

WALK = "loyalties.walk_tiers"
PLAN = "loyalties.plan_periods"
FORGET = "loyalties.forget_tiers"
_SLICE = 100


async def create(work: Work, campaign: CampaignRow, new: Sequence[NewLoyaltyTier]) -> list[LoyaltyTierRow]:
    """All of the tiers or none; the campaign's cards are looked at in the background.

    Errors: invalid_payload for ranges that overlap, not_found for rules and rewards that a tier names,
    metadata_validation_failed.
    """
    await require(work, *(Sent("loyalty_tier", one.metadata) for one in new))
    await work.db.begin()
    held = await CAMPAIGNS.lock(work.db, work.project.id, campaign.id)
    if held is None:
        raise not_found("campaign", campaign.id)
    rows = [await _row(work, held, one, f"[{place}]") for place, one in enumerate(new)]
    _check_ranges([*await store.tiers_of(work.db, work.project.id, held.id), *rows])
    for row in rows:
        await LOYALTY_TIERS.insert(work.db, work.project.id, row)
        told = TierEvent(campaign_views.simple(held), views.tier(row))
        work.record("campaign.loyalty_tier.created", held.id, told, campaign_id=held.id)
    await queue.follow(work.db, work.project.id, SETTLE)
    await standing.plan(work, held.id, work.project.day_of(work.now))
    await _walk(work, held, refresh=False)
    return rows


async def update_programme(work: Work, campaign: CampaignRow, patch: ProgrammePatch) -> CampaignRow:
    """The campaign after the change; those in its tiers follow a changed policy only if that is asked for.

    Errors: those of changing campaigns.
    """
    changed = await change.update(work, campaign, patch)
    if patch.options and patch.options.recalculate_tiers:
        await _walk(work, changed, refresh=True)
    return changed


async def plan(work: Work, payload: dict[str, Any]) -> None:
    """A campaign was changed: perhaps its tiers start with periods now, or with others."""
    campaign_id: str = payload["entity_id"]
    await work.db.begin()
    if await store.tiers_of(work.db, work.project.id, campaign_id):
        await standing.plan(work, campaign_id, work.project.day_of(work.now))


async def forget(work: Work, payload: dict[str, Any]) -> None:
    """Removes the tiers of a campaign that was deleted."""
    await store.forget_campaign(work.db, work.project.id, payload["entity_id"])


async def walk(work: Work, payload: dict[str, Any]) -> dict[str, Any] | None:
    """Has a slice of a campaign's cards looked at after its tiers or its policy have changed, and goes on."""
    found = await store.cards_of(work.db, work.project.id, payload["campaign_id"], payload["after"], _SLICE)
    jobs = [{"entity_ids": [card_id], "refresh": payload["refresh"]} for card_id in found]
    await queue.add(work.db, work.project.id, [NewJob(work.new_id("job_"), SETTLE, job, work.group_id) for job in jobs])
    work.ring(Bell.JOBS)
    return {**payload, "after": found[-1]} if len(found) == _SLICE else None


async def _walk(work: Work, campaign: CampaignRow, *, refresh: bool) -> None:
    await queue.enqueue(work, WALK, {"campaign_id": campaign.id, "after": "", "refresh": refresh})


async def _row(work: Work, campaign: CampaignRow, new: NewLoyaltyTier, path: str) -> LoyaltyTierRow:
    end = new.points.to if isinstance(new.points.to, int) else None
    if end is not None and end < new.points.from_:
        raise invalid_payload(f"Property {path}.points.to must be >= {new.points.from_}")
    return LoyaltyTierRow(
        id=work.new_id("ltr_"),
        campaign_id=campaign.id,
        name=new.name,
        points_from=new.points.from_,
        points_to=end,
        earning_rules=await _of_rules(work, campaign, new.earning_rules or {}, f"{path}.earning_rules"),
        rewards=await _of_rewards(work, campaign, new.rewards or {}, f"{path}.rewards"),
        metadata=new.metadata or {},
        created_at=work.now,
    )


async def _of_rules(work: Work, campaign: CampaignRow, given: dict[str, NewMapping], path: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, mapping in given.items():
        rule = await RULES.get(work.db, work.project.id, id=name, campaign_id=campaign.id)
        if rule is None:
            raise not_found("earning_rule", name)
        if mapping.type == "NOT_AVAILABLE":
            raise invalid_payload(f"Property {path}.{name}.type must be 'MULTIPLY' or 'CUSTOM'")
        if mapping.type == "CUSTOM" and mapping.points is None:
            raise missing_param(f"{path}.{name}.points")
        found[rule.id] = _mapping(mapping, f"{path}.{name}")
    return found


async def _of_rewards(work: Work, campaign: CampaignRow, given: dict[str, NewMapping], path: str) -> dict[str, Any]:
    """By the id of the assignment, whether that or the reward is named."""
    found: dict[str, Any] = {}
    for name, mapping in given.items():
        key = {"id": name} if name.startswith("rewa_") else {"reward_id": name}
        offer = await ASSIGNMENTS.get(work.db, work.project.id, campaign_id=campaign.id, **key)
        if offer is None:
            raise not_found("reward_assignment", name)
        if mapping.type == "CUSTOM" and mapping.points is not None and offer.points is None:
            raise invalid_payload(f"Property {path}.{name}.points is not for rewards of type COIN")
        found[offer.id] = _mapping(mapping, f"{path}.{name}")
    return found


def _mapping(given: NewMapping, path: str) -> dict[str, Any]:
    if given.type == "MULTIPLY":
        if given.multiplier is None:
            raise missing_param(f"{path}.multiplier")
        whole = int(given.multiplier) if given.multiplier == int(given.multiplier) else given.multiplier
        return {"type": "MULTIPLY", "multiplier": whole}
    return {"type": "CUSTOM"} if given.points is None else {"type": "CUSTOM", "points": given.points}


def _check_ranges(rows: Sequence[LoyaltyTierRow]) -> None:
    """Errors: invalid_payload for tiers that overlap, or too many."""
    if len(rows) > MOST_TIERS:
        raise invalid_payload(f"A campaign must NOT have more than {MOST_TIERS} tiers")
    ordered = sorted(rows, key=lambda row: row.points_from)
    for lower, higher in pairwise(ordered):
        # One that is open ends where the next one begins.
        end = lower.points_from if lower.points_to is None else lower.points_to
        if end >= higher.points_from:
            raise invalid_payload(f"Points of tier '{higher.name}' overlap those of tier '{lower.name}'")


JOBS = {WALK: walk, PLAN: plan, FORGET: forget}
