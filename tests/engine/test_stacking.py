"""How redeemables go together: order, exclusion, limits, no effect, all or some, once."""

from typing import Any

import pytest

from baskets import EVERYTHING, cart, decide, encoded, goods, item, keys, offs, rule, sums, voucher
from guerdon.engine.quote import Quote
from guerdon.engine.redeemable import Category, Redeemable
from guerdon.engine.refusals import not_found

EXCLUSIVE = {"exclusive_categories": ["cat_e"], "joint_categories": ["cat_j"]}
MANY = {"applicable_exclusive_redeemables_limit": 5}


def off(id: str, amount: int = 100, category: str | Category | None = None, **more: Any) -> Redeemable:
    discount = {"type": "AMOUNT", "amount_off": amount, "effect": "APPLY_TO_ORDER"}
    return voucher(discount, None, id=id, category=category, **more)


def share(id: str, percent: int, category: str | Category | None = None, *rules: Any) -> Redeemable:
    discount = {"type": "PERCENT", "percent_off": percent, "effect": "APPLY_TO_ORDER"}
    return voucher(discount, None, *rules, id=id, category=category)


def absent(id: str, category: str | None = None) -> Redeemable:
    return off(id, category=category, absent=not_found("voucher", id))


def story(quote: Quote) -> list[tuple[str, str]]:
    return [(one.redeemable.id, one.status) for one in quote.outcomes]


def applied(quote: Quote) -> list[str]:
    return [one.redeemable.id for one in quote.applied]


ORDER = cart(amount=10_000)


@pytest.mark.parametrize(
    ("hierarchies", "expected"),
    [
        ([2, 1], "BA"),
        ([1, 2], "AB"),
        ([None, 0], "BA"),
        ([None, 2], "AB"),
        ([2, None, 0, 1], "CBDA"),
        ([5, 5, 5], "ABC"),
    ],
)
def test_the_hierarchy_of_categories(hierarchies: list[int | None], expected: str) -> None:
    all_of_them = [
        off(id, category=None if number is None else Category(f"cat_{number}", number))
        for id, number in zip("ABCD", hierarchies, strict=False)
    ]
    assert applied(decide(ORDER, *all_of_them)) == list("ABCD"[: len(hierarchies)])
    assert applied(decide(ORDER, *all_of_them, redeemables_sorting_rule="CATEGORY_HIERARCHY")) == list(expected)


def test_the_order_of_application_decides_on_the_amounts() -> None:
    two = [share("P10", 10, Category("cat_2", 2)), off("A50", 5_000, Category("cat_1", 1))]
    assert decide(ORDER, *two).order.total_amount == 4_000
    assert decide(ORDER, *two, redeemables_sorting_rule="CATEGORY_HIERARCHY").order.total_amount == 4_500


@pytest.mark.parametrize(
    ("categories", "expected"),
    [
        ([None, "cat_c"], "++"),
        (["cat_c", "cat_e"], "-+"),
        (["cat_e", "cat_c"], "+-"),
        ([None, "cat_e"], "-+"),
        (["cat_c", "cat_j"], "++"),
        (["cat_e", "cat_e"], "++"),
        (["cat_j", "cat_e"], "++"),
        (["cat_j", "cat_j"], "++"),
        (["cat_c", "cat_j", "cat_e"], "-++"),
    ],
)
def test_exclusive_common_and_joint(categories: list[str | None], expected: str) -> None:
    all_of_them = [off(id, category=category) for id, category in zip("ABC", categories, strict=False)]
    quote = decide(ORDER, *all_of_them, **EXCLUSIVE, **MANY)
    assert sorted(applied(quote)) == [id for id, sign in zip("ABC", expected, strict=False) if sign == "+"]
    assert {one.skip.key for one in quote.skipped if one.skip} <= {"exclusion_rules_not_met"}
    assert quote.valid


