"""Validation rules: every name, their logic, who is to blame, and definitions that are none."""

from datetime import UTC, datetime
from itertools import product
from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies as st

from guerdon.engine.facts import Customer, Facts
from guerdon.engine.goods import Catalogue, Collection
from guerdon.engine.moment import Moment
from guerdon.engine.order import Item, Order
from guerdon.engine.rules.names import NAMES, NOT_OF_CUSTOMERS, NOT_OF_GOODS, NOT_OF_QUALIFICATIONS
from guerdon.engine.rules.rule import Violation, compile_rule

MUG = Item(product_id="mug", quantity=2, price=1000, amount=2000, metadata={"gift": "yes", "size": {"ml": 300}})
TEE = Item(
    product_id="tee", sku_id="tee_m", source_id="t", related_object="sku", quantity=1, price=2000, amount=2000,
    discount_amount=500,
)  # fmt: skip
CART = Order(items=(MUG, TEE), amount=4000)
CATALOGUE = Catalogue(
    products={"mug": {"metadata": {"brand": "Acme"}}, "tee": {"metadata": {"brand": "Bolt"}}},
    collections={
        "pc_mugs": Collection("pc_mugs", products=frozenset({"mug"})),
        "pc_all": Collection("pc_all", everything=True),
        "pc_acme": Collection("pc_acme", filter=lambda record, _moment: record["metadata"].get("brand") == "Acme"),
    },
)
ANNA = Customer(id="cust_a", metadata={"tags": ["a", "b", "c"], "city": "Oslo"}, segments=frozenset({"seg_vip"}))
FACTS = Facts(
    moment=Moment(datetime(2026, 3, 11, 12, 30, tzinfo=UTC)),
    order=CART,
    initial_amount=4500,
    order_metadata={"place": "Santorini", "due": "2026-03-12"},
    customer=ANNA,
    catalogue=CATALOGUE,
    redemption_metadata={"source": "web"},
    event_metadata={"test": 2},
    holder_id="cust_a",
    api_key="key_1",
    user="me@example.com",
    credits=300,
    points=50,
    counters={"redemption.count.daily": 2, "campaign.orders.amount": 9000, "redemption.gift.amount": 700},
)


def node(name: str, conditions: Any, key: str | None = None, message: str | None = None, **within: Any) -> Any:
    rules = {number.removeprefix("_"): inner for number, inner in within.items()}
    error = {"message": message} if message else None
    return {"name": name, "conditions": conditions, "property": key, "rules": rules, "error": error}


def violation(definition: dict[str, Any], facts: Facts = FACTS, **changes: Any) -> Violation | None:
    return compile_rule({"rules": definition}).violation(msgspec.structs.replace(facts, **changes))


def holds(one: dict[str, Any], facts: Facts = FACTS, **changes: Any) -> bool:
    return violation({"1": one, "logic": "1"}, facts, **changes) is None


def goods(id: str, object: str | None = "product", **fields: Any) -> dict[str, Any]:
    return {"id": id, **({"object": object} if object else {}), **fields}


PC_MUGS = goods("pc_mugs", "products_collection")


