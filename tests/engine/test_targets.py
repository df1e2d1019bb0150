"""Which lines and units a discount is for: matching, excluding, and ways of choosing."""

from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from baskets import MOMENT, cart, catalogue, collection, goods, item, offs, taken, voucher
from guerdon.engine.goods import EMPTY, Catalogue, Collection
from guerdon.engine.order import Item, Order, Product, Sku
from guerdon.engine.targets import choose, read

KNOWN = catalogue(pc_brand=["tee", "poster", "mug", "socks"], pc_tee=["tee"])
SHOP = cart(
    item("tee", 3, 2_000), item("poster", 5, 1_500), item("mug", 2, 1_000), item("socks", 4, 500),
    item("bottle", 2, 2_500),
)  # fmt: skip


def chosen(order: Order, *applies: Any, known: Catalogue = KNOWN, **more: Any) -> list[tuple[int, list[int]]]:
    lines = choose(order, [read(one) for one in applies], known, MOMENT, **more)
    return [(line.index, list(line.units)) for line in lines]


def indices(order: Order, *applies: Any, **more: Any) -> list[int]:
    return [index for index, _ in chosen(order, *applies, **more)]


@pytest.mark.parametrize(
    ("applies", "expected"),
    [
        ([], [0, 1, 2, 3, 4]),
        ([None], [0, 1, 2, 3, 4]),
        ([goods()], [0, 1, 2, 3, 4]),
        ([goods("mug", "bottle")], [2, 4]),
        ([goods("unknown")], []),
        ([goods(collection("pc_brand"))], [0, 1, 2, 3]),
        ([goods(collection("pc_unknown"))], []),
        ([goods(collection("pc_a11pr0dUc75"))], [0, 1, 2, 3, 4]),
        ([goods(everything=True)], [0, 1, 2, 3, 4]),
        ([goods("mug", everything=True)], [0, 1, 2, 3, 4]),
        ([goods(collection("pc_brand"), excluded=["tee"])], [1, 2, 3]),
        ([goods(everything=True, excluded=[collection("pc_brand")])], [4]),
        ([goods("tee", excluded=[collection("pc_tee")])], []),
        ([goods(excluded=["tee"])], [1, 2, 3, 4]),
        ([goods("mug", "tee"), goods(collection("pc_tee"))], [0]),
        ([goods("mug", "tee"), goods(excluded=["tee"])], [2]),
        ([goods(), goods("mug")], [2]),
    ],
)
def test_lines_that_are_meant(applies: list[Any], expected: list[int]) -> None:
    assert indices(SHOP, *applies) == expected


def test_lines_that_are_left_out() -> None:
    assert indices(SHOP, goods(everything=True), without=frozenset({0, 3})) == [1, 2, 4]


def test_names_of_goods() -> None:
    order = cart(
        Item(
            product_id="prod_1", sku_id="sku_1", quantity=1, product=Product(source_id="shirt"), sku=Sku(source_id="s")
        ),
        Item(source_id="ghost", related_object="product", quantity=1),
        Item(source_id="phantom", related_object="sku", quantity=1),
    )
    for product in ("prod_1", "shirt"):
        assert indices(order, goods(product)) == [0]
    for sku in ("sku_1", "s"):
        assert indices(order, goods({"object": "sku", "id": sku})) == [0]
    assert indices(order, goods("sku_1")) == []
    assert indices(order, goods("ghost")) == [1]
    assert indices(order, goods({"object": "sku", "id": "phantom"})) == [2]


def test_collections_by_what_is_said_of_goods() -> None:
    three = Collection("pc", filter=lambda record, _moment: record.get("metadata", {}).get("colour") == "red")
    known = Catalogue(collections={"pc": three}, products={"tee": {"id": "tee", "metadata": {"colour": "red"}}})
    nameless = Item(quantity=1, product=Product(metadata={"colour": "red"}))
    order = cart(
        item("tee"), item("mug"), nameless, Item(product_id="tee", product=Product(metadata={"colour": "blue"}))
    )
    assert indices(order, goods(collection("pc")), known=known) == [0, 2]


