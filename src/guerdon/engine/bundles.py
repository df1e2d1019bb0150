"""Bundles: goods that a cart must hold together, how often it does, and what is missing. Pure.

A unit of the cart serves one part of the bundle. Parts that name a variant choose first, then products, then
collections; each takes the lines that the fewest of the later parts could use, in the order of the cart.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, cast

import msgspec

from guerdon.engine import goods
from guerdon.engine.goods import Catalogue, Named
from guerdon.engine.moment import Moment
from guerdon.engine.order import Item, Order
from guerdon.engine.rules.definition import Node, Raw, read_tree
from guerdon.engine.rules.lines import named_goods
from guerdon.engine.values import elements, read_number

MOST_BUNDLES = 100
_SETTINGS = ("limit", "scaling")
_PRECEDENCE = ("sku", "product", "products_collection")
_MOST_UNITS = 1_000_000


class Part(msgspec.Struct, frozen=True):
    """Goods of which a bundle needs so many units. `named` has an entry for each id by which they go."""

    id: str
    object: str
    named: tuple[Named, ...]
    quantity: int


class BundleRules(msgspec.Struct, frozen=True):
    """What a bundle is made of, how many count at most, and whether a discount is multiplied by their number."""

    parts: tuple[Part, ...]
    limit: int
    scaling: bool

    @property
    def collections(self) -> frozenset[str]:
        return frozenset(part.id for part in self.parts if part.object == "products_collection")


class Identified(msgspec.Struct, frozen=True):
    """Units of a line, counted from 0, that serve a bundle."""

    id: str
    object: Literal["product", "sku"]
    item_index: int
    item_quantity: int


class Missing(msgspec.Struct, frozen=True):
    """Units that the first bundle lacks."""

    id: str
    object: str
    item_quantity: int


class Bundles(msgspec.Struct, frozen=True):
    """How often the bundle is in the order. What is missing is told only if it is not there once."""

    quantity: int
    limit: int
    identified: tuple[Identified, ...]
    missing: tuple[Missing, ...]


def compile_bundles(definition: Mapping[str, object] | None) -> BundleRules | None:
    """None for none. ValueError, in the words of an error's details, for bundle rules that are none."""
    if not definition:
        return None
    parts = {name: value for name, value in definition.items() if name not in _SETTINGS}
    if isinstance(logic := parts.get("logic"), str) and not logic.strip():
        del parts["logic"]  # a bundle of nothing would be none: all parts are asked for
    tree = read_tree(parts)
    if tree is None:
        return None
    mentioned = [node for node in tree.nodes if node.number in tree.logic.mentioned]
    if any(tree.logic.evaluate(lambda number, left_out=left_out: number != left_out.number) for left_out in mentioned):
        raise ValueError("Logic of bundle rules must demand every part")
    parts = sorted(map(_part, mentioned), key=lambda part: _PRECEDENCE.index(part.object))
    scaling = definition.get("scaling") or "MULTIPLY"
    if scaling not in ("MULTIPLY", "NONE"):
        raise ValueError("Scaling of bundle rules must be MULTIPLY or NONE")
    return BundleRules(tuple(parts), _limit(definition.get("limit")), scaling == "MULTIPLY")


def find_bundles(rules: BundleRules, order: Order, catalogue: Catalogue, moment: Moment) -> Bundles:
    """How many bundles the order holds, up to the limit, and which units serve them."""
    cart = _Cart(rules.parts, order.items, catalogue, moment)
    least, most = 0, min(rules.limit, cart.most_bundles())
    while least < most:
        middle = (least + most + 1) // 2
        least, most = (middle, most) if cart.is_complete(cart.allot(middle), middle) else (least, middle - 1)
    allotted = cart.allot(max(1, least))
    missing = tuple(
        Missing(part.id, part.object, part.quantity - sum(units.values()))
        for part, units in zip(rules.parts, allotted, strict=True)
        if sum(units.values()) < part.quantity
    )
    return Bundles(least, rules.limit, tuple(cart.identified(allotted)), missing)


