"""Bundles: how often a cart holds one, which units serve it, and what is missing."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, strategies as st

from guerdon.engine.bundles import Bundles, compile_bundles, find_bundles
from guerdon.engine.goods import Catalogue, Collection
from guerdon.engine.moment import Moment
from guerdon.engine.order import Item, Order

MOMENT = Moment(datetime(2026, 3, 11, tzinfo=UTC))
COLLECTIONS = {
    "pc_brand": Collection("pc_brand", products=frozenset({"tee", "socks"})),
    "pc_all": Collection("pc_all", everything=True),
}


def part(id: str, quantity: Any = None, object: str = "product") -> dict[str, Any]:
    type = "products_collection" if object == "products_collection" else "product_or_sku"
    within = {"1": {"name": "order.items.aggregated_quantity", "conditions": {"$is": [quantity]}}, "logic": "1"}
    return {
        "name": "order.items.any",
        "conditions": {"$is": [{"id": id, "object": object, "type": type}]},
        "rules": within if quantity is not None else {},
    }


def collection(id: str, quantity: int) -> dict[str, Any]:
    return part(id, quantity, "products_collection")


def find(*parts: dict[str, Any], cart: dict[str, int], limit: Any = 100) -> Bundles:
    """A line of the cart is of `product` or of `product/sku`."""
    rules = compile_bundles({**{str(n): each for n, each in enumerate(parts, 1)}, "logic": "", "limit": limit})
    assert rules is not None
    items = tuple(
        Item(product_id=name.partition("/")[0], sku_id=name.partition("/")[2] or None, quantity=quantity)
        for name, quantity in cart.items()
    )
    return find_bundles(rules, Order(items=items), Catalogue(collections=COLLECTIONS), MOMENT)


def served(bundles: Bundles) -> list[tuple[str, str, int, int]]:
    return [(each.id, each.object, each.item_index, each.item_quantity) for each in bundles.identified]


def missing(bundles: Bundles) -> list[tuple[str, str, int]]:
    return [(each.id, each.object, each.item_quantity) for each in bundles.missing]


@pytest.mark.parametrize("logic", [None, "", " ", "1 and 2"])
def test_without_logic_all_parts_are_asked_for(logic: str | None) -> None:
    rules = compile_bundles({"1": part("bottle", 1), "2": part("glass", 1), "logic": logic})
    assert rules is not None
    half = Order(items=(Item(product_id="bottle", quantity=1),))
    assert find_bundles(rules, half, Catalogue(), MOMENT).quantity == 0


def test_an_incomplete_bundle_tells_what_is_there_and_what_is_missing() -> None:
    found = find(part("bottle", 2), collection("pc_brand", 5), cart={"bottle": 1, "tee": 1, "socks": 2}, limit=10)
    assert (found.quantity, found.limit) == (0, 10)
    assert served(found) == [("bottle", "product", 0, 1), ("tee", "product", 1, 1), ("socks", "product", 2, 2)]
    assert missing(found) == [("bottle", "product", 1), ("pc_brand", "products_collection", 2)]


@pytest.mark.parametrize(
    ("parts", "cart", "limit", "quantity"),
    [
        ([part("x", 1), part("y", 1)], {"x": 5, "y": 5}, 100, 5),
        ([part("x", 1), part("y", 1)], {"x": 5, "y": 5}, 3, 3),
        ([part("x", 1), part("y", 1)], {"x": 5, "y": 5}, None, 1),
        ([part("laptop", 1), part("bag", 1)], {"laptop": 2, "bag": 2, "mouse": 3}, 100, 2),
        ([part("crisps", 2)], {"crisps": 5, "cola": 10}, 100, 2),
        ([part("crisps", "2")], {"crisps": 4}, "100", 2),
        ([part("crisps")], {"crisps": 4}, 100, 4),
        ([part("x", 2), part("y", 1)], {"x": 3}, 100, 0),
        ([collection("pc_brand", 3)], {"tee": 2, "socks": 4}, 100, 2),
        ([part("tee", 1), collection("pc_brand", 1)], {"tee": 2}, 100, 1),
        ([part("tee_m", 1, "sku"), part("tee", 1)], {"tee/tee_m": 2, "tee/tee_l": 1}, 100, 1),
        ([part("tee_m", 1, "sku"), part("tee", 1)], {"tee/tee_m": 3, "tee/tee_l": 1}, 100, 2),
        ([collection("pc_all", 1), part("tee", 1)], {"tee": 1, "pen": 1}, 100, 1),
        ([collection("pc_all", 1), collection("pc_brand", 1)], {"tee": 1, "pen": 1}, 100, 1),
        ([part("x", 1)], {}, 100, 0),
    ],
)
def test_bundles_in_a_cart(parts: list[Any], cart: dict[str, int], limit: Any, quantity: int) -> None:
    found = find(*parts, cart=cart, limit=limit)
    assert found.quantity == quantity
    assert (found.missing == ()) is (quantity > 0)


def test_a_complete_bundle_tells_only_the_units_that_serve_it() -> None:
    found = find(part("tee_m", 1, "sku"), part("tee", 2), cart={"pen": 1, "tee/tee_l": 3, "tee/tee_m": 2})
    assert found.quantity == 1
    assert served(found) == [("tee", "product", 1, 2), ("tee_m", "sku", 2, 1)]
    of_collection = find(collection("pc_brand", 2), cart={"tee/tee_l": 1, "socks": 2})
    assert served(of_collection) == [("tee_l", "sku", 0, 1), ("socks", "product", 1, 1)]


def test_settings() -> None:
    rules = compile_bundles({"1": collection("pc_brand", 1), "2": part("x"), "logic": "1 and 2", "scaling": "NONE"})
    assert rules is not None
    assert (rules.limit, rules.scaling, rules.collections) == (1, False, {"pc_brand"})
    assert compile_bundles(None) is compile_bundles({}) is compile_bundles({"limit": 5}) is None


@pytest.mark.parametrize(
    ("definition", "reason"),
    [
        ({"1": part("a"), "2": part("b"), "logic": "1 or 2"}, "Logic of bundle rules must demand every part"),
        ({"1": part("a"), "logic": "2"}, "Logic has an unexpected '2'"),
        ({"1": part("a"), "limit": 0}, "Limit of bundle rules must be a whole number from 1 to 100"),
        ({"1": part("a"), "limit": 101}, "Limit of bundle rules must be a whole number from 1 to 100"),
        ({"1": part("a"), "limit": 1.5}, "Limit of bundle rules must be a whole number from 1 to 100"),
        ({"1": part("a"), "scaling": "HALF"}, "Scaling of bundle rules must be MULTIPLY or NONE"),
        ({"1": part("a"), "scaling": ["NONE"]}, None),
        ({"1": {**part("a"), "name": "order.items.every"}}, "Rule 'order.items.every' cannot be a bundle rule"),
        ({"1": {**part("a"), "conditions": {}}}, None),
        ({"1": {**part("a"), "conditions": {"$is": ["a", "b"]}}}, None),
        ({"1": {**part("a"), "conditions": {"$is_not": ["a"]}}}, None),
        ({"1": {**part("a"), "conditions": {"$is": [{}]}}}, None),
        ({"1": part("a", 0)}, None),
        ({"1": part("a", 1.5)}, None),
        ({"1": part("a", 10**18)}, None),
        ({"1": part("a", "many")}, None),
        ({"1": part("a", [[1]])}, None),
    ],
)
def test_wrong_bundle_rules_are_refused(definition: Any, reason: str | None) -> None:
    with pytest.raises(ValueError, match=r"^[A-Z]") as error:
        compile_bundles(definition)
    assert reason is None or str(error.value) == reason


UNITS = st.integers(0, 6)


@given(
    carts=st.dictionaries(st.sampled_from(["tee", "socks", "pen", "tee/m", "tee/l"]), UNITS, max_size=5),
    needs=st.lists(
        st.tuples(
            st.sampled_from(
                [("m", "sku"), ("tee", "product"), ("pen", "product"), ("pc_brand", "products_collection")]
            ),
            st.integers(1, 3),
        ),
        min_size=1,
        max_size=3,
    ),
)
def test_units_serve_once_and_add_up(carts: dict[str, int], needs: Any) -> None:
    found = find(*(part(id, quantity, object) for (id, object), quantity in needs), cart=carts)
    used: dict[int, int] = {}
    for each in found.identified:
        used[each.item_index] = used.get(each.item_index, 0) + each.item_quantity
    assert all(units <= list(carts.values())[index] for index, units in used.items())
    wanted = sum(quantity for _, quantity in needs)
    assert sum(used.values()) + sum(each.item_quantity for each in found.missing) == wanted * max(1, found.quantity)
    assert (found.quantity == 0) is bool(found.missing)
