"""What an answer tells of the goods that rules include and exclude."""

from typing import Any

import pytest

from baskets import EVERYTHING, MOMENT, attached, cart, catalogue, collection, goods, item, taken, voucher
from guerdon.engine.applicable import applicable_to, inapplicable_to
from guerdon.engine.order import Item, Order, Product, Sku
from guerdon.engine.redeemable import Redeemable

KNOWN = catalogue(pc=["mug", "tee"], pc_none=["zebra"])
PERCENT = {"type": "PERCENT", "percent_off": 10, "effect": "APPLY_TO_ITEMS"}


def listed(order: Order, one: Redeemable) -> list[dict[str, Any]]:
    found = taken(order, one, catalogue=KNOWN)
    return applicable_to(found.order, one.scopes, found.lines, KNOWN, MOMENT)


def excluded(order: Order, applies: Any) -> list[tuple[str, str, bool]]:
    return brief(inapplicable_to(order, voucher(PERCENT, applies).scopes, KNOWN, MOMENT))


def brief(entries: list[dict[str, Any]]) -> list[tuple[str, str, bool]]:
    return [(entry["object"], entry["id"], entry["strict"]) for entry in entries]


CART = cart(item("bottle", 1, 2_500), item("mug", 2, 1_000), item("tee/tee_s", 1, 2_000), item("mug", 1, 900))


@pytest.mark.parametrize(
    ("applies", "expected"),
    [
        (goods(), []),
        (goods(excluded=["mug"]), []),
        (goods("mug"), [("product", "mug", True)]),
        (goods("zebra"), [("product", "zebra", False)]),
        (goods("tee"), [("product", "tee", False), ("sku", "tee_s", True)]),
        (goods({"object": "sku", "id": "tee_s"}), [("sku", "tee_s", True)]),
        (
            goods(collection("pc_none"), collection("pc"), "zebra", "mug"),
            [
                ("products_collection", "pc_none", False),
                ("products_collection", "pc", False),
                ("product", "zebra", False),
                ("product", "mug", True),
                ("sku", "tee_s", True),
            ],
        ),
        (
            goods(collection("pc"), excluded=["mug"]),
            [("products_collection", "pc", False), ("sku", "tee_s", True)],
        ),
        (
            EVERYTHING,
            [
                ("products_collection", "pc_a11pr0dUc75", False),
                ("product", "bottle", True),
                ("product", "mug", True),
                ("sku", "tee_s", True),
            ],
        ),
        (
            goods("mug", everything=True),
            [
                ("products_collection", "pc_a11pr0dUc75", False),
                ("product", "bottle", True),
                ("product", "mug", True),
                ("sku", "tee_s", True),
            ],
        ),
    ],
)
def test_definitions_first_and_then_what_the_order_has_of_them(applies: Any, expected: list[Any]) -> None:
    assert brief(listed(CART, voucher(PERCENT, applies))) == expected


def test_goods_tell_the_caps_of_their_definition_and_what_was_chosen() -> None:
    applies = goods(collection("pc", quantity_limit=1, price=5, price_formula="1", product_campaign_quantity_limit=9))
    definition, mug, tee = listed(CART, voucher(PERCENT, applies))
    caps = {"quantity_limit": 1, "price": 5, "price_formula": "1", "product_campaign_quantity_limit": 9}
    way = {"effect": "APPLY_TO_EVERY", "repeat": 1, "skip_initially": 0, "target": "ITEM"}
    for entry in (definition, mug, tee):
        assert entry == entry | caps | way
    units = [{"index": 1, "units": [1], "units_limit_exceeded": True}, {"index": 3, "units": [1]}]
    assert (mug["order_item_indices"], mug["order_item_units"]) == ([1, 3], units)
    assert (tee["order_item_indices"], tee["order_item_units"]) == ([2], [{"index": 2, "units": [1]}])
    assert definition["order_item_indices"] == [1, 2, 3]
    assert (tee["product_id"], tee["source_id"]) == ("tee", "tee_s")


def test_the_way_of_choosing_is_told() -> None:
    applies = goods({"id": "mug", "effect": "APPLY_TO_EVERY", "repeat": 2, "skip_initially": 1, "target": "UNIT"})
    (entry,) = listed(cart(item("mug", 5, 100)), voucher(PERCENT, applies))
    assert (entry["repeat"], entry["skip_initially"], entry["target"]) == (2, 1, "UNIT")
    assert entry["order_item_units"] == [{"index": 0, "units": [2, 4]}]


def test_goods_that_were_not_chosen_have_no_lines() -> None:
    applies = goods(collection("pc", effect="APPLY_TO_CHEAPEST"))
    definition, mug, tee = listed(CART, voucher(PERCENT, applies))
    assert [entry["order_item_indices"] for entry in (definition, mug, tee)] == [[3], [3], []]


@pytest.mark.parametrize(("quantity", "told"), [(999, True), (1_000, False), (999_999_999, False)])
def test_units_are_listed_in_orders_of_up_to_a_thousand(quantity: int, told: object) -> None:
    (entry,) = listed(cart(item("mug", quantity, 1), item("tee", 1, 1)), voucher(PERCENT, goods("mug")))
    assert ("order_item_units" in entry) == told
    assert entry["order_item_indices"] == [0]


def test_goods_that_nobody_knows_go_by_what_was_sent() -> None:
    order = cart(
        Item(source_id="drill", related_object="product", quantity=4, product=Product(name="Drill")),
        Item(source_id="bit", related_object="sku", quantity=1),
    )
    product, sku = listed(order, voucher(PERCENT, goods("drill", {"object": "sku", "id": "bit"})))
    assert (product["id"], product["source_id"], product["strict"]) == ("drill", "drill", True)
    assert (sku["id"], sku["source_id"], sku["strict"]) == ("bit", "bit", True)


def test_source_ids_are_told() -> None:
    line = Item(
        product_id="prod_1", sku_id="sku_1", quantity=1, price=5, amount=5,
        product=Product(source_id="shirt"), sku=Sku(source_id="shirt-s"),
    )  # fmt: skip
    (entry,) = listed(cart(line), voucher(PERCENT, goods({"object": "sku", "id": "sku_1"})))
    names = {name: entry[name] for name in ("id", "source_id", "product_id", "product_source_id")}
    assert names == {
        "id": "sku_1", "source_id": "shirt-s", "product_id": "prod_1", "product_source_id": "shirt",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("applies", "expected"),
    [
        (goods("mug"), []),
        (goods(excluded=["mug"]), [("product", "mug", True)]),
        (goods(excluded=["zebra"]), [("product", "zebra", False)]),
        (
            goods(excluded=[collection("pc"), "mug"]),
            [("products_collection", "pc", False), ("product", "mug", True), ("sku", "tee_s", True)],
        ),
        (goods(excluded=["tee"]), [("product", "tee", False), ("sku", "tee_s", True)]),
    ],
)
def test_what_is_excluded(applies: Any, expected: list[Any]) -> None:
    assert excluded(CART, applies) == expected


def test_excluded_goods_are_told_for_an_order_discount_too() -> None:
    one = voucher({"type": "PERCENT", "percent_off": 10, "effect": "APPLY_TO_ORDER"}, goods(excluded=["mug"]))
    assert brief(inapplicable_to(CART, one.scopes, KNOWN, MOMENT)) == [("product", "mug", True)]


def test_of_several_rules_the_first_that_names_goods_is_told() -> None:
    one = voucher(PERCENT, None, attached(), attached(applies=goods("mug")), attached(applies=goods(collection("pc"))))
    assert brief(listed(CART, one)) == [("product", "mug", True)]
