"""Points for what customers do: each campaign on its own, each rule once for every order or other event."""

from collections.abc import Sequence
from typing import Any

import msgspec

from guerdon.engine.money import GREATEST
from guerdon.engine.validity import problem_at
from guerdon.errors import ApiError
from guerdon.events.work import Work
from guerdon.families.campaigns import store as campaigns
from guerdon.families.customers import store as customers
from guerdon.families.customers.store import CUSTOMERS, CardChange, CustomerRow
from guerdon.families.loyalties import accrual, grounds, pending, store, triggers
from guerdon.families.loyalties.accrual import Card, Occasion
from guerdon.families.loyalties.grounds import Due
from guerdon.families.loyalties.movements import Member
from guerdon.families.loyalties.store import EarningRuleRow
from guerdon.families.loyalties.tier_store import tier_of_holder
from guerdon.families.loyalties.triggers import Trigger
from guerdon.families.orders.store import ORDERS
from guerdon.families.publications.publish import AUTOMATION, Terms, publish
from guerdon.families.vouchers import ledger, store as vouchers
from guerdon.families.vouchers.store import VOUCHERS, VoucherRow
from guerdon.jobs import queue
from guerdon.telemetry import logger

HAPPENED = "loyalties.happened"
EARN = "loyalties.earn"

log = logger("loyalties")


async def happened(work: Work, payload: dict[str, Any]) -> None:
    """Gives the points of the one campaign that may reward the event.

    Where there are several, each gets a job of its own, so that none can hold up another.
    """
    trigger = await triggers.load(work, payload["event_number"])
    if trigger is None:
        return
    by_campaign = await store.rules_that_reward(work.db, work.project.id, trigger.met)
    if len(by_campaign) == 1:
        ((campaign_id, rules),) = by_campaign.items()
        await _reward(work, trigger, campaign_id, rules)
        return
    for campaign_id in by_campaign:
        await queue.enqueue(work, EARN, {**payload, "campaign_id": campaign_id})


async def earn(work: Work, payload: dict[str, Any]) -> None:
    """The points of one campaign for one event."""
    trigger = await triggers.load(work, payload["event_number"])
    if trigger is not None:
        rules = await store.rules_that_reward(work.db, work.project.id, trigger.met)
        await _reward(work, trigger, payload["campaign_id"], rules.get(payload["campaign_id"], ()))


async def _reward(work: Work, trigger: Trigger, campaign_id: str, rules: Sequence[EarningRuleRow]) -> None:
    """The points of one campaign for one event: for the customer's card, which may be given to them first."""
    project, at = work.project, trigger.event.created_at
    campaign = await campaigns.hold(work.db, project.id, campaign_id) if rules else None
    if campaign is None or not campaign.active or problem_at(campaign.period, at, project.timezone):
        return
    holder = await CUSTOMERS.get(work.db, project.id, id=trigger.event.entity_id)
    if holder is None:
        return
    tier = await tier_of_holder(work.db, project.id, campaign.id, holder.id)
    occasion = Occasion(campaign, trigger, tier)
    due = await grounds.due(work, campaign, rules, accrual.ground(occasion, holder, project.timezone))
    card = await _held_card(work, occasion, holder, due) if due else None
    if card is None or not card.before.active or problem_at(card.before.period, at, project.timezone):
        return
    current = card.before
    for one in due:
        current = await _earn(work, occasion, card, current, one)


async def _held_card(work: Work, occasion: Occasion, holder: CustomerRow, due: list[Due]) -> Card | None:
    """The customer's card, both locked; None if there is none, or one of them has just gone.

    Where points are to wait, the order is locked too: its cancellation finds them, or is found here.
    """
    db, project_id = work.db, work.project.id
    card = await _card(work, occasion, holder)
    held = card and (await VOUCHERS.lock(db, project_id, card.before.id))
    if card is None or held is None or held.holder_id != holder.id:
        return None
    if occasion.trigger.order and any(one.rule.pending_days for one in due):
        order = await ORDERS.lock(db, project_id, occasion.trigger.order["id"])
        if order is not None and order.status == "CANCELED":
            due[:] = [one for one in due if not one.rule.pending_days]
    if await CUSTOMERS.lock(db, project_id, holder.id) is None:
        return None
    return msgspec.structs.replace(card, before=held)


async def _card(work: Work, occasion: Occasion, holder: CustomerRow) -> Card | None:
    """The customer's card; where the campaign lets customers join by earning, a new one. None if there is none."""
    campaign, code = occasion.campaign, occasion.trigger.card_code
    if code is not None:
        named = await vouchers.find(work.db, work.project, code)
        return Card(named) if named and named.campaign_id == campaign.id and named.holder_id == holder.id else None
    found = await store.card_of(work.db, work.project.id, campaign.id, holder.id)
    if found is not None:
        return Card(found)
    if not campaign.auto_join:
        return None
    try:
        async with work.db.savepoint():
            published = await publish(work, campaign, holder, Terms(channel=AUTOMATION, join_once=True))
    except ApiError as refusal:
        # Perhaps because another order has just made the customer join: then that card is visible now.
        found = await store.card_of(work.db, work.project.id, campaign.id, holder.id)
        if found is None:
            log.warning("no_card_to_earn_on", campaign=campaign.id, customer=holder.id, reason=refusal.key)
        return found and Card(found)
    return Card(published.vouchers[0], published)


async def _earn(work: Work, occasion: Occasion, card: Card, current: VoucherRow, due: Due) -> VoucherRow:
    """The card with the points of one rule; as it was if the event has earned by it already, or there is no room."""
    rule, points, trigger = due.rule, due.points, occasion.trigger
    if points > GREATEST - current.added - current.pending:
        log.warning("more_points_than_a_card_can_hold", card=current.id, cause=trigger.cause_id, rule=rule.id)
        return current
    entry_id = work.new_id("lopp_" if rule.pending_days else "vtx_")
    if not await store.earn(work.db, work.project.id, trigger.cause_id, rule.id, entry_id):
        return current
    if rule.pending_days:
        return await pending.add(
            work,
            occasion.campaign,
            trigger,
            current,
            pending.Earned(entry_id, rule, points, accrual.tiers_named(occasion, rule.id)),
        )
    member = await _add(work, occasion, current, due)
    row = accrual.told(work, occasion, card, member, due, entry_id)
    ledger.record(work.db, work.project.id, row)
    return member.card


async def _add(work: Work, occasion: Occasion, card: VoucherRow, due: Due) -> Member:
    """Puts the points on the card and into the holder's sums."""
    campaign = occasion.campaign
    changed = await ledger.add(work, card, due.points, accrual.expires_on(work, occasion, due))
    gained = CardChange(card.holder_id or "", campaign=campaign.name, points=due.points)
    holders = await customers.change_cards(work.db, work.project.id, [gained])
    if changed is None or not holders:
        raise LookupError(f"card {card.id} was lost while it earned points")  # both were held
    return Member(changed, campaign, holders[0])
