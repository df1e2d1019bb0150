"""Paying with gift cards and with points."""

from decimal import Decimal
from typing import Any

import pytest

from baskets import attached, cart, decide, goods, item, offs, sums, taken
from guerdon.engine.facts import Customer
from guerdon.engine.order import Order
from guerdon.engine.redeemable import Card, Gift, Rate, Redeemable, Reward
from guerdon.engine.refusals import Refusal

COIN = Rate(Decimal(2_000), 100)


def gift(balance: int, asked: int | None = None, applies: Any = None, effect: Any = "APPLY_TO_ORDER") -> Redeemable:
    rules = (attached(applies=applies),) if applies else ()
    card = Gift(balance=balance, asked=asked, effect=effect)
    return Redeemable(object="voucher", id="GIFT", label="Gift Card", gift=card, rules=rules)


def loyalty(balance: int, reward: Reward | None, holder_id: str | None = "cust_1") -> Redeemable:
    return Redeemable(object="voucher", id="LOYAL", holder_id=holder_id, card=Card(balance=balance, reward=reward))


def coins(points: int | None = None, rate: Rate = COIN) -> Reward:
    return Reward(id="rew_1", points=points, rate=rate)


def refused(order: Order, one: Redeemable, **more: Any) -> Refusal:
    found = decide(order, one, **more).outcomes[0].refusal
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("balance", "asked", "order", "paid"),
    [
        (20_400, 100, cart(amount=200_000), 100),
        (2_000, 2_000, cart(amount=6_000), 2_000),
        (21_500, None, cart(amount=165_700), 21_500),
        (10_000, None, cart(amount=5_000), 5_000),
        (10_000, 9_000, cart(amount=5_000), 5_000),
        (10_000, 5_000, cart(amount=30_200, discount_amount=4_530), 5_000),
        (10_000, None, cart(amount=0), 0),
        (10_000, 0, cart(amount=500), 0),
        (0, None, cart(amount=500), 0),
        (-50, None, cart(amount=500), 0),
    ],
)
def test_credits_off_the_order(balance: int, asked: int | None, order: Order, paid: int) -> None:
    found = taken(order, gift(balance, asked))
    assert found.credits == found.order.applied_discount_amount == paid
    assert found.order.discount_amount == (order.discount_amount or 0) + paid
    assert found.points is None


def test_credits_off_the_goods_of_a_rule() -> None:
    order = cart(item("comic", 1, 1_600), item("box", 1, 3_000))
    found = taken(order, gift(300, 300, goods("box"), "APPLY_TO_ITEMS"))
    assert (offs(found.order), found.credits, found.order.total_amount) == ([0, 300], 300, 4_300)


def test_credits_fill_lines_in_their_order_and_never_pay_for_more_than_is_left() -> None:
    order = cart(item("a", 1, 1_000), item("b"), item("c", 1, 2_000, discount_amount=500), item("d", 1, 900))
    dearest = {"object": "products_collection", "id": "pc_a11pr0dUc75", "effect": "APPLY_FROM_MOST_EXPENSIVE"}
    found = taken(order, gift(2_600, None, goods(dearest), "APPLY_TO_ITEMS"))
    assert [one.applied_discount_amount for one in found.order.items] == [1_000, None, 1_500, 100]
    order = cart(item("a", 1, 1_000), discount_amount=700)
    assert taken(order, gift(2_600, None, None, "APPLY_TO_ITEMS")).credits == 300


@pytest.mark.parametrize(
    ("order", "one", "key", "expected", "actual"),
    [
        (cart(amount=5), gift(100, 101), "gift_amount_exceeded", 100, 101),
        (cart(), gift(100), "missing_amount", "an amount of the order", None),
        (cart(item("a")), gift(100), "missing_amount", "an amount of the order", None),
        (
            cart(item("a", 1, 5)), gift(100, None, goods("mug"), "APPLY_TO_ITEMS"), "missing_order_items_amount",
            "at least 1 applicable item with an amount", 0,
        ),
        (cart(amount=5), loyalty(100, None), "missing_reward", "a reward", None),
        (cart(amount=5), loyalty(100, coins(101)), "loyalty_card_points_exceeded", 100, 101),
        (cart(amount=5), loyalty(100, Reward(id="rew_1", points=101)), "loyalty_card_points_exceeded", 100, 101),
        (cart(amount=5), loyalty(100, Reward(id="rew_1", points=1, left=0)), "reward_out_of_stock", "at least 1", 0),
        (cart(), loyalty(100, coins(1)), "missing_order", "an order", None),
        (cart(item("a")), loyalty(100, coins(1)), "missing_amount", "an amount of the order", None),
        (cart(amount=5), loyalty(100, coins(1), None), "invalid_customer", None, None),
    ],
)  # fmt: skip
def test_what_cannot_pay(order: Order, one: Redeemable, key: str, expected: Any, actual: Any) -> None:
    found = refused(order, one)
    assert found.key == key
    assert found.reason
    assert (found.reason.expected, found.reason.actual) == (expected, actual)


@pytest.mark.parametrize(
    ("amount", "balance", "asked", "rate", "points", "off"),
    [
        (6_000, 5_386, 300, COIN, 300, 6_000),
        (10_000, 5_386, 200, COIN, 200, 4_000),
        (10_000, 2_000, 1_000, Rate(Decimal(5), 1), 1_000, 5_000),
        (10_000, 300, None, COIN, 300, 6_000),
        (6_000, 5_000, None, COIN, 300, 6_000),
        (6_010, 5_000, None, COIN, 400, 6_010),
        (45_000, 6_874, None, COIN, 2_300, 45_000),
        (6_010, 301, None, COIN, 301, 6_010),
        (6_000, 5_000, 4_000, COIN, 4_000, 6_000),
        (0, 100, 50, COIN, 50, 0),
        (0, 100, None, COIN, 0, 0),
        (1_000, 10, 1, Rate(Decimal("0.5"), 1), 1, 0),
        (1_000, 10, 10, Rate(Decimal("33.3"), 100), 10, 3),
        (1_000, 10, 10, Rate(Decimal(0), 100), 10, 0),
        (1_000, 10, None, Rate(Decimal(0), 100), 0, 0),
    ],
)
def test_points_off_the_order(amount: int, balance: int, asked: int | None, rate: Rate, points: int, off: int) -> None:
    found = taken(cart(amount=amount), loyalty(balance, coins(asked, rate)))
    assert (found.points, found.order.applied_discount_amount, found.credits) == (points, off, None)


def test_a_reward_of_a_price_takes_points_and_leaves_the_order() -> None:
    found = taken(cart(amount=2_700), loyalty(100, Reward(id="rew_1", points=4)))
    assert (found.points, sums(found.order)) == (4, {"amount": 2_700, "total_amount": 2_700})
    assert found.has_effect
    assert taken(cart(), loyalty(100, Reward(id="rew_1", points=4, left=1))).points == 4


@pytest.mark.parametrize(("customer", "key"), [("cust_1", None), ("cust_2", "invalid_customer"), (None, None)])
def test_points_belong_to_the_holder(customer: str | None, key: str | None) -> None:
    who = Customer(id=customer) if customer else None
    found = decide(cart(amount=5), loyalty(100, coins(1)), customer=who).outcomes[0]
    assert (found.refusal and found.refusal.key) == key


def test_a_customer_who_is_not_known_yet_holds_no_card() -> None:
    assert refused(cart(amount=5), loyalty(9, coins(1)), customer=Customer(source_id="new")).key == "invalid_customer"
