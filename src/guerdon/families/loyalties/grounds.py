"""Which earning rules hold for what has happened, and how many points each of them gives."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from guerdon.engine.earning import Fixed, Occasion, earned
from guerdon.engine.facts import Customer, Facts
from guerdon.engine.formula.context import Context
from guerdon.engine.goods import EMPTY, Catalogue
from guerdon.engine.mapping import PointsMapping
from guerdon.engine.moment import Moment
from guerdon.engine.order import Order
from guerdon.engine.validity import problem_at
from guerdon.events.work import Work
from guerdon.families.campaigns.store import CampaignRow
from guerdon.families.customers.store import CustomerRow
from guerdon.families.loyalties.store import EarningRuleRow
from guerdon.families.loyalties.tier_store import LoyaltyTierRow
from guerdon.families.product_collections import known
from guerdon.families.segments import store as segments
from guerdon.families.validation_rules import store as rules_store
from guerdon.families.validation_rules.compiled import compiled, holds
from guerdon.families.validation_rules.store import Binding, RuleRow

Bindings = Mapping[str, Sequence[Binding]]


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """What rules are asked about; the customer as they were told of, and the tier that they are in."""

    moment: Moment
    customer: CustomerRow
    order: Order = Order()
    order_metadata: Mapping[str, Any] = {}
    event_metadata: Mapping[str, Any] = {}
    tier: LoyaltyTierRow | None = None


class Due(msgspec.Struct, frozen=True):
    """Points that a rule gives."""

    rule: EarningRuleRow
    points: int


async def due(work: Work, campaign: CampaignRow, rules: Sequence[EarningRuleRow], ground: Ground) -> list[Due]:
    """The points of those rules that hold at the moment, in their order; none of 0 points."""
    return await due_by(work, campaign, rules, ground, await bindings(work, rules))


async def bindings(work: Work, rules: Sequence[EarningRuleRow]) -> Bindings:
    """The validation rules that earning rules are bound by."""
    return await rules_store.bindings_of(work.db, work.project.id, [rule.id for rule in rules])


async def due_by(
    work: Work, campaign: CampaignRow, rules: Sequence[EarningRuleRow], ground: Ground, bindings: Bindings
) -> list[Due]:
    """The same, for bindings that are known."""
    zone = work.project.timezone
    now = ground.moment.now
    open_ = [rule for rule in rules if problem_at(rule.period(campaign), now, zone) is None]
    bound = {rule.id: bindings[rule.id] for rule in open_ if rule.id in bindings}
    catalogue = await _catalogue(work, open_, bound, ground)
    asked = [one.rule for rows in bound.values() for one in rows]
    facts = await facts_for(work, asked, ground, catalogue)
    occasion = Occasion(_context(ground, catalogue), ground.event_metadata)
    mappings: Mapping[str, PointsMapping] = ground.tier.of_rules if ground.tier else {}
    found = [
        Due(rule, earned(rule.earning, occasion, mappings.get(rule.id)))
        for rule in open_
        if all(holds(one.rule, facts) for one in bound.get(rule.id, ()))
    ]
    return [one for one in found if one.points > 0]


def _context(ground: Ground, catalogue: Catalogue) -> Context:
    return Context(
        moment=ground.moment,
        order=ground.order,
        catalogue=catalogue,
        order_metadata=ground.order_metadata,
        customer_metadata=ground.customer.metadata,
        birthdate=ground.customer.birthdate,
    )


async def _catalogue(
    work: Work, rules: Sequence[EarningRuleRow], bound: Mapping[str, Sequence[Binding]], ground: Ground
) -> Catalogue:
    """What is known of the order's goods, if anybody asks."""
    named = [one for rule in rules if not isinstance(rule.earning, Fixed) for one in rule.earning.goods]
    goods = [one.id for one in named if one.object == "products_collection"]
    asked = [name for rows in bound.values() for one in rows for name in one.rule.collection_ids]
    asking = bound or named or any(rule.earning.formula for rule in rules)
    return await known.catalogue(work, ground.order.items, {*goods, *asked}) if asking else EMPTY


async def facts_for(work: Work, rules: Sequence[RuleRow], ground: Ground, catalogue: Catalogue) -> Facts:
    """What these rules can be asked about."""
    customer = ground.customer
    needed = any(compiled(rule).needs.segments for rule in rules)
    found = await segments.segments_of(work.db, work.project.id, customer, ground.moment) if needed else []
    return Facts(
        moment=ground.moment,
        order=ground.order,
        initial_amount=ground.order.amount,
        order_metadata=ground.order_metadata,
        customer=Customer(
            id=customer.id or None,
            source_id=customer.source_id,
            metadata=customer.metadata,
            birthdate=customer.birthdate,
            segments=frozenset(one.id for one in found),
        ),
        catalogue=catalogue,
        event_metadata=ground.event_metadata,
        holder_id=customer.id or None,
    )
