"""Points for what customers do: each campaign on its own, each rule once for every order or other event."""

from collections.abc import Sequence
from typing import Any

import msgspec

from guerdon.engine.money import GREATEST
from guerdon.engine.points import last_day
from guerdon.engine.validity import problem_at
from guerdon.errors import ApiError
from guerdon.events.work import Work
from guerdon.families.campaigns import store as campaigns, views as campaign_views
from guerdon.families.campaigns.store import CampaignRow
from guerdon.families.customers import store as customers, views as customer_views
from guerdon.families.customers.store import CUSTOMERS, CardChange, CustomerRow
from guerdon.families.loyalties import grounds, pending, store, tier_views, triggers, views
from guerdon.families.loyalties.grounds import Due, Ground
from guerdon.families.loyalties.movements import AUTOMATIC, Expanded, Member, Movement, book, tell_points_added
from guerdon.families.loyalties.schemas import RewardedPoints
from guerdon.families.loyalties.store import EarningRuleRow
from guerdon.families.loyalties.tier_store import LoyaltyTierRow, tier_of_holder
from guerdon.families.loyalties.triggers import Trigger
from guerdon.families.orders.schemas import SimpleOrder
from guerdon.families.orders.store import ORDERS
from guerdon.families.publications import views as publication_views
from guerdon.families.publications.publish import AUTOMATION, Published, Terms, publish
from guerdon.families.vouchers import ledger, store as vouchers, views as voucher_views
from guerdon.families.vouchers.assets import Links
from guerdon.families.vouchers.store import VOUCHERS, VoucherRow
from guerdon.jobs import queue
from guerdon.telemetry import logger

HAPPENED = "loyalties.happened"
EARN = "loyalties.earn"

log = logger("loyalties")


class _Occasion(msgspec.Struct, frozen=True):
    """What has happened, the campaign that rewards it, and the tier of it that the customer is in."""

    campaign: CampaignRow
    trigger: Trigger
    tier: LoyaltyTierRow | None


class _Card(msgspec.Struct, frozen=True):
    """The card that earns, as it was before, and its publication if it was given to the customer for this."""

    before: VoucherRow
    published: Published | None = None


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
    occasion = _Occasion(campaign, trigger, tier)
    due = await grounds.due(work, campaign, rules, _ground(work, trigger, holder, tier))
    card = await _held_card(work, occasion, holder, due) if due else None
    if card is None or not card.before.active or problem_at(card.before.period, at, project.timezone):
        return
    current = card.before
    for one in due:
        current = await _earn(work, occasion, card, current, one)


def _ground(work: Work, trigger: Trigger, holder: CustomerRow, tier: LoyaltyTierRow | None) -> Ground:
    told: dict[str, Any] = trigger.data["customer"].get("metadata") or {}
    return Ground(
        moment=trigger.moment(work.project.timezone),
        customer=msgspec.structs.replace(holder, metadata=told),
        order=trigger.engine_order(),
        order_metadata=trigger.order["metadata"] if trigger.order else {},
        event_metadata=trigger.custom_event["metadata"] if trigger.custom_event else {},
        tier=tier,
    )


async def _held_card(work: Work, occasion: _Occasion, holder: CustomerRow, due: list[Due]) -> _Card | None:
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


async def _card(work: Work, occasion: _Occasion, holder: CustomerRow) -> _Card | None:
    """The customer's card; where the campaign lets customers join by earning, a new one. None if there is none."""
    campaign, code = occasion.campaign, occasion.trigger.card_code
    if code is not None:
        named = await vouchers.find(work.db, work.project, code)
        return _Card(named) if named and named.campaign_id == campaign.id and named.holder_id == holder.id else None
    found = await store.card_of(work.db, work.project.id, campaign.id, holder.id)
    if found is not None:
        return _Card(found)
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
        return found and _Card(found)
    return _Card(published.vouchers[0], published)


async def _earn(work: Work, occasion: _Occasion, card: _Card, current: VoucherRow, due: Due) -> VoucherRow:
    """The card with the points of one rule; as it was if the event has earned by it already, or there is no room."""
    rule, points, trigger = due.rule, due.points, occasion.trigger
    if points > GREATEST - current.added - current.pending:
        log.warning("more_points_than_a_card_can_hold", card=current.id, cause=trigger.cause_id, rule=rule.id)
        return current
    entry_id = work.new_id("lopp_" if rule.pending_days else "vtx_")
    if not await store.earn(work.db, work.project.id, trigger.cause_id, rule.id, entry_id):
        return current
    if rule.pending_days:
        return await pending.add(work, occasion.campaign, trigger, current, pending.Earned(entry_id, rule, points))
    member = await _add(work, occasion, current, due)
    named: dict[str, Any] = {"earning_rule": {"id": rule.id, "source": {"banner": rule.banner or ""}}}
    if occasion.tier is not None:
        named["holder_loyalty_tier"] = {"id": occasion.tier.id, "name": occasion.tier.name}
    movement = Movement(
        type="POINTS_ACCRUAL",
        points=points,
        source=AUTOMATION,
        details={**trigger.named, **named},
        operation_type=AUTOMATIC,
    )
    expanded = Expanded(
        order=msgspec.convert(trigger.order, SimpleOrder) if trigger.order else None,
        event=trigger.shown,
        earning_rule=views.simple_earning_rule(rule),
        segment=trigger.segment,
        loyalty_tier=trigger.tier,
        custom_event=trigger.custom_event,
        holder_loyalty_tier=tier_views.tier(occasion.tier) if occasion.tier else None,
    )
    row = book(work, member, movement, expanded, transaction_id=entry_id)
    tell_points_added(work, member, row, AUTOMATIC)
    _tell_rewarded(work, occasion, card, member, due)
    return member.card


async def _add(work: Work, occasion: _Occasion, card: VoucherRow, due: Due) -> Member:
    """Puts the points on the card and into the holder's sums; they count from the day of the event."""
    day = work.project.day_of(occasion.trigger.event.created_at)
    campaign, rules = occasion.campaign, due.rule.expiration
    expires_on = last_day(rules, day) if rules else campaign.last_day_of_points(day)
    changed = await ledger.add(work, card, due.points, expires_on)
    gained = CardChange(card.holder_id or "", campaign=campaign.name, points=due.points)
    holders = await customers.change_cards(work.db, work.project.id, [gained])
    if changed is None or not holders:
        raise LookupError(f"card {card.id} was lost while it earned points")  # both were held
    return Member(changed, campaign, holders[0])


def _tell_rewarded(work: Work, occasion: _Occasion, card: _Card, member: Member, due: Due) -> None:
    holder, published = customer_views.simple(member.holder), card.published
    rewarded = RewardedPoints(
        customer=holder,
        holder=holder,
        voucher=voucher_views.simple(card.before),
        campaign=campaign_views.simple_of_customer(member.campaign),
        loyalty_tier=tier_views.tier(occasion.tier) if occasion.tier else None,
        earning_rule=views.earning_rule_in_event(due.rule),
        balance=views.balance(member.card, due.points, AUTOMATIC),
        order=occasion.trigger.order,
        event=occasion.trigger.shown,
    )
    if published is not None:
        links = Links(work.runtime, work.project.id)
        rewarded.publication = publication_views.in_customer_event(
            published.publication, published.customer, published.vouchers[0], links
        )
    work.record("customer.rewarded.loyalty_points", member.holder.id, rewarded, campaign_id=member.campaign.id)
