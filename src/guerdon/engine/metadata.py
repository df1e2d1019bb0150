"""What metadata may be like, as a project defines it, and what is wrong with metadata that are not so."""

import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Literal, cast

import msgspec

Kind = Literal["string", "number", "object", "date", "datetime", "geopoint", "boolean", "image_url"]
_NAMES: dict[str, str] = {
    "string": "a string",
    "number": "a number",
    "object": "an object",
    "date": "a date",
    "datetime": "a date-time",
    "geopoint": "a geopoint",
    "boolean": "a boolean",
    "image_url": "a URL pointing to JPG/JPEG or PNG resource",
}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_NUMBER = re.compile(r"-?\d{1,300}(?:\.\d{1,300})?", re.ASCII)
_POINT = re.compile(r"geo:(-?\d{1,3}(?:\.\d{1,20})?),\s*(-?\d{1,3}(?:\.\d{1,20})?)")
_PICTURE = re.compile(r"https?://[^\s/?#]+/[^\s?#]*\.(?:jpe?g|png)(?:[?#]\S*)?", re.IGNORECASE)
_NORTH, _EAST = 90, 180


class Definition(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one key's value must be. `object_type` names the schema of a nested object; lengths are in characters."""

    type: Kind
    array: bool = False
    optional: bool = True
    deleted: bool = False
    object_type: str | None = None
    eq: tuple[float | str, ...] | None = None
    ne: tuple[float, ...] | None = None
    lt: float | None = None
    lte: float | None = None
    gt: float | None = None
    gte: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    exact_length: int | None = None


class Schema(msgspec.Struct, frozen=True):
    """The definitions of one kind of object. `closed` allows no key but those that are defined."""

    properties: dict[str, Definition]
    closed: bool = False


def problems(metadata: Mapping[str, object], schema: Schema, nested: Mapping[str, Schema], *, created: bool) -> str:
    """What is wrong with the metadata, in words, one part per key; empty where nothing is.

    `created` asks for the required keys as well: an object that is changed need not send them again. `nested` holds
    the schemas that definitions of objects may name; those of them that do not exist ask for nothing.
    """
    return "; ".join(_problems("", metadata, schema, nested, created=created))


def _problems(
    path: str, metadata: Mapping[str, object], schema: Schema, nested: Mapping[str, Schema], *, created: bool
) -> list[str]:
    found: list[str] = []
    for key, value in metadata.items():
        definition = schema.properties.get(key)
        if definition is None or definition.deleted:
            if schema.closed:
                found.append(f"{path}{key}: property is not defined (actual value is '{_shown(value)}')")
        else:
            found += _wrong(path + key, value, definition, nested)
    if created:
        found += [
            f"{path}{key}: {_described(definition)}"
            for key, definition in schema.properties.items()
            if not definition.optional and not definition.deleted and key not in metadata
        ]
    return found


def _wrong(path: str, value: object, definition: Definition, nested: Mapping[str, Schema]) -> list[str]:
    """What is wrong with one value; null is the absence of one."""
    if value is None:
        return [] if definition.optional else [_refusal(path, value, definition)]
    if not definition.array:
        elements: list[object] = [value]
    elif isinstance(value, list):
        elements = cast("list[object]", value)
    else:
        return [_refusal(path, value, definition)]
    value = cast("object", value)
    if not all(_fits(element, definition) for element in elements):
        return [_refusal(path, value, definition)]
    inner = nested.get(definition.object_type or "") if definition.type == "object" else None
    if inner is None:
        return []
    return [
        problem
        for place, element in enumerate(elements)
        for problem in _problems(
            f"{path}[{place}]." if definition.array else f"{path}.",
            cast("dict[str, object]", element),
            inner,
            {},
            created=True,
        )
    ]


def _refusal(path: str, value: object, definition: Definition) -> str:
    return f"{path}: {_described(definition)} (actual value is '{_shown(value)}')"


def _described(definition: Definition) -> str:
    """Everything that a value must be, in words."""
    must = [f"must be {_NAMES[definition.type]}"]
    if definition.eq:
        must.append(f"must be equal to one of {_listed(definition.eq)}")
    if definition.ne:
        must.append(f"must not be equal to any of {_listed(definition.ne)}")
    limits = {
        "must be less than": definition.lt,
        "must be less than or equal to": definition.lte,
        "must be greater than": definition.gt,
        "must be greater than or equal to": definition.gte,
        "must have a length of at least": definition.min_length,
        "must have a length of at most": definition.max_length,
        "must have a length of exactly": definition.exact_length,
    }
    must += [f"{words} {_shown(limit)}" for words, limit in limits.items() if limit is not None]
    if not definition.optional:
        must.append("property is required")
    return f"must be an array, and every element: {', '.join(must)}" if definition.array else ", ".join(must)


def _listed(values: tuple[float | str, ...]) -> str:
    return ",".join(_shown(value) for value in values)


def _shown(value: object) -> str:
    if isinstance(value, str):
        return value
    whole = isinstance(value, float) and value.is_integer()
    return msgspec.json.encode(int(cast("float", value)) if whole else value).decode()


def _fits(value: object, definition: Definition) -> bool:
    if not _OF_TYPE[definition.type](value):
        return False
    if definition.eq and value not in definition.eq:
        return False
    if definition.type == "number":
        return _in_limits(cast("float", value), definition)
    return _long_enough(value, definition) if isinstance(value, str) else True


def _in_limits(value: float, definition: Definition) -> bool:
    return (
        value not in (definition.ne or ())
        and (definition.lt is None or value < definition.lt)
        and (definition.lte is None or value <= definition.lte)
        and (definition.gt is None or value > definition.gt)
        and (definition.gte is None or value >= definition.gte)
    )


def _long_enough(value: str, definition: Definition) -> bool:
    least, most, exact = definition.min_length, definition.max_length, definition.exact_length
    return (
        (least is None or len(value) >= least)
        and (most is None or len(value) <= most)
        and (exact is None or len(value) == exact)
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_day(value: object) -> bool:
    return isinstance(value, str) and _DAY.fullmatch(value) is not None and _parses(date, value)


def _is_moment(value: object) -> bool:
    return isinstance(value, str) and "T" in value and _parses(datetime, value)


def _parses(kind: type[date], text: str) -> bool:
    try:
        kind.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_point(value: object) -> bool:
    found = _POINT.fullmatch(value) if isinstance(value, str) else None
    return found is not None and abs(float(found[1])) <= _NORTH and abs(float(found[2])) <= _EAST


def _is_picture(value: object) -> bool:
    return isinstance(value, str) and _PICTURE.fullmatch(value) is not None


_OF_TYPE: dict[str, Callable[[object], bool]] = {
    "string": lambda value: isinstance(value, str),
    "number": _is_number,
    "object": lambda value: isinstance(value, dict),
    "date": _is_day,
    "datetime": _is_moment,
    "geopoint": _is_point,
    "boolean": lambda value: isinstance(value, bool),
    "image_url": _is_picture,
}


def read_cell(text: str, definition: Definition | None) -> object:
    """A cell of a CSV as the definition has it: a list with commas, a number, true, false or null; otherwise text."""
    if definition is None or definition.deleted:
        return text
    if definition.array:
        return [_read(part.strip(), definition.type) for part in text.split(",")]
    return _read(text, definition.type)


def _read(text: str, kind: Kind) -> object:
    if kind == "boolean":
        return {"true": True, "false": False, "null": None}.get(text.lower(), text)
    if kind == "number" and _NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    return text


def wrong_definition(properties: Mapping[str, Definition]) -> str | None:
    """What is wrong with definitions, as a path and words: a constraint must be of the type that it is about."""
    for key, definition in properties.items():
        wanted = {"string": str, "number": (int, float)}.get(definition.type)
        for place, value in enumerate(definition.eq or ()):
            if wanted is None or not isinstance(value, cast("Any", wanted)):
                words = "must not be present" if wanted is None else f"must be {definition.type}"
                return f"{key}.eq.{place} {words}"
        if definition.type == "object" and not definition.object_type:
            return f"{key}.object_type must be string"
    return None
