"""Rewards that the engine redeems by itself as soon as a card can pay for them."""

from guerdon.errors import ApiError
from guerdon.events.work import Work
from guerdon.families.grants import store as grants
from guerdon.families.redeemables.redeem import Refused, redeem
from guerdon.families.redeemables.request import Request, Wanted, WantedReward
from guerdon.families.rewards import store as rewards
from guerdon.families.rewards.store import AssignmentRow
from guerdon.families.vouchers.store import VoucherRow
from guerdon.telemetry import logger

MOST_AT_ONCE = 25
MOST_RUNS_A_DAY = 10

log = logger("automatic")


class _NothingToRedeem(Exception):  # noqa: N818 - it undoes the count of a run, and nobody reports it
    """The card cannot pay, or may not."""


async def redeem_automatically(work: Work, card: VoucherRow) -> bool:
    """Redeems what the card's campaign says, as often as the card can pay for it; whether there may be more to do.

    So many times at once, and that so many times a day for a customer.
    """
    offer = await rewards.automatic(work.db, work.project.id, card.campaign_id or "")
    if offer is None or card.holder_id is None or not card.balance:
        return False
    await work.db.begin()
    try:
        async with work.db.savepoint():
            today = work.project.day_of(work.now)
            most = MOST_RUNS_A_DAY
            if not await grants.begin_run(work.db, work.project.id, offer.id, card.holder_id, today, most):
                return False
            await _redeem(work, card, offer)
        for _ in range(MOST_AT_ONCE - 1):
            async with work.db.savepoint():
                await _redeem(work, card, offer)
    except _NothingToRedeem:
        return False
    except ApiError as refusal:
        log.warning("cannot_redeem_automatically", card=card.id, offer=offer.id, reason=refusal.key)
        return False
    return True


async def _redeem(work: Work, card: VoucherRow, offer: AssignmentRow) -> None:
    wanted = Wanted(object="voucher", id=card.id, reward=WantedReward(id=offer.reward_id))
    done = await redeem(work, Request(redeemables=[wanted]), certain=True, automatic=offer.id)
    if isinstance(done, Refused):
        raise _NothingToRedeem
