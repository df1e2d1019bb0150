"""What follows when the points of a card have moved, in this order: automatic redemptions, then the holder's tier."""

from typing import Any

from guerdon.events.work import Work
from guerdon.families.campaigns import store as campaigns
from guerdon.families.loyalties.assignments import SETTLE
from guerdon.families.loyalties.standing import settle_tiers
from guerdon.families.redeemables.automatic import redeem_automatically
from guerdon.families.rewards import store as rewards
from guerdon.families.vouchers.store import VOUCHERS, VoucherRow

_SLICE = 500
MOVED = frozenset({"voucher.loyalty_card.transaction.created", "voucher.published"})


async def settle(work: Work, payload: dict[str, Any]) -> dict[str, Any] | None:
    """Looks at a slice of the cards, and goes on with the others; alone at one that may pay for something by itself."""
    ids: list[str] = payload["entity_ids"]
    refresh: bool = payload.get("refresh", False)
    found = await VOUCHERS.several(work.db, work.project.id, ids[:_SLICE])
    cards = {card.id: card for card in found if card.type == "LOYALTY_CARD"}
    offering = await _offering(work, {card.campaign_id or "" for card in cards.values()})
    alone = (place for place, one in enumerate(ids[:_SLICE]) if one in cards and cards[one].campaign_id in offering)
    together = next(alone, _SLICE)
    if together:
        await settle_tiers(work, [one for one in ids[:together] if one in cards], refresh=refresh)
        left = ids[together:]
    else:
        left = ids if await _redeemed(work, cards[ids[0]], refresh=refresh) else ids[1:]
    return {**payload, "entity_ids": left} if left else None


async def _offering(work: Work, campaign_ids: set[str]) -> set[str]:
    """Those of the campaigns that redeem a reward by themselves."""
    return {one for one in campaign_ids if await rewards.automatic(work.db, work.project.id, one)}


async def _redeemed(work: Work, card: VoucherRow, *, refresh: bool) -> bool:
    """Whether there may be more to redeem; if not, the tier is settled. Held, so that both see the same points."""
    await work.db.begin()
    await campaigns.hold(work.db, work.project.id, card.campaign_id or "")
    held = await VOUCHERS.lock(work.db, work.project.id, card.id)
    if held is None:
        return False
    again = await redeem_automatically(work, held)
    if not again:
        await settle_tiers(work, [held.id], refresh=refresh)
    return again


JOBS = {SETTLE: settle}