@pytest.mark.parametrize(
    ("name", "key", "met", "unmet"),
    [
        ("customer.segment", None, {"$is": ["seg_vip"]}, {"$is": ["seg_new"]}),
        ("customer.segment", None, {"$in": ["seg_new", "seg_vip"]}, {"$not_in": ["seg_new", "seg_vip"]}),
        ("customer.segment", None, {"$is_not": ["seg_new"]}, {"$is_not": ["seg_vip"]}),
        ("customer.metadata", "tags", {"$count": [3]}, {"$count_less": [3]}),
        ("customer.metadata", "tags", {"$not_differ": ["c", "b", "a"]}, {"$not_differ": ["a"]}),
        ("customer.metadata", "none", {"$is_unknown": [True]}, {"$is": ["Oslo"]}),
        ("publication.redeemable_by_linked_customer", None, {"$is": [True]}, {"$is_not": ["x"], "$in": []}),
        ("order.amount", None, {"$more_than_or_equal": [3500]}, {"$more_than": [3500]}),
        ("order.initial_amount", None, {"$less_than": [4501]}, {"$less_than": [4500]}),
        ("order.items.count", None, {"$is": [3]}, {"$is": [2]}),
        ("order.items.price_any", None, {"$more_than": [1500]}, {"$more_than": [2000]}),
        ("order.items.price_any", None, {"$is_not": [1000]}, {"$is": [1]}),
        ("order.items.price_each", None, {"$more_than": [999]}, {"$more_than": [1500]}),
        ("order.items.metadata_any", "gift", {"$is": ["yes"]}, {"$is": ["no"]}),
        ("order.items.metadata_each", "gift", {"$is_not": ["no"]}, {"$is": ["yes"]}),
        ("order.items.metadata_any", "size.ml", {"$is": [300]}, {"$more_than": [300]}),
        ("order.metadata", "place", {"$is": ["Santorini"]}, {"$is": ["santorini"]}),
        ("order.metadata", "due", {"$is_days_in_future": [1]}, {"$dow": [3]}),
        ("order.metadata", "due", {"$timeframe_absolute": ["2026-03-12;2026-03-13"]}, {"$before": ["2026-03-12"]}),
        ("order.items.any", None, {"$is": [goods("mug")]}, {"$is": [goods("pen")]}),
        ("order.items.any", None, {"$is": [goods("nope", source_id="mug")]}, {"$is": [goods("mug", "sku")]}),
        ("order.items.any", None, {"$is": [goods("t", "sku")]}, {"$is": [goods("t", "product")]}),
        ("order.items.any", None, {"$is": [goods("tee_m", None, type="product_or_sku")]}, {"$is": ["pen"]}),
        ("order.items.any", None, {"$is": ["tee"]}, {"$is": []}),
        ("order.items.any", None, {"$is": [PC_MUGS]}, {"$is": [goods("pc_none", "products_collection")]}),
        ("order.items.any", None, {"$is_not": [PC_MUGS]}, {"$is_not": [goods("pc_all", "products_collection")]}),
        (
            "order.items.any",
            None,
            {"$is": [goods("mug")], "$from": [goods("pc_acme", None)]},
            {"$is": [goods("tee")], "$from": [goods("pc_acme", None)]},
        ),
        ("order.items.every", None, {"$in": [goods("mug"), goods("tee")]}, {"$is": [PC_MUGS]}),
        ("order.items.every", None, {"$is_not": [goods("pen")]}, {"$is_not": [goods("mug")]}),
        ("order.items.none", None, {"$is": [goods("pen")]}, {"$is": [goods("tee")]}),
        ("order.items.cheapest", None, {"$is": [goods("mug")]}, {"$is": [goods("tee")]}),
        ("order.items.most_expensive", None, {"$is": [goods("tee")]}, {"$is": [goods("mug")]}),
        (
            "order.items.most_expensive",
            None,
            {"$is": ["mug"], "$from": ["pc_mugs"]},
            {"$is": ["tee"], "$from": ["pc_mugs"]},
        ),
        ("order.items.quantity", None, {"$is": [2]}, {"$is": [3]}),
        ("order.items.aggregated_quantity", None, {"$is": [3]}, {"$is": [2]}),
        ("order.items.aggregated_amount", None, {"$is": [3500]}, {"$is": [4000]}),
        ("order.items.price", None, {"$is": [2000]}, {"$is": [3000]}),
        ("order.items.metadata", "gift", {"$is": ["yes"]}, {"$is": ["no"]}),
        ("product.id", None, {"$is": [{"id": "mug"}]}, {"$is": [{"id": "tee_m"}]}),
        ("product.price", None, {"$less_than": [1500]}, {"$less_than": [1000]}),
        ("product.quantity", None, {"$more_than": [1]}, {"$more_than": [2]}),
        ("product.metadata", "brand", {"$is": ["Acme"]}, {"$is": ["Zest"]}),
        ("sku.id", None, {"$is": [{"id": "tee_m"}]}, {"$is": [{"id": "tee"}]}),
        ("redemption.api_key", None, {"$is": ["key_1"]}, {"$is": ["key_2"]}),
        ("redemption.user.login", None, {"$is": ["me@example.com"]}, {"$is_not": ["me@example.com"]}),
        ("redemption.metadata", "source", {"$is": ["web"]}, {"$is": ["app"]}),
        ("redemption.reward.pay_with_points.points_used", None, {"$less_than_or_equal": [50]}, {"$less_than": [50]}),
        ("custom_event.metadata", "test", {"$greater_than_or_equal": [1]}, {"$more_than": [2]}),
        ("redemption.count.daily", None, {"$less_than": [3]}, {"$less_than": [2]}),
        ("redemption.count.daily", None, {"$less_than_or_equal": [3]}, {"$less_than_or_equal": [2]}),
        ("redemption.count.per_customer", None, {"$less_than_or_equal": [1]}, {"$less_than": [0]}),
        ("campaign.redemptions.customers_count.weekly", None, {"$less_than": [1]}, {"$less_than_or_equal": [0]}),
        ("campaign.orders.amount", None, {"$less_than": [9001]}, {"$less_than": [9000]}),
    ],
)
def test_a_rule_holds_or_does_not(name: str, key: str | None, met: Any, unmet: Any) -> None:
    assert holds(node(name, met, key))
    if name.startswith("publication"):
        return  # it forbids nothing but other customers, see below
    found = violation({"1": node(name, unmet, key)})
    assert found is not None
    assert (found.node, found.name, found.kind) == ("1", name, NAMES[name][0])
    assert found.expected == unmet


