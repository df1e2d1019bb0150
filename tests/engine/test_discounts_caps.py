"""Limits on discounted units and on amounts, alone and together, and what they count."""

from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from baskets import (
    EVERYTHING,
    after,
    attached,
    basket,
    bundle,
    cart,
    catalogue,
    collection,
    decide,
    goods,
    item,
    offs,
    taken,
    voucher,
)
from guerdon.engine import turn
from guerdon.engine.discounts.caps import counters_of
from guerdon.engine.facts import Customer
from guerdon.engine.targets import Entry, read

AMOUNT = {"type": "AMOUNT", "effect": "APPLY_TO_ITEMS"}
UNITS = {"type": "AMOUNT", "effect": "APPLY_TO_ITEMS_BY_QUANTITY"}
SPLIT = {"type": "AMOUNT", "effect": "APPLY_TO_ITEMS_PROPORTIONALLY"}
PERCENT = {"type": "PERCENT", "effect": "APPLY_TO_ITEMS"}
KNOWN = catalogue(pc=["a", "b", "c"])
LIMIT = "product_campaign_quantity_limit"


def three(*quantities: int) -> Any:
    return cart(*(item(name, quantity, 1_000) for name, quantity in zip("abc", quantities, strict=False)))


@pytest.mark.parametrize(
    ("discount", "limits", "expected"),
    [
        ({**AMOUNT, "amount_off": 300}, {"quantity_limit": 1}, [300, 300, 300]),
        ({**AMOUNT, "amount_off": 300}, {"quantity_limit": 0}, [0, 0, 0]),
        ({**AMOUNT, "amount_off": 300}, {"aggregated_quantity_limit": 5}, [300, 300, 0]),
        ({**AMOUNT, "amount_off": 300}, {"amount_limit": 200}, [200, 200, 200]),
        ({**AMOUNT, "amount_off": 300}, {"aggregated_amount_limit": 500}, [300, 200, 0]),
        ({**AMOUNT, "amount_off": 300, "aggregated_amount_limit": 500}, {}, [300, 200, 0]),
        ({**AMOUNT, "amount_off": 300, "aggregated_amount_limit": 1_000}, {}, [300, 300, 300]),
        (
            {**AMOUNT, "amount_off": 300, "aggregated_amount_limit": 500},
            {"aggregated_amount_limit": 400},
            [300, 100, 0],
        ),
        ({**AMOUNT, "amount_off": 300, "amount_limit": 1}, {}, [300, 300, 300]),
        ({**UNITS, "amount_off": 100}, {"quantity_limit": 3}, [200, 300, 300]),
        ({**UNITS, "amount_off": 100}, {"aggregated_quantity_limit": 5}, [200, 300, 0]),
        ({**UNITS, "amount_off": 100}, {"quantity_limit": 1, "aggregated_quantity_limit": 2}, [100, 100, 0]),
        ({**UNITS, "amount_off": 100}, {"quantity_limit": 3, "amount_limit": 250}, [200, 250, 250]),
        ({**UNITS, "amount_off": 100}, {"quantity_limit": 3, "aggregated_amount_limit": 250}, [200, 50, 0]),
        ({**PERCENT, "percent_off": 20}, {"quantity_limit": 3}, [400, 600, 600]),
        ({**PERCENT, "percent_off": 20}, {"aggregated_quantity_limit": 5}, [400, 600, 0]),
        ({**PERCENT, "percent_off": 20, "amount_limit": 500}, {}, [400, 500, 500]),
        ({**PERCENT, "percent_off": 20, "amount_limit": 500}, {"amount_limit": 450}, [400, 450, 450]),
        ({**PERCENT, "percent_off": 20, "aggregated_amount_limit": 1_000}, {}, [400, 600, 0]),
        ({**PERCENT, "percent_off": 20, "amount_limit": 500, "aggregated_amount_limit": 1_000}, {}, [400, 500, 100]),
        ({**SPLIT, "amount_off": 1_200}, {}, [200, 400, 600]),
        ({**SPLIT, "amount_off": 1_200, "aggregated_amount_limit": 600}, {}, [100, 200, 300]),
        ({**SPLIT, "amount_off": 1_200}, {"amount_limit": 300}, [200, 300, 300]),
        ({**SPLIT, "amount_off": 1_200}, {"aggregated_amount_limit": 500}, [200, 300, 0]),
        ({**SPLIT, "amount_off": 1_200}, {"quantity_limit": 0}, [0, 0, 0]),
    ],
)
def test_limits(discount: dict[str, Any], limits: dict[str, int], expected: list[int]) -> None:
    order = after(three(2, 4, 6), discount, goods(collection("pc", **limits)), catalogue=KNOWN)
    assert offs(order) == expected


def test_the_lowest_discount_wins() -> None:
    applies = goods({"id": "mug", "quantity_limit": 3, "amount_limit": 450})
    assert offs(after(cart(item("mug", 5, 1_000)), {**PERCENT, "percent_off": 20}, applies)) == [450]


