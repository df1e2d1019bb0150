"""What follows when the points of a card have moved, in this order: automatic redemptions, then the holder's tier."""

from typing import Any

from guerdon.events.work import Work
from guerdon.families.loyalties.assignments import SETTLE
from guerdon.families.loyalties.standing import settle_tiers
from guerdon.families.redeemables.automatic import redeem_automatically
from guerdon.families.vouchers.store import VOUCHERS

MOVED = frozenset({"voucher.loyalty_card.transaction.created", "voucher.published"})


async def settle(work: Work, payload: dict[str, Any]) -> dict[str, Any] | None:
    """Looks at cards; returns those of which there is more to redeem."""
    more: list[str] = []
    for card_id in sorted(payload["entity_ids"]):
        card = await VOUCHERS.get(work.db, work.project.id, id=card_id)
        if card is None or card.type != "LOYALTY_CARD":
            continue
        if await redeem_automatically(work, card):
            more.append(card_id)
        else:
            await settle_tiers(work, card_id)
    return {"entity_ids": more} if more else None


JOBS = {SETTLE: settle}
