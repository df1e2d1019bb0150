"""What points that were earned leave behind: the day on which they end, the row of the ledger, and the events."""

from datetime import date
from typing import Any

import msgspec

from guerdon.engine.points import last_day
from guerdon.events.work import Work
from guerdon.families.campaigns import views as campaign_views
from guerdon.families.campaigns.store import CampaignRow
from guerdon.families.customers import views as customer_views
from guerdon.families.customers.store import CustomerRow
from guerdon.families.loyalties import tier_views, views
from guerdon.families.loyalties.grounds import Due, Ground
from guerdon.families.loyalties.movements import (
    AUTOMATIC,
    Expanded,
    Member,
    Movement,
    entry,
    tell_booked,
    tell_points_added,
)
from guerdon.families.loyalties.schemas import RewardedPoints
from guerdon.families.loyalties.tier_store import LoyaltyTierRow
from guerdon.families.loyalties.triggers import Trigger
from guerdon.families.orders.schemas import SimpleOrder
from guerdon.families.publications import views as publication_views
from guerdon.families.publications.publish import AUTOMATION, Published
from guerdon.families.vouchers import views as voucher_views
from guerdon.families.vouchers.assets import Links
from guerdon.families.vouchers.ledger import TransactionRow
from guerdon.families.vouchers.store import VoucherRow


class Occasion(msgspec.Struct, frozen=True):
    """What has happened, the campaign that rewards it, and the tier of it that the customer is in."""

    campaign: CampaignRow
    trigger: Trigger
    tier: LoyaltyTierRow | None


class Card(msgspec.Struct, frozen=True):
    """The card that earns, as it was before, and its publication if it was given to the customer for this."""

    before: VoucherRow
    published: Published | None = None


def ground(occasion: Occasion, holder: CustomerRow, timezone: str) -> Ground:
    """What the rules are asked about: the customer with the metadata that the event told of."""
    trigger = occasion.trigger
    told: dict[str, Any] = trigger.data["customer"].get("metadata") or {}
    return Ground(
        moment=trigger.moment(timezone),
        customer=msgspec.structs.replace(holder, metadata=told),
        order=trigger.engine_order(),
        order_metadata=trigger.order["metadata"] if trigger.order else {},
        event_metadata=trigger.custom_event["metadata"] if trigger.custom_event else {},
        tier=occasion.tier,
    )


def expires_on(work: Work, occasion: Occasion, due: Due) -> date | None:
    """The last day of the points, which count from the day of the event."""
    day = work.project.day_of(occasion.trigger.event.created_at)
    rules = due.rule.expiration
    return last_day(rules, day) if rules else occasion.campaign.last_day_of_points(day)


def told(work: Work, occasion: Occasion, card: Card, member: Member, due: Due, entry_id: str) -> TransactionRow:
    """The entry of the ledger for points that are on the card already; the events are recorded."""
    trigger, rule = occasion.trigger, due.rule
    source = {"banner": rule.banner or ""}
    named = {"earning_rule": {"id": rule.id, "source": source}, **tiers_named(occasion, rule.id)}
    movement = Movement(
        type="POINTS_ACCRUAL",
        points=due.points,
        source=AUTOMATION,
        details={**named, **trigger.named},
        operation_type=AUTOMATIC,
    )
    holders = tier_views.tier(occasion.tier) if occasion.tier else None
    expanded = Expanded(
        order=msgspec.convert(trigger.order, SimpleOrder) if trigger.order else None,
        event=trigger.shown,
        earning_rule=views.simple_earning_rule(rule),
        segment=trigger.segment,
        loyalty_tier=trigger.tier or (holders if "loyalty_tier" in named else None),
        custom_event=trigger.custom_event,
        holder_loyalty_tier=holders,
    )
    row = entry(work, member, movement, transaction_id=entry_id)
    tell_booked(work, member, movement, expanded, row)
    tell_points_added(work, member, row, AUTOMATIC)
    _tell_rewarded(work, occasion, card, member, due)
    return row


def tiers_named(occasion: Occasion, rule_id: str) -> dict[str, Any]:
    """What the ledger names of the holder's tier: that there is one, and whether it changes what the rule gives."""
    tier = occasion.tier
    if tier is None:
        return {}
    named = {"id": tier.id, "name": tier.name}
    return {"holder_loyalty_tier": named, **({"loyalty_tier": named} if rule_id in tier.of_rules else {})}


def _tell_rewarded(work: Work, occasion: Occasion, card: Card, member: Member, due: Due) -> None:
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