def test_the_most_specific_entry_governs_and_of_equals_the_first() -> None:
    applies = read(
        goods(
            collection("pc_brand", quantity_limit=1), collection("pc_tee", quantity_limit=2),
            {"id": "tee", "quantity_limit": 3}, {"id": "tee", "quantity_limit": 4},
            {"object": "sku", "id": "tee_s", "quantity_limit": 5}, everything=True,
        )
    )  # fmt: skip
    order = cart(item("tee/tee_s"), item("tee"), item("mug"), item("bottle"))
    lines = choose(order, [applies], KNOWN, MOMENT)
    assert [line.entry and line.entry.quantity_limit for line in lines] == [5, 3, 1, None]


def test_of_several_rules_the_first_that_includes_goods_governs() -> None:
    scopes = [read(one) for one in (goods(excluded=["pen"]), goods({"id": "mug", "quantity_limit": 1}), goods("mug"))]
    (line,) = choose(SHOP, scopes, KNOWN, MOMENT)
    assert line.entry
    assert line.entry.quantity_limit == 1


def way(effect: str = "TO_EVERY", **more: Any) -> Any:
    return goods(collection("pc_brand", effect=f"APPLY_{effect}", **more))


@pytest.mark.parametrize(
    ("applies", "expected"),
    [
        (way(), [0, 1, 2, 3]),
        (way(repeat=2), [0, 2]),
        (way(repeat=2, skip_initially=1), [1, 3]),
        (way(skip_initially=3), [3]),
        (way(skip_initially=9), []),
        (way("TO_CHEAPEST"), [3]),
        (way("TO_MOST_EXPENSIVE"), [0]),
        (way("FROM_CHEAPEST"), [3, 2, 1, 0]),
        (way("FROM_MOST_EXPENSIVE"), [0, 1, 2, 3]),
        (way("FROM_MOST_EXPENSIVE", skip_initially=1, repeat=2), [1, 3]),
        (way("FROM_CHEAPEST", skip_initially=1, repeat=2), [2, 0]),
        (way("TO_CHEAPEST", skip_initially=1), [2]),
        (way("TO_MOST_EXPENSIVE", skip_initially=1, target="ITEM"), [1]),
    ],
)
def test_ways_of_choosing_lines(applies: Any, expected: list[int]) -> None:
    assert indices(SHOP, applies) == expected


@pytest.mark.parametrize(
    ("applies", "expected"),
    [
        (way(target="UNIT"), [(0, [1, 2, 3]), (1, [1, 2, 3, 4, 5]), (2, [1, 2]), (3, [1, 2, 3, 4])]),
        (way(target="UNIT", skip_initially=1, repeat=2), [(0, [2]), (1, [1, 3, 5]), (2, [2]), (3, [2, 4])]),
        (
            way("FROM_MOST_EXPENSIVE", target="UNIT", skip_initially=1, repeat=2),
            [(0, [2]), (1, [1, 3, 5]), (2, [2]), (3, [2, 4])],
        ),
        (way("FROM_CHEAPEST", target="UNIT", repeat=5), [(3, [1]), (2, [2]), (1, [5])]),
        (way("TO_CHEAPEST", target="UNIT"), [(3, [1])]),
        (way("TO_MOST_EXPENSIVE", target="UNIT", skip_initially=4), [(1, [2])]),
        (way(target="UNIT", skip_initially=99), []),
        (way(target="UNIT", repeat=1_000_000), [(0, [1])]),
    ],
)
def test_ways_of_choosing_units(applies: Any, expected: list[tuple[int, list[int]]]) -> None:
    assert chosen(SHOP, applies) == expected


