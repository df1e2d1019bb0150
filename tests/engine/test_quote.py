"""What holds for whatever is decided: sums, identities, and that redeemables do not disturb each other."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings, strategies as st

from baskets import (
    attached as attached_rule,
    basket,
    bundle,
    cart,
    catalogue,
    collection,
    decide,
    encoded,
    goods,
    item,
    rule,
    taken,
    voucher,
)
from guerdon.engine.applicable import applicable_to, inapplicable_to
from guerdon.engine.money import GREATEST
from guerdon.engine.order import Item, Order, amount_of
from guerdon.engine.quote import Quote, alone
from guerdon.engine.redeemable import Card, Category, Gift, Rate, Redeemable, Reward
from guerdon.engine.refusals import not_found
from guerdon.engine.stacking import Stacking

NAMES = ("mug", "tee", "pen", "cap")
KNOWN = catalogue(("mug", 900), ("tee", 2_000), ("pen", None), ("gift", 700), pc=["mug", "pen"])


def some(minimum: int, usual: int, maximum: int) -> st.SearchStrategy[int]:
    return st.integers(minimum, usual) | st.integers(minimum, maximum)


def optional(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


AMOUNTS = some(0, 5_000, GREATEST)
QUANTITIES = some(0, 5, 999_999_999)
FORMULAS = st.sampled_from(
    [
        "1 + 1",
        "ORDER_AMOUNT / 7",
        "ORDER_ITEM_SUBTOTAL * 0.33",
        'ORDER_METADATA("x")',
        "1 / 0",
        "POW(10;60)",
        "((",
        "-3",
    ]
)
SPECIAL = st.sampled_from(["APPLY_TO_EVERY", "APPLY_TO_CHEAPEST", "APPLY_FROM_CHEAPEST", "APPLY_FROM_MOST_EXPENSIVE"])


@st.composite
def lines(draw: st.DrawFn) -> Item:
    more = draw(optional(discount_amount=AMOUNTS, discount_quantity=QUANTITIES, initial_amount=AMOUNTS))
    quantity = draw(QUANTITIES | st.none())
    price = draw(some(0, 3_000, 10**12) | st.none())
    if price is None or quantity is None:
        more |= draw(optional(amount=AMOUNTS))
    elif price * quantity > GREATEST:
        quantity = 1
    name = draw(st.sampled_from(NAMES))
    return item(draw(st.sampled_from([name, f"{name}/{name}_s"])), quantity, price, **more)


def orders(most: int = 6) -> st.SearchStrategy[Order]:
    def whole(items: list[Item], more: dict[str, Any]) -> Order:
        return cart(*items, **more)

    return st.builds(whole, st.lists(lines(), max_size=most), optional(amount=AMOUNTS, discount_amount=AMOUNTS))


ENTRIES = st.builds(
    lambda goods_, caps: {**goods_, **caps},
    st.sampled_from([*({"object": "product", "id": name} for name in NAMES), collection("pc")]),
    optional(
        quantity_limit=QUANTITIES,
        aggregated_quantity_limit=QUANTITIES,
        amount_limit=AMOUNTS,
        aggregated_amount_limit=AMOUNTS,
        product_campaign_quantity_limit=QUANTITIES,
        product_in_collection_campaign_quantity_limit_formula=FORMULAS,
        price=AMOUNTS,
        price_formula=FORMULAS,
        effect=SPECIAL,
        target=st.sampled_from(["ITEM", "UNIT"]),
        repeat=some(1, 3, 1_000_000),
        skip_initially=some(0, 3, 1_000_000),
    ),
)
SCOPES = st.builds(
    lambda included, excluded, everything: goods(*included, excluded=excluded, everything=everything),
    st.lists(ENTRIES, max_size=3),
    st.lists(ENTRIES, max_size=1),
    st.booleans(),
)
CAPS = {"amount_limit": AMOUNTS, "aggregated_amount_limit": AMOUNTS}
ON_ITEMS = ["APPLY_TO_ITEMS", "APPLY_TO_ITEMS_BY_QUANTITY", "APPLY_TO_ITEMS_PROPORTIONALLY"]
AMOUNT_OFF = st.fixed_dictionaries(
    {"type": st.just("AMOUNT"), "amount_off": AMOUNTS},
    optional={
        "effect": st.sampled_from(["APPLY_TO_ORDER", *ON_ITEMS, f"{ON_ITEMS[2]}_BY_QUANTITY"]),
        "amount_off_formula": FORMULAS,
        **CAPS,
    },
)
PERCENT_OFF = st.fixed_dictionaries(
    {"type": st.just("PERCENT"), "percent_off": st.floats(0, 100) | st.integers(0, 100)},
    optional={"effect": st.sampled_from(["APPLY_TO_ORDER", ON_ITEMS[0]]), "percent_off_formula": FORMULAS, **CAPS},
)
FIXED = st.fixed_dictionaries(
    {"type": st.just("FIXED"), "effect": st.sampled_from(["APPLY_TO_ORDER", ON_ITEMS[0]])},
    optional={"fixed_amount": AMOUNTS, "fixed_amount_formula": FORMULAS},
)
FREE = st.fixed_dictionaries(
    {"effect": st.sampled_from(["ADD_MISSING_ITEMS", "ADD_NEW_ITEMS"]), "unit_off": QUANTITIES},
    optional={"unit_type": st.sampled_from([*NAMES, "gift", "prod_5h1pp1ng", "ghost"]), "unit_off_formula": FORMULAS},
)
UNIT = st.one_of(
    FREE.map(lambda one: {"type": "UNIT", **one}),
    FREE.map(lambda one: {"type": "UNIT", **one, "effect": "ADD_SAME_ITEMS"}),
    FREE.map(lambda one: {"type": "UNIT", **one, "effect": "REPLACE_ITEMS"}),
    st.lists(FREE, min_size=1, max_size=3).map(
        lambda some: {"type": "UNIT", "effect": "ADD_MANY_ITEMS", "units": some}
    ),
)
DISCOUNTS = AMOUNT_OFF | PERCENT_OFF | FIXED | UNIT
CATEGORIES = st.sampled_from([None, Category("cat_c", 2), Category("cat_e", 0), Category("cat_j", 3)])
RULES = st.sampled_from(
    [
        (),
        (rule("order.amount", {"$more_than": [3_000]}),),
        (rule("order.total_amount", {"$more_than": [100]}),),
        (attached_rule(bundle=bundle(("mug", 2), ("tee", 1))),),
        (attached_rule(bundle=bundle(("mug", 1), scaling="NONE")),),
    ]
)


@st.composite
def redeemables(draw: st.DrawFn) -> Redeemable:
    more: dict[str, Any] = {"rules": draw(RULES), "category": draw(CATEGORIES)}
    kind = draw(st.sampled_from(["discount"] * 5 + ["gift", "card", "absent", "nothing"]))
    if kind == "discount":
        one = voucher(draw(DISCOUNTS), draw(SCOPES | st.none()), *more.pop("rules"), **more)
        return msgspec.structs.replace(one, left=draw(st.sampled_from([None, None, 1, 0])))
    rules = more.pop("rules")
    if kind == "gift":
        effect = draw(st.sampled_from(["APPLY_TO_ORDER", "APPLY_TO_ITEMS"]))
        more["gift"] = Gift(balance=draw(AMOUNTS), asked=draw(AMOUNTS | st.none()), effect=effect)
    if kind == "card":
        rate = draw(st.sampled_from([None, Rate(Decimal(2_000), 100), Rate(Decimal("0.7"), 3)]))
        reward = Reward(id="rew_1", points=draw(some(0, 300, GREATEST) | st.none()), rate=rate)
        more |= {"card": Card(balance=draw(AMOUNTS), reward=reward), "holder_id": "cust_1"}
    if kind == "absent":
        more["absent"] = not_found("voucher", "A")
    return voucher(None, None, *rules, **more)


def numbered(some: Sequence[Redeemable]) -> list[Redeemable]:
    return [msgspec.structs.replace(one, id=f"{place}", ref=f"v_{place}") for place, one in enumerate(some)]


MANY = st.lists(redeemables(), max_size=5).map(numbered)
SETTINGS = optional(
    redeemables_application_mode=st.sampled_from(["ALL", "PARTIAL"]),
    redeemables_sorting_rule=st.sampled_from(["REQUESTED_ORDER", "CATEGORY_HIERARCHY"]),
    redeemables_products_application_mode=st.sampled_from(["ONCE", "STACK"]),
    redeemables_no_effect_rule=st.sampled_from(["SKIP", "REDEEM_ANYWAY"]),
    discount_calculation_mode=st.sampled_from(["INITIAL_AMOUNT", "DISCOUNTED_AMOUNT"]),
    exclusive_categories=st.just(["cat_e"]),
    joint_categories=st.just(["cat_j"]),
    applicable_redeemables_limit=st.integers(1, 5),
    applicable_redeemables_per_category_limit=st.integers(1, 5),
    applicable_exclusive_redeemables_limit=st.integers(1, 5),
)
COUNTED = st.dictionaries(st.sampled_from(["asgm_1:product_campaign_quantity_limit:mug:"]), QUANTITIES)
often = settings(derandomize=True, max_examples=200, deadline=None)


def check_identities(before: Order, order: Order) -> None:
    """What holds of every order that is told, given the one that it began with."""
    for index, line in enumerate(order.items):
        old = before.items[index] if index < len(before.items) else None
        if line.amount is None:
            assert line.discount_amount == (old.discount_amount if old else None)
            continue
        off, applied = line.discount_amount or 0, line.applied_discount_amount or 0
        assert line.subtotal_amount == line.amount - off
        assert applied >= 0
        assert off == ((old and old.discount_amount) or 0) + applied
        # A line may be sent with more off than it costs, also before anybody knows what it costs.
        assert line.subtotal_amount >= min(0, (old.amount or 0) - (old.discount_amount or 0) if old else 0)
        assert line.amount >= 0
        assert line.quantity is None or line.quantity >= 0
    off, applied = order.discount_amount or 0, order.applied_discount_amount or 0
    assert applied >= 0
    assert off == (before.discount_amount or 0) + applied
    assert (order.items_discount_amount or 0) == sum(line.discount_amount or 0 for line in order.items)
    assert (order.items_applied_discount_amount or 0) == sum(line.applied_discount_amount or 0 for line in order.items)
    assert (order.total_discount_amount or 0) == off + (order.items_discount_amount or 0)
    assert (order.total_applied_discount_amount or 0) == applied + (order.items_applied_discount_amount or 0)
    if order.amount is not None:
        assert order.total_amount == max(0, order.amount - (order.total_discount_amount or 0))
    moved = (amount_of(order.items) or 0) - (amount_of(before.items) or 0)
    assert (order.amount or 0) == (before.amount or 0) + moved or before.amount is None


def check_quote(order: Order, quote: Quote) -> None:
    before = order
    for outcome in quote.outcomes:
        if outcome.taken is not None:
            check_identities(before, outcome.taken.order)
            before = outcome.taken.order
    check_identities(order, quote.order)
    assert quote.order.total_amount == before.total_amount
    assert len(quote.applied) + len(quote.refused) + len(quote.skipped) == len(quote.outcomes)


@often
@given(orders(), MANY, SETTINGS, COUNTED)
def test_identities_hold_in_every_step_and_in_the_end(
    order: Order, some: list[Redeemable], stacking: dict[str, Any], counted: dict[str, int]
) -> None:
    asked = basket(order, *some, **stacking, catalogue=KNOWN, counted=counted)
    quote = decide(order, *some, **stacking, catalogue=KNOWN, counted=counted)
    check_quote(order, quote)
    assert sorted(one.redeemable.id for one in quote.outcomes) == sorted(one.id for one in some)
    assert len(quote.applied) <= asked.stacking.applicable_redeemables_limit
    assert decide(order, *some, **stacking, catalogue=KNOWN, counted=counted) == quote


@often
@given(orders(), MANY, SETTINGS)
def test_everything_that_was_decided_can_be_told(
    order: Order, some: list[Redeemable], stacking: dict[str, Any]
) -> None:
    asked = basket(order, *some, **stacking, catalogue=KNOWN)
    quote = decide(order, *some, **stacking, catalogue=KNOWN)
    for one in quote.outcomes:
        why = one.skip or one.refusal
        assert (why is None) == (one.status == "APPLICABLE")
        if why is not None:
            assert why.reason is not None
            assert encoded(why.reason)["check"]
        if one.taken is not None:
            found = (one.taken.order, one.redeemable.scopes)
            told = applicable_to(*found, one.taken.lines, asked.catalogue, asked.moment)
            encoded([told, inapplicable_to(*found, asked.catalogue, asked.moment), one.taken.values, one.taken.counted])


@often
@given(orders(), redeemables())
def test_one_by_itself_is_as_if_alone(order: Order, one: Redeemable) -> None:
    (outcome,) = decide(order, one, catalogue=KNOWN).outcomes
    assert alone(basket(order, one, voucher(id="other"), catalogue=KNOWN), one) == outcome


@often
@given(orders(), MANY, SETTINGS, st.integers(0, 5), CATEGORIES)
def test_what_cannot_be_redeemed_disturbs_nobody(
    order: Order, some: list[Redeemable], stacking: dict[str, Any], place: int, category: Category | None
) -> None:
    stacking = {**stacking, "redeemables_application_mode": "PARTIAL"}
    intruder = voucher(id="intruder", absent=not_found("voucher", "intruder"), category=category)
    quote = decide(order, *some, **stacking, catalogue=KNOWN)
    disturbed = decide(order, *some[:place], intruder, *some[place:], **stacking, catalogue=KNOWN)
    assert disturbed.order == quote.order
    assert [one for one in disturbed.outcomes if one.redeemable.id != "intruder"] == list(quote.outcomes)
    assert disturbed.valid == quote.valid


@often
@given(
    st.permutations(range(4)),
    st.lists(AMOUNT_OFF | PERCENT_OFF, min_size=4, max_size=4),
    st.lists(lines(), min_size=4, max_size=4),
)
def test_those_on_different_lines_may_come_in_any_order(
    places: list[int], discounts: list[dict[str, Any]], items: list[Item]
) -> None:
    named = [msgspec.structs.replace(one, product_id=name, sku_id=None) for name, one in zip(NAMES, items, strict=True)]
    some = [
        voucher({**one, "effect": "APPLY_TO_ITEMS", "amount_off_formula": None, "percent_off_formula": None},
                goods(name), id=name)
        for name, one in zip(NAMES, discounts, strict=True)
    ]  # fmt: skip
    order = cart(*named)
    assert decide(order, *some).order == decide(order, *(some[place] for place in places)).order


@often
@given(orders(), AMOUNT_OFF | PERCENT_OFF, SCOPES | st.none())
def test_caps_of_a_discount_never_raise_it(order: Order, discount: dict[str, Any], applies: Any) -> None:
    free = {name: value for name, value in discount.items() if not name.endswith("limit")}
    capped = taken(order, voucher(discount, applies), catalogue=KNOWN).order
    uncapped = taken(order, voucher(free, applies), catalogue=KNOWN).order
    assert (capped.total_applied_discount_amount or 0) <= (uncapped.total_applied_discount_amount or 0)


@often
@given(orders(), FREE)
def test_free_goods_never_make_an_order_dearer(order: Order, gift: dict[str, Any]) -> None:
    free = taken(order, voucher({"type": "UNIT", **gift}), catalogue=KNOWN).order
    if order.amount is not None:
        assert (free.total_amount or 0) <= (order.total_amount or 0)


@often
@given(orders(), MANY)
def test_cards_give_no_more_than_they_hold(order: Order, some: list[Redeemable]) -> None:
    for one in decide(order, *some, catalogue=KNOWN).applied:
        assert one.taken
        gift, card = one.redeemable.gift, one.redeemable.card
        if gift is not None:
            assert 0 <= (one.amount or 0) <= gift.balance
            assert one.amount == one.taken.order.total_applied_discount_amount
        if card is not None:
            assert 0 <= (one.amount or 0) <= card.balance


def crowd(count: int, *, applies: Any) -> list[Redeemable]:
    wires: list[dict[str, Any]] = [
        {"type": "PERCENT", "percent_off": 1, "effect": "APPLY_TO_ITEMS"},
        {"type": "AMOUNT", "amount_off": 1, "effect": "APPLY_TO_ITEMS_BY_QUANTITY"},
        {"type": "AMOUNT", "amount_off": 777, "effect": "APPLY_TO_ITEMS_PROPORTIONALLY"},
        {"type": "UNIT", "effect": "ADD_SAME_ITEMS", "unit_off": 1},
        {"type": "UNIT", "effect": "ADD_NEW_ITEMS", "unit_off": 999_999_999, "unit_type": "gift"},
        {"type": "FIXED", "fixed_amount": 10**15, "effect": "APPLY_TO_ORDER"},
    ]
    return [voucher(wires[place % len(wires)], applies, id=f"{place}") for place in range(count)]


@pytest.mark.parametrize("target", ["ITEM", "UNIT"])
def test_huge_orders_are_decided_without_counting_units(target: str) -> None:
    items = [item(f"p{place}", 999_999_999, 1 + place % 9) for place in range(500)]
    order = cart(*items)
    applies = goods(
        *({"id": f"p{place}", "target": target, "repeat": 2, "quantity_limit": 10**8} for place in range(0, 1_000, 2)),
        excluded=[{"id": f"p{place}"} for place in range(0, 500, 10)],
    )
    quote = decide(order, *crowd(30, applies=applies), catalogue=KNOWN)
    check_quote(order, quote)
    assert len(quote.applied) == 30
    one = quote.applied[0]
    assert one.taken
    told = applicable_to(one.taken.order, one.redeemable.scopes, one.taken.lines, KNOWN, basket(order).moment)
    assert "order_item_units" not in told[-1]


def test_a_thousand_free_goods_go_through_the_lines_once() -> None:
    units = [{"unit_type": f"p{place}", "unit_off": 1, "effect": "ADD_MISSING_ITEMS"} for place in range(1_000)]
    order = cart(*(item(f"p{place}", 1, 5) for place in range(500)))
    quote = decide(order, voucher({"type": "UNIT", "effect": "ADD_MANY_ITEMS", "units": units}))
    assert (len(quote.order.items), quote.order.total_amount) == (1_000, 0)


def test_defaults_of_a_project_that_has_set_nothing() -> None:
    settings_ = Stacking()
    assert (settings_.redeemables_limit, settings_.applicable_redeemables_limit) == (30, 5)
    assert settings_.applicable_redeemables_per_category_limit is None
    assert settings_.applicable_exclusive_redeemables_limit == 1
    assert settings_.applicable_exclusive_redeemables_per_category_limit is None
    assert settings_.redeemables_application_mode == "ALL"
    assert settings_.redeemables_sorting_rule == "REQUESTED_ORDER"
    assert settings_.grouped_redeemables_sorting_rule == "JOINT_ALWAYS_LAST"
    assert settings_.redeemables_products_application_mode == "STACK"
    assert settings_.redeemables_no_effect_rule == "REDEEM_ANYWAY"
    assert settings_.redeemables_rollback_order_mode == "WITH_ORDER"
    assert settings_.discount_calculation_mode == "DISCOUNTED_AMOUNT"
