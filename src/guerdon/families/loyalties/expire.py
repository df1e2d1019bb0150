"""The end of points: what could be used until a day goes when that day is over where the project is."""

from datetime import date

import msgspec

from guerdon.events.work import Work
from guerdon.families.campaigns import views as campaign_views
from guerdon.families.campaigns.store import CAMPAIGNS
from guerdon.families.customers import store as customers, views as customer_views
from guerdon.families.customers.store import CardChange
from guerdon.families.loyalties import places, store, views
from guerdon.families.loyalties.movements import Expanded, Member, Movement, book
from guerdon.families.loyalties.schemas import PointsExpired
from guerdon.families.publications.publish import AUTOMATION
from guerdon.families.vouchers import ledger, views as voucher_views
from guerdon.families.vouchers.ledger import BucketRow, TransactionRow
from guerdon.families.vouchers.store import VoucherRow

_SLICE = 100


async def expire_due(work: Work, day: date, after: str) -> str | None:
    """Ends the points whose last day was before that day, of a slice of the cards; where to go on, None at the end."""
    found = await store.expiring(work.db, work.project.id, day, places.read(after), _SLICE)
    for card in await store.hold_cards(work.db, work.project.id, [place.card_id for place in found]):
        await _expire(work, card, day)
    return places.write(found[-1]) if len(found) == _SLICE else None


async def _expire(work: Work, card: VoucherRow, today: date) -> None:
    """Without campaign or holder the card is about to go, or to be nobody's: then it is left alone."""
    campaign = await CAMPAIGNS.get(work.db, work.project.id, id=card.campaign_id)
    holder = await customers.hold(work.db, work.project.id, card.holder_id or "")
    if campaign is None or holder is None:
        return
    changed, ended = await ledger.expire(work, card, today)
    points = sum(bucket.points for bucket in ended)
    if not points:
        return
    lost = CardChange(holder.id, campaign=campaign.name, points=-points)
    (holder,) = await customers.change_cards(work.db, work.project.id, [lost])
    member = Member(changed, campaign, holder)
    movement = Movement(type="POINTS_EXPIRATION", points=-points, source=AUTOMATION)
    _tell(work, member, ended, await book(work, member, movement, Expanded()))


def _tell(work: Work, member: Member, ended: list[BucketRow], row: TransactionRow) -> None:
    card, campaign = member.card, member.campaign
    told = PointsExpired(
        voucher=voucher_views.simple(card),
        points=-row.amount,
        campaign=campaign_views.simple(campaign),
        customer=customer_views.simple(member.holder),
        buckets=[views.bucket(bucket) for bucket in ended],
        transaction=views.transaction(row),
    )
    work.record("voucher.loyalty_card.points_expired", card.id, told, campaign_id=campaign.id)
    twin = msgspec.structs.replace(told, campaign=campaign_views.simple_of_customer(campaign))
    work.record("customer.voucher.loyalty_card.points_expired", member.holder.id, twin, campaign_id=campaign.id)