class _Cart:
    """Which lines may serve which part."""

    def __init__(self, parts: Sequence[Part], items: Sequence[Item], catalogue: Catalogue, moment: Moment) -> None:
        self._parts = parts
        self._items = items
        self._units = [item.quantity or 0 for item in items]
        self._lines = [
            [
                index
                for index, item in enumerate(items)
                if any(goods.is_of(item, named, catalogue, moment) for named in part.named)
            ]
            for part in parts
        ]
        # For each part its lines, those first that few of the later parts could use.
        later = [0] * len(items)
        for lines in reversed(self._lines):
            of_part = tuple(lines)
            lines.sort(key=lambda index: (later[index], index))
            for index in of_part:
                later[index] += 1

    def most_bundles(self) -> int:
        """As many as each part would allow if there were no others."""
        return min(
            sum(self._units[index] for index in lines) // part.quantity
            for part, lines in zip(self._parts, self._lines, strict=True)
        )

    def allot(self, bundles: int) -> list[dict[int, int]]:
        """The units of each line that serve each part, for so many bundles."""
        left = list(self._units)
        allotted: list[dict[int, int]] = []
        for part, lines in zip(self._parts, self._lines, strict=True):
            wanted, units = part.quantity * bundles, dict[int, int]()
            for index in lines:
                taken = min(wanted, left[index])
                if taken:
                    units[index] = taken
                    left[index] -= taken
                    wanted -= taken
            allotted.append(units)
        return allotted

    def is_complete(self, allotted: Sequence[Mapping[int, int]], bundles: int) -> bool:
        return all(
            sum(units.values()) == part.quantity * bundles for part, units in zip(self._parts, allotted, strict=True)
        )

    def identified(self, allotted: Sequence[Mapping[int, int]]) -> list[Identified]:
        """In the order of the cart."""
        found = [
            _identified(part, self._items[index], index, quantity)
            for part, units in zip(self._parts, allotted, strict=True)
            for index, quantity in units.items()
        ]
        return sorted(found, key=lambda each: each.item_index)


def _identified(part: Part, item: Item, index: int, quantity: int) -> Identified:
    """A part that names goods stands for itself, a collection for what is in the line."""
    if part.object == "sku" or (part.object == "products_collection" and goods.sku_names(item)):
        return Identified(item.sku_id or item.source_id or part.id, "sku", index, quantity)
    return Identified(item.product_id or item.source_id or part.id, "product", index, quantity)


def _part(node: Node) -> Part:
    if node.name != "order.items.any":
        raise ValueError(f"Rule '{node.name}' cannot be a bundle rule")
    operands = elements(node.conditions.get("$is"))
    if len(operands) != 1 or len(node.conditions) != 1:
        raise ValueError(f"Rule '{node.name}' must have one product, SKU or collection as '$is'")
    named = named_goods(node, operands)
    objects = {each.object for each in named}
    own = cast("Raw", operands[0]).get("id") if isinstance(operands[0], Mapping) else operands[0]
    return Part(
        id=str(own or named[0].id),
        object=objects.pop() if len(objects) == 1 else "product",
        named=tuple(named),
        quantity=_quantity(node),
    )


def _quantity(node: Node) -> int:
    """How many units one bundle needs, 1 if nothing is said."""
    if node.tree is None:
        return 1
    inner = node.tree.nodes[0]
    operands = elements(inner.conditions.get("$is"))
    number = read_number(operands[0]) if len(operands) == 1 else None
    if len(node.tree.nodes) > 1 or inner.name != "order.items.aggregated_quantity" or number is None:
        raise ValueError(f"Rule '{node.name}' must have one 'order.items.aggregated_quantity' with a number as '$is'")
    if number != int(number) or not 1 <= number <= _MOST_UNITS:
        raise ValueError(f"Rule '{inner.name}' must have a whole number from 1 to {_MOST_UNITS}")
    return int(number)


def _limit(raw: object) -> int:
    limit = 1 if raw is None else read_number(raw)
    if not isinstance(limit, int) or not 1 <= limit <= MOST_BUNDLES:
        raise ValueError(f"Limit of bundle rules must be a whole number from 1 to {MOST_BUNDLES}")
    return limit
