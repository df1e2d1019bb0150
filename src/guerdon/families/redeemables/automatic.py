"""Rewards that the engine redeems by itself as soon as a card can pay for them."""

from datetime import date

from guerdon.errors import ApiError
from guerdon.events.work import Work
from guerdon.families.grants import store as grants
from guerdon.families.loyalties.assignments import SETTLE
from guerdon.families.loyalties.store import card_of
from guerdon.families.redeemables.redeem import Refused, redeem
from guerdon.families.redeemables.request import Request, Wanted, WantedReward
from guerdon.families.rewards import store as rewards
from guerdon.families.rewards.store import ASSIGNMENTS, AssignmentRow
from guerdon.families.vouchers.store import VoucherRow
from guerdon.jobs import queue
from guerdon.telemetry import logger

MOST_AT_ONCE = 25
_SLICE = 20

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
            if not await grants.begin_run(work.db, work.project.id, offer.id, card.holder_id, today):
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


async def redeem_again(work: Work, day: date, _after: str) -> str | None:
    """Goes on with a slice of those for whom nothing more could be redeemed on an earlier day; None at the end."""
    found = await grants.unblock(work.db, work.project.id, day, _SLICE)
    for one in found:
        offer = await ASSIGNMENTS.get(work.db, work.project.id, id=one.assignment_id)
        card = offer and await card_of(work.db, work.project.id, offer.campaign_id, one.customer_id)
        if card is not None and await redeem_automatically(work, card):
            await queue.enqueue(work, SETTLE, {"entity_ids": [card.id]})
    return day.isoformat() if len(found) == _SLICE else None


async def _redeem(work: Work, card: VoucherRow, offer: AssignmentRow) -> None:
    wanted = Wanted(object="voucher", id=card.id, reward=WantedReward(id=offer.reward_id))
    done = await redeem(work, Request(redeemables=[wanted]), certain=True, automatic=offer.id)
    if isinstance(done, Refused):
        raise _NothingToRedeem
