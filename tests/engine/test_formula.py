"""Formulas: the documented examples, every operand, function and operator, and texts that are none."""

import math
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies as st

from guerdon.engine.formula.compile import DEEPEST, LONGEST, compile_formula
from guerdon.engine.formula.context import Context
from guerdon.engine.formula.operands import FOR_POINTS, KEYED, PLAIN
from guerdon.engine.formula.results import exact_points, money, percent, units
from guerdon.engine.goods import Catalogue
from guerdon.engine.moment import Moment
from guerdon.engine.order import Item, Order, Product

NOW = datetime(2026, 3, 11, 12, 30, tzinfo=UTC)
MUG = Item(product_id="mug", quantity=3, price=900, amount=2700, discount_amount=200, metadata={"gift": "yes"})
TEE = Item(product_id="tee", quantity=1, price=900, amount=900, product=Product(metadata={"size": "M"}))
PEN = Item(product_id="pen", quantity=4, price=150, amount=600)
CONTEXT = Context(
    moment=Moment(NOW),
    order=Order(items=(MUG, TEE, PEN), amount=60050),
    item=MUG,
    catalogue=Catalogue(products={"mug": {"metadata": {"brand": "Acme"}}}),
    order_metadata={"city": "New York", "day": 5, "lines": ["a", "7"], "text": "12.5", "to": {"city": "Oslo"}},
    customer_metadata={"clv": 75.55, "low": 74.44, "visits": 11, "vip": True, "joined": "2025-12-31", "zero": 0},
    redeemable_metadata={"share": "0.5"},
    redemption_metadata={"shop": "EU"},
    publication_metadata={"source": "mail"},
    birthdate=date(2000, 2, 29),
    redemption_quantity=10,
    redeemed_quantity=3,
    publish_count=1,
    voucher_start=datetime(2026, 3, 1, tzinfo=UTC),
    voucher_expiration=datetime(2026, 5, 20, tzinfo=UTC),
    tier_start=datetime(2026, 1, 1, tzinfo=UTC),
    tier_expiration=datetime(2026, 12, 31, tzinfo=UTC),
    bundle_quantity=2,
)


