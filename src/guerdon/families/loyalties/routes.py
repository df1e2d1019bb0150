"""Operations on the members of loyalty programmes, their points, and how these are earned and spent."""

import msgspec

from guerdon.db.table import Order, Where
from guerdon.families.async_actions.routes import Accepted
from guerdon.families.campaigns import create, routes as campaigns, shown
from guerdon.families.campaigns.access import ASSIGNMENTS, AccessQuery
from guerdon.families.campaigns.schemas import Campaign, CampaignsList, NewCampaign
from guerdon.families.campaigns.store import CAMPAIGNS, CampaignRow
from guerdon.families.customers import store as customers
from guerdon.families.loyalties import balance, estimate, members, rules, transactions, transfers, views
from guerdon.families.loyalties.earning_schemas import EarningRule, EarningRulePatch, EarningRules, NewEarningRules
from guerdon.families.loyalties.members import load_campaign, load_card, load_card_of
from guerdon.families.loyalties.schemas import (
    Balance,
    BalanceChange,
    Buckets,
    Estimate,
    EstimateRequest,
    Members,
    NewMember,
    Transactions,
    Transfers,
)
from guerdon.families.loyalties.store import RULES, EarningRuleRow
from guerdon.families.loyalties.transactions import TransactionsQuery
from guerdon.families.vouchers import shown as vouchers_shown, store as vouchers, views as voucher_views
from guerdon.families.vouchers.assets import Links
from guerdon.families.vouchers.ledger import BUCKETS, SOONEST_FIRST
from guerdon.families.vouchers.schemas import Voucher
from guerdon.families.vouchers.store import VOUCHERS, VoucherRow
from guerdon.http import crud
from guerdon.http.call import Call
from guerdon.http.paging import CreatedQuery, PageQuery
from guerdon.http.routing import Param, Route


class MembersQuery(CreatedQuery, kw_only=True):
    """What a list of cards can be narrowed to; `customer` is the holder's id or source id."""

    sortable = ("created_at", "updated_at", "code")

    customer: str | None = None
    code: str | None = None
    ids: str | list[str] | None = None

    @property
    def sorting(self) -> Order:
        found = super().sorting
        return Order("code_key", descending=found.descending) if found.column == "code" else found


class BucketsQuery(PageQuery, kw_only=True):
    """The buckets that points are in, those that expire soonest first."""

    def where(self) -> Where:
        return super().where().equal(status="ACTIVE")

    @property
    def sorting(self) -> Order:
        return SOONEST_FIRST


async def create_programme(call: Call[NewCampaign]) -> Campaign:
    body = msgspec.structs.replace(call.body, campaign_type=members.PROGRAMME)
    return await shown.campaign(call.db, call.project_id, await create.create(call.work, body))


async def list_programmes(call: Call[None]) -> CampaignsList:
    query: AccessQuery = call.query
    where = query.where().equal(campaign_type=members.PROGRAMME)
    rows, total = await CAMPAIGNS.page(
        call.db, call.project_id, where, query.sorting, limit=query.limit, offset=query.offset
    )
    expanded = query.expand == ASSIGNMENTS
    return CampaignsList(await shown.campaigns(call.db, call.project_id, rows, access_settings=expanded), total)


async def add_member(call: Call[NewMember], campaign: CampaignRow) -> Voucher:
    card = await members.add(call.work, campaign, call.body)
    return await vouchers_shown.voucher(call, card)


async def list_members(call: Call[None], campaign: CampaignRow) -> Members:
    query: MembersQuery = call.query
    where = query.where().equal(campaign_id=campaign.id)
    if query.customer is not None:
        customer = await customers.find(call.db, call.project_id, query.customer)
        where.equal(holder_id=customer.id if customer else query.customer)
    where.add("id = ANY({})", [query.ids] if isinstance(query.ids, str) else query.ids)
    where.add("code_key = {}", query.code and vouchers.key_of(call.work.project, query.code))
    rows, total = await VOUCHERS.page(
        call.db, call.project_id, where, query.sorting, limit=query.limit, offset=query.offset
    )
    return Members(await vouchers_shown.vouchers(call, rows), total)


async def get_member(call: Call[None], *path: VoucherRow) -> Voucher:
    return await vouchers_shown.voucher(call, path[-1])


async def change_balance(call: Call[BalanceChange], *path: VoucherRow) -> Balance:
    return await balance.adjust(call.work, path[-1], call.body)


async def transfer_points(call: Call[Transfers], _campaign: CampaignRow, card: VoucherRow) -> Voucher:
    """The card in the form with nulls: this answer's schema wants some, and its sample has more."""
    changed = await transfers.transfer(call.work, card, call.body)
    return voucher_views.voucher_in_event(changed, Links(call.runtime, call.project_id))


async def estimate_points(call: Call[EstimateRequest], campaign: CampaignRow) -> Estimate:
    return await estimate.estimate(call.work, campaign, call.body)


async def list_card_transactions(call: Call[None], *path: VoucherRow) -> Transactions:
    return await transactions.page(call, Where().equal(voucher_id=path[-1].id))


