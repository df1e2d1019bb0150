"""One redeemable's turn on the order as it stands: may it, and what does it take. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from guerdon.engine import credit, refusals, targets
from guerdon.engine.basket import Basket
from guerdon.engine.bundles import Bundles, find_bundles
from guerdon.engine.credit import Paid
from guerdon.engine.discounts import cart, index
from guerdon.engine.discounts.caps import counters_of
from guerdon.engine.discounts.discount import Discount
from guerdon.engine.discounts.step import Step, Swap
from guerdon.engine.facts import Facts
from guerdon.engine.formula.context import Context
from guerdon.engine.order import Item, Order
from guerdon.engine.redeemable import Attached, Redeemable
from guerdon.engine.refusals import Reason, Refusal
from guerdon.engine.rules.counters import share_of
from guerdon.engine.rules.rule import Violation
from guerdon.engine.targets import Entry, Line
from guerdon.engine.validity import problem_at

# Stands in a counter's key for a customer who does not exist yet.
NOBODY = "?"


class State(msgspec.Struct, frozen=True, kw_only=True):
    """The order now and as the request brought it, and what others of the request have done: lines, counters."""

    order: Order
    initial: Order
    discounted: frozenset[int] = frozenset()
    counted: Mapping[str, int] = {}


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What a redeemable took: the order with its share in it, and credits or points.

    `values` are those of the discount that a formula gave, `lines` the goods it was for, if it was for any; `counted`
    is by how much it moves which counters, `units` the discounted units by limit, `swaps` the goods that were replaced.
    """

    order: Order
    lines: tuple[Line, ...] = ()
    values: Mapping[str, Any] = {}
    counted: Mapping[str, int] = {}
    units: Mapping[str, int] = {}
    credits: int | None = None
    points: int | None = None
    bundle: Bundles | None = None
    swaps: tuple[Swap, ...] = ()

    @property
    def has_effect(self) -> bool:
        """Whether money, goods or points moved."""
        moved = any(item.applied_quantity or item.applied_discount_quantity for item in self.order.items)
        return bool(self.order.total_applied_discount_amount or self.points or moved)


def take(basket: Basket, state: State, redeemable: Redeemable) -> Taken | Refusal:
    """The order after it, or why it cannot be redeemed.

    Asked in this order: whether it exists, is active, in its time, for this customer, meets its rules, has uses left,
    has the credits or points, and meets the rules on what it leaves.
    """
    refusal = _state(basket, redeemable)
    if refusal is not None:
        return refusal
    lines = _lines(basket, state, redeemable)
    paid = credit.pay(state.order, redeemable, lines)
    facts = _facts(basket, state, redeemable, paid)
    bundle = _bundle(basket, facts, redeemable)
    refusal = _violated(basket, redeemable, facts, bundle)
    if refusal is not None:
        return replace(refusal, bundle=bundle)
    if redeemable.left is not None and redeemable.left <= 0:
        return refusals.quantity_exceeded(redeemable.id, redeemable.left)
    if isinstance(paid, Refusal):
        return paid
    if paid is not None:
        taken = Taken(order=paid.order, lines=lines, credits=paid.credits, points=paid.points, bundle=bundle)
    elif redeemable.discount is not None:
        taken = _discounted(basket, state, redeemable, redeemable.discount, lines, bundle)
    else:
        taken = Taken(order=state.order, lines=lines, bundle=bundle)
    refusal = _refused_after(basket, redeemable, facts, taken.order)
    if refusal is not None:
        return replace(refusal, bundle=bundle)
    counted = _counted(redeemable, facts, taken)
    return replace(taken, counted={**taken.counted, **counted}) if counted else taken


