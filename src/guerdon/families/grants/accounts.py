"""Credits and points that the engine itself puts on cards, and takes off them."""

from guerdon.events.work import Work
from guerdon.families.campaigns import store as campaigns
from guerdon.families.campaigns.store import CampaignRow
from guerdon.families.customers import store as customers
from guerdon.families.customers.store import CardChange
from guerdon.families.gifts import balance as gifts
from guerdon.families.gifts.schemas import AmountChange
from guerdon.families.loyalties.movements import AUTOMATIC, Expanded, Member, Movement, book, tell_points_added
from guerdon.families.publications.publish import AUTOMATION
from guerdon.families.vouchers import ledger
from guerdon.families.vouchers.store import VOUCHERS, VoucherRow


async def add(work: Work, card_id: str, amount: int) -> bool:
    """Puts so much on the card; False if it is gone, is nobody's, or cannot hold so much."""
    found = await _held(work, card_id)
    if found is None:
        return False
    campaign, card = found
    if card.type == "GIFT_VOUCHER":
        await gifts.adjust(work, card, AmountChange(amount=amount), source=AUTOMATION)
        return True
    expires_on = campaign.last_day_of_points(work.project.day_of(work.now))
    return await _moved(work, campaign, await ledger.add(work, card, amount, expires_on), amount)


async def take(work: Work, card_id: str, amount: int) -> None:
    """Takes so much off the card, or what there is left of it."""
    found = await _held(work, card_id)
    if found is None:
        return
    campaign, card = found
    less = min(amount, card.balance)
    if less and card.type == "GIFT_VOUCHER":
        await gifts.adjust(work, card, AmountChange(amount=-less), source=AUTOMATION)
    elif less:
        await _moved(work, campaign, await ledger.remove(work, card, less), -less)


async def _held(work: Work, card_id: str) -> tuple[CampaignRow, VoucherRow] | None:
    """The card, held, with its campaign."""
    card = await VOUCHERS.get(work.db, work.project.id, id=card_id)
    campaign = await campaigns.hold(work.db, work.project.id, card.campaign_id or "") if card else None
    held = await VOUCHERS.lock(work.db, work.project.id, card_id) if campaign else None
    return (campaign, held) if campaign and held else None


async def _moved(work: Work, campaign: CampaignRow, card: VoucherRow | None, points: int) -> bool:
    """What a movement of points leaves behind."""
    if card is None:
        return False
    change = CardChange(card.holder_id or "", campaign=campaign.name, points=points)
    holders = await customers.change_cards(work.db, work.project.id, [change])
    if not holders:
        raise LookupError(f"card {card.id} has lost its holder")  # it is released soon; until then this is tried again
    member = Member(card, campaign, holders[0])
    kind = "POINTS_ADDITION" if points > 0 else "POINTS_REMOVAL"
    movement = Movement(type=kind, points=points, source=AUTOMATION, operation_type=AUTOMATIC)
    row = book(work, member, movement, Expanded())
    tell_points_added(work, member, row, AUTOMATIC)
    return True