async def list_campaign_transactions(call: Call[None], campaign: CampaignRow) -> Transactions:
    return await transactions.page(call, Where().equal(campaign_id=campaign.id))


async def create_rules(call: Call[NewEarningRules], campaign: CampaignRow) -> list[EarningRule]:
    return [views.earning_rule(row) for row in await rules.create(call.work, campaign, call.body)]


async def update_rule(call: Call[EarningRulePatch], campaign: CampaignRow, row: EarningRuleRow) -> EarningRule:
    return views.earning_rule(await rules.update(call.work, campaign, row, call.body))


async def enable_rule(call: Call[None], campaign: CampaignRow, row: EarningRuleRow) -> EarningRule:
    return views.earning_rule(await rules.switch(call.work, campaign, row, active=True))


async def disable_rule(call: Call[None], campaign: CampaignRow, row: EarningRuleRow) -> EarningRule:
    return views.earning_rule(await rules.switch(call.work, campaign, row, active=False))


async def delete_rule(call: Call[None], campaign: CampaignRow, row: EarningRuleRow) -> None:
    await rules.delete(call.work, campaign, row)


async def _load_rule(call: Call[object], rule_id: str, campaign: CampaignRow) -> EarningRuleRow | None:
    return await RULES.get(call.db, call.project_id, id=rule_id, campaign_id=campaign.id)


_OF = "/v1/loyalties/{campaignId}"
_CAMPAIGN = (Param("campaign", load_campaign),)
_RULE = (*_CAMPAIGN, Param("earning_rule", _load_rule))
_RULES = crud.Resource(
    name="earning_rule",
    names="earning_rules",
    table=RULES,
    view=views.earning_rule,
    listed=EarningRules,
    within="campaign_id",
)
_BUCKETS = crud.Resource(
    name="bucket", names="buckets", table=BUCKETS, view=views.bucket, listed=Buckets, within="voucher_id"
)
# A card can be named by itself, or within its programme.
CARDS = (
    ("/v1/loyalties/members/{memberId}", (Param("voucher", load_card),)),
    (f"{_OF}/members/{{memberId}}", (*_CAMPAIGN, Param("voucher", load_card_of))),
)
ROUTES = (
    Route("POST", "/v1/loyalties", create_programme, body=NewCampaign, answer=Campaign),
    Route("GET", "/v1/loyalties", list_programmes, query=AccessQuery, answer=CampaignsList),
    Route("GET", _OF, campaigns.get_campaign, _CAMPAIGN, answer=Campaign),
    Route("DELETE", _OF, campaigns.delete_campaign, _CAMPAIGN, query=campaigns.DeleteQuery, answer=Accepted),
    Route("POST", f"{_OF}/members", add_member, _CAMPAIGN, NewMember, answer=Voucher),
    Route("GET", f"{_OF}/members", list_members, _CAMPAIGN, query=MembersQuery, answer=Members),
    *(Route("GET", path, get_member, card, answer=Voucher) for path, card in CARDS),
    *(Route("POST", f"{path}/balance", change_balance, card, BalanceChange, answer=Balance) for path, card in CARDS),
    Route("POST", f"{_OF}/members/{{memberId}}/transfers", transfer_points, CARDS[1][1], Transfers, answer=Voucher),
    Route("POST", f"{_OF}/qualifications", estimate_points, _CAMPAIGN, EstimateRequest, answer=Estimate),
    *(
        Route("GET", f"{path}/transactions", list_card_transactions, card, query=TransactionsQuery, answer=Transactions)
        for path, card in CARDS
    ),
    Route(
        "GET",
        f"{_OF}/transactions",
        list_campaign_transactions,
        _CAMPAIGN,
        query=TransactionsQuery,
        answer=Transactions,
    ),
    Route(
        "GET",
        f"{_OF}/members/{{memberId}}/points-expiration",
        crud.list_of(_BUCKETS),
        CARDS[1][1],
        query=BucketsQuery,
        answer=Buckets,
    ),
    Route("POST", f"{_OF}/earning-rules", create_rules, _CAMPAIGN, NewEarningRules, answer=list[EarningRule]),
    Route("GET", f"{_OF}/earning-rules", crud.list_of(_RULES), _CAMPAIGN, query=PageQuery, answer=EarningRules),
    Route("GET", f"{_OF}/earning-rules/{{earningRuleId}}", crud.one(_RULES), _RULE, answer=EarningRule),
    Route("PUT", f"{_OF}/earning-rules/{{earningRuleId}}", update_rule, _RULE, EarningRulePatch, answer=EarningRule),
    Route("DELETE", f"{_OF}/earning-rules/{{earningRuleId}}", delete_rule, _RULE),
    Route("POST", f"{_OF}/earning-rules/{{earningRuleId}}/enable", enable_rule, _RULE, answer=EarningRule),
    Route("POST", f"{_OF}/earning-rules/{{earningRuleId}}/disable", disable_rule, _RULE, answer=EarningRule),
)
