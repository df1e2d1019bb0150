"""Operations on points that wait."""

from typing import Literal

from msgspec import UNSET

from guerdon.db.table import Order, Where
from guerdon.families.campaigns.store import CampaignRow
from guerdon.families.loyalties import pending, views
from guerdon.families.loyalties.members import load_campaign, load_card, load_card_of
from guerdon.families.loyalties.pending_store import PENDING, WAITING, PendingRow
from guerdon.families.loyalties.schemas import Balance, PendingBalance, PendingChange, PendingPointsList
from guerdon.families.vouchers.store import VoucherRow
from guerdon.http.call import Call
from guerdon.http.paging import CursorQuery
from guerdon.http.routing import Param, Route


class PendingQuery(CursorQuery, kw_only=True):
    """Which way the list goes; newest first unless asked otherwise."""

    order: Literal["id", "-id"] = "-id"


async def list_campaign_pending_points(call: Call[None], campaign: CampaignRow) -> PendingPointsList:
    return await _page(call, Where().equal(campaign_id=campaign.id))


async def list_card_pending_points(call: Call[None], *path: VoucherRow) -> PendingPointsList:
    return await _page(call, Where().equal(voucher_id=path[-1].id))


async def activate_pending_points(call: Call[None], card: VoucherRow, entry: PendingRow) -> Balance:
    return await pending.activate(call.work, card, entry)


async def change_pending_points(call: Call[PendingChange], card: VoucherRow, entry: PendingRow) -> PendingBalance:
    return await pending.adjust(call.work, card, entry, call.body.points)


async def cancel_pending_points(call: Call[None], card: VoucherRow, entry: PendingRow) -> None:
    await pending.cancel(call.work, card, entry)


async def _page(call: Call[None], where: Where) -> PendingPointsList:
    query: PendingQuery = call.query
    descending = query.order != "id"
    where.equal(status=WAITING).add("id < {}" if descending else "id > {}", query.starting_after_id)
    rows = await PENDING.some(
        call.db, call.project_id, where, Order("id", descending=descending), limit=query.limit + 1
    )
    shown, more = rows[: query.limit], len(rows) > query.limit
    return PendingPointsList([views.pending_points(row) for row in shown], more, shown[-1].id if more else UNSET)


async def _load(call: Call[object], entry_id: str, card: VoucherRow) -> PendingRow | None:
    return await PENDING.get(call.db, call.project_id, id=entry_id, voucher_id=card.id)


_OF = "/v1/loyalties/{campaignId}"
_CAMPAIGN = (Param("campaign", load_campaign),)
_CARD = (Param("voucher", load_card),)
_LISTS = (
    (f"{_OF}/members/{{memberId}}/pending-points", (*_CAMPAIGN, Param("voucher", load_card_of))),
    ("/v1/loyalties/members/{memberId}/pending-points", _CARD),
)
_ONE = "/v1/loyalties/members/{memberId}/pending-points/{pendingPointsId}"
_ENTRY = (*_CARD, Param("pending_points", _load))
ROUTES = (
    Route(
        "GET",
        f"{_OF}/pending-points",
        list_campaign_pending_points,
        _CAMPAIGN,
        query=PendingQuery,
        answer=PendingPointsList,
    ),
    *(
        Route("GET", path, list_card_pending_points, params, query=PendingQuery, answer=PendingPointsList)
        for path, params in _LISTS
    ),
    Route("POST", f"{_ONE}/activate", activate_pending_points, _ENTRY, answer=Balance),
    Route("POST", f"{_ONE}/balance", change_pending_points, _ENTRY, PendingChange, answer=PendingBalance),
    Route("POST", f"{_ONE}/cancel", cancel_pending_points, _ENTRY),
)