def _state(basket: Basket, redeemable: Redeemable) -> Refusal | None:
    """Refusals that ask neither the order nor the rules."""
    tier = redeemable.object == "promotion_tier"
    if redeemable.absent is not None:
        return redeemable.absent
    if not redeemable.active:
        return refusals.tier_disabled(redeemable.id) if tier else refusals.disabled(redeemable.id)
    for period in redeemable.periods:
        problem = problem_at(period, basket.moment.now, basket.moment.zone)
        if problem is not None:
            expected = {"start_date": period.start, "expiration_date": period.end, "windows": period.windows}
            actual = basket.moment.now.isoformat()
            return refusals.untimely(problem, redeemable.id, tier=tier, expected=expected, actual=actual)
    customer_id = basket.customer and basket.customer.id
    if redeemable.is_referral_code and customer_id is not None and customer_id == redeemable.holder_id:
        return refusals.by_referrer(redeemable.id, customer_id)
    # Points belong to somebody: a card of nobody pays for nothing, and a customer who is named must be its holder.
    stranger = basket.customer is not None and customer_id != redeemable.holder_id
    if redeemable.card and (redeemable.holder_id is None or stranger):
        return refusals.not_the_holder(redeemable.id, redeemable.holder_id, customer_id)
    return None


def _lines(basket: Basket, state: State, redeemable: Redeemable) -> tuple[Line, ...]:
    without = _untouchable(basket, state)
    return targets.choose(state.order, redeemable.scopes, basket.catalogue, basket.moment, without=without)


def _untouchable(basket: Basket, state: State) -> frozenset[int]:
    """Lines that have their discount already, where goods are discounted once."""
    once = basket.stacking.redeemables_products_application_mode == "ONCE"
    return state.discounted if once else frozenset()


def _facts(basket: Basket, state: State, redeemable: Redeemable, paid: Paid | Refusal | None) -> Facts:
    asked = paid if isinstance(paid, Paid) else None
    return Facts(
        moment=basket.moment,
        order=state.order,
        initial_amount=state.initial.amount,
        order_metadata=basket.order_metadata,
        customer=basket.customer,
        catalogue=basket.catalogue,
        redemption_metadata=basket.redemption_metadata,
        holder_id=redeemable.holder_id,
        api_key=basket.api_key,
        user=basket.user,
        credits=asked and asked.credits,
        points=asked and asked.points,
        counters=_counters(basket, state, redeemable),
    )


def _bundle(basket: Basket, facts: Facts, redeemable: Redeemable) -> Bundles | None:
    """The bundles in the order; one discount has at most one kind of them."""
    for attached in redeemable.rules:
        if attached.bundle_rules is not None:
            return find_bundles(attached.bundle_rules, facts.order, basket.catalogue, basket.moment)
    return None


def _times(redeemable: Redeemable, found: Bundles | None) -> int:
    """By how many bundles the discount is multiplied."""
    scaling = any(attached.bundle_rules and attached.bundle_rules.scaling for attached in redeemable.rules)
    return max(1, found.quantity) if found and scaling else 1


def _violated(basket: Basket, redeemable: Redeemable, facts: Facts, bundle: Bundles | None) -> Refusal | None:
    for attached in redeemable.rules:
        violation = attached.rule.violation(facts, basket.ignored.rules)
        if violation is not None:
            return _refusal(redeemable, attached, violation)
    if bundle is not None and bundle.quantity < 1 and not basket.ignored.bundles:
        rule_id = next(attached.id for attached in redeemable.rules if attached.bundle_rules)
        reason = Reason(check="bundle", rule_id=rule_id, expected="at least 1 bundle", actual=0)
        return refusals.violated("order", redeemable.label, reason=reason, text=None)
    return None


def _refused_after(basket: Basket, redeemable: Redeemable, facts: Facts, after: Order) -> Refusal | None:
    for attached in redeemable.rules:
        violation = attached.rule.violation_after(facts, after, basket.ignored.rules)
        if violation is not None:
            return _refusal(redeemable, attached, violation)
    return None


def _refusal(redeemable: Redeemable, attached: Attached, violation: Violation) -> Refusal:
    reason = Reason(
        check=violation.name,
        rule_id=attached.id,
        node=violation.node,
        expected=violation.expected,
        actual=violation.actual,
    )
    if violation.kind == "missing_customer":
        return refusals.missing_customer(reason)
    return refusals.violated(violation.kind, redeemable.label, reason=reason, text=violation.message)


def _counters(basket: Basket, state: State, redeemable: Redeemable) -> dict[str, int]:
    """What is counted so far for each rule that asks, with what this request has done already."""
    return {
        name: basket.counted.get(key, 0) + state.counted.get(key, 0)
        for attached in redeemable.rules
        for name, key in attached.counters.items()
    }