def test_every_name_of_the_reference_is_known() -> None:
    names = [
        "customer.segment",
        "customer.metadata",
        "order.amount",
        "order.total_amount",
        "order.initial_amount",
        "order.items.count",
        "order.items.price_any",
        "order.items.price_each",
        "order.items.metadata_any",
        "order.items.metadata_each",
        "order.metadata",
        "campaign.orders.amount_discounted",
        "campaign.orders.amount",
        "campaign.redemptions.count",
        "campaign.redemptions.count.daily",
        "campaign.redemptions.count.weekly",
        "campaign.redemptions.count.monthly",
        "campaign.redemptions.customers_count",
        "campaign.redemptions.customers_count.daily",
        "campaign.redemptions.customers_count.weekly",
        "campaign.redemptions.customers_count.monthly",
        "redemption.gift.amount",
        "redemption.count.daily",
        "redemption.count.weekly",
        "redemption.count.monthly",
        "redemption.count.per_customer",
        "redemption.count.per_customer.daily",
        "redemption.count.per_customer.weekly",
        "redemption.count.per_customer.monthly",
        "redemption.api_key",
        "redemption.count.per_api_key",
        "redemption.user.login",
        "redemption.count.per_user",
        "redemption.metadata",
        "redemption.reward.pay_with_points.points_used",
        "product.id",
        "product.price",
        "product.quantity",
        "product.discount_applicable",
        "product.metadata",
        "product.metadata.aggregated_quantity",
        "product.metadata.aggregated_amount",
        "product.metadata.discount_applicable",
        "product.metadata.match_all",
        "sku.id",
        "sku.price",
        "sku.quantity",
        "sku.discount_applicable",
        "publication.redeemable_by_linked_customer",
        "custom_event.metadata",
        "order.items.every",
        "order.items.any",
        "order.items.none",
        "order.items.cheapest",
        "order.items.most_expensive",
        "order.items.quantity",
        "order.items.aggregated_quantity",
        "order.items.price",
        "order.items.aggregated_amount",
        "order.items.metadata",
    ]
    assert set(names) - set(NAMES) == set()
    assert set(NAMES) - set(names) == {"redemption.count"}  # of the incentive, without a period


