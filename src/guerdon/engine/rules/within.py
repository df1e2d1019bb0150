"""Rules within a rule about lines: about one line that the outer rule means, or all of those together. Pure."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from guerdon.engine import goods
from guerdon.engine.facts import Facts
from guerdon.engine.order import Item
from guerdon.engine.rules.definition import Node, Tree, property_of, test_of
from guerdon.engine.values import find


class Meant(msgspec.Struct, frozen=True):
    """The lines that the outer rule means, with their sums."""

    lines: tuple[Item, ...]
    quantity: int
    amount: int


# Whether a line, which is one of those meant, meets the rules within.
Within = Callable[[Item, Meant, Facts], bool]
_Read = Callable[[Item, Meant, Facts], object]


def meant(lines: Sequence[Item]) -> Meant:
    quantity = sum(item.quantity or 0 for item in lines)
    return Meant(tuple(lines), quantity, sum(item.subtotal_amount or 0 for item in lines))


def compile_within(tree: Tree | None) -> Within:
    """The rules within; every line meets none. ValueError for a rule that cannot be within another."""
    if tree is None:
        return _always
    parts = {node.number: compile_one(node) for node in tree.nodes}
    evaluate = tree.logic.evaluate
    return lambda item, lines, facts: evaluate(lambda number: parts[number](item, lines, facts))


def compile_one(node: Node) -> Within:
    """One rule and those within it."""
    make = WITHIN.get(node.name)
    if make is None:
        raise ValueError(f"Rule '{node.name}' cannot be within a rule about items")
    own = make(node)
    if node.tree is None:
        return own
    inner = compile_within(node.tree)
    return lambda item, lines, facts: own(item, lines, facts) and inner(item, lines, facts)


def _always(_item: Item, _lines: Meant, _facts: Facts) -> bool:
    return True


def _value(read: _Read) -> Callable[[Node], Within]:
    def make(node: Node) -> Within:
        test = test_of(node)
        return lambda item, lines, facts: test(read(item, lines, facts), facts.moment)

    return make


def _metadata(read: Callable[[Item, Facts], Mapping[str, object] | None]) -> Callable[[Node], Within]:
    def make(node: Node) -> Within:
        key, test = property_of(node), test_of(node)
        return lambda item, _lines, facts: test(find(read(item, facts), key), facts.moment)

    return make


def _remark(node: Node) -> Within:
    """What is no condition of its own: it tells where a discount goes, or how the outer rule counts."""
    test_of(node)
    return _always


_quantity = _value(lambda item, _lines, _facts: item.quantity)
_price = _value(lambda item, _lines, _facts: item.price)
_quantities = _value(lambda _item, lines, _facts: lines.quantity)
_amounts = _value(lambda _item, lines, _facts: lines.amount)
WITHIN: Mapping[str, Callable[[Node], Within]] = {
    "order.items.quantity": _quantity,
    "order.items.price": _price,
    "order.items.aggregated_quantity": _quantities,
    "order.items.aggregated_amount": _amounts,
    "order.items.metadata": _metadata(lambda item, _facts: item.metadata),
    "product.price": _price,
    "product.quantity": _quantity,
    "product.discount_applicable": _remark,
    "product.metadata": _metadata(lambda item, facts: goods.metadata(item, facts.catalogue)),
    "product.metadata.aggregated_quantity": _quantities,
    "product.metadata.aggregated_amount": _amounts,
    "product.metadata.discount_applicable": _remark,
    "product.metadata.match_all": _remark,
    "sku.price": _price,
    "sku.quantity": _quantity,
    "sku.discount_applicable": _remark,
}
