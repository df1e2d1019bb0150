"""Free goods: missing, new, many, the same again, shipping, and goods that take the place of others."""

from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from msgspec.structs import astuple

from baskets import (
    EVERYTHING,
    after,
    attached,
    bundle,
    cart,
    catalogue,
    collection,
    decide,
    goods,
    item,
    offs,
    sums,
    taken,
    voucher,
)
from guerdon.engine.money import GREATEST
from guerdon.engine.order import Item, Order, Product

KNOWN = catalogue(
    ("tee", 2_000), ("vase", 1_500), ("phone", 60_000), ("comic", 2_100), ("tote", None), ("prod_5h1pp1ng", 0),
    ("tee-limited", 2_500), ("mug", 1_000), ("big", 2**52),
    skus={"comic/sku_comic": 1_700, "phone/sku_phone": 210_000, "pants/sku_p": 26_500},
)  # fmt: skip
AMOUNT = {"type": "AMOUNT", "effect": "APPLY_TO_ORDER", "amount_off": 10}
MANY = {"type": "UNIT", "effect": "ADD_MANY_ITEMS"}


def missing(goods: str, units: int, **more: Any) -> dict[str, Any]:
    return {"type": "UNIT", "effect": "ADD_MISSING_ITEMS", "unit_type": goods, "unit_off": units, **more}


def new(goods: str, units: int, **more: Any) -> dict[str, Any]:
    return {**missing(goods, units), "effect": "ADD_NEW_ITEMS", **more}


def given_to(order: Order, discount: dict[str, Any], applies: Any = None, *rules: Any) -> Order:
    return after(order, discount, applies, *rules, catalogue=KNOWN)


def units(line: Item) -> tuple[int | None, int | None, int | None, int | None]:
    return line.initial_quantity, line.quantity, line.discount_quantity, line.discount_amount


@pytest.mark.parametrize(
    ("in_cart", "unit_off", "added", "quantity", "free"),
    [(0, 2, 2, 2, 2), (1, 2, 1, 2, 2), (2, 2, 0, 2, 2), (1, 5, 4, 5, 5), (5, 2, 0, 5, 2)],
)
def test_what_is_missing(in_cart: int, unit_off: int, added: int, quantity: int, free: int) -> None:
    before = cart(item("other", 1, 5_000), *([item("tee", in_cart, 2_000)] if in_cart else []))
    order = given_to(before, missing("tee", unit_off))
    line = order.items[1]
    assert units(line) == (in_cart, quantity, free, free * 2_000)
    assert (line.applied_quantity, line.applied_discount_quantity) == (added, free)
    assert (line.applied_quantity_amount, line.initial_amount) == (added * 2_000, in_cart * 2_000)
    assert (order.initial_amount, order.amount) == (before.amount, 5_000 + quantity * 2_000)
    assert order.total_amount == 5_000 + (quantity - free) * 2_000


@pytest.mark.parametrize(("in_cart", "unit_off", "quantity"), [(0, 2, 2), (3, 2, 5), (1, 22, 23)])
def test_always_new(in_cart: int, unit_off: int, quantity: int) -> None:
    before = cart(item("other", 1, 5_000), *([item("tee", in_cart, 2_000)] if in_cart else []))
    order = given_to(before, new("tee", unit_off))
    assert units(order.items[1]) == (in_cart, quantity, unit_off, unit_off * 2_000)
    assert (order.initial_amount, order.amount) == (before.amount, 5_000 + quantity * 2_000)
    assert order.total_amount == before.total_amount


def test_without_an_effect_what_is_missing_is_given() -> None:
    order = given_to(cart(item("tee", 1, 2_000)), {"type": "UNIT", "unit_type": "tee", "unit_off": 1})
    assert units(order.items[0]) == (1, 1, 1, 2_000)