@pytest.mark.parametrize(
    ("outer", "conditions", "within", "met"),
    [
        ("order.items.any", {"$is": ["mug", "tee"]}, node("order.items.aggregated_quantity", {"$is": [3]}), True),
        ("order.items.any", {"$is": ["mug"]}, node("order.items.aggregated_quantity", {"$is": [3]}), False),
        ("order.items.any", {"$is": ["tee"]}, node("order.items.aggregated_amount", {"$is": [1500]}), True),
        ("order.items.any", {"$is": ["mug", "tee"]}, node("order.items.quantity", {"$is": [1]}), True),
        ("order.items.every", {"$is": ["mug", "tee"]}, node("order.items.quantity", {"$is": [1]}), False),
        ("order.items.every", {"$is": ["mug", "tee"]}, node("order.items.price", {"$more_than": [999]}), True),
        ("order.items.every", {"$is": ["mug"]}, node("order.items.price", {"$more_than": [0]}), False),
        ("order.items.none", {"$is": ["mug"]}, node("order.items.quantity", {"$more_than": [2]}), True),
        ("order.items.none", {"$is": ["mug"]}, node("order.items.quantity", {"$more_than": [1]}), False),
        ("order.items.cheapest", {"$is": ["mug"]}, node("order.items.price", {"$less_than": [1000]}), False),
        ("order.items.any", {}, node("order.items.metadata", {"$is": ["yes"]}, "gift"), True),
        ("order.items.every", {}, node("order.items.metadata", {"$is": ["yes"]}, "gift"), False),
        ("product.id", {"$is": ["mug"]}, node("product.discount_applicable", {"$is": [True]}), True),
        ("sku.id", {"$is": ["tee_m"]}, node("sku.price", {"$is": [1]}), False),
    ],
)
def test_rules_within_a_rule_about_lines(outer: str, conditions: Any, within: Any, met: Any) -> None:
    assert holds(node(outer, conditions, _1=within, logic="1")) is met
    assert holds(node(outer, conditions, _1=within)) is met


def test_rules_within_are_about_the_same_line() -> None:
    cheap, many = node("order.items.price", {"$less_than": [1500]}), node("order.items.quantity", {"$is": [1]})
    assert not holds(node("order.items.any", {}, _1=cheap, _2=many, logic="1 and 2"))
    assert holds(node("order.items.any", {}, _1=cheap, _2=many, logic="1 or 2"))


def test_metadata_of_goods_of_one_line_or_of_all() -> None:
    match_all = node("product.metadata.match_all", {"$is": [True]})
    one = {"$is": ["Acme"]}
    assert holds(node("product.metadata", one, "brand"))
    assert not holds(node("product.metadata", one, "brand", _1=match_all))
    assert holds(node("product.metadata", {"$in": ["Acme", "Bolt"]}, "brand", _1=match_all))
    quantity = node("product.metadata.aggregated_quantity", {"$more_than": [2]})
    assert not holds(node("product.metadata", one, "brand", _1=quantity))


@pytest.mark.parametrize(
    "name", ["order.items.any", "order.items.every", "order.items.cheapest", "order.items.price_each"]
)
def test_an_order_without_lines_meets_no_rule_about_them(name: str) -> None:
    conditions = {"$is_not": [5]} if "price" in name else {"$is_not": ["pen"]}
    assert not holds(node(name, conditions), order=Order(amount=4000))
    assert holds(node("order.items.none", {}), order=Order(amount=4000))


def test_rules_within_other_rules_must_hold_as_well() -> None:
    inner = node("order.amount", {"$more_than": [3500]})
    outer = node("customer.segment", {"$is": ["seg_vip"]}, _1=inner)
    assert not holds(outer)
    assert holds(outer, order=Order(amount=3501))


