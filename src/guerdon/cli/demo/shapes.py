"""Shapes of JSON, and what of a value does not have its shape: key for key, with types, nulls, ids and times."""

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias, cast

import msgspec

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Leaf(msgspec.Struct, frozen=True):
    """A value that is neither object nor list; `expected` says in words what it must be."""

    expected: str
    holds: Callable[[object], bool]


class OrNull(msgspec.Struct, frozen=True):
    """What has the shape, or null."""

    shape: "Shape"


class Many(msgspec.Struct, frozen=True):
    """A list of at least so many, each of the shape."""

    shape: "Shape"
    least: int = 1


class Named(msgspec.Struct, frozen=True):
    """An object whose keys are somebody's names; each value has the shape."""

    shape: "Shape"
    least: int = 1


class Keys(msgspec.Struct, frozen=True):
    """An object with exactly these keys: the sample's, those that we always add, and optional ones."""

    reference: Mapping[str, "Shape"]
    added: Mapping[str, "Shape"] = _NOTHING
    sometimes: Mapping[str, "Shape"] = _NOTHING


Shape: TypeAlias = Leaf | OrNull | Many | Named | Keys


TEXT = Leaf("text", lambda value: isinstance(value, str))
NUMBER = Leaf("a whole number", lambda value: isinstance(value, int) and not isinstance(value, bool))
FLAG = Leaf("true or false", lambda value: isinstance(value, bool))
NULL = Leaf("null", lambda value: value is None)
FREE = Leaf("an object", lambda value: isinstance(value, dict))  # metadata: its keys are the shop's
EMPTY = Leaf("an empty list", lambda value: value == [])


def pattern(expected: str, regex: str) -> Leaf:
    found = re.compile(regex, re.ASCII)
    return Leaf(expected, lambda value: isinstance(value, str) and found.fullmatch(value) is not None)


def exactly(*values: str) -> Leaf:
    return Leaf(" or ".join(repr(value) for value in values), lambda value: isinstance(value, str) and value in values)


def alphanumeric(prefix: str, length: int) -> Leaf:
    """An identifier such as cust_ with 24 letters and digits."""
    return pattern(f"{prefix} and {length} letters or digits", f"{prefix}[0-9A-Za-z]{{{length}}}")


def hexadecimal(prefix: str) -> Leaf:
    """An identifier such as prod_ with 18 hexadecimal digits."""
    return pattern(f"{prefix} and 18 hexadecimal digits", f"{prefix}[0-9a-f]{{18}}")


TIME = pattern("a time such as 2024-03-11T13:20:39.987Z", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
DAY = pattern("a day such as 1990-07-14", r"\d{4}-\d\d-\d\d")


def differences(shape: Shape, value: object, path: str = "") -> Iterator[str]:
    """What differs, each with its path; nothing for a value of the shape."""
    match shape:
        case Leaf():
            if not shape.holds(value):
                yield f"{path or 'it'} is {_shown(value)} instead of {shape.expected}"
        case OrNull():
            if value is not None:
                yield from differences(shape.shape, value, path)
        case Many():
            yield from _of_list(shape, value, path)
        case Named():
            yield from _of_names(shape, value, path)
        case Keys():
            yield from _of_keys(shape, value, path)


def _of_list(shape: Many, value: object, path: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{path} is {_shown(value)} instead of a list"
        return
    elements = cast("list[object]", value)
    if len(elements) < shape.least:
        yield f"{path} has {len(elements)} elements instead of {shape.least} or more"
    for place, element in enumerate(elements):
        yield from differences(shape.shape, element, f"{path}[{place}]")


def _of_names(shape: Named, value: object, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path} is {_shown(value)} instead of an object"
        return
    members = cast("dict[str, object]", value)
    if len(members) < shape.least:
        yield f"{path} has {len(members)} keys instead of {shape.least} or more"
    for name, member in members.items():
        yield from differences(shape.shape, member, f"{path}.{name}")


def _of_keys(shape: Keys, value: object, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path or 'it'} is {_shown(value)} instead of an object"
        return
    members = cast("dict[str, object]", value)
    required = {**shape.reference, **shape.added}
    known = {**required, **shape.sometimes}
    before = f"{path}." if path else ""
    yield from (f"{before}{key} is missing" for key in required if key not in members)
    yield from (f"{before}{key} is surplus" for key in members if key not in known)
    for key, member in members.items():
        if key in known:
            yield from differences(known[key], member, f"{before}{key}")


def _shown(value: object) -> str:
    """The value, or what it is if it is long."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case dict():
            return "an object"
        case list():
            return "a list"
        case _:
            return repr(value)
