"""Points that have waited become usable: one entry by hand, those of many cards when their day has come."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import msgspec

from guerdon.engine.points import last_day
from guerdon.events.work import Work
from guerdon.families.campaigns import store as campaigns
from guerdon.families.customers import store as customers
from guerdon.families.customers.store import CUSTOMERS, CardChange
from guerdon.families.loyalties import pending_events, pending_store as store, places, views
from guerdon.families.loyalties.movements import AUTOMATIC, Expanded, Member, Movement, entry, tell_booked
from guerdon.families.loyalties.pending_store import PendingRow
from guerdon.families.loyalties.store import RULES, EarningRuleRow, hold_cards
from guerdon.families.loyalties.turns import turns
from guerdon.families.orders import views as order_views
from guerdon.families.orders.schemas import SimpleOrder
from guerdon.families.orders.store import ORDERS, OrderRow
from guerdon.families.vouchers import ledger
from guerdon.families.vouchers.ledger import Ripe, TransactionRow
from guerdon.families.vouchers.store import VoucherRow

_SLICE = 500


class Ready(msgspec.Struct, frozen=True):
    """Points whose time has come, held, and the card that they wait on, held with its holder."""

    member: Member
    entry: PendingRow


class _Named(msgspec.Struct, frozen=True):
    """What entries name, by id, as far as it is still there."""

    orders: Mapping[str, OrderRow]
    rules: Mapping[str, EarningRuleRow]


async def activate_due(work: Work, day: date, after: str) -> str | None:
    """Lets points be used whose day has come, of a slice of the cards; where to go on, None at the end."""
    db, project_id, begin = work.db, work.project.id, places.read(after)
    found = await store.due(db, project_id, day, begin, _SLICE)
    members = await _members(work, [place.card_id for place in found])
    held = await store.due_between(db, project_id, day, begin, found[-1]) if members else []
    entries = [entry for entry in held if entry.voucher_id in members]
    holders = {card_id: member.holder.id for card_id, member in members.items()}
    for turn in turns(entries, lambda one: (one.voucher_id, holders[one.voucher_id])):
        ready = [Ready(members[one.voucher_id], one) for one in turn]
        members |= {member.card.id: member for member in await activate(work, ready, AUTOMATIC)}
    return places.write(found[-1]) if len(found) == _SLICE else None


async def activate(work: Work, ready: Sequence[Ready], operation_type: str) -> list[Member]:
    """The cards with the points, which from today on count towards their end. No card and no holder may be in two."""
    db, project_id = work.db, work.project.id
    today = work.project.day_of(work.now)
    cards = await ledger.activate(work, [_ripe(one, today) for one in ready])
    entries = await store.activated(db, project_id, [one.entry for one in ready], work.now)
    gained = [
        CardChange(one.member.holder.id, campaign=one.member.campaign.name, points=one.entry.points) for one in ready
    ]
    holders = {row.id: row for row in await customers.change_cards(db, project_id, gained)}
    after = [
        Member(card, one.member.campaign, holders[one.member.holder.id]) for card, one in zip(cards, ready, strict=True)
    ]
    named = await _named(work, entries)
    rows = [_told(work, member, one, named, operation_type) for member, one in zip(after, entries, strict=True)]
    await ledger.record_all(db, project_id, rows)
    return after


async def _members(work: Work, card_ids: Iterable[str]) -> dict[str, Member]:
    """The cards by id, held with their holders. One without campaign or holder is about to go, or to be nobody's."""
    db, project_id = work.db, work.project.id
    cards: list[VoucherRow] = await hold_cards(db, project_id, list(card_ids))
    programmes = await campaigns.by_ids(db, project_id, {card.campaign_id or "" for card in cards})
    held = await CUSTOMERS.hold_several(db, project_id, {card.holder_id or "" for card in cards})
    holders = {row.id: row for row in held}
    return {
        card.id: Member(card, programmes[card.campaign_id or ""], holders[card.holder_id or ""])
        for card in cards
        if card.campaign_id in programmes and card.holder_id in holders
    }


def _ripe(one: Ready, today: date) -> Ripe:
    rules = one.entry.expiration
    expires_on = last_day(rules, today) if rules else one.member.campaign.last_day_of_points(today)
    return Ripe(one.member.card, one.entry.points, one.entry.activates_on, expires_on)


async def _named(work: Work, entries: Sequence[PendingRow]) -> _Named:
    orders = await ORDERS.several(work.db, work.project.id, {one.order_id for one in entries})
    rules = await RULES.several(work.db, work.project.id, {one.earning_rule_id for one in entries})
    return _Named({row.id: row for row in orders}, {row.id: row for row in rules})


def _told(work: Work, member: Member, row: PendingRow, named: _Named, operation_type: str) -> TransactionRow:
    """The movement's entry for the ledger; its events are recorded."""
    told = row.details["event"]
    movement = Movement(
        type="PENDING_POINTS_ACTIVATION",
        points=row.points,
        details={
            "order": row.details["order"],
            "event": {"id": told["id"], "type": told["type"]},
            "earning_rule": row.details["earning_rule"],
            "pending_points": views.pending_points(row),
        },
        operation_type=operation_type,
    )
    rule, order = named.rules.get(row.earning_rule_id), _order(named, row)
    expanded = Expanded(
        order=order,
        event={name: value for name, value in told.items() if name != "event_source"},
        earning_rule=views.simple_earning_rule(rule) if rule else None,
    )
    booked = entry(work, member, movement)
    tell_booked(work, member, movement, expanded, booked)
    pending_events.activated(work, member, row, order, booked, operation_type)
    return booked


def _order(named: _Named, row: PendingRow) -> SimpleOrder | None:
    """The order as it is now; None if its customer was forgotten."""
    order = named.orders.get(row.order_id)
    return order_views.simple(order) if order else None
