"""Operations that validate, redeem and roll back, and the redemptions there have been."""

from typing import Any, ClassVar
from urllib.parse import quote

import msgspec
from msgspec import UNSET

from guerdon.db.table import Where
from guerdon.families.loyalties.routes import CARDS
from guerdon.families.promotion_tiers.store import TierRow
from guerdon.families.promotions.routes import load_tier
from guerdon.families.redeemables import failed, quotes, read, roll_back, views
from guerdon.families.redeemables.answers import Qualified, Validated, ValidatedVoucher
from guerdon.families.redeemables.qualify import qualify
from guerdon.families.redeemables.redeem import Refused, redeem
from guerdon.families.redeemables.request import QualificationRequest, Request, SingleRequest, Wanted
from guerdon.families.redeemables.roll_back import Failed, Wish
from guerdon.families.redeemables.schemas import (
    CardRedemption,
    Redeemed,
    Redemption,
    RedemptionsList,
    RollbackWish,
    RolledBack,
    VoucherRedemptions,
)
from guerdon.families.redeemables.store import FIELDS, REDEMPTIONS, RedemptionRow
from guerdon.families.redeemables.validate import validate
from guerdon.families.vouchers.assets import Links
from guerdon.families.vouchers.routes import load as load_voucher
from guerdon.families.vouchers.store import VoucherRow
from guerdon.http import filters
from guerdon.http.call import Call
from guerdon.http.paging import CreatedQuery, Filters
from guerdon.http.routing import Param, Reply, Route

_REDEMPTIONS_OF = "/v1/vouchers/{code}/redemption"


class RedemptionsQuery(CreatedQuery, kw_only=True):
    """What a list of redemptions can be narrowed to; `campaign` is a name, `customer` an id."""

    changed_at = "created_at"  # nothing else is kept of a redemption's time
    sortable: ClassVar[tuple[str, ...]] = ("created_at", "id", "voucher_code", "tracking_id", "customer_id")

    result: str | None = None
    campaign: str | None = None
    customer: str | None = None
    filters: Filters = None

    def where(self) -> Where:
        named = "campaign_id = (SELECT c.id FROM campaigns c WHERE c.project_id = $1 AND c.name = {})"
        return super().where().equal(customer_id=self.customer).add(_RESULT, self.result).add(named, self.campaign)


class ReasonQuery(msgspec.Struct):
    """Why a redemption is undone, where the body does not say."""

    reason: str | None = None
    tracking_id: str | None = None


async def validate_redeemables(call: Call[Request]) -> Validated:
    return await validate(call.work, call.body)


async def validate_voucher(call: Call[SingleRequest], voucher: VoucherRow) -> ValidatedVoucher:
    """The older form for a single voucher."""
    return quotes.of_voucher(await validate(call.work, _single(voucher, call.body)), voucher.code)


async def qualify_redeemables(call: Call[QualificationRequest]) -> Qualified:
    return await qualify(call.work, call.body)


async def redeem_redeemables(call: Call[Request]) -> Redeemed | Reply:
    return await _redeem(call, call.body)


async def redeem_voucher(call: Call[SingleRequest], voucher: VoucherRow) -> Redemption | Reply:
    """The older form for a single voucher."""
    return await _redeem_one(call, _single(voucher, call.body))


async def redeem_by_card(call: Call[CardRedemption], *path: VoucherRow) -> Redemption | Reply:
    """The older form for a single card."""
    body = SingleRequest(reward=call.body.reward, order=call.body.order, metadata=call.body.metadata)
    return await _redeem_one(call, _single(path[-1], body))


async def validate_tier(call: Call[SingleRequest], tier: TierRow) -> Validated:
    """The older form for a single tier."""
    return await validate(call.work, _single_tier(tier, call.body))


async def redeem_tier(call: Call[SingleRequest], tier: TierRow) -> Redemption | Reply:
    """The older form for a single tier."""
    return await _redeem_one(call, _single_tier(tier, call.body))


async def roll_back_redemption(call: Call[RollbackWish | None], row: RedemptionRow) -> Redemption | Reply:
    result = await roll_back.roll_back(call.work, row, _wish(call), stacked=False)
    if isinstance(result, Failed):
        return failed.rollback_reply(call.work, result.error)
    return views.answer(result.done[0], Links(call.runtime, call.project_id))


async def roll_back_redemptions(call: Call[RollbackWish | None], row: RedemptionRow) -> RolledBack | Reply:
    result = await roll_back.roll_back(call.work, row, _wish(call), stacked=True)
    if isinstance(result, Failed):
        return failed.rollback_reply(call.work, result.error)
    links = Links(call.runtime, call.project_id)
    rollbacks = [views.answer(one, links) for one in result.done]
    parent = views.answer(result.parent, links) if result.parent else UNSET
    return RolledBack(rollbacks=rollbacks, parent_rollback=parent, order=(parent or rollbacks[0]).order or UNSET)


async def list_redemptions(call: Call[None]) -> RedemptionsList:
    query: RedemptionsQuery = call.query
    where = await filters.narrow(call, REDEMPTIONS, FIELDS, query.where())
    rows, total = await REDEMPTIONS.page(
        call.db, call.project_id, where, query.sorting, limit=query.limit, offset=query.offset
    )
    return RedemptionsList(await _shown(call, rows), total)