def test_each_entry_has_limits_of_its_own() -> None:
    order = cart(item("vase", 2, 1_500), item("roses", 2, 500))
    applies = goods(
        {"id": "vase", "quantity_limit": 1}, {"id": "roses", "quantity_limit": 2, "aggregated_quantity_limit": 3}
    )
    assert offs(after(order, {**UNITS, "amount_off": 500}, applies)) == [500, 1_000]


def test_limits_are_filled_in_the_order_of_application() -> None:
    order = cart(item("a", 2, 1_000), item("b", 2, 3_000))
    entry = collection("pc", effect="APPLY_FROM_MOST_EXPENSIVE", aggregated_quantity_limit=3)
    assert offs(after(order, {**UNITS, "amount_off": 100}, goods(entry), catalogue=KNOWN)) == [100, 200]
    entry = collection("pc", effect="APPLY_FROM_MOST_EXPENSIVE")
    discount = {**AMOUNT, "amount_off": 300, "aggregated_amount_limit": 500}
    assert offs(after(order, discount, goods(entry), catalogue=KNOWN)) == [200, 300]


def test_lines_that_get_nothing_use_up_no_limit() -> None:
    order = cart(item("a", 2), item("b", 2, 1_000, discount_amount=2_000), item("c", 2, 1_000))
    found = taken(order, voucher({**UNITS, "amount_off": 100}, goods(collection("pc", aggregated_quantity_limit=2))),
                  catalogue=KNOWN)  # fmt: skip
    assert [one.applied_discount_amount for one in found.order.items] == [None, 0, 200]


def test_a_line_that_a_limit_shortened_says_so() -> None:
    found = taken(three(2, 4), voucher({**UNITS, "amount_off": 1}, goods(collection("pc", quantity_limit=3))),
                  catalogue=KNOWN)  # fmt: skip
    assert [(list(line.units), line.cut) for line in found.lines] == [([1, 2], False), ([1, 2, 3], True)]


@pytest.mark.parametrize(("multiplying", "expected"), [({}, [2_000]), ({"scaling": "NONE"}, [1_000])])
def test_bundles_multiply_limits_of_units(multiplying: dict[str, str], expected: list[int]) -> None:
    order = cart(item("mouse", 3, 3_000), item("laptop", 2, 9_000))
    rules = attached(bundle=bundle(("laptop", 1), **multiplying))
    found = taken(order, voucher({**UNITS, "amount_off": 1_000}, goods({"id": "mouse", "quantity_limit": 1}), rules))
    assert offs(found.order)[:1] == expected


@pytest.mark.parametrize(
    ("limits", "line", "expected"),
    [
        ({}, item("a"), {}),
        ({LIMIT: 10}, item("a/a_s"), {LIMIT: f"{LIMIT}:pc"}),
        (
            {"product_in_collection_campaign_quantity_limit": 5},
            item("a/a_s"),
            {"product_in_collection_campaign_quantity_limit": "product_in_collection_campaign_quantity_limit:pc:a"},
        ),
        (
            {"product_customer_promotion_tier_quantity_limit_formula": "1"},
            item("a"),
            {"product_customer_promotion_tier_quantity_limit": "product_customer_promotion_tier_quantity_limit:pc"},
        ),
    ],
)
def test_limits_over_redemptions_have_counters(limits: dict[str, Any], line: Any, expected: dict[str, str]) -> None:
    entry = read(goods(collection("pc", **limits))).included[0]
    assert counters_of(entry, line) == expected
    assert isinstance(entry, Entry)


@pytest.mark.parametrize(
    ("used", "off", "moved"), [(0, 300, 3), (5, 300, 3), (9, 100, 1), (10, 0, None), (99, 0, None)]
)
def test_units_of_earlier_redemptions_leave_less(used: int, off: int, moved: int | None) -> None:
    key = f"asgm_1:{LIMIT}:mug:"
    one = voucher({**UNITS, "amount_off": 100}, goods({"id": "mug", LIMIT: 10}))
    found = taken(cart(item("mug", 3, 1_000)), one, counted={key: used})
    assert offs(found.order) == [off]
    assert found.counted.get(key) == moved
    assert found.units == ({f"{LIMIT}:mug": moved} if moved else {})


def test_each_product_of_a_collection_has_its_own_count_with_all_its_variants() -> None:
    name = "product_in_collection_campaign_quantity_limit"
    one = voucher({**UNITS, "amount_off": 100}, goods(collection("pc", **{name: 5})))
    order = cart(item("a/a_s", 3, 1_000), item("a/a_m", 3, 1_000), item("b", 9, 1_000))
    found = taken(order, one, counted={f"asgm_1:{name}:pc:b:": 2}, catalogue=KNOWN)
    assert offs(found.order) == [300, 200, 300]
    assert found.units == {f"{name}:pc:a": 5, f"{name}:pc:b": 3}


def test_customers_have_counts_of_their_own() -> None:
    name = "product_customer_campaign_quantity_limit"
    one = voucher({**UNITS, "amount_off": 100}, goods({"id": "mug", name: 5}))
    order, counted = cart(item("mug", 3, 1_000)), {f"asgm_1:{name}:mug:cust_1": 3}
    assert offs(taken(order, one, counted=counted, customer=Customer(id="cust_1")).order) == [200]
    assert offs(taken(order, one, counted=counted, customer=Customer(id="cust_2")).order) == [300]
    assert offs(taken(order, one, counted=counted).order) == [300]