@pytest.mark.parametrize(
    ("effect", "target", "expected", "total"),
    [
        ("APPLY_TO_ITEMS", "ITEM", [0, 500, 0, 500, 0], 21_500),
        ("APPLY_TO_ITEMS_BY_QUANTITY", "UNIT", [500, 1_500, 500, 1_000, 0], 19_000),
    ],
)
def test_five_off_every_second_from_the_dearest(effect: str, target: str, expected: list[int], total: int) -> None:
    applies = way("FROM_MOST_EXPENSIVE", skip_initially=1, repeat=2, target=target)
    discount = {"type": "AMOUNT", "amount_off": 500, "effect": effect}
    order = taken(SHOP, voucher(discount, applies), catalogue=KNOWN).order
    assert (offs(order), order.total_amount) == (expected, total)


@pytest.mark.parametrize(
    ("effect", "expected"), [("TO_CHEAPEST", [0, 0, 0, 1_000, 0]), ("TO_MOST_EXPENSIVE", [3_000, 0, 0, 0, 0])]
)
def test_half_off_one_line(effect: str, expected: list[int]) -> None:
    discount = {"type": "PERCENT", "percent_off": 50, "effect": "APPLY_TO_ITEMS"}
    assert offs(taken(SHOP, voucher(discount, way(effect)), catalogue=KNOWN).order) == expected


def test_some_units_of_a_line() -> None:
    applies = goods({"id": "mug", "skip_initially": 1, "repeat": 3, "target": "UNIT"})
    order = cart(item("mug", 10, 1_000))
    assert chosen(order, applies) == [(0, [2, 5, 8])]
    discount = {"type": "PERCENT", "percent_off": 10, "effect": "APPLY_TO_ITEMS"}
    assert offs(taken(order, voucher(discount, applies)).order) == [300]


def test_lines_without_a_price_are_neither_cheap_nor_dear() -> None:
    order = cart(item("mug", 2), item("tee", 1, 2_000), item("socks", 2, amount=1_000), item("poster", 1, 800))
    assert indices(order, way("FROM_CHEAPEST")) == [2, 3, 1, 0]
    assert indices(order, way("FROM_MOST_EXPENSIVE")) == [1, 3, 2, 0]


def test_lines_that_cost_the_same_keep_their_order() -> None:
    order = cart(item("mug", 1, 500), item("tee", 1, 500), item("socks", 1, 400))
    assert indices(order, way("FROM_CHEAPEST")) == [2, 0, 1]
    assert indices(order, way("FROM_MOST_EXPENSIVE")) == [0, 1, 2]


def test_entries_that_choose_alike_choose_together_and_others_by_themselves() -> None:
    cheapest = {"effect": "APPLY_TO_CHEAPEST"}
    assert indices(SHOP, goods({"id": "tee", **cheapest}, {"id": "mug", **cheapest})) == [2]
    assert indices(SHOP, goods({"id": "tee", **cheapest}, "mug", "poster")) == [0, 1, 2]


@settings(derandomize=True)
@given(st.lists(st.integers(0, 12), max_size=8), st.integers(0, 20), st.integers(1, 7))
def test_units_are_counted_on_over_lines(quantities: list[int], skip: int, repeat: int) -> None:
    order = Order(items=tuple(item("tee", quantity, 5) for quantity in quantities))
    every = [(index, unit) for index, quantity in enumerate(quantities) for unit in range(1, quantity + 1)]
    found = chosen(order, goods({"id": "tee", "target": "UNIT", "skip_initially": skip, "repeat": repeat}))
    assert [(index, unit) for index, units in found for unit in units] == every[skip::repeat]


def test_a_huge_line_is_chosen_without_counting_its_units() -> None:
    order = Order(items=(item("tee", 999_999_999, 1), item("tee", 999_999_999, 1)))
    lines = choose(order, [read(goods({"id": "tee", "target": "UNIT", "repeat": 2}))], EMPTY, MOMENT)
    assert [len(line.units) for line in lines] == [500_000_000, 499_999_999]
    assert lines[1].units[0] == 2