def test_an_exclusive_one_that_does_not_hold_by_itself_excludes_nothing() -> None:
    too_dear = rule("order.amount", {"$more_than": [99_999]})
    quote = decide(ORDER, off("A"), share("B", 10, "cat_e", too_dear), absent("C", "cat_e"), **EXCLUSIVE)
    assert story(quote) == [("A", "APPLICABLE"), ("B", "INAPPLICABLE"), ("C", "INAPPLICABLE")]


def test_an_exclusive_one_excludes_also_where_it_fails_in_its_turn() -> None:
    at_least = rule("order.amount", {"$more_than_or_equal": [10_000]})
    quote = decide(ORDER, off("J", category="cat_j"), off("C"), share("E", 10, "cat_e", at_least), **EXCLUSIVE,
                   grouped_redeemables_sorting_rule="TOGETHER")  # fmt: skip
    assert story(quote) == [("J", "APPLICABLE"), ("C", "SKIPPED"), ("E", "INAPPLICABLE")]


@pytest.mark.parametrize(
    ("grouped", "with_exclusive", "expected"),
    [("JOINT_ALWAYS_LAST", True, "EJ"), ("TOGETHER", True, "JE"), ("JOINT_ALWAYS_LAST", False, "JC")],
)
def test_joint_ones_come_after_exclusive_ones(grouped: str, with_exclusive: object, expected: str) -> None:
    others = [off("E", category="cat_e")] if with_exclusive else [off("C")]
    quote = decide(ORDER, off("J", category="cat_j"), *others, **EXCLUSIVE, grouped_redeemables_sorting_rule=grouped)
    assert applied(quote) == list(expected)


@pytest.mark.parametrize(
    ("settings", "categories", "expected", "key", "check"),
    [
        (
            {"applicable_redeemables_limit": 2}, [None, None, None], "++-", "applicable_redeemables_limit_exceeded",
            "applicable_redeemables_limit",
        ),
        (
            {"applicable_redeemables_category_limits": {"cat_c": 2}}, ["cat_c", "cat_c", "cat_c"], "++-",
            "applicable_redeemables_per_category_limit_exceeded", "applicable_redeemables_category_limits",
        ),
        (
            {"applicable_redeemables_category_limits": {"cat_c": 1}}, ["cat_c", "cat_d", "cat_c"], "++-",
            "applicable_redeemables_per_category_limit_exceeded", "applicable_redeemables_category_limits",
        ),
        (
            {"applicable_redeemables_per_category_limit": 1}, ["cat_c", "cat_d", "cat_c"], "++-",
            "applicable_redeemables_per_category_limit_exceeded", "applicable_redeemables_per_category_limit",
        ),
        ({"applicable_redeemables_per_category_limit": 1}, [None, None, None], "+++", None, None),
        (
            {"applicable_redeemables_per_category_limit": 1, "applicable_redeemables_category_limits": {"cat_c": 2}},
            ["cat_c", "cat_c", "cat_c"], "++-", "applicable_redeemables_per_category_limit_exceeded",
            "applicable_redeemables_category_limits",
        ),
        (
            EXCLUSIVE, ["cat_e", "cat_e", "cat_j"], "+-+", "applicable_exclusive_redeemables_limit_exceeded",
            "applicable_exclusive_redeemables_limit",
        ),
        (
            {**EXCLUSIVE, **MANY, "applicable_exclusive_redeemables_per_category_limit": 1},
            ["cat_e", "cat_e", "cat_j"], "+-+", "applicable_exclusive_redeemables_per_category_limit_exceeded",
            "applicable_exclusive_redeemables_per_category_limit",
        ),
    ],
)  # fmt: skip
def test_limits_of_what_applies(
    settings: dict[str, Any], categories: list[Any], expected: str, key: str | None, check: str | None
) -> None:
    all_of_them = [off(id, category=category) for id, category in zip("ABC", categories, strict=True)]
    quote = decide(ORDER, *all_of_them, **settings)
    assert sorted(applied(quote)) == [id for id, sign in zip("ABC", expected, strict=True) if sign == "+"]
    assert [(one.skip.key, one.skip.reason.check) for one in quote.skipped if one.skip] == (
        [(key, check)] if key else []
    )
    assert quote.valid


