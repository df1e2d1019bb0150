"""Operations on the offers of rewards, by the campaign, by the reward, and for one card."""

from collections.abc import Mapping

import msgspec

from guerdon.db.table import Order, Where
from guerdon.engine.mapping import PointsMapping, mapped
from guerdon.errors import not_found
from guerdon.families.campaigns.store import CAMPAIGNS, CampaignRow
from guerdon.families.loyalties import assignments, members, tier_views
from guerdon.families.loyalties.members import load_campaign, load_card
from guerdon.families.loyalties.schemas import (
    MemberReward,
    MemberRewards,
    NewCampaignAssignments,
    NewRewardAssignment,
)
from guerdon.families.loyalties.tier_store import tier_of_card
from guerdon.families.rewards import routes as rewards, views
from guerdon.families.rewards.schemas import Assignment, AssignmentsList, NewAssignment, Reward
from guerdon.families.rewards.store import ASSIGNMENTS, REWARDS, AssignmentRow, RewardRow
from guerdon.families.vouchers.store import VoucherRow
from guerdon.http import crud
from guerdon.http.call import Call
from guerdon.http.paging import PageQuery
from guerdon.http.routing import Param, Route


class OffersQuery(PageQuery, kw_only=True):
    """What a list of offers can be narrowed to, in the spellings of its two paths."""

    assignment_id: str | None = None
    assignment_id_: str | None = msgspec.field(default=None, name="assignmentId")

    def where(self) -> Where:
        return super().where().equal(id=self.assignment_id or self.assignment_id_)


class MemberRewardsQuery(msgspec.Struct):
    """Whether only what the card can pay now is wanted."""

    affordable_only: bool = False


async def offer_rewards(call: Call[NewCampaignAssignments], campaign: CampaignRow) -> list[Assignment]:
    return [views.assignment(row) for row in await assignments.offer(call.work, campaign, call.body)]


async def offer_reward(call: Call[NewRewardAssignment], reward: RewardRow) -> Assignment:
    campaign = await members.programme(call.work, call.body.campaign)
    if campaign is None:
        raise not_found("campaign", call.body.campaign)
    return views.assignment(await assignments.assign(call.work, campaign, reward.id, call.body))


async def get_reward_of_offer(call: Call[None], _campaign: CampaignRow, row: AssignmentRow) -> Reward:
    reward = await REWARDS.get(call.db, call.project_id, id=row.reward_id)
    if reward is None:
        raise not_found("reward", row.reward_id)
    return views.reward(reward)


async def update_offer(call: Call[NewAssignment], _of: CampaignRow | RewardRow, row: AssignmentRow) -> Assignment:
    campaign = await CAMPAIGNS.get(call.db, call.project_id, id=row.campaign_id)
    if campaign is None:
        raise not_found("campaign", row.campaign_id)
    return views.assignment(await assignments.reprice(call.work, campaign, row, call.body))


async def delete_offer(call: Call[None], _of: CampaignRow | RewardRow, row: AssignmentRow) -> None:
    campaign = await CAMPAIGNS.get(call.db, call.project_id, id=row.campaign_id)
    if campaign is None:
        raise not_found("campaign", row.campaign_id)
    await assignments.withdraw(call.work, campaign, row)


async def list_member_rewards(call: Call[None], card: VoucherRow) -> MemberRewards:
    """What the card's campaign offers in the tier that the card is in, the newest offer first."""
    query: MemberRewardsQuery = call.query
    where = Where().equal(campaign_id=card.campaign_id)
    offers = await ASSIGNMENTS.all(call.db, call.project_id, where, Order("created_at"))
    found = await REWARDS.by_ids(call.db, call.project_id, {offer.reward_id for offer in offers})
    tier = await tier_of_card(call.db, call.project_id, card.id)
    mappings: Mapping[str, PointsMapping] = tier.of_rewards if tier else {}
    shown: list[MemberReward] = []
    for offer in offers:
        mapping = mappings.get(offer.id)
        price = mapped(offer.points or 1, mapping)
        if offer.reward_id not in found or price is None or (query.affordable_only and price > card.balance):
            continue
        reward = views.reward(tier_views.reward(found[offer.reward_id], mapping))
        shown.append(MemberReward(reward, tier_views.assignment(offer, mapping)))
    return MemberRewards(shown, len(shown))


async def _load_of_campaign(call: Call[object], offer_id: str, campaign: CampaignRow) -> AssignmentRow | None:
    return await ASSIGNMENTS.get(call.db, call.project_id, id=offer_id, campaign_id=campaign.id)


async def _load_of_reward(call: Call[object], offer_id: str, reward: RewardRow) -> AssignmentRow | None:
    return await ASSIGNMENTS.get(call.db, call.project_id, id=offer_id, reward_id=reward.id)


_OFFERS = crud.Resource(
    name="offer",
    names="offers",
    table=ASSIGNMENTS,
    view=views.assignment,
    listed=AssignmentsList,
    within="campaign_id",
)
_OFFERS_OF_REWARD = msgspec.structs.replace(_OFFERS, names="offers_of_reward", within="reward_id")
_OF = "/v1/loyalties/{campaignId}"
_CAMPAIGN = (Param("campaign", load_campaign),)
_REWARD = (Param("reward", rewards.load),)
_BY_CAMPAIGN = (*_CAMPAIGN, Param("reward_assignment", _load_of_campaign))
_BY_REWARD = (*_REWARD, Param("reward_assignment", _load_of_reward))
# One offer by the two paths on which it can be changed.
_CHANGED = (
    (f"{_OF}/rewards/{{assignmentId}}", _BY_CAMPAIGN),
    ("/v1/rewards/{rewardId}/assignments/{assignmentId}", _BY_REWARD),
)
_SHOWN = (*_CHANGED, (f"{_OF}/reward-assignments/{{assignmentId}}", _BY_CAMPAIGN))
ROUTES = (
    Route("POST", f"{_OF}/rewards", offer_rewards, _CAMPAIGN, NewCampaignAssignments, answer=list[Assignment]),
    *(
        Route("GET", f"{_OF}/{name}", crud.list_of(_OFFERS), _CAMPAIGN, query=OffersQuery, answer=AssignmentsList)
        for name in ("rewards", "reward-assignments")
    ),
    *(Route("GET", path, crud.one(_OFFERS), params, answer=Assignment) for path, params in _SHOWN),
    *(Route("PUT", path, update_offer, params, NewAssignment, answer=Assignment) for path, params in _CHANGED),
    *(Route("DELETE", path, delete_offer, params) for path, params in _CHANGED),
    Route("GET", f"{_OF}/reward-assignments/{{assignmentId}}/reward", get_reward_of_offer, _BY_CAMPAIGN, answer=Reward),
    Route("POST", "/v1/rewards/{rewardId}/assignments", offer_reward, _REWARD, NewRewardAssignment, answer=Assignment),
    Route(
        "GET",
        "/v1/rewards/{rewardId}/assignments",
        crud.list_of(_OFFERS_OF_REWARD),
        _REWARD,
        query=PageQuery,
        answer=AssignmentsList,
    ),
    Route(
        "GET",
        "/v1/loyalties/members/{memberId}/rewards",
        list_member_rewards,
        (Param("voucher", load_card),),
        query=MemberRewardsQuery,
        answer=MemberRewards,
    ),
)