def test_many_goods_one_after_the_other() -> None:
    before = cart(
        item("p1", 1, 2_900), item("p2", 1, 3_100), item("p1", 1, 2_900), item("comic/sku_comic", 1, 1_700),
        item("vase", 1, 1_500), item("phone", 1, 60_000),
    )  # fmt: skip
    gifts = [new("sku_phone", 11), new("sku_comic", 22), missing("vase", 222)]
    order = given_to(before, {**MANY, "units": gifts})
    assert [units(line) for line in order.items[3:]] == [
        (1, 23, 22, 37_400),
        (1, 222, 222, 333_000),
        (None, 1, None, None),
        (0, 11, 11, 2_310_000),
    ]
    new_line = order.items[6]
    assert (new_line.sku_id, new_line.product_id, new_line.related_object) == ("sku_phone", "phone", "sku")
    assert order.initial_amount == 72_100
    assert order.amount == 72_100 + 37_400 + 221 * 1_500 + 2_310_000
    assert order.total_amount == 72_100 - 1_500


def test_the_same_goods_twice_in_one_discount_are_counted_on() -> None:
    order = given_to(cart(item("tee", 1, 2_000)), {**MANY, "units": [missing("tee", 1), missing("tee", 1)]})
    assert units(order.items[0]) == (1, 2, 2, 4_000)


def test_a_line_without_a_quantity_had_none_before() -> None:
    order = Order(items=(Item(product_id="vase", amount=500),), amount=500)
    (line,) = given_to(order, missing("vase", 2)).items
    assert (line.initial_quantity, line.quantity, line.applied_quantity, line.discount_quantity) == (0, 2, 2, 2)


def test_an_amount_without_lines_grows_by_what_comes_in() -> None:
    assert given_to(cart(amount=230_000), new("sku_phone", 45)).amount == 9_680_000
    assert given_to(cart(amount=230_000), new("sku_phone", 45)).total_amount == 230_000


def test_an_amount_that_was_sent_grows_by_what_comes_in_whatever_the_lines_come_to() -> None:
    order = given_to(cart(item("tee", 1, 2_000), amount=9_000), new("tee", 1))
    assert (order.initial_amount, order.amount, order.total_amount) == (9_000, 11_000, 9_000)


def test_an_order_of_nothing_is_worth_what_comes_in() -> None:
    order = given_to(cart(), new("tee", 2))
    assert (order.amount, order.items_discount_amount, order.total_amount) == (4_000, 4_000, 0)


def test_units_that_are_free_already_do_not_count_as_present() -> None:
    first, second = voucher(missing("sku_p", 1), id="A"), voucher(missing("sku_p", 2), id="B")
    found = decide(cart(item("x", 1, 26_500), item("pants/sku_p", 1, 26_500)), first, second, catalogue=KNOWN)
    assert [units(one.taken.order.items[1]) for one in found.outcomes if one.taken] == [
        (1, 1, 1, 26_500),
        (1, 3, 3, 79_500),
    ]
    assert [one.taken.order.initial_amount for one in found.outcomes if one.taken] == [53_000, 53_000]
    assert (found.order.initial_amount, found.order.amount, found.order.items[1].applied_quantity) == (
        53_000, 106_000, 2,
    )  # fmt: skip


def test_a_free_unit_takes_only_what_is_left_of_it() -> None:
    order = given_to(cart(item("pants/sku_p", 1, 26_500, discount_amount=2_650)), missing("sku_p", 1))
    assert (order.items[0].applied_discount_amount, order.items[0].discount_amount) == (23_850, 26_500)
    order = given_to(cart(item("tee", 3, 2_000, discount_amount=600)), missing("tee", 1))
    assert (order.items[0].applied_discount_amount, order.items[0].subtotal_amount) == (1_800, 3_600)


def test_lines_of_the_same_goods_become_free_in_their_order() -> None:
    order = given_to(cart(item("tee", 1, 2_000), item("x", 1, 1), item("tee", 2, 2_100)), missing("tee", 4))
    assert [units(line) for line in order.items] == [(1, 2, 2, 4_000), (None, 1, None, None), (2, 2, 2, 4_200)]


