"""One redeemable's turn on the order as it stands: may it, and what does it take. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from guerdon.engine import bundles, credit, refusals, targets
from guerdon.engine.basket import Basket
from guerdon.engine.bundles import Bundle
from guerdon.engine.credit import Paid
from guerdon.engine.discounts import discount as discounts, index
from guerdon.engine.discounts.step import Step
from guerdon.engine.facts import Facts
from guerdon.engine.formula.context import Context
from guerdon.engine.order import Order
from guerdon.engine.redeemable import Attached, Redeemable
from guerdon.engine.refusals import Reason, Refusal
from guerdon.engine.rules.rule import Violation
from guerdon.engine.targets import Line
from guerdon.engine.validity import problem_at


class State(msgspec.Struct, frozen=True, kw_only=True):
    """The order now and as the request brought it, and the lines that others of the request have discounted."""

    order: Order
    initial: Order
    discounted: frozenset[int] = frozenset()


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What a redeemable took: the order with its share in it, credits or points, and counters of units by key.

    `values` are those of the discount that a formula gave; `lines` the goods it was for, if it was for any.
    """

    order: Order
    lines: tuple[Line, ...] = ()
    values: Mapping[str, Any] = {}
    units: Mapping[str, int] = {}
    credits: int | None = None
    points: int | None = None
    bundle: Bundle | None = None

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
    else:
        taken = _discounted(basket, state, redeemable, lines, bundle)
    return _refused_after(redeemable, replace(facts, order=taken.order)) or taken


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
        return refusals.by_referrer(redeemable.id)
    # Points belong to somebody: a card of nobody pays for nothing, and a customer who is named must be its holder.
    if redeemable.card and (redeemable.holder_id is None or customer_id not in {None, redeemable.holder_id}):
        return refusals.not_the_holder(redeemable.id)
    return None


def _lines(basket: Basket, state: State, redeemable: Redeemable) -> tuple[Line, ...]:
    once = basket.stacking.redeemables_products_application_mode == "ONCE"
    without = state.discounted if once else frozenset[int]()
    return targets.choose(state.order, redeemable.scopes, basket.catalogue, basket.moment, without=without)


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
        counters=redeemable.counters,
    )


def _bundle(basket: Basket, facts: Facts, redeemable: Redeemable) -> Bundle | None:
    """The bundles in the order; one discount has at most one kind of them."""
    for attached in redeemable.rules:
        if attached.bundle_rules:
            return bundles.identify(attached.bundle_rules, facts.order, basket.catalogue, basket.moment)
    return None


def _violated(basket: Basket, redeemable: Redeemable, facts: Facts, bundle: Bundle | None) -> Refusal | None:
    for attached in redeemable.rules:
        violation = attached.rule.violation(facts)
        if violation is not None:
            return _refusal(redeemable, attached, violation)
    if bundle is not None and bundle.quantity < 1 and not basket.ignored.bundles:
        rule_id = next(attached.id for attached in redeemable.rules if attached.bundle_rules)
        reason = Reason(check="bundle", rule_id=rule_id, expected="at least 1 bundle", actual=0)
        return refusals.violated("order", redeemable.label, reason=reason, text=None)
    return None


def _refused_after(redeemable: Redeemable, facts: Facts) -> Refusal | None:
    for attached in redeemable.rules:
        violation = attached.rule.violation_after(facts)
        if violation is not None:
            return _refusal(redeemable, attached, violation)
    return None


def _refusal(redeemable: Redeemable, attached: Attached, violation: Violation) -> Refusal:
    if violation.kind == "missing_customer":
        return refusals.missing_customer()
    reason = Reason(
        check=violation.name,
        rule_id=attached.id,
        node=violation.node,
        expected=violation.expected,
        actual=violation.actual,
    )
    return refusals.violated(violation.kind, redeemable.label, reason=reason, text=violation.message)


def _discounted(
    basket: Basket, state: State, redeemable: Redeemable, lines: Sequence[Line], bundle: Bundle | None
) -> Taken:
    names_goods = any(scope.names_goods for scope in redeemable.scopes)
    discount = discounts.read(redeemable.discount or {}, names_goods=names_goods)
    applied = index.apply(
        Step(
            order=state.order,
            discount=discount,
            lines=tuple(lines),
            catalogue=basket.catalogue,
            context=_context(basket, state, redeemable, bundle),
            bundles=max(1, bundle.multiplier) if bundle else 1,
            initial=state.initial if basket.stacking.takes_initial_amount(redeemable) else None,
            used_units=redeemable.used_units,
        )
    )
    return Taken(
        order=applied.order, lines=applied.lines, values=applied.values, units=applied.units, bundle=bundle
    )


def _context(basket: Basket, state: State, redeemable: Redeemable, bundle: Bundle | None) -> Context:
    """What formulas may ask."""
    said = redeemable.formulas
    tier = redeemable.object == "promotion_tier"
    dates = (said.start_date, said.expiration_date)
    return Context(
        moment=basket.moment,
        order=state.order,
        order_metadata=basket.order_metadata,
        customer_metadata=basket.customer.metadata if basket.customer else {},
        customer_birthdate=basket.customer and basket.customer.birthdate,
        redeemable_metadata=redeemable.metadata,
        redemption_metadata=basket.redemption_metadata,
        publication_metadata=said.publication_metadata,
        catalogue=basket.catalogue,
    )
