"""Reads the definition of a rule into the form that is stored, with the goods that it names."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

import msgspec

from guerdon.engine.bundles import compile_bundles
from guerdon.engine.rules.rule import compile_rule
from guerdon.errors import ApiError, invalid_payload, refused
from guerdon.families.validation_rules.schemas import CONTEXTS, Definition, RuleNode
from guerdon.http import wire

_SETTINGS = ("limit", "scaling")  # of bundles
_NO_NODES = frozenset({"logic", *_SETTINGS})
_GOODS = {"product", "sku", "products_collection"}


def invalid_rules(details: str) -> ApiError:
    return refused("invalid_validation_rules", "Invalid Validation Rule Definition", details)


def rules(given: Definition | None) -> Definition:
    """The nodes of a rule, each whole, and its logic. Errors: invalid_payload, invalid_validation_rules."""
    tree = _tree(given or {}, ".rules")
    try:
        compile_rule({"rules": tree})
    except ValueError as error:
        raise invalid_rules(str(error)) from None
    return tree


def bundle(given: Definition | None) -> Definition:
    """Bundle rules: like the rules, and how many bundles count. Errors: invalid_payload, invalid_validation_rules."""
    if not given:
        return {}
    if not isinstance(given.get("limit"), int | None):
        raise invalid_payload("Property .bundle_rules.limit must be integer")
    extra = {name: given[name] for name in _SETTINGS if given.get(name) is not None}
    parts = {name: value for name, value in given.items() if name not in _SETTINGS}
    whole = {**_tree(parts, ".bundle_rules"), **extra}
    try:
        compile_bundles(whole)
    except ValueError as error:
        raise invalid_rules(str(error)) from None
    return whole


def check_context(context_type: str) -> None:
    """Errors: invalid_payload."""
    if context_type not in CONTEXTS:
        allowed = ", ".join(sorted(CONTEXTS))
        raise invalid_payload(f"Property .context_type must be equal to one of the allowed values [{allowed}]")


def goods_of(definition: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Kind and name (an id or source id) of the goods that the conditions of a rule's nodes name."""
    for key, node in definition.items():
        if key in _NO_NODES:
            continue
        for values in node["conditions"].values():
            for value in cast("list[object]", values if isinstance(values, list) else [values]):
                yield from _named(value)
        yield from goods_of(node["rules"])


def _named(value: object) -> Iterator[tuple[str, str]]:
    if not isinstance(value, Mapping):
        return
    found = cast("Mapping[str, object]", value)
    kind, name = found.get("object"), found.get("id") or found.get("source_id")
    if isinstance(kind, str) and kind in _GOODS and isinstance(name, str):
        yield kind, name


def _tree(given: Definition, at: str) -> Definition:
    numbers = [key for key in given if key != "logic"]
    nodes = {key: _node(given[key], f"{at}.{key[:100]}") for key in numbers}
    logic = given.get("logic")
    if not numbers and isinstance(logic, str) and logic.strip():
        raise invalid_rules(f"Logic has an unexpected '{logic.strip()[:100]}': there are no rules")
    return {**nodes, "logic": " and ".join(numbers) if logic is None else logic}


def _node(given: object, at: str) -> Definition:
    node: RuleNode = wire.convert(given, RuleNode, at)
    whole: Definition = {
        "name": node.name,
        "property": node.property,
        "conditions": node.conditions or {},
        "rules": _tree(node.rules, f"{at}.rules") if node.rules else {},
    }
    return {**whole, "error": msgspec.to_builtins(node.error)} if node.error else whole