def test_goods_are_found_by_every_name_they_go_by() -> None:
    known = catalogue(("tee", 2_000))
    by_source = {"id": "tee", "source_id": "shirt", "price": 2_000}
    known.products["shirt"] = by_source  # type: ignore[index]
    line = Item(product_id="tee", quantity=1, price=2_000, amount=2_000, product=Product(id="tee", source_id="shirt"))
    order = after(cart(line), missing("shirt", 1), catalogue=known)
    assert [units(line) for line in order.items] == [(1, 1, 1, 2_000)]
    unknown = Item(source_id="ghost", related_object="sku", quantity=1, price=5, amount=5)
    assert [units(line) for line in given_to(cart(unknown), missing("ghost", 1)).items] == [(1, 1, 1, 5)]


def test_a_product_is_given_as_the_variant_that_is_there_and_a_variant_only_as_itself() -> None:
    order = given_to(cart(item("comic/sku_comic", 1, 1_700)), missing("comic", 1))
    assert offs(order) == [1_700]
    order = given_to(cart(item("comic", 1, 2_100)), missing("sku_comic", 1))
    assert offs(order) == [0, 1_700]


def test_goods_without_a_price_come_in_quantities_alone() -> None:
    order = given_to(cart(item("mug", 1, 1_000)), missing("tote", 2))
    assert units(order.items[1]) == (0, 2, 2, None)
    assert (order.items[1].amount, order.items[1].initial_amount, order.items[1].applied_quantity_amount) == (None,) * 3
    assert (order.amount, order.total_amount, order.items_discount_amount) == (1_000, 1_000, None)
    assert taken(cart(), voucher(missing("tote", 1)), catalogue=KNOWN).has_effect
    assert units(given_to(cart(item("tote", 1)), missing("tote", 2)).items[0]) == (1, 2, 2, None)


def test_shipping_is_free_where_it_costs_something_and_comes_without_a_price_where_it_is_missing() -> None:
    shipping = missing("prod_5h1pp1ng", 1)
    sent = Item(source_id="5h1pp1ng", related_object="product", quantity=1, price=2_000, amount=2_000)
    order = given_to(cart(item("mug", 1, 1_000), sent), shipping)
    assert (offs(order), order.total_amount) == ([0, 2_000], 1_000)
    order = given_to(cart(item("mug", 1, 1_000)), shipping)
    assert (units(order.items[1]), order.items[1].price, order.items[1].amount) == ((0, 1, 1, None), None, None)
    assert sums(order) == {"amount": 1_000, "initial_amount": 1_000, "total_amount": 1_000}


def test_more_units_of_every_chosen_line() -> None:
    before = cart(item("mug", 2, 1_000), item("tee", 1, 2_000), item("bottle", 1, 2_500))
    same = {"type": "UNIT", "effect": "ADD_SAME_ITEMS", "unit_off": 1}
    order = after(before, same, goods(collection("pc")), catalogue=catalogue(pc=["mug", "tee"]))
    assert [line.quantity for line in order.items] == [3, 2, 1]
    assert (offs(order), order.amount, order.total_amount) == ([1_000, 2_000, 0], 9_500, 6_500)


@pytest.mark.parametrize(
    ("line", "target", "per_unit", "left", "came", "off", "total"),
    [
        (item("tee", 3, 2_000), "tee-limited", 1, 4_000, 2_500, 500, 6_000),
        (item("bottle", 3, 2_500), "mug", 1, 5_000, 1_000, 0, 6_000),
        (item("bottle", 3, 2_500), "mug", 3, 5_000, 3_000, 500, 7_500),
        (item("tee", 1, 2_000), "tee-limited", 2, 0, 5_000, 3_000, 2_000),
    ],
)
def test_a_unit_gives_way_to_others(
    line: Item, target: str, per_unit: int, left: int, came: int, off: int, total: int
) -> None:
    discount = {"type": "UNIT", "effect": "REPLACE_ITEMS", "unit_type": target, "unit_off": per_unit}
    applies = goods({"id": line.product_id, "quantity_limit": 1})
    order = given_to(cart(line), discount, applies)
    source, replacement = order.items
    assert (source.amount, source.discount_amount, source.applied_quantity) == (left, None, -1)
    assert (replacement.amount, replacement.discount_amount, replacement.quantity) == (came, off, per_unit)
    assert (order.amount, order.total_amount) == (left + came, total)
    assert order.initial_amount == line.amount


