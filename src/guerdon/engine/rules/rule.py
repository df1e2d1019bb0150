"""Validation rules: compiled once, then asked why they do not hold. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, cast

import msgspec

from guerdon.engine.facts import Facts
from guerdon.engine.order import Order
from guerdon.engine.rules.checks import Check, Counter, Kind
from guerdon.engine.rules.definition import Node, Raw, Tree, message_of, read_tree
from guerdon.engine.rules.lines import DEMANDS
from guerdon.engine.rules.logic import Evaluate
from guerdon.engine.rules.names import ABOUT_LINES, DEMANDING_GOODS, NAMES
from guerdon.engine.values import elements

_CLASSES: tuple[Kind, ...] = ("customer", "order", "redemption")
NOTHING: frozenset[str] = frozenset()


class Violation(msgspec.Struct, frozen=True):
    """The node to blame, what it expected, and what it found instead."""

    kind: Literal["customer", "order", "redemption", "missing_customer"]
    node: str
    name: str
    message: str | None
    expected: Raw
    actual: object


class Needs(msgspec.Struct, frozen=True):
    """Which facts a rule reads beyond the request's own. `after`: it must also be asked after the effect."""

    customer: bool
    holder: bool
    after: bool
    segments: frozenset[str]
    collections: frozenset[str]
    counters: frozenset[Counter]


class Part(msgspec.Struct, frozen=True):
    """A node and what is checked; parts within it must hold as well."""

    node: Node
    kind: Kind
    check: Check
    inner: "Parts | None"


class Parts(msgspec.Struct, frozen=True):
    """The nodes that the logic mentions, by number and in the numbers' order."""

    parts: Mapping[str, Part]
    evaluate: Evaluate


class Rule(msgspec.Struct, frozen=True):
    """A validation rule. `message` is told where the node to blame has none of its own."""

    parts: Parts | None
    message: str | None
    needs: Needs

    def violation(self, facts: Facts, ignoring: frozenset[str] = NOTHING) -> Violation | None:
        """Why the rule does not hold before the effect; None if it does.

        Nodes of the names in `ignoring`, and those that can be asked only after the effect, count as met.
        """
        return self._violation(_Asked(facts, None, ignoring))

    def violation_after(self, facts: Facts, after: Order, ignoring: frozenset[str] = NOTHING) -> Violation | None:
        """The same with the order as the effect leaves it; `facts` are those of before. Only where `needs.after`."""
        return self._violation(_Asked(facts, after, ignoring)) if self.needs.after else None

    def omitted(self, ignoring: frozenset[str]) -> tuple[str, ...]:
        """The numbers of the nodes that are not evaluated when these names are ignored."""
        if self.parts is None:
            return ()
        return tuple(number for number, part in self.parts.parts.items() if part.node.name in ignoring)

    def lines_demanded(self, facts: Facts) -> frozenset[int]:
        """Which lines of the order, counted from 0, are of goods that the rule demands by name."""
        if self.parts is None:
            return frozenset()
        demanding = [part for part in self.parts.parts.values() if part.node.name in DEMANDING_GOODS]
        found = [part.check.read(facts, facts.order) for part in demanding if set(part.node.conditions) & DEMANDS]
        return frozenset(cast("int", number) for numbers in found for number in elements(numbers))

    def _violation(self, asked: "_Asked") -> Violation | None:
        if self.parts is None:
            return None
        failing = {number: part for number, part in self.parts.parts.items() if not asked.holds(part)}
        if self.parts.evaluate(lambda number: number not in failing):
            return None
        part = asked.to_blame(failing.values())
        missing = part.check.customer and asked.facts.customer is None
        return Violation(
            kind="missing_customer" if missing else part.kind,
            node=part.node.number,
            name=part.node.name,
            message=part.node.message or self.message,
            expected=part.node.conditions,
            actual=part.check.read(asked.facts, asked.order),
        )


class _Asked(msgspec.Struct, frozen=True):
    """One question: before the effect if `after` is None."""

    facts: Facts
    after: Order | None
    ignoring: frozenset[str]

    @property
    def order(self) -> Order:
        return self.facts.order if self.after is None else self.after

    def holds(self, part: Part) -> bool:
        if part.node.name in self.ignoring or (part.check.after and self.after is None):
            return True
        if part.check.customer and self.facts.customer is None:
            return False
        return part.check.holds(self.facts, self.order) and (part.inner is None or self.all_hold(part.inner))

    def all_hold(self, parts: Parts) -> bool:
        return parts.evaluate(lambda number: self.holds(parts.parts[number]))

    def to_blame(self, failing: Iterable[Part]) -> Part:
        """The first by number of the class that is told first."""
        return min(failing, key=lambda part: _CLASSES.index(part.kind))


def compile_rule(definition: Mapping[str, Any]) -> Rule:
    """The rule of `{rules: {"1": …, logic}, error: {message}}`.

    ValueError, in the words of an error's details, for a definition that is none.
    """
    tree = read_tree(definition.get("rules"))
    parts = None if tree is None else _parts(tree)
    checks = () if parts is None else tuple(_checks(parts))
    needs = Needs(
        customer=any(check.customer for check in checks),
        holder=any(check.holder for check in checks),
        after=any(check.after for check in checks),
        segments=frozenset[str]().union(*(check.segments for check in checks)),
        collections=frozenset[str]().union(*(check.collections for check in checks)),
        counters=frozenset(check.counter for check in checks if check.counter is not None),
    )
    return Rule(parts, message_of(definition.get("error")), needs)


def _parts(tree: Tree) -> Parts:
    compiled = [_part(node) for node in tree.nodes]
    return Parts(
        {part.node.number: part for part in compiled if part.node.number in tree.logic.mentioned}, tree.logic.evaluate
    )


def _part(node: Node) -> Part:
    if node.name not in NAMES:
        raise ValueError(f"Rule '{node.name}' is not known")
    kind, make = NAMES[node.name]
    inner = None if node.tree is None or node.name in ABOUT_LINES else _parts(node.tree)
    return Part(node, kind, make(node), inner)


def _checks(parts: Parts) -> Iterable[Check]:
    for part in parts.parts.values():
        yield part.check
        if part.inner is not None:
            yield from _checks(part.inner)
