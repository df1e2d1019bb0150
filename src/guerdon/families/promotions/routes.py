"""Operations on promotion tiers and stacks."""

from collections.abc import Sequence
from typing import Any

from guerdon.db.table import Order, Where
from guerdon.engine.validity import problem_at
from guerdon.errors import not_found
from guerdon.families.campaigns.routes import load as load_campaign
from guerdon.families.campaigns.store import CAMPAIGNS, CampaignRow
from guerdon.families.promotion_tiers import store
from guerdon.families.promotion_tiers.schemas import NewTier, Tier, TierPatch, TiersList
from guerdon.families.promotion_tiers.store import STACKS, TIERS, StackRow, TierRow
from guerdon.families.promotions import stacks, tiers, views
from guerdon.families.promotions.schemas import NewStack, Stack, StackPatch, StacksList
from guerdon.families.vouchers import beside
from guerdon.http import filters
from guerdon.http.call import Call
from guerdon.http.paging import CreatedQuery, Filters, PageQuery
from guerdon.http.routing import Param, Route


class TiersQuery(PageQuery, kw_only=True):
    """What a list of tiers can be narrowed to: those that can be redeemed at this moment."""

    is_available: bool | None = None
    filters: Filters = None


class StacksQuery(CreatedQuery, kw_only=True):
    """What a list of stacks can be narrowed to."""

    sortable = ("created_at", "updated_at", "name")


async def add_tier(call: Call[NewTier], campaign: CampaignRow) -> Tier:
    return await tiers.add(call.work, campaign, call.body)


async def list_tiers_of_campaign(call: Call[None], campaign: CampaignRow) -> TiersList:
    """All of them, in the order in which they apply."""
    rows = await store.of_campaigns(call.db, call.project_id, [campaign.id])
    return TiersList(tiers=await tiers.several(call.work, rows), total=len(rows))


async def list_tiers(call: Call[None]) -> TiersList:
    query: TiersQuery = call.query
    where = await filters.narrow(call, TIERS, store.FIELDS, Where())
    if query.is_available:
        every = await _available(call, where, query.sorting)
        rows, total = every[query.offset : query.offset + query.limit], len(every)
    else:
        rows, total = await TIERS.page(
            call.db, call.project_id, where, query.sorting, limit=query.limit, offset=query.offset
        )
    more = query.offset + len(rows) < total
    return TiersList(tiers=await tiers.several(call.work, rows), total=total, has_more=more)


async def get_tier(call: Call[None], row: TierRow) -> Tier:
    return await tiers.one(call.work, row)


async def update_tier(call: Call[TierPatch], row: TierRow) -> Tier:
    return await tiers.update(call.work, row, call.body)


async def delete_tier(call: Call[None], row: TierRow) -> None:
    await tiers.delete(call.work, row)


async def enable_tier(call: Call[None], row: TierRow) -> Tier:
    return await tiers.switch(call.work, row, active=True)


async def disable_tier(call: Call[None], row: TierRow) -> Tier:
    return await tiers.switch(call.work, row, active=False)


async def create_stack(call: Call[NewStack], campaign: CampaignRow) -> Stack:
    return (await _shown(call, [await stacks.create(call.work, campaign, call.body)]))[0]


async def list_stacks(call: Call[None]) -> StacksList:
    query: StacksQuery = call.query
    rows, total = await STACKS.page(
        call.db, call.project_id, query.where(), query.sorting, limit=query.limit, offset=query.offset
    )
    return StacksList(await _shown(call, rows), total)


async def list_stacks_of_campaign(call: Call[None], campaign: CampaignRow) -> StacksList:
    """All of them, newest first."""
    where = Where().equal(campaign_id=campaign.id)
    rows = await STACKS.all(call.db, call.project_id, where, Order("created_at"))
    return StacksList(await _shown(call, rows), len(rows))


async def get_stack(call: Call[None], _campaign: CampaignRow, row: StackRow) -> Stack:
    return (await _shown(call, [row]))[0]


