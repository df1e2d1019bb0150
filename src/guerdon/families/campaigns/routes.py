"""Operations on campaigns and their codes."""

from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from guerdon.errors import invalid_payload
from guerdon.families.async_actions.routes import Accepted
from guerdon.families.campaigns import change, codes, create, define, delete, shown, store, switch
from guerdon.families.campaigns.access import ASSIGNMENTS, AccessQuery
from guerdon.families.campaigns.schemas import (
    MOST_CODES,
    Campaign,
    CampaignPatch,
    CampaignsList,
    CampaignType,
    NewCampaign,
    NewCampaignCode,
    NewCampaignCodes,
)
from guerdon.families.campaigns.store import CampaignRow
from guerdon.families.categories import store as categories
from guerdon.families.vouchers.codes import own_code
from guerdon.families.vouchers.schemas import Voucher
from guerdon.families.vouchers.shown import voucher
from guerdon.http import filters
from guerdon.http.call import Call
from guerdon.http.paging import Filters
from guerdon.http.routing import Param, Reply, Route

C = TypeVar("C", bound=NewCampaignCode)


class CampaignsQuery(AccessQuery, kw_only=True):
    """What a list of campaigns can be narrowed to."""

    campaign_type: CampaignType | None = None
    campaign_status: Literal["DONE", "IN_PROGRESS", "FAILED", "DRAFT", "MODIFYING"] | None = None
    is_referral_code: bool | None = None
    filters: Filters = None


class CodesQuery(msgspec.Struct):
    """How many codes to add."""

    vouchers_count: Annotated[int, Meta(ge=1, le=MOST_CODES)] = 1


class DeleteQuery(msgspec.Struct):
    """`force` destroys for good instead of moving to the bin."""

    force: bool = False


async def create_campaign(call: Call[NewCampaign]) -> Campaign:
    return await shown.campaign(call.db, call.project_id, await create.create(call.work, call.body))


async def list_campaigns(call: Call[None]) -> CampaignsList:
    query: CampaignsQuery = call.query
    where = (
        query.where()
        .equal(campaign_type=query.campaign_type, creation_status=query.campaign_status)
        .add("(campaign_type = 'REFERRAL_PROGRAM') = {}", query.is_referral_code)
    )
    await filters.narrow(call, store.CAMPAIGNS, store.FIELDS, where)
    rows, total = await store.CAMPAIGNS.page(
        call.db, call.project_id, where, query.sorting, limit=query.limit, offset=query.offset
    )
    expanded = query.expand == ASSIGNMENTS
    return CampaignsList(await shown.campaigns(call.db, call.project_id, rows, access_settings=expanded), total)


async def get_campaign(call: Call[None], row: CampaignRow) -> Campaign:
    return await shown.campaign(call.db, call.project_id, row)


async def update_campaign(call: Call[CampaignPatch], row: CampaignRow) -> Campaign:
    """Its codes that are neither published nor redeemed follow in the background."""
    return await shown.campaign(call.db, call.project_id, await change.update(call.work, row, call.body))


async def delete_campaign(call: Call[None], row: CampaignRow) -> Accepted:
    return Accepted(await delete.delete(call.work, row, force=call.query.force))


async def enable_campaign(call: Call[None], row: CampaignRow) -> dict[str, str]:
    await switch.switch(call.work, row, active=True)
    return {}


async def disable_campaign(call: Call[None], row: CampaignRow) -> dict[str, str]:
    """Its codes can be published, and neither earn nor be redeemed."""
    await switch.switch(call.work, row, active=False)
    return {}


async def add_codes(call: Call[NewCampaignCodes | None], row: CampaignRow) -> Voucher | Reply:
    """Adds generated codes, or one of the caller's own. More than one are made in the background (202)."""
    query: CodesQuery = call.query
    body = await _more_codes(call, row, call.body or NewCampaignCodes())
    count = query.vouchers_count
    if body.code is not None:
        if count > 1:
            raise invalid_payload("Property .code is allowed only for one voucher")
        return await voucher(call, await codes.add_one(call.work, row, body, own_code(call.work, body.code)))
    config = define.codes_like(body.code_config) if body.code_config else row.configured.codes.config
    codes.check_capacity(call.work, config, count)
    if count == 1:
        return await voucher(call, await codes.add_one(call.work, row, body, config))
    return Reply(Accepted(await codes.add_many(call.work, row, body, config, count)), 202)


async def add_code(call: Call[NewCampaignCode | None], row: CampaignRow, code: str) -> Voucher:
    """Adds a code of the caller's own."""
    body = await _more_codes(call, row, call.body or NewCampaignCode())
    return await voucher(call, await codes.add_one(call.work, row, body, own_code(call.work, code)))


async def _more_codes(call: Call[Any], row: CampaignRow, body: C) -> C:
    """The request with its category by id. Errors: not_found, and invalid_campaign where there are no more codes."""
    define.require_codes(row)
    if row.type == "STANDALONE":
        raise define.invalid_campaign("You can not generate vouchers for STANDALONE type campaign.")
    category_id = await categories.named(call.db, call.project_id, body.category_id or body.category)
    return msgspec.structs.replace(body, category_id=category_id)


async def load(call: Call[object], name: str) -> CampaignRow | None:
    """A campaign by id or name."""
    return await store.find(call.db, call.project_id, name)


async def _as_it_stands(_call: Call[object], text: str, _campaign: CampaignRow) -> str:
    return text


_ONE = (Param("campaign", load),)
ROUTES = (
    Route("POST", "/v1/campaigns", create_campaign, body=NewCampaign, answer=Campaign),
    Route("GET", "/v1/campaigns", list_campaigns, query=CampaignsQuery, answer=CampaignsList),
    Route("GET", "/v1/campaigns/{campaignId}", get_campaign, _ONE, answer=Campaign),
    Route("PUT", "/v1/campaigns/{campaignId}", update_campaign, _ONE, CampaignPatch, answer=Campaign),
    Route(
        "DELETE", "/v1/campaigns/{campaignId}", delete_campaign, _ONE, query=DeleteQuery, answer=Accepted, status=202
    ),
    Route("POST", "/v1/campaigns/{campaignId}/enable", enable_campaign, _ONE, answer=dict[str, str]),
    Route("POST", "/v1/campaigns/{campaignId}/disable", disable_campaign, _ONE, answer=dict[str, str]),
    Route(
        "POST",
        "/v1/campaigns/{campaignId}/vouchers",
        add_codes,
        _ONE,
        body=NewCampaignCodes | None,
        query=CodesQuery,
        answer=Voucher,
    ),
    Route(
        "POST",
        "/v1/campaigns/{campaignId}/vouchers/{code}",
        add_code,
        (*_ONE, Param("voucher", _as_it_stands)),
        body=NewCampaignCode | None,
        answer=Voucher,
    ),
)
