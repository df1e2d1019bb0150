"""The end of points: what could be used until a day goes when that day is over where the project is."""

from collections.abc import Mapping, Sequence
from datetime import date

import msgspec

from guerdon.events.work import Work
from guerdon.families.campaigns import store as campaigns, views as campaign_views
from guerdon.families.campaigns.store import CampaignRow
from guerdon.families.customers import store as customers, views as customer_views
from guerdon.families.customers.store import CUSTOMERS, CardChange
from guerdon.families.loyalties import places, store, views
from guerdon.families.loyalties.movements import Expanded, Member, Movement, entry, tell_booked
from guerdon.families.loyalties.schemas import PointsExpired
from guerdon.families.loyalties.turns import turns
from guerdon.families.publications.publish import AUTOMATION
from guerdon.families.vouchers import ledger, views as voucher_views
from guerdon.families.vouchers.ledger import BucketRow, TransactionRow
from guerdon.families.vouchers.store import VoucherRow

_SLICE = 1_000
_Ended = tuple[VoucherRow, list[BucketRow]]


async def expire_due(work: Work, day: date, after: str) -> str | None:
    """Ends the points whose last day was before that day, of a slice of the cards; where to go on, None at the end.

    A card without campaign or holder is about to go, or to be nobody's: it is left alone.
    """
    db, project_id = work.db, work.project.id
    found = await store.expiring(db, project_id, day, places.read(after), _SLICE)
    held = await store.hold_cards(db, project_id, [place.card_id for place in found])
    programmes = await campaigns.by_ids(db, project_id, {card.campaign_id or "" for card in held})
    holders = {row.id for row in await CUSTOMERS.hold_several(db, project_id, {card.holder_id or "" for card in held})}
    cards = [card for card in held if card.campaign_id in programmes and card.holder_id in holders]
    if cards:
        ended = [(card, buckets) for card, buckets in await ledger.expire(work, cards, day) if buckets]
        await _book(work, programmes, ended)
    return places.write(found[-1]) if len(found) == _SLICE else None


async def _book(work: Work, programmes: Mapping[str, CampaignRow], ended: Sequence[_Ended]) -> None:
    """The customers' sums, the ledger and the events of what has ended."""
    rows: list[TransactionRow] = []
    for member, buckets in await _losers(work, programmes, ended):
        movement = Movement(type="POINTS_EXPIRATION", points=-_points(buckets), source=AUTOMATION)
        row = entry(work, member, movement)
        tell_booked(work, member, movement, Expanded(), row)
        _tell(work, member, buckets, row)
        rows.append(row)
    if rows:
        await ledger.record_all(work.db, work.project.id, rows)


async def _losers(
    work: Work, programmes: Mapping[str, CampaignRow], ended: Sequence[_Ended]
) -> list[tuple[Member, list[BucketRow]]]:
    """The cards with their holders, who have lost the points."""
    found: list[tuple[Member, list[BucketRow]]] = []
    for turn in turns(ended, lambda one: (one[0].holder_id or "",)):
        lost = [
            CardChange(card.holder_id or "", campaign=programmes[card.campaign_id or ""].name, points=-_points(buckets))
            for card, buckets in turn
        ]
        changed = {row.id: row for row in await customers.change_cards(work.db, work.project.id, lost)}
        for card, buckets in turn:
            found.append((Member(card, programmes[card.campaign_id or ""], changed[card.holder_id or ""]), buckets))
    return found


def _points(buckets: Sequence[BucketRow]) -> int:
    return sum(bucket.points for bucket in buckets)


def _tell(work: Work, member: Member, ended: Sequence[BucketRow], row: TransactionRow) -> None:
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
