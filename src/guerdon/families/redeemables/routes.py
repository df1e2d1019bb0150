"""Operations that redeem: so far the rewards of loyalty cards."""

from guerdon.families.loyalties.routes import CARDS
from guerdon.families.redeemables import views
from guerdon.families.redeemables.redeem import redeem_reward
from guerdon.families.redeemables.schemas import NewRedemption, Redemption
from guerdon.families.vouchers.assets import Links
from guerdon.families.vouchers.store import VoucherRow
from guerdon.http.call import Call
from guerdon.http.routing import Route


async def redeem_by_card(call: Call[NewRedemption], *path: VoucherRow) -> Redemption:
    done = await redeem_reward(call.work, path[-1], call.body)
    return views.answer(done, Links(call.runtime, call.project_id))


ROUTES = tuple(
    Route("POST", f"{path}/redemption", redeem_by_card, card, NewRedemption, answer=Redemption) for path, card in CARDS
)