def test_only_the_holder() -> None:
    rule = {"1": node("publication.redeemable_by_linked_customer", {"$is": [True]})}
    assert violation(rule) is None
    for changes, kind in (
        ({"customer": Customer(id="cust_b")}, "customer"),
        ({"holder_id": None}, "customer"),
        ({"customer": Customer(), "holder_id": None}, "customer"),
        ({"customer": None}, "missing_customer"),
    ):
        found = violation(rule, **changes)
        assert found is not None
        assert found.kind == kind
    assert holds(node("publication.redeemable_by_linked_customer", {"$is": [False]}), holder_id=None)


@pytest.mark.parametrize(
    "one",
    [
        node("customer.segment", {"$is_not": ["seg_new"]}),
        node("customer.metadata", {"$is_unknown": [""]}, "x"),
        node("redemption.count.per_customer.daily", {"$less_than": [10]}),
        node("campaign.redemptions.customers_count", {"$less_than": [10]}),
    ],
)
def test_a_rule_about_the_customer_needs_one(one: Any) -> None:
    found = violation({"1": one}, customer=None)
    assert found is not None
    assert found.kind == "missing_customer"
    assert compile_rule({"rules": {"1": one}}).needs.customer
    assert (
        violation({"1": one, "2": node("order.amount", {"$more_than": [1]}), "logic": "1 or 2"}, customer=None) is None
    )


def test_who_is_to_blame_and_what_is_told() -> None:
    redemption = node("redemption.metadata", {"$is": ["x"]}, "source", message="redemption")
    order = node("order.amount", {"$is": [1]}, message="order")
    segment = node("customer.segment", {"$is": ["seg_new"]}, message="segment")
    city = node("customer.metadata", {"$is": ["Rome"]}, "city")
    for rules, number, kind, message in (
        ({"1": redemption, "2": order, "10": segment, "9": city}, "9", "customer", "rule"),
        ({"1": redemption, "2": order, "9": segment, "10": city}, "9", "customer", "segment"),
        ({"1": redemption, "2": order}, "2", "order", "order"),
        ({"2": redemption}, "2", "redemption", "redemption"),
    ):
        found = compile_rule({"rules": rules, "error": {"message": "rule"}}).violation(FACTS)
        assert found is not None
        assert (found.node, found.kind, found.message) == (number, kind, message)
    found = compile_rule({"rules": {"1": city}}).violation(FACTS)
    assert found == Violation("customer", "1", "customer.metadata", None, {"$is": ["Rome"]}, "Oslo")


def test_nodes_that_the_logic_does_not_mention_are_not_evaluated() -> None:
    athens, some, much = (
        node("order.metadata", {"$is": ["Athens"]}, "place"),
        node("order.amount", {"$more_than": [100]}),
        node("customer.segment", {"$is": ["seg_new"]}),
    )
    rules = {"1": athens, "2": some, "3": much}
    assert violation({**rules, "logic": "1 or 2"}) is None
    assert violation({**rules, "logic": "1 and 2"}) is not None
    assert not compile_rule({"rules": {**rules, "logic": "1 OR 2"}}).needs.customer


@pytest.mark.parametrize(
    ("logic", "demand"),
    [
        (None, lambda a, b, c: a and b and c),
        ("", lambda a, b, c: True),
        (" ", lambda a, b, c: True),
        ("1 and 2 or 3", lambda a, b, c: (a and b) or c),
        ("3 OR 2 And 1", lambda a, b, c: c or (b and a)),
        ("(1 and 2) or 3", lambda a, b, c: (a and b) or c),
        ("1 and (2 or 3)", lambda a, b, c: a and (b or c)),
        (" ( ( 1 ) or(2))and(3) ", lambda a, b, c: (a or b) and c),
        ("2", lambda a, b, c: b),
    ],
)
def test_logic(logic: str | None, demand: Any) -> None:
    for values in product((True, False), repeat=3):
        rules = {
            str(number): node("order.amount", {"$more_than": [0 if value else 10**9]})
            for number, value in enumerate(values, 1)
        }
        assert (violation({**rules, "logic": logic}) is None) is demand(*values)


