"""What the redeemables of a request come to, together: the one decision behind every answer. Pure.

Qualifications, validations and redemptions all ask `decide`, so that they cannot disagree.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Literal

import msgspec
from msgspec.structs import replace

from guerdon.engine import stacking, turn
from guerdon.engine.basket import Basket
from guerdon.engine.bundles import Bundles
from guerdon.engine.discounts.step import plain
from guerdon.engine.order import Item, Order
from guerdon.engine.redeemable import Redeemable
from guerdon.engine.refusals import NO_EFFECT, PRECEDING, Refusal, Skip
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
    def refused(self) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.status == "INAPPLICABLE")

    @property
    def skipped(self) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.status == "SKIPPED")


def decide(basket: Basket) -> Quote:
    """Each redeemable in its turn, on the order as those before it have left it."""
    start = plain(basket.order)
    all_or_none = basket.stacking.redeemables_application_mode == "ALL"
    is_valid = partial(_holds, basket, start)
    outcomes: list[Outcome] = []
    order, discounted = start, frozenset[int]()
    counted: Counter[str] = Counter()
    for one in stacking.turns(basket.redeemables, basket.stacking, is_valid):
        failed = all_or_none and any(outcome.refusal for outcome in outcomes)
        state = State(order=order, initial=start, discounted=discounted, counted=counted)
        outcome = _outcome(basket, state, one, outcomes, failed=failed)
        outcomes.append(outcome)
        if outcome.taken is not None:
            order = plain(outcome.taken.order)
            discounted |= _discounted(outcome.taken.order)
            counted.update(outcome.taken.counted)
    applied = [outcome for outcome in outcomes if outcome.taken is not None]
    valid = bool(applied) and not (all_or_none and any(outcome.refusal for outcome in outcomes))
    return Quote(outcomes=tuple(outcomes), order=_shared(start, order, applied), valid=valid)


def alone(basket: Basket, redeemable: Redeemable) -> Outcome:
    """The one redeemable by itself on the basket's order, whatever others there are."""
    start = plain(basket.order)
    return _taken(basket, State(order=start, initial=start), redeemable)


def _outcome(basket: Basket, state: State, one: stacking.Turn, before: Sequence[Outcome], *, failed: bool) -> Outcome:
    if failed:
        return Outcome(redeemable=one.redeemable, skip=PRECEDING)
    applied = [outcome.redeemable for outcome in before if outcome.taken is not None]
    skip = one.skip or stacking.over_limit(one.redeemable, applied, basket.stacking)
    if skip is not None:
        return Outcome(redeemable=one.redeemable, skip=skip)
    outcome = _taken(basket, state, one.redeemable)
    if outcome.taken and not outcome.taken.has_effect and basket.stacking.skips_no_effect(one.redeemable):
        return Outcome(redeemable=one.redeemable, skip=NO_EFFECT)
    return outcome


def _taken(basket: Basket, state: State, redeemable: Redeemable) -> Outcome:
    result = turn.take(basket, state, redeemable)
    if isinstance(result, Refusal):
        return Outcome(redeemable=redeemable, refusal=result)
    return Outcome(redeemable=redeemable, taken=result)


def _holds(basket: Basket, start: Order, redeemable: Redeemable) -> bool:
    return isinstance(turn.take(basket, State(order=start, initial=start), redeemable), Taken)


def _discounted(order: Order) -> frozenset[int]:
    return frozenset(index for index, item in enumerate(order.items) if item.applied_discount_amount)


def _shared(start: Order, order: Order, applied: Sequence[Outcome]) -> Order:
    """The final order with the shares of all of them added up."""
    orders = [outcome.taken.order for outcome in applied if outcome.taken]
    if not orders:
        return order
    items = tuple(_shared_item(item, [one.items[i] for one in orders if i < len(one.items)])
                  for i, item in enumerate(order.items))  # fmt: skip
    changed = any(one.initial_amount is not None and one.initial_amount != start.initial_amount for one in orders)
    return replace(
        order,
        items=items,
        applied_discount_amount=_sum(one.applied_discount_amount for one in orders),
        initial_amount=start.amount if changed else order.initial_amount,
    )


def _shared_item(item: Item, shares: Sequence[Item]) -> Item:
    return replace(
        item,
        applied_discount_amount=_sum(share.applied_discount_amount for share in shares),
        applied_discount_quantity=_sum(share.applied_discount_quantity for share in shares),
        applied_quantity=_sum(share.applied_quantity for share in shares),
        applied_quantity_amount=_sum(share.applied_quantity_amount for share in shares),
    )


def _sum(amounts: Iterable[int | None]) -> int | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if known else None
