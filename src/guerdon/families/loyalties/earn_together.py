"""The points of many events at once: as `earn` gives them, where nothing but points on cards follows from them.

Events of several campaigns, points that are to wait, cards that are named or still to be given out, and cards that are
nearly full are left to `earn`, one by one.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from guerdon.engine.money import GREATEST
from guerdon.engine.validity import problem_at
from guerdon.events.work import Work
from guerdon.families.campaigns import store as campaigns
from guerdon.families.campaigns.store import CampaignRow
from guerdon.families.customers import store as customers
from guerdon.families.customers.store import CUSTOMERS, CardChange, CustomerRow
from guerdon.families.loyalties import accrual, grounds, store, triggers
from guerdon.families.loyalties.accrual import Card, Occasion
from guerdon.families.loyalties.grounds import Due
from guerdon.families.loyalties.movements import Member
from guerdon.families.loyalties.store import Earned, EarningRuleRow, Met, hold_cards
from guerdon.families.loyalties.tier_store import LoyaltyTierRow, tiers_of_holders
from guerdon.families.loyalties.triggers import Trigger
from guerdon.families.loyalties.turns import turns
from guerdon.families.vouchers import ledger
from guerdon.families.vouchers.ledger import Filling, TransactionRow
from guerdon.families.vouchers.store import VoucherRow
from guerdon.jobs.worker import Apart

_Told = Sequence[tuple[Work, Trigger]]


class _Due(msgspec.Struct, frozen=True):
    """Points that a rule gives a customer for an event, and the entry that is to be made for them."""

    work: Work
    occasion: Occasion
    holder_id: str
    due: Due
    entry_id: str


class _Programme(msgspec.Struct, frozen=True):
    """The one campaign that rewards the events, and what is known of their customers."""

    campaign: CampaignRow
    rules: Mapping[Met, Sequence[EarningRuleRow]]
    holders: Mapping[str, CustomerRow]
    tiers: Mapping[str, LoyaltyTierRow]


async def happened(jobs: Sequence[tuple[Work, dict[str, Any]]]) -> None:
    """Gives the points for the events. Errors: Apart if one of them has to be dealt with by itself."""
    numbered = sorted(((payload["event_number"], work) for work, payload in jobs), key=lambda one: one[0])
    work = numbered[0][1]
    found = await triggers.load_several(work, [number for number, _ in numbered])
    told = [(own, found[number]) for number, own in numbered if number in found]
    programme = await _programme(work, told)
    wanted = await _wanted(work, programme, told) if programme else []
    if programme is None or not wanted:
        return
    cards = await _held(work, programme.campaign, wanted)
    open_ = [one for one in wanted if _is_open(work, cards.get(one.holder_id), one)]
    _require_room(cards, open_)
    earnings = [Earned(one.occasion.trigger.cause_id, one.due.rule.id, one.entry_id) for one in open_]
    new = await store.earn_several(work.db, work.project.id, earnings) if earnings else set[str]()
    await _give(work, cards, [one for one in open_ if one.entry_id in new])


async def _programme(work: Work, told: _Told) -> _Programme | None:
    """None where nothing rewards the events."""
    db, project_id = work.db, work.project.id
    rules = await _rules(work, told)
    ids = {rule.campaign_id for found in rules.values() for rule in found}
    if len(ids) > 1:
        raise Apart
    campaign = await campaigns.hold(db, project_id, ids.pop()) if ids else None
    if campaign is None or not campaign.active:
        return None
    customer_ids = sorted({trigger.event.entity_id for _, trigger in told})
    holders = await CUSTOMERS.several(db, project_id, customer_ids)
    tiers = await tiers_of_holders(db, project_id, campaign.id, customer_ids)
    return _Programme(campaign, rules, {row.id: row for row in holders}, tiers)


async def _rules(work: Work, told: _Told) -> dict[Met, list[EarningRuleRow]]:
    """The rules that each of the events meets: read once for all that are alike but for their time."""
    mets = {trigger.met for _, trigger in told}
    latest = max((met.at for met in mets), default=work.now)
    alike: dict[Met, list[Met]] = {}
    for met in mets:
        alike.setdefault(msgspec.structs.replace(met, at=latest), []).append(met)
    found: dict[Met, list[EarningRuleRow]] = {}
    for common, some in alike.items():
        by_campaign = await store.rules_that_reward(work.db, work.project.id, common)
        rules = [rule for of_campaign in by_campaign.values() for rule in of_campaign]
        found |= {met: [rule for rule in rules if rule.created_at <= met.at] for met in some}
    return found


async def _wanted(work: Work, programme: _Programme, told: _Told) -> list[_Due]:
    """The points that the rules give, in the order of the events."""
    campaign, zone = programme.campaign, work.project.timezone
    known = {rule.id: rule for rules in programme.rules.values() for rule in rules}
    bindings = await grounds.bindings(work, list(known.values()))
    found: list[_Due] = []
    for own, trigger in told:
        holder = programme.holders.get(trigger.event.entity_id)
        if holder is None or problem_at(campaign.period, trigger.event.created_at, zone):
            continue
        occasion = Occasion(campaign, trigger, programme.tiers.get(holder.id))
        ground = accrual.ground(occasion, holder, zone)
        due = await grounds.due_by(own, campaign, programme.rules[trigger.met], ground, bindings)
        if due and (trigger.card_code is not None or any(one.rule.pending_days for one in due)):
            raise Apart
        found += [_Due(own, occasion, holder.id, one, own.new_id("vtx_")) for one in due]
    return found


async def _held(work: Work, campaign: CampaignRow, wanted: Sequence[_Due]) -> dict[str, VoucherRow]:
    """The cards by their holders, both locked."""
    db, project_id = work.db, work.project.id
    holder_ids = sorted({one.holder_id for one in wanted})
    found = await store.cards_of(db, project_id, campaign.id, holder_ids)
    if campaign.auto_join and len(found) < len(holder_ids):
        raise Apart
    held = await hold_cards(db, project_id, [card.id for card in found.values()])
    there = {row.id for row in await CUSTOMERS.lock_several(db, project_id, [card.holder_id or "" for card in held])}
    cards = {card.holder_id or "": card for card in held if card.holder_id in there}
    return {holder_id: card for holder_id, card in cards.items() if holder_id in found}


def _is_open(work: Work, card: VoucherRow | None, one: _Due) -> bool:
    """Whether the customer had a card then that could earn."""
    at = one.occasion.trigger.event.created_at
    return card is not None and card.active and problem_at(card.period, at, work.project.timezone) is None


def _require_room(cards: Mapping[str, VoucherRow], wanted: Sequence[_Due]) -> None:
    points: dict[str, int] = {}
    for one in wanted:
        points[one.holder_id] = points.get(one.holder_id, 0) + one.due.points
    for holder_id, more in points.items():
        if cards[holder_id].added + cards[holder_id].pending + more > GREATEST:
            raise Apart


async def _give(work: Work, cards: dict[str, VoucherRow], wanted: Sequence[_Due]) -> None:
    """Puts the points on the cards and into the sums of the holders, books and tells them."""
    rows: list[TransactionRow] = []
    before: dict[str, Card] = {}
    for turn in turns(wanted, lambda one: (one.holder_id,)):
        for one in turn:
            before.setdefault(one.occasion.trigger.event.id, Card(cards[one.holder_id]))
        for one, member in zip(turn, await _add(work, cards, turn), strict=True):
            card = before[one.occasion.trigger.event.id]
            rows.append(accrual.told(one.work, one.occasion, card, member, one.due, one.entry_id))
            cards[one.holder_id] = member.card
    if rows:
        await ledger.record_all(work.db, work.project.id, rows)


async def _add(work: Work, cards: Mapping[str, VoucherRow], turn: Sequence[_Due]) -> list[Member]:
    fillings = [
        Filling(cards[one.holder_id], one.due.points, accrual.expires_on(work, one.occasion, one.due)) for one in turn
    ]
    gained = [CardChange(one.holder_id, campaign=one.occasion.campaign.name, points=one.due.points) for one in turn]
    changed = await ledger.add_several(work, fillings)
    holders = {row.id: row for row in await customers.change_cards(work.db, work.project.id, gained)}
    return [
        Member(card, one.occasion.campaign, holders[one.holder_id]) for card, one in zip(changed, turn, strict=True)
    ]