async def update_stack(call: Call[StackPatch], campaign: CampaignRow, row: StackRow) -> Stack:
    return (await _shown(call, [await stacks.update(call.work, campaign, row, call.body)]))[0]


async def delete_stack(call: Call[None], _campaign: CampaignRow, row: StackRow) -> None:
    """Errors: not_found if somebody else was faster."""
    if not await STACKS.delete(call.db, call.project_id, row.id):
        raise not_found("promotion_stack", row.id)


async def _available(call: Call[None], where: Where, order: Order) -> list[TierRow]:
    """The tiers that can be redeemed at this moment, as far as time and switches decide it."""
    now, zone = call.work.now, call.work.project.timezone
    promotions = await CAMPAIGNS.all(
        call.db, call.project_id, Where().equal(campaign_type="PROMOTION", active=True), Order("created_at")
    )
    open_now = {row.id for row in promotions if problem_at(row.period, now, zone) is None}
    rows = await TIERS.all(call.db, call.project_id, where.equal(active=True), order)
    return [row for row in rows if row.campaign_id in open_now and problem_at(row.period, now, zone) is None]


async def _shown(call: Call[Any], rows: Sequence[StackRow]) -> list[Stack]:
    found = await beside.categories_of(call.db, call.project_id, rows)
    return [views.stack(row, found) for row in rows]


async def load_tier(call: Call[object], tier_id: str) -> TierRow | None:
    return await TIERS.get(call.db, call.project_id, id=tier_id)


async def _load_promotion(call: Call[object], name: str) -> CampaignRow | None:
    """A campaign with tiers by id or name."""
    found = await load_campaign(call, name)
    return found if found and found.campaign_type == "PROMOTION" else None


async def _load_stack(call: Call[object], stack_id: str, campaign: CampaignRow) -> StackRow | None:
    return await STACKS.get(call.db, call.project_id, id=stack_id, campaign_id=campaign.id)


_CAMPAIGN = (Param("campaign", _load_promotion),)
_TIER = (Param("promotion_tier", load_tier),)
_STACK = (*_CAMPAIGN, Param("promotion_stack", _load_stack))
_TIERS_PATH = "/v1/promotions/{campaignId}/tiers"
_TIER_PATH = "/v1/promotions/tiers/{promotionTierId}"
_STACKS_PATH = "/v1/promotions/{campaignId}/stacks"
_STACK_PATH = f"{_STACKS_PATH}/{{stackId}}"
ROUTES = (
    Route("GET", "/v1/promotions/tiers", list_tiers, query=TiersQuery, answer=TiersList),
    Route("GET", _TIERS_PATH, list_tiers_of_campaign, _CAMPAIGN, answer=TiersList),
    Route("POST", _TIERS_PATH, add_tier, _CAMPAIGN, NewTier, answer=Tier),
    Route("GET", _TIER_PATH, get_tier, _TIER, answer=Tier),
    Route("PUT", _TIER_PATH, update_tier, _TIER, TierPatch, answer=Tier),
    Route("DELETE", _TIER_PATH, delete_tier, _TIER),
    Route("POST", f"{_TIER_PATH}/enable", enable_tier, _TIER, answer=Tier),
    Route("POST", f"{_TIER_PATH}/disable", disable_tier, _TIER, answer=Tier),
    Route("GET", "/v1/promotions/stacks", list_stacks, query=StacksQuery, answer=StacksList),
    Route("GET", _STACKS_PATH, list_stacks_of_campaign, _CAMPAIGN, answer=StacksList),
    Route("POST", _STACKS_PATH, create_stack, _CAMPAIGN, NewStack, answer=Stack),
    Route("GET", _STACK_PATH, get_stack, _STACK, answer=Stack),
    Route("PUT", _STACK_PATH, update_stack, _STACK, StackPatch, answer=Stack),
    Route("DELETE", _STACK_PATH, delete_stack, _STACK),
)
