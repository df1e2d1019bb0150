"""Points for paid orders: each campaign on its own, each rule once per order."""

from typing import Any

import msgspec

from guerdon.clock import iso
from guerdon.engine.earning import earned
from guerdon.engine.money import GREATEST
from guerdon.engine.points import last_day
from guerdon.engine.validity import problem_at
from guerdon.errors import ApiError
from guerdon.events.work import Work
from guerdon.families.campaigns import store as campaigns, views as campaign_views
from guerdon.families.campaigns.store import CampaignRow
from guerdon.families.customers import store as customers, views as customer_views
from guerdon.families.customers.store import CUSTOMERS, CardChange, CustomerRow
from guerdon.families.loyalties import store, views
from guerdon.families.loyalties.movements import AUTOMATIC, Expanded, Member, Movement, book, tell_points_added
from guerdon.families.loyalties.rules import ORDER_PAID
from guerdon.families.loyalties.schemas import RewardedPoints
from guerdon.families.loyalties.store import EarningRuleRow, RecordedEvent
from guerdon.families.orders.schemas import SimpleOrder
from guerdon.families.publications import views as publication_views
from guerdon.families.publications.publish import AUTOMATION, Published, Terms, publish
from guerdon.families.vouchers import ledger, views as voucher_views
from guerdon.families.vouchers.assets import Links
from guerdon.families.vouchers.store import VOUCHERS, VoucherRow
from guerdon.jobs import queue
from guerdon.telemetry import logger

PAID = "loyalties.paid"
EARN = "loyalties.earn"

log = logger("loyalties")


class _Occasion(msgspec.Struct, frozen=True):
    """The paid order as it was when it was paid, the event that told it, and the campaign that rewards it."""

    campaign: CampaignRow
    event: RecordedEvent
    order: dict[str, Any]

    @property
    def shown(self) -> dict[str, Any]:
        return {**msgspec.structs.asdict(self.event), "created_at": iso(self.event.created_at)}


class _Card(msgspec.Struct, frozen=True):
    """The card that earns, as it was before, and its publication if it was given to the customer for this."""

    before: VoucherRow
    published: Published | None = None


async def paid(work: Work, payload: dict[str, Any]) -> None:
    """Queues a job for every campaign that may reward the order, so that none of them can hold up another."""
    found = await store.event(work.db, work.project.id, payload["event_number"])
    if found is None:
        return
    event, _ = found
    for campaign_id in await store.campaigns_that_reward(work.db, work.project.id, ORDER_PAID, event.created_at):
        await queue.enqueue(work, EARN, {**payload, "campaign_id": campaign_id})


async def earn(work: Work, payload: dict[str, Any]) -> None:
    """The points of one campaign for one order: for the customer's card, which may be given to them first."""
    project = work.project
    found = await store.event(work.db, project.id, payload["event_number"])
    campaign = await campaigns.hold(work.db, project.id, payload["campaign_id"])
    if found is None or campaign is None:
        return
    occasion = _Occasion(campaign, found[0], found[1]["order"])
    at = occasion.event.created_at
    if not campaign.active or problem_at(campaign.period, at, project.timezone):
        return
    rules = await store.rules_for(work.db, project.id, campaign.id, ORDER_PAID, at)
    due = [(rule, points) for rule in rules if (points := _points(rule, occasion.order))]
    card = await _held_card(work, occasion) if due else None
    if card is None or not card.before.active or problem_at(card.before.period, at, project.timezone):
        return
    current = card.before
    for rule, points in due:
        current = await _earn(work, occasion, card, current, rule, points)


def _points(rule: EarningRuleRow, order: dict[str, Any]) -> int:
    amount: int = order.get("amount") or 0
    total: int | None = order.get("total_amount")
    return earned(rule.earning, amount=amount, total_amount=amount if total is None else total)