@pytest.mark.parametrize(
    ("name", "after", "met"),
    [
        ("order.total_amount", {"$more_than_or_equal": [3000]}, True),
        ("order.total_amount", {"$more_than_or_equal": [3001]}, False),
        ("campaign.orders.amount", {"$less_than_or_equal": [12000]}, True),
        ("campaign.orders.amount", {"$less_than_or_equal": [11999]}, False),
        ("campaign.orders.amount_discounted", {"$less_than_or_equal": [500]}, True),
        ("campaign.orders.amount_discounted", {"$less_than_or_equal": [499]}, False),
        ("redemption.gift.amount", {"$less_than_or_equal": [1000]}, True),
        ("redemption.gift.amount", {"$less_than_or_equal": [999]}, False),
    ],
)
def test_what_is_known_only_after_the_effect(name: str, after: Any, met: Any) -> None:
    rule = compile_rule({"rules": {"1": node(name, after)}})
    discounted = msgspec.structs.replace(CART, discount_amount=500)
    assert rule.needs.after
    assert rule.violation(FACTS) is None
    assert (rule.violation_after(FACTS, discounted) is None) is met


def test_a_rule_without_anything_to_know_after_is_not_asked_again() -> None:
    rule = compile_rule({"rules": {"1": node("order.amount", {"$less_than": [1]})}})
    assert not rule.needs.after
    assert rule.violation_after(FACTS, CART) is None
    both = {"1": node("order.amount", {"$less_than": [1]}), "2": node("order.total_amount", {"$is": [3500]})}
    either = compile_rule({"rules": {**both, "logic": "1 or 2"}})
    assert either.violation(FACTS) is None
    assert either.violation_after(FACTS, CART) is None
    assert either.violation_after(FACTS, Order(amount=1)) is not None


def test_what_the_loader_must_know() -> None:
    rules = {
        "1": node("customer.segment", {"$in": ["seg_a", "seg_b"]}),
        "2": node("redemption.count.per_customer.weekly", {"$less_than": [1]}),
        "3": node("order.items.any", {"$is": [PC_MUGS], "$from": ["pc_all"]}),
        "4": node("publication.redeemable_by_linked_customer", {"$is": [True]}),
        "5": node("order.amount", {"$more_than": [1]}, _1=node("campaign.orders.amount", {"$less_than": [1]})),
    }
    needs = compile_rule({"rules": rules}).needs
    assert (needs.customer, needs.holder, needs.after) == (True, True, False)
    assert needs.segments == {"seg_a", "seg_b"}
    assert needs.collections == {"pc_mugs", "pc_all"}
    weekly, amount = sorted(needs.counters, key=lambda counter: counter.of, reverse=True)
    assert (weekly.scope, weekly.per, weekly.period) == ("incentive", "customer", "week")
    assert (amount.scope, amount.per, amount.period, amount.of) == ("campaign", None, None, "order_amount")
    nothing = compile_rule({}).needs
    assert (nothing.customer, nothing.segments, nothing.counters, nothing.collections) == (False, set(), set(), set())