SWAP = {"type": "UNIT", "effect": "REPLACE_ITEMS"}


@pytest.mark.parametrize(
    ("line", "target", "per_unit", "told"),
    [
        (item("tee", 3, 2_000), "tee-limited", 1, (0, -1, -2_000, 1, 1, 2_500, 500)),
        (item("bottle", 3, 2_500), "mug", 1, (0, -1, -2_500, 1, 1, 1_000, 0)),
        (item("bottle", 3, 2_500), "mug", 3, (0, -1, -2_500, 1, 3, 3_000, 500)),
        (item("bottle", 3, 2_500), "tote", 1, (0, -1, -2_500, 1, 1, 0, 0)),
    ],
)
def test_a_replacement_is_told_with_both_of_its_lines(
    line: Item, target: str, per_unit: int, told: tuple[int, ...]
) -> None:
    discount = {**SWAP, "unit_type": target, "unit_off": per_unit}
    (swap,) = taken(
        cart(line), voucher(discount, goods({"id": line.product_id, "quantity_limit": 1})), catalogue=KNOWN
    ).swaps
    assert astuple(swap) == told


def test_each_line_that_gives_way_is_told() -> None:
    discount = {**SWAP, "unit_type": "mug", "unit_off": 2}
    order = cart(item("tee", 1, 2_000), item("mug", 1, 1_000), item("bottle", 2, 2_500))
    swaps = taken(order, voucher(discount, goods("tee", "bottle")), catalogue=KNOWN).swaps
    assert [(swap.source_index, swap.target_index, swap.target_applied_quantity) for swap in swaps] == [
        (0, 1, 2),
        (2, 1, 4),
    ]


def test_an_order_that_was_sent_with_less_than_its_lines_loses_no_more_than_it_has() -> None:
    discount = {**SWAP, "unit_type": "mug", "unit_off": 1}
    order = given_to(cart(item("bottle", 3, 2_500), amount=1_000), discount, goods("bottle"))
    assert (order.amount, order.total_amount, order.items[0].quantity) == (0, 0, 0)


def test_units_that_are_paid_for_already_do_not_give_way() -> None:
    discount = {"type": "UNIT", "effect": "REPLACE_ITEMS", "unit_type": "tee-limited", "unit_off": 1}
    order = given_to(cart(item("tee", 3, 2_000, discount_amount=2_100)), discount, goods("tee"))
    assert (order.items[0].quantity, order.items[0].subtotal_amount, order.items[1].quantity) == (2, 1_900, 1)
    assert order.total_amount == 3_900


def test_bundles_multiply_what_is_given() -> None:
    rules = attached(bundle=bundle(("phone", 1)))
    order = given_to(cart(item("phone", 2, 60_000)), missing("mug", 1), None, rules)
    assert units(order.items[1]) == (0, 2, 2, 2_000)
    many = {**MANY, "units": [missing("mug", 2), new("vase", 1)]}
    order = given_to(cart(item("phone", 3, 60_000)), many, None, rules)
    assert [line.quantity for line in order.items] == [3, 6, 3]


