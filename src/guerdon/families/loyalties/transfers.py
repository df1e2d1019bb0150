"""Moving points from cards to another one: all that is asked for, or nothing."""

from collections.abc import Sequence

import msgspec

from guerdon.errors import invalid_payload, not_found
from guerdon.events.work import Work
from guerdon.families.campaigns import store as campaigns, views as campaign_views
from guerdon.families.campaigns.store import CampaignRow
from guerdon.families.customers import store as customers, views as customer_views
from guerdon.families.customers.store import CUSTOMERS, CardChange
from guerdon.families.loyalties import members, views
from guerdon.families.loyalties.balance import not_published, points_exceeded
from guerdon.families.loyalties.movements import Expanded, Member, Movement, book
from guerdon.families.loyalties.schemas import PointsTransferred, Transfer
from guerdon.families.vouchers import ledger, views as voucher_views
from guerdon.families.vouchers.ledger import TransactionRow
from guerdon.families.vouchers.store import VOUCHERS, VoucherRow

_SOURCE = "API"


class _Held(msgspec.Struct):
    """Everything that a transfer touches, locked, by id; cards as they are by now."""

    cards: dict[str, VoucherRow]
    campaigns: dict[str, CampaignRow]


async def transfer(work: Work, destination: VoucherRow, wanted: Sequence[Transfer]) -> VoucherRow:
    """The card with the points of the others; they expire by its campaign's rules, counted from today.

    Errors: invalid_payload for a card that is to give to itself or for more than a card can hold, not_found,
    not_published, and loyalty_card_points_exceeded where a card has not so many; then nothing has changed.
    """
    sources = [await _source(work, destination, one, f"[{place}]") for place, one in enumerate(wanted)]
    await work.db.begin()
    held = await _hold(work, [destination, *sources])
    for card, one in zip(sources, wanted, strict=True):
        await _move(work, held, card.id, destination.id, one)
    return held.cards[destination.id]


async def _source(work: Work, destination: VoucherRow, one: Transfer, path: str) -> VoucherRow:
    card = await members.find_card(work, one.code)
    if card is None:
        raise not_found("voucher", one.code)
    if card.id == destination.id:
        raise invalid_payload(f"Property {path}.code must be another card than the one that gets the points")
    return card


async def _hold(work: Work, cards: Sequence[VoucherRow]) -> _Held:
    """Campaigns, cards and holders, each kind in the order of the ids, so that transfers that cross wait in turn."""
    db, project_id = work.db, work.project.id
    names = {card.id: card.code for card in cards}
    held = _Held({}, {})
    for campaign_id in sorted({card.campaign_id or "" for card in cards}):
        campaign = await campaigns.hold(db, project_id, campaign_id)
        if campaign is not None:
            held.campaigns[campaign_id] = campaign
    for card_id in sorted(names):
        card = await VOUCHERS.lock(db, project_id, card_id)
        if card is None or (card.campaign_id or "") not in held.campaigns:
            raise not_found("voucher", names[card_id])
        held.cards[card_id] = card
    holders = {card.holder_id or "": card for card in held.cards.values()}
    for holder_id in sorted(holders):
        if await CUSTOMERS.lock(db, project_id, holder_id) is None:
            raise not_published(holders[holder_id])
    return held


async def _move(work: Work, held: _Held, source_id: str, destination_id: str, one: Transfer) -> None:
    source, destination = held.cards[source_id], held.cards[destination_id]
    today = work.project.day_of(work.now)
    expires_on = held.campaigns[destination.campaign_id or ""].last_day_of_points(today)
    given = await ledger.remove(work, source, one.points)
    if given is None:
        raise points_exceeded(source)
    got = await ledger.add(work, destination, one.points, expires_on)
    if got is None:
        raise invalid_payload("Property .points makes more points than a card can hold")
    held.cards |= {source_id: given, destination_id: got}
    giver = await _member(work, held, given, -one.points)
    taker = await _member(work, held, got, one.points)
    out_id, in_id = work.new_id("vtx_"), work.new_id("vtx_")
    shown = {"source_voucher": voucher_views.simple(given), "destination_voucher": voucher_views.simple(got)}
    out = Movement(
        type="POINTS_TRANSFER_OUT",
        points=-one.points,
        source=_SOURCE,
        source_id=one.source_id,
        reason=one.reason,
        details={"destination_voucher": shown["destination_voucher"]},
        related_transaction_id=in_id,
    )
    into = Movement(
        type="POINTS_TRANSFER_IN",
        points=one.points,
        source=_SOURCE,
        reason=one.reason,
        details={"source_voucher": shown["source_voucher"]},
        related_transaction_id=out_id,
    )
    sent = book(work, giver, out, Expanded(destination_voucher=shown["destination_voucher"]), transaction_id=out_id)
    received = book(work, taker, into, Expanded(source_voucher=shown["source_voucher"]), transaction_id=in_id)
    _tell(work, giver, sent, giver, taker)
    _tell(work, taker, received, giver, taker)


async def _member(work: Work, held: _Held, card: VoucherRow, points: int) -> Member:
    """The card with its holder, whose sums change by so many points."""
    campaign = held.campaigns[card.campaign_id or ""]
    change = CardChange(card.holder_id or "", campaign=campaign.name, points=points)
    (holder,) = await customers.change_cards(work.db, work.project.id, [change])
    return Member(card, campaign, holder)


def _tell(work: Work, member: Member, row: TransactionRow, giver: Member, taker: Member) -> None:
    told = PointsTransferred(
        customer=customer_views.simple(member.holder),
        campaign=campaign_views.simple_of_customer(member.campaign),
        voucher=voucher_views.simple(member.card),
        source_voucher=voucher_views.simple(giver.card),
        destination_voucher=voucher_views.simple(taker.card),
        balance=views.balance(member.card, row.amount),
        transaction=views.transaction(row),
    )
    name = "customer.voucher.loyalty_card.points_transferred"
    work.record(name, member.holder.id, told, campaign_id=member.campaign.id)
