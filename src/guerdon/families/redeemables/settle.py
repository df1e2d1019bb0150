"""What follows when the points of a card have moved, in this order: automatic redemptions, then the holder's tier."""

from typing import Any

from guerdon.events.work import Work
from guerdon.families.campaigns import store as campaigns
from guerdon.families.loyalties.assignments import SETTLE
from guerdon.families.loyalties.standing import settle_tiers
from guerdon.families.redeemables.automatic import redeem_automatically
from guerdon.families.vouchers.store import VOUCHERS

MOVED = frozenset({"voucher.loyalty_card.transaction.created", "voucher.published"})


async def settle(work: Work, payload: dict[str, Any]) -> dict[str, Any] | None:
    """Looks at one of the cards, and goes on with the others; held, so that both steps see the same points."""
    first, *others = payload["entity_ids"]
    card = await VOUCHERS.get(work.db, work.project.id, id=first)
    again = False
    if card is not None and card.type == "LOYALTY_CARD":
        await work.db.begin()
        await campaigns.hold(work.db, work.project.id, card.campaign_id or "")
        card = await VOUCHERS.lock(work.db, work.project.id, card.id)
    if card is not None and card.type == "LOYALTY_CARD":
        again = await redeem_automatically(work, card)
        if not again:
            await settle_tiers(work, card.id, refresh=payload.get("refresh", False))
    left = [first, *others] if again else others
    return {**payload, "entity_ids": left} if left else None


JOBS = {SETTLE: settle}
