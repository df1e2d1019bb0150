"""Rules, discounts, carts and redeemables by chance: mostly such as somebody could mean, now and then not."""

from collections.abc import Sequence
from random import Random
from typing import Any

from guerdon.engine.conditions import OPERATORS
from guerdon.engine.rules.names import ABOUT_LINES, NAMES

_NAMES, _OPERATORS = sorted(NAMES), sorted(OPERATORS)
_TEXTS = ("a", "", "gold", "2026-11-21", "P1D", "0", "é")
_NUMBERS = (0, 1, 2, 500, 1_000, -1, 0.5, 2**53 - 1, 10**18, True)
_PROPERTIES = ("a", "size", "a.b", None)
_FORMULAS = (
    "ORDER_AMOUNT * 0.1",
    "ORDER_ITEM_PRICE / 3",
    "IF(ORDER_AMOUNT > 10; 1.5; 2)",
    "1 / 0",
    'ORDER_METADATA("size") * 2',
    "MIN(ORDER_AMOUNT; 7.7)",
    "0 - 5",
    "9999999999 * 9999999999",
)
_SUMS = (0, 1, 99, 1_000, 2**53 - 1)


def rule(random: Random, goods: Sequence[dict[str, str]], depth: int = 0) -> dict[str, Any]:
    """The `rules` of a rule, with their logic; `goods` are what they can name."""
    count = random.choice((1, 1, 2, 3))
    numbers = [str(number) for number in range(1, count + 1)]
    joined = random.choice((" and ", " or ")).join(numbers)
    return {**{number: _node(random, goods, depth) for number in numbers}, "logic": joined}


def _node(random: Random, goods: Sequence[dict[str, str]], depth: int) -> dict[str, Any]:
    name = random.choice(("order.amount", "order.items.any", *_NAMES))
    operator = random.choice(("$is", "$more_than", "$less_than", *_OPERATORS))
    about_lines = name in ABOUT_LINES
    operands: tuple[Any, ...] = tuple(goods) if about_lines else (*_NUMBERS, *_TEXTS)
    node: dict[str, Any] = {
        "name": name,
        "property": random.choice(_PROPERTIES),
        "conditions": {operator: [random.choice(operands) for _ in range(random.choice((1, 1, 2)))]},
    }
    if depth < 2 and random.random() < 0.3:
        node["rules"] = rule(random, goods, depth + 1)
    return node


def bundle(random: Random, goods: Sequence[dict[str, str]]) -> dict[str, Any]:
    """Bundles of some goods, so many of each."""
    quantity = {"name": "order.items.aggregated_quantity", "conditions": {"$is": [random.choice((1, 2))]}, "rules": {}}
    inside = {"1": quantity, "logic": "1"}
    named = [{**random.choice(goods), "type": "product_or_sku"} for _ in range(random.choice((1, 2)))]
    nodes = {
        str(number): {"name": "order.items.any", "conditions": {"$is": [one]}, "rules": inside}
        for number, one in enumerate(named, start=1)
    }
    settings = {"limit": random.choice((None, 1, 3)), "scaling": random.choice((None, "MULTIPLY", "NONE"))}
    return {**nodes, "logic": " and ".join(nodes), **settings}


def stacking(random: Random, categories: Sequence[str]) -> dict[str, Any]:
    """What may be redeemed together, and in which order."""
    lists = ("exclusive_categories", "joint_categories", "no_effect_skip_categories", "initial_amount_mode_categories")
    chosen = random.choice(lists)
    return {
        "redeemables_application_mode": random.choice(("ALL", "PARTIAL")),
        "redeemables_sorting_rule": random.choice(("REQUESTED_ORDER", "CATEGORY_HIERARCHY")),
        "redeemables_products_application_mode": random.choice(("STACK", "ONCE")),
        "redeemables_no_effect_rule": random.choice(("REDEEM_ANYWAY", "SKIP")),
        "redeemables_rollback_order_mode": random.choice(("WITH_ORDER", "WITHOUT_ORDER")),
        "discount_calculation_mode": random.choice(("INITIAL_AMOUNT", "DISCOUNTED_AMOUNT")),
        "applicable_redeemables_limit": random.choice((1, 5)),
        **{name: [random.choice(categories)] if name == chosen else [] for name in lists},
    }