def value(text: str, context: Context = CONTEXT, **changes: Any) -> Any:
    return compile_formula(text)(msgspec.structs.replace(context, **changes))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('FLOOR(CUSTOMER_METADATA("clv");1)', "75.5"),
        ('FLOOR(CUSTOMER_METADATA("clv");0)', 75),
        ('FLOOR(CUSTOMER_METADATA("clv");-1)', 70),
        ('CEIL(CUSTOMER_METADATA("low");1)', "74.5"),
        ('CEIL(CUSTOMER_METADATA("low");0)', 75),
        ('CEIL(CUSTOMER_METADATA("low");-1)', 80),
        ("ROUND(75.55;1)", "75.6"),
        ("ROUND(75.55;0)", 76),
        ("ROUND(75.55;-1)", 80),
        ("ROUND(-2.5)", -3),
        ("FLOOR(-75.55)", -76),
        ('IF(CUSTOMER_METADATA("visits") > 10 AND ORDER_METADATA("day") = 5;20;3)', 20),
        ('IF(CUSTOMER_METADATA("visits") > 11 OR ORDER_METADATA("day") = 4;20;3)', 3),
        ('IF(CUSTOMER_METADATA("visits") > 11 OR ORDER_METADATA("day") = 5;20;3)', 20),
        ('IF(CUSTOMER_METADATA("vip");1;2)', 1),
        ("IF(ORDER_ITEMS_QUANTITY > 2;IF(ORDER_AMOUNT > 700;25;15);10)", 15),
        ('SWITCH(ORDER_METADATA("city");SWITCH_CASE("Boston";10) SWITCH_CASE("New York";15);5)', 15),
        ('SWITCH(ORDER_METADATA("city");SWITCH_CASE("Boston";10);SWITCH_CASE("Oslo";15);5)', 5),
        ('SWITCH(ORDER_METADATA("day");SWITCH_CASE("5";1) 2)', 1),
        ('DEFAULT_TO(REDEMPTION_METADATA("store_list") / 2;5)', 5),
        ('DEFAULT_TO(ORDER_METADATA("day") / 2;5)', "2.5"),
        ('DEFAULT_TO(1 / 0;ORDER_METADATA("none");7)', 7),
        ("IF(ORDER_AMOUNT > 200;ORDER_AMOUNT * 0.15;ORDER_AMOUNT * 0.05)", "90.075"),
        ("IF(ORDER_UNITS_QUANTITY > 5;FLOOR(ORDER_UNITS_QUANTITY / 3;0);1)", 2),
        ("IF(ORDER_AMOUNT > 500;ROUND(ORDER_AMOUNT * 1.5;0);ROUND(ORDER_AMOUNT;0))", 901),
        ("ORDER_ITEM_PRICE * 0.01 + 1", "1.09"),
        ("1 + 2 * 3 - 4 / 2", 5),
        ("(1 + 2) * 3", 9),
        ("10 - 3 - 2", 5),
        ("100 / 5 / 2", 10),
        ("17 % 5 * 2", 4),
        ("2 - -3", 5),
        ("- -2", 2),
        ("-(2 + 3)", -5),
        ("6 \u00d7 7 \u00f7 2", 21),
        ("MIN(3;1;2) + MAX(3;1;2)", 4),
        ("POW(2;10) + POW(4;0.5) + POW(2;-1)", "1026.5"),
        ("IF(1 > 0 OR 1 / 0 > 1;1;2)", 1),
        ("IF(1 > 2 AND 1 / 0 > 1;1;2)", 2),
        ("IF(1 > 2;1 / 0;2)", 2),
        ("IF(2 < 3 AND 2 > 3 OR 1 = 1;1;2)", 1),
        ('ORDER_METADATA("text") * 2', 25),
        ("ORDER_BUNDLE_QUANTITY * 10", 20),
    ],
)
def test_a_number_is_computed(text: str, expected: Any) -> None:
    assert value(text) == Decimal(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ORDER_ITEM_PRICE", 9),
        ("ORDER_ITEM_AMOUNT", 27),
        ("ORDER_ITEM_SUBTOTAL", 25),
        ("ORDER_ITEM_UNITS_QUANTITY", 3),
        ('ORDER_ITEM_METADATA("gift")', "yes"),
        ('ORDER_ITEM_PRODUCT_METADATA("brand")', "Acme"),
        ("CHEAPEST_ORDER_ITEM_PRICE", Decimal("1.5")),
        ("CHEAPEST_ORDER_ITEM_AMOUNT", 6),
        ("CHEAPEST_ORDER_ITEM_SUBTOTAL", 6),
        ("CHEAPEST_ORDER_ITEM_UNITS_QUANTITY", 4),
        ("MOST_EXPENSIVE_ORDER_ITEM_PRICE", 9),
        ("MOST_EXPENSIVE_ORDER_ITEM_UNITS_QUANTITY", 1),
        ('MOST_EXPENSIVE_ORDER_ITEM_PRODUCT_METADATA("size")', "M"),
        ("ORDER_AMOUNT", Decimal("600.5")),
        ("ORDER_ITEMS_QUANTITY", 3),
        ("ORDER_UNITS_QUANTITY", 8),
        ('ORDER_METADATA("to.city")', "Oslo"),
        ('REDEEMABLE_METADATA("share")', "0.5"),
        ('REDEMPTION_METADATA("shop")', "EU"),
        ('PUBLICATION_METADATA("source")', "mail"),
        ("VOUCHER_REDEMPTION_QUANTITY - VOUCHER_REDEEMED_QUANTITY + VOUCHER_PUBLISH_COUNT", 8),
        ("DAYS_SINCE(VOUCHER_START_DATE)", 10),
        ("DAYS_UNTIL(VOUCHER_EXPIRATION_DATE)", 70),
        ("MONTHS_UNTIL(VOUCHER_EXPIRATION_DATE)", 2),
        ("MONTHS_SINCE(PROMOTION_TIER_START_DATE)", 2),
        ("MONTH(PROMOTION_TIER_EXPIRATION_DATE)", 12),
        ("YEARS_SINCE(CUSTOMER_BIRTHDATE)", 26),
        ('DAYS_SINCE("2026-03-10")', 1),
        ('MONTHS_SINCE(DATE("2026-02-12"))', 0),
        ('MONTHS_SINCE(DATE("2026-02-11"))', 1),
        ('MONTHS_UNTIL(DATE("2025-03-11"))', -12),
        ('YEARS_SINCE(CUSTOMER_METADATA("joined"))', 0),
        ("DAY_OF_MONTH(TODAY)", 11),
        ('YEAR(DATE_TIME("2026-12-31T23:30:00-05:00"))', 2027),
        ("TODAY", date(2026, 3, 11)),
        ("NOW", NOW),
    ],
)
def test_operands_and_dates(text: str, expected: Any) -> None:
    assert value(text) == expected


