"""Rules about the lines of an order: which goods they are of, how dear they are, what is said of them. Pure.

An order without lines meets none of these rules but `order.items.none`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import cast

import msgspec

from guerdon.engine import goods
from guerdon.engine.conditions import Test
from guerdon.engine.facts import Facts
from guerdon.engine.goods import Named
from guerdon.engine.order import Item, Order
from guerdon.engine.rules.checks import Check
from guerdon.engine.rules.definition import Node, property_of, test_of
from guerdon.engine.rules.within import Within, compile_one, compile_within, meant
from guerdon.engine.values import elements, find, read_text

Maker = Callable[[Node], Check]
_Means = Callable[[Item, Facts], bool]
DEMANDS = frozenset({"$is", "$in"})
_FORBIDS = frozenset({"$is_not", "$not_in"})
_FROM = "$from"
_COLLECTION = "products_collection"
ANY_KIND = ("product", "sku", _COLLECTION)
_MATCH_ALL = "product.metadata.match_all"
_KINDS: Mapping[str | None, tuple[str, ...]] = {
    "product": ("product",),
    "sku": ("sku",),
    _COLLECTION: (_COLLECTION,),
    "product_or_sku": ("product", "sku"),
}


class Among(msgspec.Struct, frozen=True):
    """Goods by every id that names them, so that many are as quick to ask as one."""

    products: frozenset[str]
    skus: frozenset[str]
    collections: frozenset[str]

    def means(self, item: Item, facts: Facts) -> bool:
        if self.products and not self.products.isdisjoint(goods.product_names(item)):
            return True
        if self.skus and not self.skus.isdisjoint(goods.sku_names(item)):
            return True
        if not self.collections:
            return False
        known = facts.catalogue.collections
        return any(
            goods.is_member(item, known[id], facts.catalogue, facts.moment) for id in self.collections & known.keys()
        )


class Choice(msgspec.Struct, frozen=True):
    """Which lines conditions mean: of the wanted goods, not of the forbidden ones, within the collections."""

    wanted: Among | None
    forbidden: Among
    source: Among | None

    def means(self, item: Item, facts: Facts) -> bool:
        if not self.is_candidate(item, facts) or self.forbidden.means(item, facts):
            return False
        return self.wanted is None or self.wanted.means(item, facts)

    def is_candidate(self, item: Item, facts: Facts) -> bool:
        return self.source is None or self.source.means(item, facts)

    @property
    def collections(self) -> frozenset[str]:
        each = (self.wanted, self.forbidden, self.source)
        return frozenset(id for among in each if among is not None for id in among.collections)


def any_line(kinds: Sequence[str] = ANY_KIND) -> Maker:
    """One line is meant, and meets the rules within. `kinds` are what goods may be that do not tell their kind."""

    def make(node: Node) -> Check:
        choice = read_choice(node, kinds)
        return _check(choice.means, compile_within(node.tree), some=True, collections=choice.collections)

    return make


def every_line(node: Node) -> Check:
    """All lines are meant, and each meets the rules within."""
    choice = read_choice(node)
    return _check(choice.means, compile_within(node.tree), some=False, collections=choice.collections)


def no_line(node: Node) -> Check:
    """No line is meant and meets the rules within."""
    some = any_line()(node)

    def holds(facts: Facts, after: Order) -> bool:
        return not some.holds(facts, after)

    return msgspec.structs.replace(some, holds=holds)


def extreme_line(extreme: Callable[[Sequence[Item]], Item | None]) -> Maker:
    """The extreme line, of the collections named with `$from` or else of all, is meant and meets the rules within."""

    def make(node: Node) -> Check:
        choice, within = read_choice(node), compile_within(node.tree)

        def holds(facts: Facts, _after: Order) -> bool:
            line = extreme([item for item in facts.order.items if choice.is_candidate(item, facts)])
            return line is not None and choice.means(line, facts) and within(line, meant((line,)), facts)

        return Check(holds=holds, read=_numbers(choice.means), collections=choice.collections)

    return make


def price_of_line(*, some: bool) -> Maker:
    def make(node: Node) -> Check:
        return _check(_meets(lambda item, _facts: item.price, test_of(node)), some=some)

    return make


def metadata_of_line(*, some: bool) -> Maker:
    def make(node: Node) -> Check:
        key = property_of(node)
        return _check(_meets(lambda item, _facts: find(item.metadata, key), test_of(node)), some=some)

    return make


def metadata_of_goods(node: Node) -> Check:
    """The metadata of one line's goods meet the conditions; of every line's, with `match_all` within."""
    key, within = property_of(node), compile_within(node.tree)
    means = _meets(lambda item, facts: find(goods.metadata(item, facts.catalogue), key), test_of(node))
    one, each = _check(means, within, some=True), _check(means, within, some=False)
    switches = [test_of(inner) for inner in (node.tree.nodes if node.tree else ()) if inner.name == _MATCH_ALL]

    def holds(facts: Facts, after: Order) -> bool:
        match_all = any(test(True, facts.moment) for test in switches)
        return (each if match_all else one).holds(facts, after)

    return Check(holds=holds, read=one.read)


def lone(node: Node) -> Check:
    """A rule that is usually within another one: about any line, or all lines together."""
    return _check(_every_item, compile_one(node), some=True)


def read_choice(node: Node, kinds: Sequence[str] = ANY_KIND) -> Choice:
    """ValueError for operators other than those of goods, and for goods without an id."""
    wanted: list[Named] = []
    forbidden: list[Named] = []
    source: list[Named] = []
    for operator, operands in node.conditions.items():
        if operator in DEMANDS:
            wanted += named_goods(node, operands, kinds)
        elif operator in _FORBIDS:
            forbidden += named_goods(node, operands, kinds)
        elif operator == _FROM:
            source += named_goods(node, operands, (_COLLECTION,))
        else:
            raise ValueError(
                f"Rule '{node.name}' has a wrong condition: {operator[:50]} is not an operator of products"
            )
    return Choice(
        wanted=_among(wanted) if any(operator in node.conditions for operator in DEMANDS) else None,
        forbidden=_among(forbidden),
        source=_among(source) if _FROM in node.conditions else None,
    )


def _among(named: Sequence[Named]) -> Among:
    return Among(
        products=frozenset(each.id for each in named if each.object == "product"),
        skus=frozenset(each.id for each in named if each.object == "sku"),
        collections=frozenset(each.id for each in named if each.object == _COLLECTION),
    )


def named_goods(node: Node, operands: object, kinds: Sequence[str] = ANY_KIND) -> list[Named]:
    """What goods the operands name, by every id they give. `kinds` are what goods without a kind may be."""
    named: list[Named] = []
    for operand in elements(operands):
        fields = cast("Mapping[str, object]", operand) if isinstance(operand, Mapping) else {"id": operand}
        ids = [each for each in (fields.get("id"), fields.get("source_id")) if each is not None]
        if not ids or not all(isinstance(each, str) for each in ids):
            raise ValueError(f"Rule '{node.name}' has a wrong condition: products must have an 'id'")
        objects = _KINDS.get(read_text(fields.get("object"))) or _KINDS.get(read_text(fields.get("type"))) or kinds
        named += [Named(kind, str(each)) for kind in objects for each in ids]
    return named


def _every_item(_item: Item, _facts: Facts) -> bool:
    return True


def _meets(read: Callable[[Item, Facts], object], test: Test) -> _Means:
    return lambda item, facts: test(read(item, facts), facts.moment)


_NONE_WITHIN = compile_within(None)


def _check(
    means: _Means, within: Within = _NONE_WITHIN, *, some: bool, collections: frozenset[str] = frozenset()
) -> Check:
    """One line that is meant, or else all lines of the order, must meet the rules within."""

    def holds(facts: Facts, _after: Order) -> bool:
        lines = meant([item for item in facts.order.items if means(item, facts)])
        if some:
            return any(within(item, lines, facts) for item in lines.lines)
        return 0 < len(lines.lines) == len(facts.order.items) and all(
            within(item, lines, facts) for item in lines.lines
        )

    return Check(holds=holds, read=_numbers(means), collections=collections)


def _numbers(means: _Means) -> Callable[[Facts, Order], object]:
    """Which lines are meant, counted from 0."""
    return lambda facts, _after: [number for number, item in enumerate(facts.order.items) if means(item, facts)]
