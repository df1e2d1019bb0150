"""Operations that validate and redeem."""

from typing import Any

from msgspec import UNSET

from guerdon.families.loyalties.routes import CARDS
from guerdon.families.redeemables import failed, quotes, views
from guerdon.families.redeemables.answers import Validated
from guerdon.families.redeemables.redeem import Refused, redeem
from guerdon.families.redeemables.request import Request, Wanted
from guerdon.families.redeemables.schemas import CardRedemption, Redeemed, Redemption
from guerdon.families.redeemables.validate import validate
from guerdon.families.vouchers.assets import Links
from guerdon.families.vouchers.store import VoucherRow
from guerdon.http.call import Call
from guerdon.http.routing import Reply, Route


async def validate_redeemables(call: Call[Request]) -> Validated:
    return await validate(call.work, call.body)


async def redeem_redeemables(call: Call[Request]) -> Redeemed | Reply:
    return await _redeem(call, call.body)


async def redeem_by_card(call: Call[CardRedemption], *path: VoucherRow) -> Redemption | Reply:
    """The older form for a single card."""
    card = Wanted(object="voucher", id=path[-1].code, reward=call.body.reward)
    request = Request(redeemables=[card], order=call.body.order, metadata=call.body.metadata)
    answer = await _redeem(call, request)
    return answer if isinstance(answer, Reply) else answer.redemptions[0]


async def _redeem(call: Call[Any], request: Request) -> Redeemed | Reply:
    result = await redeem(call.work, request, certain=call.attempt > 1)
    if isinstance(result, Refused):
        return await failed.reply(call.work, request, result)
    links = Links(call.runtime, call.project_id)
    order = views.order(result.parent or result.done[0])
    loaded, request_id = result.loaded, call.work.group_id
    return Redeemed(
        redemptions=[views.answer(one, links) for one in result.done],
        parent_redemption=views.answer(result.parent, links) if result.parent else UNSET,
        order=order or UNSET,
        inapplicable_redeemables=[quotes.outcome(one, loaded, request_id) for one in result.quote.refused],
        skipped_redeemables=[quotes.outcome(one, loaded, request_id) for one in result.quote.skipped],
    )


ROUTES = (
    Route("POST", "/v1/validations", validate_redeemables, body=Request, answer=Validated),
    Route("POST", "/v1/redemptions", redeem_redeemables, body=Request, answer=Redeemed),
    *(
        Route("POST", f"{path}/redemption", redeem_by_card, card, CardRedemption, answer=Redemption)
        for path, card in CARDS
    ),
)