def test_dates_are_those_of_the_time_zone() -> None:
    moment = Moment(NOW, "Pacific/Auckland")
    assert value("TODAY", moment=moment) == date(2026, 3, 12)
    assert value("DAYS_SINCE(NOW)", moment=moment) == 0
    assert value('DAYS_UNTIL("2026-03-13")', moment=moment) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2 > 1", True),
        ("2 < 2", False),
        ("2.0 = 2", True),
        ('ORDER_METADATA("text") > 12', True),
        ('ORDER_METADATA("text") = 12.50', True),
        ('ORDER_METADATA("city") is "New York"', True),
        ('ORDER_METADATA("city") is "new york"', False),
        ('ORDER_METADATA("city") isNot "Oslo"', True),
        ('ORDER_METADATA("city") contains "York"', True),
        ('ORDER_METADATA("city") startsWith "New"', True),
        ('ORDER_METADATA("city") endsWith "New"', False),
        ('ORDER_METADATA("lines") contains "a"', True),
        ('ORDER_METADATA("lines") is 7', True),
        ('ORDER_METADATA("lines") isNot "b"', True),
        ('"a" IN_ARRAY ORDER_METADATA("lines")', True),
        ('ORDER_METADATA("lines") IN_ARRAY "b,a"', True),
        ('REDEMPTION_METADATA("shop") IN_ARRAY "EMEA, EU"', True),
        ('REDEMPTION_METADATA("shop") NOT_IN_ARRAY "EMEA,US"', True),
        ('CUSTOMER_METADATA("visits") IN_ARRAY "10,11"', True),
        ('CUSTOMER_METADATA("vip") is "true"', True),
        ('CUSTOMER_METADATA("zero") is "0"', True),
        ('NOW DATE_IS DATE("2026-03-11")', True),
        ('NOW DATE_IS_NOT "2026-03-12"', True),
        ('NOW IS_AFTER DATE_TIME("2026-03-11T12:29:59Z")', True),
        ('NOW IS_AFTER DATE("2026-03-11")', False),
        ('CUSTOMER_METADATA("joined") IS_BEFORE TODAY', True),
        ('CUSTOMER_METADATA("joined") < TODAY', True),
        ('TODAY is "2026-03-11"', True),
        ('"say \\"hi\\"" contains "\\""', True),
    ],
)
def test_comparisons(text: str, expected: Any) -> None:
    assert value(text) is expected


@pytest.mark.parametrize(
    "text",
    [
        'CUSTOMER_METADATA("level") * 2',
        'ORDER_METADATA("city") * 2',
        "1 / 0",
        "1 % 0",
        "POW(0;-1)",
        "POW(-8;0.5)",
        "POW(10;100)",
        "POW(9;99999999999999999999)",
        "IF(1;2;3)",
        "ROUND(1;0.5)",
        "ROUND(1;99)",
        "TODAY + 1",
        "TODAY > 1",
        'DATE("tomorrow")',
        "YEAR(5)",
        'DAYS_SINCE("soon")',
        'IF(ORDER_METADATA("none") > 1 OR 1 = 1;1;2)',
        'ORDER_METADATA("lines") * 2',
        'CUSTOMER_METADATA("vip") + 1',
    ],
)
def test_what_cannot_be_computed_is_none(text: str) -> None:
    assert value(text) is None