def test_counters_are_known_before_of_every_line_that_may_be_chosen_and_of_goods_that_may_come() -> None:
    name = "product_in_collection_campaign_quantity_limit"
    cheapest = collection("pc", effect="APPLY_TO_CHEAPEST", **{name: 5})
    one = voucher({**UNITS, "amount_off": 100}, goods(cheapest, excluded=["b"]), id="A")
    free = voucher({"type": "UNIT", "effect": "ADD_NEW_ITEMS", "unit_off": 1, "unit_type": "c"}, id="B")
    order = cart(item("a", 1, 1_000), item("b", 1, 900), item("d", 1, 5))
    asked = basket(order, free, one, catalogue=KNOWN)
    keys = {f"{name}:pc:{product}": f"asgm_1:{name}:pc:{product}:" for product in "ac"}
    assert turn.unit_counters(asked, one) == keys
    assert turn.unit_counters(asked, free) == {}
    found = decide(order, free, one, catalogue=KNOWN, counted=dict.fromkeys(keys.values(), 5))
    assert found.outcomes[1].taken
    assert not found.outcomes[1].taken.has_effect


def test_two_of_one_campaign_share_its_limit_within_a_request() -> None:
    two = [voucher({**UNITS, "amount_off": 100}, goods({"id": "mug", LIMIT: 4}), id=id) for id in "AB"]
    found = decide(cart(item("mug", 3, 1_000)), *two)
    assert [one.taken.order.items_applied_discount_amount for one in found.applied if one.taken] == [300, 100]


@pytest.mark.parametrize(
    ("entry", "off"),
    [
        ({LIMIT: 9, f"{LIMIT}_formula": "1 + 1"}, 200),
        ({LIMIT: 1, f"{LIMIT}_formula": 'CUSTOMER_METADATA("x")'}, 100),
        ({f"{LIMIT}_formula": "ORDER_ITEM_UNITS_QUANTITY - 2"}, 100),
        ({f"{LIMIT}_formula": 'CUSTOMER_METADATA("x")'}, 0),
        ({LIMIT: 2, f"{LIMIT}_formula": "no formula ("}, 200),
        ({f"{LIMIT}_formula": "-1"}, 0),
    ],
)
def test_limits_by_formula(entry: dict[str, Any], off: int) -> None:
    applies = goods({"id": "mug", **entry})
    assert offs(after(cart(item("mug", 3, 1_000)), {**UNITS, "amount_off": 100}, applies)) == [off]


LIMITS = st.fixed_dictionaries(
    {},
    optional={
        name: st.integers(0, 2**53 - 1) | st.integers(0, 12)
        for name in ("quantity_limit", "aggregated_quantity_limit", "amount_limit", "aggregated_amount_limit", LIMIT)
    },
)
DISCOUNTS = st.sampled_from(
    [
        {**AMOUNT, "amount_off": 300}, {**UNITS, "amount_off": 70}, {**SPLIT, "amount_off": 777},
        {**SPLIT, "effect": "APPLY_TO_ITEMS_PROPORTIONALLY_BY_QUANTITY", "amount_off": 777},
        {**PERCENT, "percent_off": 33}, {"type": "FIXED", "effect": "APPLY_TO_ITEMS"},
    ]
)  # fmt: skip


@settings(derandomize=True, max_examples=150)
@given(DISCOUNTS, LIMITS, st.integers(0, 2_000), st.lists(st.integers(0, 6), min_size=1, max_size=3))
def test_a_limit_never_raises_a_discount_and_is_never_exceeded(
    discount: dict[str, Any], limits: dict[str, int], sum_limit: int, quantities: list[int]
) -> None:
    order, entry = three(*quantities), collection("pc", price=400)
    free = after(order, discount, goods(entry), catalogue=KNOWN)
    one = voucher({**discount, "aggregated_amount_limit": sum_limit}, goods({**entry, **limits}))
    capped = taken(order, one, catalogue=KNOWN)
    assert sum(offs(capped.order)) <= min(sum(offs(free)), sum_limit)
    by_line = {line.index: len(line.units) for line in capped.lines}
    assert max(offs(capped.order)) <= limits.get("amount_limit", 2**53)
    assert sum(offs(capped.order)) <= limits.get("aggregated_amount_limit", 2**53)
    discounted = [by_line[index] for index, off in enumerate(offs(capped.order)) if off]
    assert max(discounted, default=0) <= limits.get("quantity_limit", 2**53)
    assert sum(discounted) <= min(limits.get("aggregated_quantity_limit", 2**53), limits.get(LIMIT, 2**53))
    assert capped.units == ({f"{LIMIT}:pc": sum(discounted)} if LIMIT in limits and sum(discounted) else {})


def test_everything_has_no_limits() -> None:
    assert offs(after(three(2, 4, 6), {**UNITS, "amount_off": 1}, EVERYTHING)) == [2, 4, 6]
