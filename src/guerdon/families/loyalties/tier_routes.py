"""Operations on the tiers of loyalty campaigns, and on those who are in them."""

from guerdon.db.table import Order, Where
from guerdon.engine.mapping import taken_away
from guerdon.families.campaigns import shown
from guerdon.families.campaigns.schemas import Campaign
from guerdon.families.campaigns.store import CampaignRow
from guerdon.families.loyalties import tier_views as views, tiers
from guerdon.families.loyalties.members import load_campaign, load_card
from guerdon.families.loyalties.store import RULES
from guerdon.families.loyalties.tier_schemas import (
    LoyaltyTier,
    LoyaltyTiersList,
    NewLoyaltyTiers,
    ProgrammePatch,
    TierEarningRules,
    TierReward,
    TierRewards,
)
from guerdon.families.loyalties.tier_store import LOYALTY_TIERS, STANDINGS, LoyaltyTierRow
from guerdon.families.rewards import views as reward_views
from guerdon.families.rewards.store import ASSIGNMENTS, REWARDS
from guerdon.families.vouchers.store import VoucherRow
from guerdon.http import crud
from guerdon.http.call import Call
from guerdon.http.paging import PageQuery
from guerdon.http.routing import Param, Route


async def update_programme(call: Call[ProgrammePatch], campaign: CampaignRow) -> Campaign:
    changed = await tiers.update_programme(call.work, campaign, call.body)
    return await shown.campaign(call.db, call.project_id, changed)


async def create_tiers(call: Call[NewLoyaltyTiers], campaign: CampaignRow) -> list[LoyaltyTier]:
    return [views.tier(row) for row in await tiers.create(call.work, campaign, call.body)]


async def list_member_tiers(call: Call[None], card: VoucherRow) -> LoyaltyTiersList:
    """The tier that the card is in, if it is in one."""
    standing = await STANDINGS.get(call.db, call.project_id, id=card.id)
    row = await LOYALTY_TIERS.get(call.db, call.project_id, id=standing.tier_id) if standing else None
    found = [views.tier(row, standing)] if row else []
    return LoyaltyTiersList(found, len(found))


async def list_tier_earning_rules(call: Call[None], campaign: CampaignRow, tier: LoyaltyTierRow) -> TierEarningRules:
    query: PageQuery = call.query
    rows, total = await RULES.page(
        call.db,
        call.project_id,
        query.where().equal(campaign_id=campaign.id),
        query.sorting,
        limit=query.limit,
        offset=query.offset,
    )
    mappings = tier.of_rules
    return TierEarningRules([views.earning_rule(row, mappings.get(row.id)) for row in rows], total)


async def list_tier_rewards(call: Call[None], campaign: CampaignRow, tier: LoyaltyTierRow) -> TierRewards:
    """What the tier's members can get, at its price there, the newest offer first."""
    offers = await ASSIGNMENTS.all(
        call.db, call.project_id, Where().equal(campaign_id=campaign.id), Order("created_at")
    )
    found = await REWARDS.by_ids(call.db, call.project_id, {offer.reward_id for offer in offers})
    mappings = tier.of_rewards
    data = [
        TierReward(
            reward_views.reward(views.reward(found[offer.reward_id], mappings.get(offer.id))),
            views.assignment(offer, mappings.get(offer.id)),
        )
        for offer in offers
        if offer.reward_id in found and not taken_away(mappings.get(offer.id))
    ]
    return TierRewards(data, len(data))


async def _load_tier(call: Call[object], tier_id: str, campaign: CampaignRow) -> LoyaltyTierRow | None:
    return await LOYALTY_TIERS.get(call.db, call.project_id, id=tier_id, campaign_id=campaign.id)


_OF = "/v1/loyalties/{campaignId}"
_TIERS = f"{_OF}/tiers"
_CAMPAIGN = (Param("campaign", load_campaign),)
_TIER = (*_CAMPAIGN, Param("loyalty_tier", _load_tier))
_RESOURCE = crud.Resource(
    name="tier_of_programme",
    names="tiers_of_programme",
    table=LOYALTY_TIERS,
    view=views.tier,
    listed=LoyaltyTiersList,
    within="campaign_id",
)
ROUTES = (
    Route("PUT", _OF, update_programme, _CAMPAIGN, ProgrammePatch, answer=Campaign),
    Route("POST", _TIERS, create_tiers, _CAMPAIGN, NewLoyaltyTiers, answer=list[LoyaltyTier]),
    Route("GET", _TIERS, crud.list_of(_RESOURCE), _CAMPAIGN, query=PageQuery, answer=LoyaltyTiersList),
    Route("GET", f"{_TIERS}/{{loyaltyTierId}}", crud.one(_RESOURCE), _TIER, answer=LoyaltyTier),
    Route(
        "GET",
        f"{_TIERS}/{{loyaltyTierId}}/earning-rules",
        list_tier_earning_rules,
        _TIER,
        query=PageQuery,
        answer=TierEarningRules,
    ),
    Route("GET", f"{_TIERS}/{{loyaltyTierId}}/rewards", list_tier_rewards, _TIER, answer=TierRewards),
    Route(
        "GET",
        "/v1/loyalties/members/{memberId}/tiers",
        list_member_tiers,
        (Param("voucher", load_card),),
        answer=LoyaltyTiersList,
    ),
)