@pytest.mark.parametrize(
    ("discount", "told"),
    [
        (missing("mug", 9, unit_off_formula="1 + 1.7"), {"unit_off": 2}),
        (missing("mug", 2, unit_off_formula='ORDER_METADATA("x")'), {}),
        (
            {**MANY, "units": [missing("mug", 9, unit_off_formula="2"), missing("vase", 1)]},
            {"units": [{**missing("mug", 9, unit_off_formula="2"), "unit_off": 2}, missing("vase", 1)]},
        ),
    ],
)
def test_formulas_tell_how_many(discount: dict[str, Any], told: dict[str, Any]) -> None:
    found = taken(cart(), voucher(discount), catalogue=KNOWN)
    assert found.order.items[0].quantity == 2
    assert found.values == told


@pytest.mark.parametrize(
    "discount", [missing("mug", 0), new("mug", 0), {"type": "UNIT", "unit_off": 1}, missing("", 1)]
)
def test_nothing_is_given(discount: dict[str, Any]) -> None:
    found = taken(cart(item("mug", 1, 1_000)), voucher(discount), catalogue=KNOWN)
    assert found.order == cart(item("mug", 1, 1_000))
    assert not found.has_effect


def test_once_goods_that_are_discounted_are_given_to_nobody() -> None:
    off = voucher({"type": "AMOUNT", "amount_off": 100, "effect": "APPLY_TO_ITEMS"}, goods("mug"), id="A")
    free = voucher({**MANY, "units": [new("mug", 1), new("vase", 1)]}, id="B")
    once = {"redeemables_products_application_mode": "ONCE", "catalogue": KNOWN}
    order = decide(cart(item("mug", 1, 1_000)), off, free, **once).order
    assert [(line.quantity, line.discount_amount) for line in order.items] == [(1, 100), (1, 1_500)]
    order = decide(cart(item("mug", 1, 1_000)), free, off, **once).order
    assert [(line.quantity, line.discount_amount) for line in order.items] == [(2, 1_000), (1, 1_500)]


def test_no_more_comes_in_than_an_amount_can_tell() -> None:
    assert units(given_to(cart(item("mug", 1, 1_000)), new("big", 10)).items[1])[:2] == (0, 1)
    assert len(given_to(cart(item("mug", 1, 2**52)), new("big", 10)).items) == 1
    assert units(given_to(cart(item("mug", 999_999_999, 1)), new("mug", 5)).items[0])[1] == 999_999_999


def test_each_step_begins_with_the_amount_that_the_one_before_left() -> None:
    some = [voucher(new("tee", 1), id="A"), voucher(new("mug", 1), id="B"), voucher(AMOUNT, id="C")]
    before = cart(item("other", 1, 5_000), initial_amount=4_000)
    found = decide(before, *some, catalogue=KNOWN)
    assert [one.taken.order.initial_amount for one in found.outcomes if one.taken] == [5_000, 7_000, 8_000]
    assert (found.order.initial_amount, found.order.amount) == (5_000, 8_000)
    assert decide(before, some[2], catalogue=KNOWN).order.initial_amount == 4_000


COUNTS = st.integers(0, 999_999_999)


@settings(derandomize=True, max_examples=50)
@given(COUNTS, COUNTS, st.integers(0, GREATEST), COUNTS, COUNTS, st.sampled_from(["MISSING", "NEW", "SAME", "REPLACE"]))
def test_no_number_runs_away(quantity: int, free: int, off: int, units: int, price: int, kind: str) -> None:
    effect = {"SAME": "ADD_SAME_ITEMS", "REPLACE": "REPLACE_ITEMS"}.get(kind, f"ADD_{kind}_ITEMS")
    discount = {"type": "UNIT", "effect": effect, "unit_type": "big", "unit_off": units}
    before = cart(item("mug", quantity, price), item("big", quantity, 3, discount_quantity=free, discount_amount=off))
    order = given_to(before, discount, EVERYTHING)
    assert 0 <= (order.amount or 0) <= GREATEST
    for line, old in zip(order.items, before.items, strict=False):
        assert 0 <= (line.quantity or 0) <= 999_999_999
        assert (line.subtotal_amount or 0) >= min(0, old.subtotal_amount or 0)
        assert (line.applied_discount_amount or 0) >= 0