def test_what_does_not_apply_counts_for_no_limit() -> None:
    assert applied(decide(ORDER, absent("A"), off("B"), off("C"), applicable_redeemables_limit=1)) == ["B"]


@pytest.mark.parametrize(
    ("settings", "category", "status"),
    [
        ({}, None, "APPLICABLE"),
        ({"redeemables_no_effect_rule": "SKIP"}, None, "SKIPPED"),
        ({"redeemables_no_effect_rule": "SKIP", "no_effect_redeem_anyway_categories": ["cat"]}, "cat", "APPLICABLE"),
        ({"redeemables_no_effect_rule": "SKIP", "no_effect_redeem_anyway_categories": ["cat"]}, None, "SKIPPED"),
        ({"no_effect_skip_categories": ["cat"]}, "cat", "SKIPPED"),
        ({"no_effect_skip_categories": ["cat"]}, "dog", "APPLICABLE"),
    ],
)
def test_no_effect(settings: dict[str, Any], category: str | None, status: str) -> None:
    quote = decide(ORDER, share("ALL", 100), off("A", category=category), off("B", 0, category), **settings)
    assert [one.status for one in quote.outcomes] == ["APPLICABLE", status, status]
    assert keys(quote.skipped) == ["no_effect"] * (2 if status == "SKIPPED" else 0)
    if status == "APPLICABLE":
        taken = quote.outcomes[1].taken
        assert taken
        assert (taken.order.applied_discount_amount, taken.order.total_applied_discount_amount) == (0, 0)


@pytest.mark.parametrize(
    ("redeemables", "mode", "statuses", "valid", "total"),
    [
        ("ab", "ALL", "++", True, 9_800),
        ("ax", "ALL", "+!", False, 9_900),
        ("xa", "ALL", "!-", False, 10_000),
        ("axb", "ALL", "+!-", False, 9_900),
        ("axb", "PARTIAL", "+!+", True, 9_800),
        ("x", "PARTIAL", "!", False, 10_000),
        ("xy", "ALL", "!-", False, 10_000),
        ("xy", "PARTIAL", "!!", False, 10_000),
        ("", "ALL", "", False, 10_000),
    ],
)
def test_all_or_some(redeemables: str, mode: Any, statuses: str, valid: object, total: int) -> None:
    ones = [absent(id) if id in "xy" else off(id) for id in redeemables]
    quote = decide(ORDER, *ones, redeemables_application_mode=mode)
    signs = {"APPLICABLE": "+", "INAPPLICABLE": "!", "SKIPPED": "-"}
    assert "".join(signs[one.status] for one in quote.outcomes) == statuses
    assert quote.valid == valid
    assert quote.order.total_amount == total
    assert keys(quote.skipped) == ["preceding_validation_failed"] * statuses.count("-")
    assert keys(quote.refused) == ["not_found"] * statuses.count("!")


def test_what_is_skipped_does_not_make_everything_fail() -> None:
    quote = decide(ORDER, off("A"), off("B"), applicable_redeemables_limit=1, redeemables_application_mode="ALL")
    assert (quote.valid, applied(quote)) == (True, ["A"])


def test_once_a_line_is_discounted_by_one_alone() -> None:
    discount = {"type": "AMOUNT", "effect": "APPLY_TO_ITEMS"}
    first = voucher({**discount, "amount_off": 100}, goods("x"), id="A")
    second = voucher({**discount, "amount_off": 200}, EVERYTHING, id="B")
    order = cart(item("x", 1, 1_000), item("y", 1, 1_000))
    once = {"redeemables_products_application_mode": "ONCE"}
    assert offs(decide(order, first, second, **once).order) == [100, 200]
    assert offs(decide(order, first, second).order) == [300, 200]
    assert decide(order, first, second, share("C", 10), **once).order.total_amount == 1_530
    nothing = voucher({**discount, "amount_off": 0}, goods("x"), id="N")
    assert offs(decide(order, nothing, second, **once).order) == [200, 200]