def test_qualifications_leave_nodes_out() -> None:
    rule = compile_rule(
        {
            "rules": {
                "1": node("redemption.count.per_customer", {"$less_than": [0]}),
                "2": node("order.amount", {"$less_than": [0]}),
                "3": node("customer.segment", {"$is": ["seg_vip"]}),
                "4": node("order.items.any", {"$is": ["pen"]}),
                "5": node("campaign.redemptions.count.daily", {"$less_than": [0]}),
            }
        }
    )
    assert rule.omitted(NOT_OF_QUALIFICATIONS) == ("1", "2", "5")
    assert rule.omitted(NOT_OF_CUSTOMERS) == ("1", "2", "4", "5")
    assert rule.omitted(NOT_OF_GOODS & NOT_OF_CUSTOMERS) == ("1", "2", "5")
    found = rule.violation(FACTS, NOT_OF_QUALIFICATIONS)
    assert found is not None
    assert found.node == "4"
    assert rule.violation(FACTS, NOT_OF_CUSTOMERS) is None
    assert rule.violation(msgspec.structs.replace(FACTS, customer=None), NOT_OF_GOODS | NOT_OF_CUSTOMERS) is None
    assert {"campaign.orders.amount", "redemption.count.daily", "order.initial_amount"}.isdisjoint(
        NOT_OF_QUALIFICATIONS
    )


def test_which_lines_a_rule_demands() -> None:
    rules = {
        "1": node("order.items.any", {"$is": [PC_MUGS]}),
        "2": node("order.items.none", {"$is": ["tee"]}),
        "3": node("order.items.price_any", {"$more_than": [1]}),
        "4": node("product.id", {"$is_not": ["pen"]}),
    }
    assert compile_rule({"rules": rules}).lines_demanded(FACTS) == {0}
    assert compile_rule({"rules": {"1": node("sku.id", {"$is": ["tee_m"]})}}).lines_demanded(FACTS) == {1}
    assert compile_rule({}).lines_demanded(FACTS) == set()


DEEP: Any = node("order.amount", {"$is": [1]})
for _ in range(50):
    DEEP = node("order.amount", {"$is": [1]}, _1=DEEP)


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ({"1": node("custom_event.metadata", {"$is": [1]})}, "Rule 'custom_event.metadata' must have a 'property'"),
        ({"1": node("customer.metadata", {"$is": [1]}, "")}, "Rule 'customer.metadata' must have a 'property'"),
        (
            {"1": node("order.items.any", {}, _1=node("order.items.metadata", {"$is": [1]}))},
            "Rule 'order.items.metadata' must have a 'property'",
        ),
        (
            {"1": node("order.items.metadata_any", {"$is": [1]})},
            "Rule 'order.items.metadata_any' must have a 'property'",
        ),
        ({"1": node("order.colour", {"$is": [1]})}, "Rule 'order.colour' is not known"),
        ({"1": node("order.amount", {})}, "Rule 'order.amount' must have 'conditions'"),
        ({"1": node("order.amount", None)}, "Rule 'order.amount' must have 'conditions'"),
        (
            {"1": node("order.amount", {"$more_than": ["x"]})},
            "Rule 'order.amount' has a wrong condition: $more_than must have a number or a date",
        ),
        (
            {"1": node("order.items.any", {"$more_than": [1]})},
            "Rule 'order.items.any' has a wrong condition: $more_than is not an operator of products",
        ),
        (
            {"1": node("product.id", {"$is": [{"object": "product"}]})},
            "Rule 'product.id' has a wrong condition: products must have an 'id'",
        ),
        ({"1": node("order.items.any", {"$is": [[]]})}, None),
        ({"1": node("order.items.any", {"$is": [{"id": [1]}]})}, None),
        ({"1": node("order.items.any", {"$is": ["a"]}, _1=node("order.amount", {"$is": [1]}))}, None),
        ({"1": DEEP}, None),
        ({"1": node("order.amount", [1])}, "Conditions of rule 'order.amount' must be an object"),
        ({"1": node(5, {"$is": [1]})}, "Rule 1 must have a 'name'"),
        ({"1": {"name": "order.amount", "property": 5}}, "Rule 'order.amount' must have a text as 'property'"),
        ({"1": {"name": "order.amount", "error": {"message": 5}}}, "Error must have a text as 'message'"),
        ({"1": "order.amount"}, "Rule 1 must be an object"),
        ({"one": node("order.amount", {"$is": [1]})}, "Rules must be numbered '1', '2' and so on"),
        ([], "Rules must be an object"),
        ({"1": node("order.amount", {"$is": [1]}), "logic": "1 and 2"}, "Logic has an unexpected '2'"),
        ({"1": node("order.amount", {"$is": [1]}), "logic": "1 1"}, "Logic has an unexpected '1'"),
        ({"1": node("order.amount", {"$is": [1]}), "logic": "1 and"}, "Logic ends too early"),
        ({"1": node("order.amount", {"$is": [1]}), "logic": "(1"}, "Logic lacks a closing bracket"),
        ({"1": node("order.amount", {"$is": [1]}), "logic": "not 1"}, "Logic has an unexpected 'not'"),
        ({"1": node("order.amount", {"$is": [1]}), "logic": "1 & 1"}, None),
        ({"1": node("order.amount", {"$is": [1]}), "logic": "(" * 1000 + "1" + ")" * 1000}, None),
        ({"1": node("order.amount", {"$is": [1]}), "logic": "1 or " * 1000 + "1"}, None),
        ({"1": node("order.amount", {"$is": [1]}), "logic": 1}, "Logic must be a text"),
        ({str(number): node("order.amount", {"$is": [1]}) for number in range(201)}, None),
        ({str(n): node("order.amount", {"$is": [1]}, _1=node("order.amount", {"$is": [1]})) for n in range(101)}, None),
    ],
)
def test_a_wrong_definition_is_refused(rules: Any, reason: str | None) -> None:
    with pytest.raises(ValueError, match=r"^\w") as error:
        compile_rule({"rules": rules})
    assert reason is None or str(error.value) == reason


