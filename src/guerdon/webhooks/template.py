"""Designed payloads: JSON text with `{{path}}` placeholders that lead into the event's data. Pure.

A placeholder inside a JSON string yields text; one outside yields the JSON value. Without a value, the first is empty
and the second null; an object or array inside a string is its compact JSON.
"""

import re
from typing import Any

import msgspec

from guerdon.events import canonical

_PLACEHOLDER = re.compile(r"\{\{\s*([A-Za-z0-9_\-.\[\]$ ]+?)\s*\}\}")
_STRING_OR_PLACEHOLDER = re.compile(r'"(?:\\.|[^"\\])*"|\{\{[^{}]*\}\}')


def paths(template: str) -> list[str]:
    """Every path that the template names."""
    return _PLACEHOLDER.findall(template)


def is_json(template: str) -> bool:
    """Whether the template gives JSON once its placeholders are filled."""
    try:
        msgspec.json.decode(fill(template, {}))
    except msgspec.DecodeError:
        return False
    return True


def fill(template: str, data: dict[str, Any]) -> str:
    """The template with every placeholder replaced from the data."""

    def piece(match: re.Match[str]) -> str:
        text = match[0]
        if text.startswith('"'):
            return _PLACEHOLDER.sub(lambda inner: _inside_string(_value(data, inner[1])), text)
        inner = _PLACEHOLDER.fullmatch(text)
        return text if inner is None else msgspec.json.encode(_value(data, inner[1])).decode()

    return _STRING_OR_PLACEHOLDER.sub(piece, template)


def render(template: str, data: dict[str, Any]) -> str:
    """The filled template as canonical JSON; text that is no JSON stays as it is, which only a raw payload may be."""
    text = fill(template, data)
    try:
        return canonical.encode(msgspec.json.decode(text)).decode()
    except msgspec.DecodeError:
        return text


def _value(data: dict[str, Any], path: str) -> Any:  # noqa: ANN401 - any JSON value
    value: Any = data
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return value  # pyright: ignore[reportUnknownVariableType]


def _inside_string(value: Any) -> str:  # noqa: ANN401
    if value is None:
        return ""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return msgspec.json.encode(text).decode()[1:-1]