def test_an_operand_without_a_fact_is_missing() -> None:
    empty = Context(moment=Moment(NOW))
    names = [*(name for name in PLAIN if name not in {"TODAY", "NOW"}), *(f'{name}("k")' for name in KEYED)]
    assert [name for name in names if value(name, empty) is not None] == []
    assert value("ORDER_ITEM_PRICE", item=Item()) is None
    assert value("MOST_EXPENSIVE_ORDER_ITEM_PRICE", order=Order(items=(Item(quantity=1),))) is None


@pytest.mark.parametrize(
    ("text", "reason", "position"),
    [
        ("", "expected a value", 1),
        ("1 +", "expected a value", 4),
        ("1 2", "unexpected 2", 3),
        ("(1", "expected )", 3),
        ("1 ? 2", "unexpected character", 3),
        ('"open', "unexpected character", 1),
        ("ORDER_TOTAL", "unknown name ORDER_TOTAL", 1),
        ("order_amount", "unknown name order_amount", 1),
        ("ORDER_METADATA(k)", "expected a key in quotes", 16),
        ("ORDER_METADATA", "expected (", 15),
        ("POW(1)", "wrong number of arguments of POW", 1),
        ("MIN()", "expected a value", 5),
        ("IF(1 > 2;3)", "wrong number of arguments of IF", 1),
        ("1 > 2 > 3", "unexpected >", 7),
        ('SWITCH("a";SWITCH_CASE("b";1))', "expected a value", 30),
        ("SWITCH_CASE(1;2)", "unknown name SWITCH_CASE", 1),
        ("1.", "unexpected character", 2),
        ("1, 2", "unexpected character", 2),
        ("(" * (DEEPEST + 1), "too many brackets within brackets", DEEPEST + 1),
    ],
)
def test_a_wrong_text_is_refused_with_its_place(text: str, reason: str, position: int) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(reason)} at character {position}$"):
        compile_formula(text)