def test_a_large_rule_about_a_large_order_ends() -> None:
    named = [{"id": f"p{number}"} for number in range(500)]
    rule = compile_rule({"rules": {str(number): node("order.items.none", {"$is": named}) for number in range(200)}})
    order = Order(items=tuple(Item(product_id=f"q{number}", quantity=1) for number in range(500)))
    assert rule.violation(msgspec.structs.replace(FACTS, order=order)) is None


def test_an_empty_rule_holds() -> None:
    for definition in ({}, {"rules": {}}, {"rules": {"logic": ""}}, {"rules": None, "error": None}):
        assert compile_rule(definition).violation(Facts(moment=FACTS.moment)) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["mug", "seg_vip"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "object", "a"]), inner, max_size=3)
    ),
)
CONDITIONS = st.dictionaries(
    st.sampled_from(["$is", "$is_not", "$in", "$from", "$more_than", "$count", "x"]), JSON, max_size=2
)
NODES = st.recursive(
    st.builds(node, st.sampled_from(sorted(NAMES)), CONDITIONS | JSON, st.sampled_from(["gift", None])),
    lambda inner: st.builds(
        lambda outer, within: {**outer, "rules": {"1": within}},
        st.builds(node, st.sampled_from(sorted(NAMES)), CONDITIONS, st.just("gift")),
        inner,
    ),
    max_leaves=3,
)


@given(
    rules=JSON | st.dictionaries(st.sampled_from(["1", "2", "3"]), NODES, max_size=3),
    logic=st.sampled_from(["", "1", "1 or 2", "(1 and 2) or 3", ")", None]),
    facts=st.sampled_from([FACTS, Facts(moment=FACTS.moment), msgspec.structs.replace(FACTS, customer=None)]),
)
def test_whatever_is_defined_is_refused_or_evaluated(rules: Any, logic: Any, facts: Facts) -> None:
    try:
        rule = compile_rule({"rules": {**rules, "logic": logic} if isinstance(rules, dict) else rules})
    except ValueError:
        return
    for found in (rule.violation(facts), rule.violation_after(facts, CART), rule.violation(facts, NOT_OF_GOODS)):
        assert isinstance(found, Violation | None)
    assert rule.violation(facts, frozenset(NAMES)) is None