async def list_voucher_redemptions(call: Call[None], voucher: VoucherRow) -> VoucherRedemptions:
    where = Where().equal(voucher_id=voucher.id)
    rows, total = await REDEMPTIONS.page(
        call.db, call.project_id, where, RedemptionsQuery().sorting, limit=100, offset=0
    )
    return VoucherRedemptions(
        quantity=voucher.redemption_quantity,
        redeemed_quantity=voucher.redeemed_quantity,
        redeemed_points=voucher.redeemed if voucher.type == "LOYALTY_CARD" else UNSET,
        redeemed_amount=voucher.redeemed if voucher.type == "GIFT_VOUCHER" else UNSET,
        url=f"/v1/vouchers/{quote(voucher.code, safe='')}/redemptions?page=1&limit=10",
        total=total,
        redemption_entries=await _shown(call, rows),
    )


async def get_redemption(call: Call[None], row: RedemptionRow) -> Redemption:
    (shown,) = await _shown(call, [row])
    return shown


async def load(call: Call[Any], redemption_id: str) -> RedemptionRow | None:
    return await REDEMPTIONS.get(call.db, call.project_id, id=redemption_id)


async def _shown(call: Call[Any], rows: list[RedemptionRow]) -> list[Redemption]:
    """In full, each with its children and with what undid it."""
    links = Links(call.runtime, call.project_id)
    related = await read.related(call.work, rows)
    shown = [views.answer(one, links) for one in await read.done(call.work, rows)]
    for one in shown:
        one.related_redemptions = related.get(one.id, UNSET)
    return shown


async def _redeem_one(call: Call[Any], request: Request) -> Redemption | Reply:
    answer = await _redeem(call, request)
    return answer if isinstance(answer, Reply) else answer.redemptions[0]


async def _redeem(call: Call[Any], request: Request) -> Redeemed | Reply:
    result = await redeem(call.work, request, certain=call.attempt > 1)
    if isinstance(result, Refused):
        return await failed.reply(call.work, request, result)
    links = Links(call.runtime, call.project_id)
    request_id = call.work.group_id
    redemptions = [views.answer(one, links) for one in result.done]
    parent = views.answer(result.parent, links) if result.parent else UNSET
    order = (parent or redemptions[0]).order
    if result.quote.swaps and (order := views.order(result.parent or result.done[0])):
        quotes.list_replacements(order.items, result.quote.swaps)  # only the whole order tells of them
    return Redeemed(
        redemptions=redemptions,
        parent_redemption=parent,
        order=order or UNSET,
        inapplicable_redeemables=[quotes.outcome(one, result.loaded, request_id) for one in result.quote.refused],
        skipped_redeemables=[quotes.outcome(one, result.loaded, request_id) for one in result.quote.skipped],
    )


def _single_tier(tier: TierRow, body: SingleRequest) -> Request:
    fields = {name: getattr(body, name) for name in _SHARED}
    return Request(redeemables=[Wanted(object="promotion_tier", id=tier.id)], **fields)


def _single(voucher: VoucherRow, body: SingleRequest) -> Request:
    wanted = Wanted(object="voucher", id=voucher.code, gift=body.gift, reward=body.reward)
    fields = {name: getattr(body, name) for name in _SHARED}
    return Request(redeemables=[wanted], **fields)


def _wish(call: Call[RollbackWish | None]) -> Wish:
    body, query = call.body or RollbackWish(), call.query
    return Wish(reason=body.reason or query.reason, metadata=body.metadata, customer=body.customer, order=body.order)


_RESULT = "result = {}"
_SHARED = ("order", "customer", "session", "tracking_id", "metadata")
_TIER = (Param("promotion_tier", load_tier),)
_TIER_PATH = "/v1/promotions/tiers/{promotionTierId}"
_ONE = (Param("redemption", load),)
_VOUCHER = (Param("voucher", load_voucher),)
ROUTES = (
    Route("POST", "/v1/validations", validate_redeemables, body=Request, answer=Validated),
    Route("POST", "/v1/vouchers/{code}/validate", validate_voucher, _VOUCHER, SingleRequest, answer=ValidatedVoucher),
    Route("POST", "/v1/qualifications", qualify_redeemables, body=QualificationRequest, answer=Qualified),
    Route("POST", "/v1/redemptions", redeem_redeemables, body=Request, answer=Redeemed),
    Route("GET", "/v1/redemptions", list_redemptions, query=RedemptionsQuery, answer=RedemptionsList),
    Route("GET", "/v1/redemptions/{redemptionId}", get_redemption, _ONE, answer=Redemption),
    Route(
        "POST",
        "/v1/redemptions/{redemptionId}/rollback",
        roll_back_redemption,
        _ONE,
        RollbackWish | None,
        query=ReasonQuery,
        answer=Redemption,
    ),
    Route(
        "POST",
        "/v1/redemptions/{redemptionId}/rollbacks",
        roll_back_redemptions,
        _ONE,
        RollbackWish | None,
        query=ReasonQuery,
        answer=RolledBack,
    ),
    Route("GET", _REDEMPTIONS_OF, list_voucher_redemptions, _VOUCHER, answer=VoucherRedemptions),
    Route("POST", _REDEMPTIONS_OF, redeem_voucher, _VOUCHER, SingleRequest, answer=Redemption),
    Route("POST", f"{_TIER_PATH}/redemption", redeem_tier, _TIER, SingleRequest, answer=Redemption),
    Route("POST", f"{_TIER_PATH}/validation", validate_tier, _TIER, SingleRequest, answer=Validated),
    *(
        Route("POST", f"{path}/redemption", redeem_by_card, card, CardRedemption, answer=Redemption)
        for path, card in CARDS
    ),
)