def applicable_to(random: Random, goods: Sequence[dict[str, str]]) -> dict[str, Any]:
    """Goods that a rule means, with limits and new prices."""
    limits = ("quantity_limit", "aggregated_quantity_limit", "amount_limit", "aggregated_amount_limit", "repeat")
    included = [
        {
            **random.choice(goods),
            **{name: random.choice((1, 2, 500)) for name in limits if random.random() < 0.15},
            **({"price": random.choice(_SUMS)} if random.random() < 0.3 else {}),
            **({"price_formula": random.choice(_FORMULAS)} if random.random() < 0.1 else {}),
            **({"effect": random.choice(("APPLY_TO_EVERY", "APPLY_TO_CHEAPEST"))} if random.random() < 0.3 else {}),
        }
        for _ in range(random.choice((1, 2)))
    ]
    return {"included": included, "excluded": [random.choice(goods)] if random.random() < 0.2 else []}


def discount(random: Random, goods: Sequence[dict[str, str]]) -> dict[str, Any]:
    """A discount of any type and effect."""
    kind = random.choice(("AMOUNT", "PERCENT", "FIXED", "UNIT", "UNIT"))
    if kind == "UNIT":
        effects = ("ADD_MISSING_ITEMS", "ADD_NEW_ITEMS", "ADD_SAME_ITEMS", "REPLACE_ITEMS")
        free = {"unit_type": random.choice(goods)["id"], "unit_off": random.choice((1, 2, 10**9))}
        if random.random() < 0.3:
            free["unit_off_formula"] = random.choice(_FORMULAS)
        if random.random() < 0.2:
            return {"type": kind, "effect": "ADD_MANY_ITEMS", "units": [{**free, "effect": effects[0]}] * 2}
        return {"type": kind, "effect": random.choice(effects), **free}
    value, worth = {
        "AMOUNT": ("amount_off", _SUMS),
        "PERCENT": ("percent_off", (0, 3, 33.3, 100)),
        "FIXED": ("fixed_amount", _SUMS),
    }[kind]
    by_quantity = ("APPLY_TO_ITEMS_PROPORTIONALLY", "APPLY_TO_ITEMS_BY_QUANTITY") if kind == "AMOUNT" else ()
    effect = random.choice(("APPLY_TO_ORDER", "APPLY_TO_ITEMS", *by_quantity))
    formula = {f"{value}_formula": random.choice(_FORMULAS)} if random.random() < 0.3 else {}
    return {"type": kind, "effect": effect, value: random.choice(worth), **formula}


def cart(random: Random, goods: Sequence[dict[str, str]]) -> dict[str, Any]:
    """An order of some goods."""
    lines: list[dict[str, Any]] = []
    for _ in range(random.choice((0, 1, 2, 5))):
        named = random.choice(goods)
        names = {"product": "product_id", "sku": "sku_id"}
        line: dict[str, Any] = {names.get(named["object"], "source_id"): named["id"]}
        line["quantity"] = random.choice((0, 1, 1, 2, 7, 999_999_999))
        if random.random() < 0.5:
            line["price"] = random.choice((0, 1, 333, 10_000))
        if random.random() < 0.1:
            line["amount"] = random.choice(_SUMS)
        if random.random() < 0.3:
            line["metadata"] = {"a": random.choice((*_NUMBERS, *_TEXTS)), "size": 2}
        lines.append(line)
    amount = {"amount": random.choice(_SUMS)} if random.random() < 0.4 else {}
    return {"items": lines, "metadata": {"size": random.choice((1, "x", None))}, **amount}
