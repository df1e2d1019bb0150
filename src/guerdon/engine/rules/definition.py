"""What a validation rule says, read and checked in its form: numbered nodes, their logic, nodes within nodes. Pure."""

from collections.abc import Mapping
from typing import cast

import msgspec

from guerdon.engine.conditions import Test, compile_conditions
from guerdon.engine.rules.logic import Logic, read_logic

DEEPEST = 8
MOST_NODES = 200
_LONGEST_NAME = 100
_TOO_MANY = f"Rules must be at most {MOST_NODES} in all, and at most {DEEPEST} within each other"
Raw = Mapping[str, object]


class Node(msgspec.Struct, frozen=True):
    """One node. `number` counts within its tree; `tree` holds the nodes within, if there are any."""

    number: str
    name: str
    property: str | None
    conditions: Raw
    tree: "Tree | None"
    message: str | None


class Tree(msgspec.Struct, frozen=True):
    """Nodes in the order of their numbers. Those that the logic does not mention are not evaluated."""

    nodes: tuple[Node, ...]
    logic: Logic


def read_tree(raw: object, depth: int = 1) -> Tree | None:
    """None without nodes. ValueError, in the words of an error's details, for what is no tree of rules."""
    rules = _mapping(raw, "Rules")
    numbers = sorted((number for number in rules if number != "logic"), key=_number)
    if not numbers:
        return None
    if depth > DEEPEST or len(numbers) > MOST_NODES:
        raise ValueError(_TOO_MANY)
    logic = rules.get("logic")
    if not isinstance(logic, str | None):
        raise ValueError("Logic must be a text")  # noqa: TRY004 - it is about what was sent, not about our code
    nodes = tuple(_node(number, rules[number], depth) for number in numbers)
    if logic is not None and not logic.strip():  # the documented way to have no rules
        return None
    tree = Tree(nodes, read_logic(logic, numbers))
    if depth == 1 and _size(tree) > MOST_NODES:
        raise ValueError(_TOO_MANY)
    return tree


def test_of(node: Node) -> Test:
    """The test of the node's conditions. ValueError without any, or for wrong ones."""
    if not node.conditions:
        raise ValueError(f"Rule '{node.name}' must have 'conditions'")
    try:
        return compile_conditions(node.conditions)
    except ValueError as error:
        raise ValueError(f"Rule '{node.name}' has a wrong condition: {error}") from None


def property_of(node: Node) -> str:
    """The key of metadata. ValueError without one."""
    if not node.property:
        raise ValueError(f"Rule '{node.name}' must have a 'property'")
    return node.property


def message_of(raw: object) -> str | None:
    """The text of `error: {message}`, which may be missing."""
    message = _mapping(raw, "Error").get("message")
    if not isinstance(message, str | None):
        raise ValueError("Error must have a text as 'message'")  # noqa: TRY004 - as above
    return message or None


def _node(number: str, raw: object, depth: int) -> Node:
    node = _mapping(raw, f"Rule {number}")
    name, key = node.get("name"), node.get("property")
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_NAME:
        raise ValueError(f"Rule {number} must have a 'name'")
    if not isinstance(key, str | None):
        raise ValueError(f"Rule '{name}' must have a text as 'property'")  # noqa: TRY004 - as above
    return Node(
        number=number,
        name=name,
        property=key,
        conditions=_mapping(node.get("conditions"), f"Conditions of rule '{name}'"),
        tree=read_tree(node.get("rules"), depth + 1),
        message=message_of(node.get("error")),
    )


def _size(tree: Tree) -> int:
    return sum(1 + (_size(node.tree) if node.tree else 0) for node in tree.nodes)


def _mapping(raw: object, what: str) -> Raw:
    if raw is None:
        return {}
    if not isinstance(raw, Mapping):
        raise ValueError(f"{what} must be an object")  # noqa: TRY004 - as above
    return cast("Raw", raw)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 6):  # noqa: PLR2004 - as in the logic
        raise ValueError("Rules must be numbered '1', '2' and so on")
    return int(text)
