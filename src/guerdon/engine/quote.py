"""What the redeemables of a request come to, together: the one decision behind every answer. Pure.

Qualifications, validations and redemptions all ask `decide`, so that they cannot disagree.
"""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Literal

import msgspec
from msgspec.structs import replace

from guerdon.engine import refusals, stacking, turn
from guerdon.engine.basket import Basket
from guerdon.engine.bundles import Bundles
from guerdon.engine.discounts.step import Swap, has_share, plain
from guerdon.engine.order import Item, Order
from guerdon.engine.redeemable import Redeemable
from guerdon.engine.refusals import Refusal, Skip
from guerdon.engine.turn import State, Taken

Status = Literal["APPLICABLE", "INAPPLICABLE", "SKIPPED"]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one redeemable. `taken` is what it took, with the order as it left it and its own share in it."""

    redeemable: Redeemable
    taken: Taken | None = None
    refusal: Refusal | None = None
    skip: Skip | None = None

    @property
    def status(self) -> Status:
        if self.skip is not None:
            return "SKIPPED"
        return "INAPPLICABLE" if self.taken is None else "APPLICABLE"

    @property
    def bundle(self) -> Bundles | None:
        """The bundles that were found in the order, if there are rules about any."""
        found = self.taken or self.refusal
        return found.bundle if found else None

    @property
    def amount(self) -> int | None:
        """Credits or points that a card pays; None for what is no card."""
        if self.taken is None:
            return None
        return self.taken.points if self.taken.credits is None else self.taken.credits


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """The outcomes in the order in which they were come to, and the order after them with the whole request's share.

    `valid` says that something applies and, where all must, that nothing is refused.
    """

    outcomes: tuple[Outcome, ...]
    order: Order
    valid: bool

    @property
    def applied(self) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.status == "APPLICABLE")

    @property
    def swaps(self) -> tuple[Swap, ...]:
        """The goods that were replaced by all that applies, in its order. Lines keep their places."""
        return tuple(swap for outcome in self.outcomes if outcome.taken for swap in outcome.taken.swaps)

    @property
    def refused(self) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.status == "INAPPLICABLE")

    @property
    def skipped(self) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.status == "SKIPPED")


def decide(basket: Basket) -> Quote:
    """Each redeemable in its turn, on the order as those before it have left it."""
    start = plain(basket.order)
    is_valid = partial(_holds, basket, start)
    outcomes: list[Outcome] = []
    applied: list[Outcome] = []
    failed: Redeemable | None = None
    state = State(order=start, initial=start)
    counted: Counter[str] = Counter()
    for one in stacking.turns(basket.redeemables, basket.stacking, is_valid):
        outcome = _outcome(basket, state, one, applied, failed)
        outcomes.append(outcome)
        if outcome.refusal is not None and basket.stacking.redeemables_application_mode == "ALL":
            failed = one.redeemable
        if outcome.taken is not None:
            applied.append(outcome)
            counted.update(outcome.taken.counted)
            discounted = state.discounted | _discounted(outcome.taken.order)
            state = State(order=_next(outcome.taken.order), initial=start, discounted=discounted, counted=counted)
    order = _shared(start, [outcome.taken.order for outcome in applied if outcome.taken])
    return Quote(outcomes=tuple(outcomes), order=order, valid=bool(applied) and failed is None)


def alone(basket: Basket, redeemable: Redeemable) -> Outcome:
    """The one redeemable by itself on the basket's order, whatever others there are."""
    start = plain(basket.order)
    return _taken(basket, State(order=start, initial=start), redeemable)


def _outcome(
    basket: Basket, state: State, one: stacking.Turn, applied: Sequence[Outcome], failed: Redeemable | None
) -> Outcome:
    if failed is not None:
        return Outcome(redeemable=one.redeemable, skip=refusals.preceding(failed.id))
    skip = one.skip or stacking.over_limit(one.redeemable, [outcome.redeemable for outcome in applied], basket.stacking)
    if skip is not None:
        return Outcome(redeemable=one.redeemable, skip=skip)
    outcome = _taken(basket, state, one.redeemable)
    if outcome.taken is not None and not outcome.taken.has_effect:
        skip = basket.stacking.no_effect(one.redeemable)
    return outcome if skip is None else Outcome(redeemable=one.redeemable, skip=skip)


def _taken(basket: Basket, state: State, redeemable: Redeemable) -> Outcome:
    result = turn.take(basket, state, redeemable)
    if isinstance(result, Refusal):
        return Outcome(redeemable=redeemable, refusal=result)
    return Outcome(redeemable=redeemable, taken=result)


def _holds(basket: Basket, start: Order, redeemable: Redeemable) -> bool:
    return isinstance(turn.take(basket, State(order=start, initial=start), redeemable), Taken)


def _next(order: Order) -> Order:
    """The order for the next turn. Where goods have changed, it begins with the amount that it has now."""
    after = plain(order)
    return after if order.initial_amount is None else replace(after, initial_amount=order.amount)


def _discounted(order: Order) -> frozenset[int]:
    """The lines that got something off, or units for nothing."""
    return frozenset(
        index
        for index, item in enumerate(order.items)
        if item.applied_discount_amount or item.applied_discount_quantity
    )


def _shared(start: Order, orders: Sequence[Order]) -> Order:
    """The last order with the shares of all of them added up."""
    if not orders:
        return start
    shares: dict[int, list[Item]] = {}
    for order in orders:
        for index, item in enumerate(order.items):
            if has_share(item):
                shares.setdefault(index, []).append(item)
    items = list(orders[-1].items)
    for index, mine in shares.items():
        items[index] = _summed(items[index], mine)
    changed = any(item.applied_quantity is not None for item in items)
    return replace(
        orders[-1],
        items=tuple(items),
        applied_discount_amount=_sum([order.applied_discount_amount for order in orders]),
        initial_amount=start.amount if changed else start.initial_amount,
    )


def _summed(item: Item, shares: Sequence[Item]) -> Item:
    return replace(
        item,
        applied_discount_amount=_sum([share.applied_discount_amount for share in shares]),
        applied_discount_quantity=_sum([share.applied_discount_quantity for share in shares]),
        applied_quantity=_sum([share.applied_quantity for share in shares]),
        applied_quantity_amount=_sum([share.applied_quantity_amount for share in shares]),
    )


def _sum(amounts: Sequence[int | None]) -> int | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if known else None
