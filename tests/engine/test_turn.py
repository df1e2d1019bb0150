"""One redeemable's turn: what is asked first, what the answer says, and what is counted."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from baskets import MOMENT, attached, basket, bundle, cart, decide, encoded, goods, item, rule, voucher
from guerdon.engine.basket import Ignored
from guerdon.engine.facts import Customer
from guerdon.engine.quote import alone
from guerdon.engine.redeemable import Gift, Redeemable
from guerdon.engine.refusals import Refusal, not_found
from guerdon.engine.validity import Validity

OFF = {"type": "AMOUNT", "effect": "APPLY_TO_ORDER", "amount_off": 100}
ORDER = cart(item("mug", 2, 1_000))
BEFORE, AFTER = MOMENT.now - timedelta(days=1), MOMENT.now + timedelta(days=1)
ABSENT = {"absent": not_found("voucher", "A")}
OVER = {"periods": (Validity(end=BEFORE),)}
RULE = rule("order.amount", {"$more_than": [5_000]})


def tier(**more: Any) -> Redeemable:
    return Redeemable(object="promotion_tier", id="promo_1", label="Promotion Tier", **more)


def refused(one: Redeemable, order: Any = ORDER, **more: Any) -> Refusal:
    (outcome,) = decide(order, one, **more).outcomes
    assert outcome.status == "INAPPLICABLE"
    assert outcome.refusal
    return outcome.refusal


ME = Customer(id="cust_1")


@pytest.mark.parametrize(
    ("one", "key", "details", "reason"),
    [
        (
            voucher(OFF, **ABSENT), "not_found", "Cannot find voucher with id A",
            {"check": "existence", "expected": "voucher", "actual": "A"},
        ),
        (
            voucher(OFF, active=False), "voucher_disabled", "A",
            {"check": "active", "expected": True, "actual": False},
        ),
        (
            tier(active=False), "promotion_inactive", "Promotion Tier with id: promo_1 is disabled.",
            {"check": "active", "expected": True, "actual": False},
        ),
        (
            voucher(OFF, **OVER), "voucher_expired", "A",
            {
                "check": "validity",
                "expected": {"start_date": None, "expiration_date": "2026-03-10T12:00:00Z", "windows": None},
                "actual": "2026-03-11T12:00:00+00:00",
            },
        ),
        (
            voucher(OFF, periods=(Validity(start=AFTER),)), "voucher_not_active", "A",
            {
                "check": "validity",
                "expected": {"start_date": "2026-03-12T12:00:00Z", "expiration_date": None, "windows": None},
                "actual": "2026-03-11T12:00:00+00:00",
            },
        ),
        (
            tier(periods=(Validity(windows={"day_of_week": [0]}),)), "promotion_not_active_now", "promo_1",
            {
                "check": "validity",
                "expected": {"start_date": None, "expiration_date": None, "windows": {"day_of_week": [0]}},
                "actual": "2026-03-11T12:00:00+00:00",
            },
        ),
        (
            voucher(OFF, is_referral_code=True, holder_id="cust_1"), "referrer_not_permitted_to_redeem", "A",
            {"check": "referrer", "expected": "another customer", "actual": "cust_1"},
        ),
        (
            voucher(OFF, None, RULE), "order_rules_violated",
            "Discount Coupon cannot be redeemed because of violated validation rules: val_1",
            {
                "check": "order.amount", "rule_id": "val_1", "node": "1", "expected": {"$more_than": [5_000]},
                "actual": 2_000,
            },
        ),
        (
            voucher(OFF, left=0), "quantity_exceeded", "A",
            {"check": "quantity", "expected": "at least 1 redemption left", "actual": 0},
        ),
        (
            voucher(OFF, None, attached(bundle=bundle(("mug", 3)))), "order_rules_violated",
            "Discount Coupon cannot be redeemed because of violated validation rules: val_1",
            {"check": "bundle", "rule_id": "val_1", "expected": "at least 1 bundle", "actual": 0},
        ),
        (
            voucher(OFF, None, rule("order.total_amount", {"$more_than_or_equal": [1_950]})), "order_rules_violated",
            "Discount Coupon cannot be redeemed because of violated validation rules: val_1",
            {
                "check": "order.total_amount", "rule_id": "val_1", "node": "1",
                "expected": {"$more_than_or_equal": [1_950]}, "actual": 1_900,
            },
        ),
    ],
)  # fmt: skip
def test_why_it_cannot_be_redeemed(one: Redeemable, key: str, details: str, reason: dict[str, Any]) -> None:
    refusal = refused(one, customer=ME)
    assert (refusal.key, refusal.details) == (key, details)
    assert encoded(refusal.reason) == reason


def test_rules_about_customers_want_one() -> None:
    refusal = refused(voucher(OFF, None, rule("customer.segment", {"$is": ["seg_1"]})))
    assert refusal.key == "missing_customer"
    assert encoded(refusal.reason) == {
        "check": "customer.segment", "rule_id": "val_1", "node": "1", "expected": {"$is": ["seg_1"]},
    }  # fmt: skip


WORST_FIRST: list[tuple[str, dict[str, Any]]] = [
    ("not_found", ABSENT),
    ("voucher_disabled", {"active": False}),
    ("voucher_expired", OVER),
    ("referrer_not_permitted_to_redeem", {"is_referral_code": True, "holder_id": "cust_1"}),
    ("order_rules_violated", {"rules": (RULE,)}),
    ("quantity_exceeded", {"left": 0}),
    ("gift_amount_exceeded", {"gift": Gift(balance=1, asked=2)}),
]


@pytest.mark.parametrize("place", range(len(WORST_FIRST)))
def test_what_is_told_first(place: int) -> None:
    fields: dict[str, Any] = {}
    for _, wrong in WORST_FIRST[place:]:
        fields |= wrong
    assert refused(Redeemable(object="voucher", id="A", **fields), customer=ME).key == WORST_FIRST[place][0]


def test_a_voucher_is_used_up_by_the_last_use() -> None:
    assert decide(ORDER, voucher(OFF, left=1)).valid
    assert refused(voucher(OFF, left=-1)).key == "quantity_exceeded"


def test_what_is_worth_nothing_changes_nothing() -> None:
    (outcome,) = decide(ORDER, voucher()).outcomes
    assert outcome.taken
    assert (outcome.taken.order, outcome.taken.has_effect, outcome.amount) == (ORDER, False, None)


def test_an_effect_that_a_type_cannot_have_changes_nothing() -> None:
    one = voucher({"type": "PERCENT", "percent_off": 10, "effect": "ADD_MISSING_ITEMS"})
    assert decide(ORDER, one).order == ORDER


@pytest.mark.parametrize(("rules", "complete"), [(bundle(("mug", 2)), 1), (bundle(("mug", 3)), 0)])
def test_bundles_are_told_whether_it_applies_or_not(rules: Any, complete: int) -> None:
    (outcome,) = decide(ORDER, voucher(OFF, None, attached(bundle=rules))).outcomes
    assert outcome.bundle
    assert outcome.bundle.quantity == complete
    too_dear = rule("order.total_amount", {"$more_than": [9_999]})
    (outcome,) = decide(ORDER, voucher(OFF, None, attached(bundle=rules), too_dear)).outcomes
    assert outcome.status == "INAPPLICABLE"
    assert outcome.bundle


def test_checks_that_are_left_out() -> None:
    incomplete = voucher(OFF, None, attached(bundle=bundle(("mug", 3))))
    quote = decide(ORDER, incomplete, ignored=Ignored(bundles=True))
    assert (quote.valid, quote.order) == (True, ORDER)
    dear = voucher(OFF, None, RULE)
    assert decide(ORDER, dear, ignored=Ignored(rules=frozenset({"order.amount"}))).valid


def test_all_rules_must_hold() -> None:
    fine = rule("order.amount", {"$more_than": [5]})
    assert decide(ORDER, voucher(OFF, None, fine)).valid
    assert refused(voucher(OFF, None, fine, RULE)).key == "order_rules_violated"


def test_counters_are_moved_by_what_was_taken() -> None:
    limits = attached(
        {
            "1": {"name": "redemption.count.daily", "conditions": {"$less_than_or_equal": [2]}},
            "2": {"name": "campaign.orders.amount_discounted", "conditions": {"$less_than_or_equal": [150]}},
            "logic": "1 and 2",
        },
        counters={"redemption.count.daily": "day", "campaign.orders.amount_discounted": "off"},
    )
    quote = decide(ORDER, voucher(OFF, None, limits), counted={"day": 1})
    assert quote.applied[0].taken
    assert quote.applied[0].taken.counted == {"day": 1, "off": 100}
    refusal = refused(voucher(OFF, None, limits), counted={"day": 2})
    assert encoded(refusal.reason) == {
        "check": "redemption.count.daily", "rule_id": "val_1", "node": "1",
        "expected": {"$less_than_or_equal": [2]}, "actual": 2,
    }  # fmt: skip
    two = [voucher(OFF, None, limits, id=id) for id in "AB"]
    assert [one.redeemable.id for one in decide(ORDER, *two).applied] == ["A"]


def test_alone_is_as_if_nobody_else_were_there() -> None:
    one = voucher({"type": "PERCENT", "percent_off": 10}, id="A")
    found = alone(basket(ORDER, voucher(OFF, id="B"), one), one)
    assert found == decide(ORDER, one).outcomes[0]


def test_reasons_can_be_written_down() -> None:
    odd = {"list": [1.5, None, True, {"deep": [datetime(2026, 1, 1, tzinfo=UTC)]}], "tuple": (Decimal("0.1"), {1})}
    nodes = {"1": {"name": "order.metadata", "property": "x", "conditions": {"$is": [1.5]}}, "logic": "1"}
    refusal = refused(voucher(OFF, None, attached(nodes, applies=goods("mug"))), order_metadata={"x": odd})
    actual = {"list": [1.5, None, True, {"deep": ["2026-01-01T00:00:00Z"]}], "tuple": ["0.1", [1]]}
    assert encoded(refusal)["reason"]["actual"] == actual
