"""Paying with what a card holds: the credits of a gift card and the points of a loyalty card. Pure."""

from collections.abc import Sequence

import msgspec

from guerdon.engine import refusals
from guerdon.engine.allocate import fill
from guerdon.engine.basket import NO_ORDER
from guerdon.engine.discounts.step import off_lines, off_order
from guerdon.engine.order import Order
from guerdon.engine.redeemable import Card, Gift, Rate, Redeemable
from guerdon.engine.refusals import Refusal
from guerdon.engine.targets import Line


class Paid(msgspec.Struct, frozen=True, kw_only=True):
    """The order after it, and the credits (minor units) or the points that are taken off the card."""

    order: Order
    credits: int | None = None
    points: int | None = None


def pay(order: Order, redeemable: Redeemable, lines: Sequence[Line]) -> Paid | Refusal | None:
    """None if it is no card at all."""
    if redeemable.gift is not None:
        return _credits(order, redeemable.id, redeemable.gift, lines)
    if redeemable.card is not None:
        return _points(order, redeemable.id, redeemable.card)
    return None


def _credits(order: Order, code: str, gift: Gift, lines: Sequence[Line]) -> Paid | Refusal:
    """The credits asked for, or all there are, as far as there is something left to pay; no more leave the card."""
    if gift.asked is not None and gift.asked > gift.balance:
        return refusals.gift_amount_exceeded(code, gift.balance, gift.asked)
    wanted = gift.balance if gift.asked is None else gift.asked
    if gift.effect == "APPLY_TO_ITEMS":
        return _credits_for_items(order, wanted, lines)
    if order.total_amount is None:
        return refusals.missing_amount()
    credits_ = max(0, min(wanted, order.total_amount))
    return Paid(order=off_order(order, credits_), credits=credits_)


def _credits_for_items(order: Order, wanted: int, lines: Sequence[Line]) -> Paid | Refusal:
    indices = sorted(line.index for line in lines if order.items[line.index].amount is not None)
    if not indices:
        return refusals.missing_items_amount()
    left = order.total_amount or 0
    room = [max(0, order.items[index].subtotal_amount or 0) for index in indices]
    offs = dict(zip(indices, fill(room, max(0, min(wanted, left))), strict=True))
    return Paid(order=off_lines(order, offs), credits=sum(offs.values()))


def _points(order: Order, code: str, card: Card) -> Paid | Refusal:
    """The price of the reward, or as many points as the order is to be paid with."""
    reward = card.reward
    if reward is None:
        return refusals.missing_reward()
    if reward.left is not None and reward.left <= 0:
        return refusals.out_of_stock(reward.id, reward.left)
    if reward.points is not None and reward.points > card.balance:
        return refusals.points_exceeded(code, card.balance, reward.points)
    if reward.rate is None:
        return Paid(order=order, points=reward.points or 0)
    return _coins(order, card.balance, reward.points, reward.rate)


def _coins(order: Order, balance: int, asked: int | None, rate: Rate) -> Paid | Refusal:
    """The points asked for, or else as many whole lots as pay for what is left, but not more than there are."""
    if order == NO_ORDER:
        return refusals.missing_order_for_points()
    if order.total_amount is None:
        return refusals.missing_amount_for_points()
    left = max(0, order.total_amount)
    points = min(balance, _needed(left, rate)) if asked is None else asked
    return Paid(order=off_order(order, min(left, _worth(points, rate))), points=points)


def _worth(points: int, rate: Rate) -> int:
    """Minor units, whole ones only: a part of one is worth nothing."""
    numerator, denominator = rate.amount.as_integer_ratio()
    return points * numerator // (rate.points * denominator)


def _needed(amount: int, rate: Rate) -> int:
    """How many points pay for the amount, in whole lots."""
    numerator, denominator = rate.amount.as_integer_ratio()
    return -(-amount * denominator // numerator) * rate.points if numerator > 0 else 0