def test_a_long_text_is_refused() -> None:
    assert value("1" + "+1" * (LONGEST // 2 - 1)) == LONGEST // 2
    with pytest.raises(ValueError, match="longer"):
        compile_formula("1" + "+1" * LONGEST)


def test_brackets_nest_as_deep_as_promised_and_signs_as_often_as_one_likes() -> None:
    inner = DEEPEST - 1
    assert value("(" * inner + "1" + ")" * inner) == 1
    assert value("IF(1=1;" * inner + "1" + ";2)" * inner) == 1
    assert value("-" * 3_001 + "1") == -1


def test_a_formula_tells_its_operands() -> None:
    formula = compile_formula('IF(ORDER_AMOUNT > 1;CUSTOMER_METADATA("a");VOUCHER_PUBLISH_COUNT)')
    assert formula.operands - FOR_POINTS == {"VOUCHER_PUBLISH_COUNT"}
    assert {"TODAY", "CHEAPEST_ORDER_ITEM_METADATA", "ORDER_UNITS_QUANTITY", "CUSTOMER_BIRTHDATE"} <= FOR_POINTS
    assert not {"ORDER_ITEM_PRICE", "REDEEMABLE_METADATA", "ORDER_ITEM_METADATA"} & FOR_POINTS


@pytest.mark.parametrize(
    ("text", "minor", "share", "whole", "nearest"),
    [
        ("10.005", 1001, "10.005", 10, 10),
        ("10.5", 1050, "10.5", 10, 11),
        ("7.65", 765, "7.65", 7, 8),
        ("-3", 0, 0, 0, 0),
        ("250", 25000, 100, 250, 250),
        ('ORDER_METADATA("text")', 1250, "12.5", 12, 13),
        ("1 > 2", None, None, None, None),
        ("TODAY", None, None, None, None),
        ("1 / 0", None, None, None, None),
        ('ORDER_METADATA("city")', None, None, None, None),
        ('ORDER_METADATA("lines")', None, None, None, None),
        ("POW(10;30)", None, None, None, None),
        ("90071992547409.92", None, 100, 90071992547409, 90071992547410),
        ("1 / 3", 33, Decimal(1) / 3, 0, 0),
    ],
)
def test_results(text: str, minor: Any, share: Any, whole: Any, nearest: Any) -> None:
    formula = compile_formula(text)
    assert money(formula, CONTEXT) == minor
    result = percent(formula, CONTEXT)
    assert (result is None) is (share is None)
    assert result is None or abs(result - Decimal(share)) < Decimal("1e-20")
    assert units(formula, CONTEXT) == whole
    exact = exact_points(formula, CONTEXT)
    assert (None if exact is None else math.floor(exact + Decimal("0.5"))) == nearest


EXPRESSIONS = st.recursive(
    st.integers(0, 99).map(str),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*"), inner).map(" ".join),
        inner.map("({})".format),
        inner.map("-{}".format),
    ),
    max_leaves=12,
)


@given(text=EXPRESSIONS)
def test_arithmetic_is_that_of_numbers(text: str) -> None:
    assert value(text) == eval(text.replace("--", "- -"))


@given(numerator=st.integers(-(10**9), 10**9), denominator=st.integers(1, 10**6), digits=st.integers(-3, 3))
def test_rounding_is_half_up_and_within_half_a_step(numerator: int, denominator: int, digits: int) -> None:
    exact, step = Fraction(numerator, denominator), Fraction(10) ** -digits
    rounded = Fraction(value(f"ROUND({numerator} / {denominator};{digits})"))
    floor = Fraction(value(f"FLOOR({numerator} / {denominator};{digits})"))
    ceiling = Fraction(value(f"CEIL({numerator} / {denominator};{digits})"))
    assert abs(rounded - exact) <= step / 2
    assert floor <= exact <= ceiling
    assert ceiling - floor in {0, step}


@given(
    text=st.text(max_size=60)
    | st.lists(
        st.sampled_from(
            [*PLAIN, *KEYED, *"()+-*/;<>=", "AND", "OR", "is", "IF(", "POW(", "SWITCH(", "9", '"k"', '("k")']
        ),
        max_size=30,
    ).map(" ".join)
)
def test_whatever_is_written_is_refused_or_computed(text: str) -> None:
    try:
        formula = compile_formula(text)
    except ValueError:
        return
    formula(CONTEXT)
    money(formula, CONTEXT)


METADATA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates().map(str),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=2),
)


@given(left=METADATA, right=METADATA, sign=st.sampled_from(["+", "/", "%", ">", "=", "is", "contains", "IN_ARRAY"]))
def test_metadata_of_any_kind_are_computed_or_not(left: Any, right: Any, sign: str) -> None:
    formula = compile_formula(f'ORDER_METADATA("left") {sign} ORDER_METADATA("right")')
    context = Context(moment=Moment(NOW), order_metadata={"left": left, "right": right})
    result = formula(context)
    assert result is None or isinstance(result, Decimal | bool)
    assert money(formula, context) is None or sign in "+/%"


@given(first=st.dates(), days=st.integers(0, 100_000))
def test_months_and_years_since_complete(first: date, days: int) -> None:
    context = Context(moment=Moment(NOW), birthdate=first)
    today = date(2026, 3, 11)
    months = value("MONTHS_SINCE(CUSTOMER_BIRTHDATE)", context)
    assert value("YEARS_SINCE(CUSTOMER_BIRTHDATE)", context) == int(months / 12)
    assert (months > 0) <= (first < today)
    assert abs(months * Decimal("30.44") - value("DAYS_SINCE(CUSTOMER_BIRTHDATE)", context)) < 40 + abs(months) / 100
    assert value(f'DAYS_UNTIL("{min(date.max - timedelta(days=days), date.max)}")') is not None
