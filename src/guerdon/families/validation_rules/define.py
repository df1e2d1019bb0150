"""Reads the definition of a rule into the form that is stored, with the goods that it names."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

import msgspec

from guerdon.errors import ApiError, invalid_payload, refused
from guerdon.families.validation_rules.schemas import CONTEXTS, Definition, RuleNode
from guerdon.http import wire

_NUMBER = re.compile(r"[1-9][0-9]{0,5}")
_MOST_PARTS = 100
_GOODS = {"product", "sku", "products_collection"}


def invalid_rules(details: str) -> ApiError:
    return refused("invalid_validation_rules", "Invalid Validation Rule Definition", details)


def rules(given: Definition | None) -> Definition:
    """The nodes of a rule, each whole, and its logic. Errors: invalid_payload, invalid_validation_rules."""
    given = given or {}
    logic = given.get("logic")
    if logic is not None and not isinstance(logic, str):
        raise invalid_payload("Property .rules.logic must be string")
    numbers = [key for key in given if key != "logic"]
    for key in numbers:
        if not _NUMBER.fullmatch(key):
            raise invalid_rules(f"Rule '{key[:50]}' must be named by a number")
    nodes = {key: _node(given[key]) for key in numbers}
    return {**nodes, "logic": " and ".join(numbers) if logic is None else logic}


def bundle(given: Definition | None) -> Definition:
    """Bundle rules: like the rules, and how many bundles count. Errors: invalid_payload, invalid_validation_rules."""
    if not given:
        return {}
    limit = given.get("limit")
    if limit is not None and not (isinstance(limit, int) and 1 <= limit <= _MOST_PARTS):
        raise invalid_payload(f"Property .bundle_rules.limit must be an integer from 1 to {_MOST_PARTS}")
    extra = {name: given[name] for name in ("limit", "scaling") if given.get(name) is not None}
    return {**rules({name: value for name, value in given.items() if name not in {"limit", "scaling"}}), **extra}


def check_context(context_type: str) -> None:
    """Errors: invalid_payload."""
    if context_type not in CONTEXTS:
        allowed = ", ".join(sorted(CONTEXTS))
        raise invalid_payload(f"Property .context_type must be equal to one of the allowed values [{allowed}]")


def goods_of(definition: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Kind and name (an id or source id) of the goods that the conditions of a rule's nodes name."""
    for key, node in definition.items():
        if not _NUMBER.fullmatch(key):
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


def _node(given: object) -> Definition:
    node: RuleNode = wire.convert(given, RuleNode)
    if "metadata" in node.name and not node.property:
        raise invalid_rules(f"Rule '{node.name}' must have a 'property'")
    whole: Definition = {
        "name": node.name,
        "property": node.property,
        "conditions": node.conditions or {},
        "rules": rules(node.rules) if node.rules else {},
    }
    return {**whole, "error": msgspec.to_builtins(node.error)} if node.error else whole