def test_rules_are_asked_on_the_order_as_it_stands() -> None:
    above = rule("order.amount", {"$more_than": [10_000]})
    order = cart(amount=10_500)
    assert applied(decide(order, share("P20", 20, None, above), share("P10", 10))) == ["P20", "P10"]
    assert applied(decide(order, share("P10", 10), share("P20", 20, None, above))) == ["P10"]


def test_rules_on_the_initial_amount_do_not_care_what_came_before() -> None:
    below = rule("order.initial_amount", {"$less_than": [10_001]})
    assert applied(decide(ORDER, off("A", 5_000), share("B", 10, None, below))) == ["A", "B"]


def test_five_in_a_row() -> None:
    everything = voucher({"type": "AMOUNT", "amount_off": 1_000, "effect": "APPLY_TO_ITEMS"}, EVERYTHING, id="A")
    quote = decide(
        cart(item("p1", 1, 2_000), item("p2", 1, 700)), everything, off("G", 100), share("P", 40), off("T", 30)
    )
    assert [one.taken.order.total_amount for one in quote.applied if one.taken] == [1_000, 900, 540, 510]
    assert sums(quote.order) == {
        "amount": 2_700,
        "discount_amount": 490,
        "applied_discount_amount": 490,
        "items_discount_amount": 1_700,
        "items_applied_discount_amount": 1_700,
        "total_discount_amount": 2_190,
        "total_applied_discount_amount": 2_190,
        "total_amount": 510,
    }


@pytest.mark.parametrize(
    ("redeemables", "settings", "reason"),
    [
        (
            [off("A", category="cat_e"), off("B")], EXCLUSIVE,
            {"check": "exclusive_categories", "expected": "no valid exclusive redeemable", "actual": "A"},
        ),
        (
            [off("A"), off("B")], {"applicable_redeemables_limit": 1},
            {"check": "applicable_redeemables_limit", "expected": {"at_most": 1}, "actual": 1},
        ),
        (
            [off("A", category="cat_c"), off("B", category="cat_c")], {"applicable_redeemables_per_category_limit": 1},
            {
                "check": "applicable_redeemables_per_category_limit",
                "expected": {"at_most": 1, "category_id": "cat_c"}, "actual": 1,
            },
        ),
        (
            [off("A", category="cat_e"), off("B", category="cat_e")], EXCLUSIVE,
            {"check": "applicable_exclusive_redeemables_limit", "expected": {"at_most": 1}, "actual": 1},
        ),
        (
            [absent("A"), off("B")], {"redeemables_application_mode": "ALL"},
            {"check": "redeemables_application_mode", "expected": "ALL", "actual": "A"},
        ),
        (
            [off("A"), off("B", 0)], {"redeemables_no_effect_rule": "SKIP"},
            {"check": "redeemables_no_effect_rule", "expected": "SKIP", "actual": 0},
        ),
        (
            [off("A"), off("B", 0, "cat_c")], {"no_effect_skip_categories": ["cat_c"]},
            {"check": "no_effect_skip_categories", "expected": "cat_c", "actual": 0},
        ),
    ],
)  # fmt: skip
def test_what_is_skipped_tells_the_setting(
    redeemables: list[Redeemable], settings: dict[str, Any], reason: dict[str, Any]
) -> None:
    (skipped,) = decide(ORDER, *redeemables, **settings).skipped
    assert skipped.skip
    assert skipped.redeemable.id == "B"
    assert encoded(skipped.skip.reason) == reason