async def _held_card(work: Work, occasion: _Occasion) -> _Card | None:
    """The card of the customer who has paid, both locked; None if there is none, or one of them has just gone."""
    db, project_id, customer_id = work.db, work.project.id, occasion.event.entity_id
    holder = await CUSTOMERS.get(db, project_id, id=customer_id)
    card = await _card(work, occasion.campaign, holder) if holder else None
    held = card and await VOUCHERS.lock(db, project_id, card.before.id)
    if card is None or held is None or held.holder_id != customer_id:
        return None
    if await CUSTOMERS.lock(db, project_id, customer_id) is None:
        return None
    return msgspec.structs.replace(card, before=held)


async def _card(work: Work, campaign: CampaignRow, holder: CustomerRow) -> _Card | None:
    """The customer's card; where the campaign lets customers join by earning, a new one. None if there is none."""
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


async def _earn(
    work: Work, occasion: _Occasion, card: _Card, current: VoucherRow, rule: EarningRuleRow, points: int
) -> VoucherRow:
    """The card with the points of one rule; as it was if the order has earned by it already, or there is no room."""
    if points > GREATEST - current.added:
        log.warning("more_points_than_a_card_can_hold", card=current.id, order=occasion.order["id"], rule=rule.id)
        return current
    transaction_id = work.new_id("vtx_")
    if not await store.earn(work.db, work.project.id, occasion.order["id"], rule.id, transaction_id):
        return current
    member = await _add(work, occasion, current, rule, points)
    movement = Movement(
        type="POINTS_ACCRUAL",
        points=points,
        source=AUTOMATION,
        details={
            "order": {"id": occasion.order["id"], "source_id": occasion.order["source_id"]},
            "event": {"id": occasion.event.id, "type": occasion.event.type},
            "earning_rule": {"id": rule.id, "source": {"banner": rule.banner or ""}},
        },
        operation_type=AUTOMATIC,
    )
    expanded = Expanded(
        order=msgspec.convert(occasion.order, SimpleOrder),
        event=occasion.shown,
        earning_rule=views.simple_earning_rule(rule),
    )
    row = await book(work, member, movement, expanded, transaction_id=transaction_id)
    tell_points_added(work, member, row, AUTOMATIC)
    _tell_rewarded(work, occasion, card, member, rule, points)
    return member.card


async def _add(work: Work, occasion: _Occasion, card: VoucherRow, rule: EarningRuleRow, points: int) -> Member:
    """Puts the points on the card and into the holder's sums; they count from the day on which the order was paid."""
    day = work.project.day_of(occasion.event.created_at)
    campaign = occasion.campaign
    expires_on = last_day(rule.expiration, day) if rule.expiration else campaign.last_day_of_points(day)
    changed = await ledger.add(work, card, points, expires_on)
    gained = CardChange(card.holder_id or "", campaign=campaign.name, points=points)
    holders = await customers.change_cards(work.db, work.project.id, [gained])
    if changed is None or not holders:
        raise LookupError(f"card {card.id} was lost while it earned points")  # both were held
    return Member(changed, campaign, holders[0])


def _tell_rewarded(
    work: Work, occasion: _Occasion, card: _Card, member: Member, rule: EarningRuleRow, points: int
) -> None:
    holder, published = customer_views.simple(member.holder), card.published
    rewarded = RewardedPoints(
        customer=holder,
        holder=holder,
        voucher=voucher_views.simple(card.before),
        campaign=campaign_views.simple_of_customer(member.campaign),
        earning_rule=views.earning_rule(rule),
        balance=views.balance(member.card, points, AUTOMATIC),
        order=occasion.order,
        event=occasion.shown,
    )
    if published is not None:
        links = Links(work.runtime, work.project.id)
        rewarded.publication = publication_views.in_customer_event(
            published.publication, published.customer, published.vouchers[0], links
        )
    work.record("customer.rewarded.loyalty_points", member.holder.id, rewarded, campaign_id=member.campaign.id)
