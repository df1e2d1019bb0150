"""Operations on those who hold referral codes, on what referrers get, and on everything that a customer holds."""

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from guerdon.db.table import Order, Where
from guerdon.families.campaigns import store as campaigns
from guerdon.families.campaigns.store import REFERRAL, CampaignRow
from guerdon.families.customers import routes as customers
from guerdon.families.customers.store import CustomerRow
from guerdon.families.holders import views as holder_views
from guerdon.families.holders.store import FIELDS, HOLDERS, HolderRow
from guerdon.families.referrals import holders, tiers, views
from guerdon.families.referrals.schemas import (
    CustomerRedeemablesList,
    HoldersAdded,
    HoldersList,
    NewHolders,
    NewReferralTier,
    ReferralTier,
    ReferralTierPatch,
    ReferralTiersList,
)
from guerdon.families.referrals.store import REFERRAL_TIERS, ReferralTierRow
from guerdon.families.vouchers import beside, store as vouchers
from guerdon.families.vouchers.assets import Links
from guerdon.families.vouchers.store import VOUCHERS, VoucherRow
from guerdon.http import crud, filters
from guerdon.http.call import Call
from guerdon.http.paging import CursorQuery, Filters, PageQuery
from guerdon.http.routing import Param, Route


class HoldersQuery(CursorQuery, kw_only=True):
    """Which way a list of holders goes; newest first unless asked otherwise."""

    order: Literal["id", "-id"] = "-id"
    filters: Filters = None


class _Slice(msgspec.Struct, frozen=True):
    rows: list[HolderRow]
    total: int
    has_more: bool

    @property
    def more_after(self) -> str | UnsetType:
        return self.rows[-1].id if self.has_more else UNSET


async def add_holders(call: Call[NewHolders], *path: VoucherRow) -> HoldersAdded:
    return HoldersAdded([holder_views.holder(row) for row in await holders.add(call.work, path[-1], call.body)])


async def list_holders(call: Call[None], *path: VoucherRow) -> HoldersList:
    found = await _slice(call, voucher_id=path[-1].id)
    return HoldersList([holder_views.holder(row) for row in found.rows], found.total, found.has_more, found.more_after)


async def remove_holder(call: Call[None], *path: VoucherRow | HolderRow) -> None:
    code, row = path[-2:]
    if isinstance(code, VoucherRow) and isinstance(row, HolderRow):
        await holders.remove(call.work, code, row)


async def list_customer_redeemables(call: Call[None], customer: CustomerRow) -> CustomerRedeemablesList:
    """Everything that a customer holds."""
    found = await _slice(call, customer_id=customer.id)
    codes = await VOUCHERS.by_ids(call.db, call.project_id, {row.voucher_id for row in found.rows})
    known = await beside.categories_of(call.db, call.project_id, list(codes.values()))
    links = Links(call.runtime, call.project_id)
    shown = [
        views.held(row, codes[row.voucher_id], links, known, call.work.now)
        for row in found.rows
        if row.voucher_id in codes
    ]
    return CustomerRedeemablesList(shown, found.total, found.has_more, found.more_after)


async def create_referral_tier(call: Call[NewReferralTier], campaign: CampaignRow) -> ReferralTier:
    return views.tier(await tiers.create(call.work, campaign, call.body))


async def update_referral_tier(
    call: Call[ReferralTierPatch], campaign: CampaignRow, row: ReferralTierRow
) -> ReferralTier:
    return views.tier(await tiers.update(call.work, campaign, row, call.body))


async def delete_referral_tier(call: Call[None], campaign: CampaignRow, row: ReferralTierRow) -> None:
    await tiers.delete(call.work, campaign, row)


async def _slice(call: Call[None], **of: str) -> _Slice:
    query: HoldersQuery = call.query
    where = await filters.narrow(call, HOLDERS, FIELDS, Where().equal(**of))
    total = await HOLDERS.count(call.db, call.project_id, where)
    descending = query.order == "-id"
    where.add("id < {}" if descending else "id > {}", query.starting_after_id)
    rows = await HOLDERS.some(
        call.db, call.project_id, where, Order("id", descending=descending), limit=query.limit + 1
    )
    return _Slice(rows[: query.limit], total, len(rows) > query.limit)


async def _load_campaign(call: Call[object], name: str) -> CampaignRow | None:
    found = await campaigns.find(call.db, call.project_id, name)
    return found if found and found.campaign_type == REFERRAL else None


async def _load_code(call: Call[object], name: str) -> VoucherRow | None:
    found = await vouchers.find(call.db, call.work.project, name)
    return found if found and found.is_referral_code else None


async def _load_code_of(call: Call[object], name: str, campaign: CampaignRow) -> VoucherRow | None:
    found = await _load_code(call, name)
    return found if found and found.campaign_id == campaign.id else None


async def _load_holder(call: Call[object], holder_id: str, *path: VoucherRow) -> HolderRow | None:
    return await HOLDERS.get(call.db, call.project_id, id=holder_id, voucher_id=path[-1].id)


async def _load_tier(call: Call[object], tier_id: str, campaign: CampaignRow) -> ReferralTierRow | None:
    return await REFERRAL_TIERS.get(call.db, call.project_id, id=tier_id, campaign_id=campaign.id)


_CAMPAIGN = (Param("campaign", _load_campaign),)
# A code can be named by itself, or within its campaign.
_CODES = (
    ("/v1/referrals/members/{memberId}/holders", (Param("voucher", _load_code),)),
    ("/v1/referrals/{campaignId}/members/{memberId}/holders", (*_CAMPAIGN, Param("voucher", _load_code_of))),
)
_TIERS = "/v1/campaigns/{campaignId}/referral-tiers"
_TIER = (*_CAMPAIGN, Param("referral_tier", _load_tier))
_RESOURCE = crud.Resource(
    name="referral_tier",
    names="referral_tiers",
    table=REFERRAL_TIERS,
    view=views.tier,
    listed=ReferralTiersList,
    within="campaign_id",
)
ROUTES = (
    *(Route("POST", path, add_holders, code, NewHolders, answer=HoldersAdded) for path, code in _CODES),
    *(Route("GET", path, list_holders, code, query=HoldersQuery, answer=HoldersList) for path, code in _CODES),
    *(
        Route("DELETE", f"{path}/{{holderId}}", remove_holder, (*code, Param("redeemable_holder", _load_holder)))
        for path, code in _CODES
    ),
    Route(
        "GET",
        "/v1/customers/{customerId}/redeemables",
        list_customer_redeemables,
        (Param("customer", customers.load),),
        query=HoldersQuery,
        answer=CustomerRedeemablesList,
    ),
    Route("POST", _TIERS, create_referral_tier, _CAMPAIGN, NewReferralTier, answer=ReferralTier),
    Route("GET", _TIERS, crud.list_of(_RESOURCE), _CAMPAIGN, query=PageQuery, answer=ReferralTiersList),
    Route("GET", f"{_TIERS}/{{referralTierId}}", crud.one(_RESOURCE), _TIER, answer=ReferralTier),
    Route("PUT", f"{_TIERS}/{{referralTierId}}", update_referral_tier, _TIER, ReferralTierPatch, answer=ReferralTier),
    Route("DELETE", f"{_TIERS}/{{referralTierId}}", delete_referral_tier, _TIER),
)