def _counted(redeemable: Redeemable, facts: Facts, taken: Taken) -> dict[str, int]:
    """By how much this one moves the counters that its rules ask for."""
    return {
        key: share_of(name, facts, taken.order)
        for attached in redeemable.rules
        for name, key in attached.counters.items()
    }


def _discounted(
    basket: Basket,
    state: State,
    redeemable: Redeemable,
    discount: Discount,
    lines: tuple[Line, ...],
    bundle: Bundles | None,
) -> Taken:
    if bundle is not None and bundle.quantity < 1:
        # Only a qualification that does not ask for whole bundles gets here.
        return Taken(order=state.order, lines=lines, bundle=bundle)
    governed = [(line.entry, state.order.items[line.index]) for line in lines if line.entry is not None]
    keys = _unit_counters(basket, redeemable, governed)
    applied = index.apply(
        Step(
            order=state.order,
            discount=discount,
            lines=lines,
            untouchable=_untouchable(basket, state),
            catalogue=basket.catalogue,
            context=_context(basket, state, redeemable, bundle),
            bundles=_times(redeemable, bundle),
            initial=state.initial if basket.stacking.takes_initial_amount(redeemable) else None,
            used_units={unit: basket.counted.get(key, 0) + state.counted.get(key, 0) for unit, key in keys.items()},
        ),
        redeemable.effect or "",
    )
    return Taken(
        order=applied.order,
        lines=applied.lines,
        values=applied.values,
        counted={keys[unit]: units for unit, units in applied.units.items()},
        units=applied.units,
        bundle=bundle,
        swaps=applied.swaps,
    )


def unit_counters(basket: Basket, redeemable: Redeemable) -> dict[str, str]:
    """The keys of the counters of units that the decision may ask for, by the limits' own names for them.

    They are those of every line that is meant, whichever are chosen in the end, and of goods that may come in.
    """
    if not any(entry.counted for scope in redeemable.scopes for entry in scope.entries):
        return {}
    coming = [
        cart.line_of(goods.unit_type, basket.catalogue)
        for one in basket.redeemables
        for goods in (one.discount.free_goods if one.discount else ())
        if goods.unit_type
    ]
    governed = [
        (entry, item)
        for item in (*basket.order.items, *coming)
        if (entry := targets.governing(item, redeemable.scopes, basket.catalogue, basket.moment)) is not None
    ]
    return _unit_counters(basket, redeemable, governed)


def _unit_counters(basket: Basket, redeemable: Redeemable, governed: Iterable[tuple[Entry, Item]]) -> dict[str, str]:
    named = {unit for entry, item in governed if entry.counted for unit in counters_of(entry, item).values()}
    if not named:
        return {}
    prefix = next((attached.prefix for attached in redeemable.rules if attached.scope.names_goods), "")
    customer_id = (basket.customer and basket.customer.id) or NOBODY
    return {unit: f"{prefix}:{unit}:{customer_id if '_customer_' in unit else ''}" for unit in named}


def _context(basket: Basket, state: State, redeemable: Redeemable, bundle: Bundles | None) -> Context:
    """What formulas may ask."""
    said, customer = redeemable.formulas, basket.customer
    tier = redeemable.object == "promotion_tier"
    return Context(
        moment=basket.moment,
        order=state.order,
        catalogue=basket.catalogue,
        order_metadata=basket.order_metadata,
        customer_metadata=customer.metadata if customer else {},
        redeemable_metadata=redeemable.metadata,
        redemption_metadata=basket.redemption_metadata,
        publication_metadata=said.publication_metadata,
        birthdate=customer.birthdate if customer else None,
        redemption_quantity=said.redemption_quantity,
        redeemed_quantity=said.redeemed_quantity,
        publish_count=said.publish_count,
        voucher_start=None if tier else said.start_date,
        voucher_expiration=None if tier else said.expiration_date,
        tier_start=said.start_date if tier else None,
        tier_expiration=said.expiration_date if tier else None,
        bundle_quantity=bundle.quantity if bundle else None,
    )
