"""Reads JSON and query strings into typed values, and words what does not fit as the reference does."""

import re
import sys
from collections.abc import Callable, Mapping
from functools import cache
from itertools import accumulate
from typing import Annotated, Any, cast

import msgspec
from msgspec import Meta

from guerdon.clock import Day, Moment
from guerdon.engine.money import GREATEST, Amount as Amount
from guerdon.errors import ApiError, invalid_payload, invalid_query_params

MAX_BODY_BYTES = 10 * 1024 * 1024
MAX_LEVELS = 100  # far from where reading what was stored, inside something else, would run out of stack

SignedAmount = Annotated[int, Meta(ge=-GREATEST, le=GREATEST)]
Text = Annotated[str, Meta(max_length=100_000)]

_AT_PATH = re.compile(r"^(?P<what>.*?)(?: - at `(?P<path>[^`]*)`)?$", re.DOTALL)
_MISSING = re.compile(r"^Object missing required field `(?P<field>[^`]*)`$")
_WRONG_TYPE = re.compile(r"^Expected `(?P<wanted>[^`]*)`, got `[^`]*`$")
_LENGTH = re.compile(r"^Expected `(?P<kind>array|str|object)` of length (?P<sign>>=|<=) (?P<bound>\d+)$")
_PATTERN = re.compile(r"^Expected `str` matching regex (?P<pattern>.*)$")
_BOUND = re.compile(r"^Expected `\w+` (?P<sign>[<>]=?) (?P<bound>\S+)$")
_ESCAPED_NUL = rb"\u0000"
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_DIGITS_ALIKE = bytes.maketrans(b"123456789", b"000000000")
_MANY_DIGITS = b"0" * 309
# Takes a string without an end, too, so that looking at each of its quotes again cannot take forever.
_STRING = re.compile(rb'"(?:[^"\\]+|\\.)*+"?', re.DOTALL)
_STEPS = {ord("{"): 1, ord("["): 1, ord("}"): -1, ord("]"): -1}
_NO_BRACKETS = bytes(set(range(256)) - _STEPS.keys())
_TYPE_NAMES = {"int": "integer", "float": "number", "str": "string", "bool": "boolean"}
_UNITS = {"array": "items", "str": "characters", "object": "properties"}


def _read_custom(kind: type, value: object) -> object:
    if kind in {Moment, Day}:
        return kind.parse(value) if isinstance(value, str) else kind.parse("")
    raise NotImplementedError(kind)


def schema_of_custom(kind: type) -> dict[str, str]:
    """The JSON schema of the types that msgspec does not know."""
    return {"type": "string", "format": "date" if kind is Day else "date-time"}


@cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:  # noqa: ANN401 - types and unions of types
    return msgspec.json.Decoder(kind, dec_hook=_read_custom)


def read_json(content: bytes, kind: Any) -> Any:  # noqa: ANN401
    """The body as `kind`; no body is null. Errors: invalid_payload, naming the property that does not fit."""
    content = content or b"null"
    if _ESCAPED_NUL in content and _NUL.search(content):  # searching takes forty times as long as looking
        raise invalid_payload("Payload must not contain the character U+0000")
    if _too_deep(content):
        raise invalid_payload("Payload is nested too deeply")
    try:
        if _MANY_DIGITS in content.translate(_DIGITS_ALIKE):
            _require_finite(msgspec.json.decode(content))
        return _decoder(kind).decode(content)
    except msgspec.ValidationError as error:
        raise invalid_payload(_describe(str(error), "Payload")) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ApiError(400, "invalid_payload", "Invalid request payload JSON format", str(error)) from None
    except RecursionError:
        raise invalid_payload("Payload is nested too deeply") from None


def _too_deep(content: bytes) -> bool:
    """Whether it has more than MAX_LEVELS levels; nearly always answered by counting."""
    if content.count(b"{") + content.count(b"[") <= MAX_LEVELS:
        return False
    return _levels(content) > MAX_LEVELS and _levels(_STRING.sub(b"", content)) > MAX_LEVELS


def _levels(content: bytes) -> int:
    """The most brackets open at once, also counting those inside strings."""
    return max(accumulate(map(_STEPS.__getitem__, content.translate(None, _NO_BRACKETS))), default=0)


def _require_finite(value: object) -> None:
    """Errors: invalid_payload for a whole number that no JSON number of a receiver can hold."""
    if isinstance(value, dict):
        for entry in cast("dict[str, object]", value).values():
            _require_finite(entry)
    elif isinstance(value, list):
        for entry in cast("list[object]", value):
            _require_finite(entry)
    elif isinstance(value, int) and abs(value) > sys.float_info.max:
        raise invalid_payload("Payload has an integer value out of range")


def read_query(values: Mapping[str, Any], kind: Any) -> Any:  # noqa: ANN401
    """The query string as `kind`. Errors: invalid_query_params, naming the parameter that does not fit."""
    try:
        return msgspec.convert(values, kind, strict=False, dec_hook=_read_custom)
    except msgspec.ValidationError as error:
        raise invalid_query_params(_describe(str(error), "Query")) from None


def convert(value: object, kind: Any, at: str = "") -> Any:  # noqa: ANN401
    """A part of a body, at a place such as `.rules.1`, that could only be typed once another part was known.

    Errors: invalid_payload.
    """
    try:
        return msgspec.convert(value, kind, dec_hook=_read_custom)
    except msgspec.ValidationError as error:
        raise invalid_payload(_describe(str(error), f"Property {at}" if at else "Payload", at)) from None


def _describe(message: str, whole: str, at: str = "") -> str:
    found = _AT_PATH.match(message)
    what, path = (found["what"], found["path"]) if found else (message, None)
    place = f"Property {at}{path[1:]}" if path and path != "$" else whole
    for pattern, describe in _WORDINGS:
        match = pattern.match(what)
        if match:
            return f"{place} {describe(match)}"
    if what == "Invalid isoformat string":
        return f"{place} cannot be recognized as a ISO-8601 compliant date"
    if what.startswith(("Invalid enum value ", "Invalid value ")):  # the second is that of a tag
        return f"{place} must be equal to one of the allowed values ({what.partition('value ')[2]} is not)"
    return f"{place} {what[:1].lower()}{what[1:]}"


def _missing(match: re.Match[str]) -> str:
    return f"should have required property '{match['field']}'"


def _wrong_type(match: re.Match[str]) -> str:
    wanted = [_TYPE_NAMES.get(name, name) for name in match["wanted"].split(" | ")]
    return f"must be {' or '.join(name for name in wanted if name != 'null' or len(wanted) == 1)}"


def _length(match: re.Match[str]) -> str:
    word = "fewer" if match["sign"] == ">=" else "more"
    return f"must NOT have {word} than {match['bound']} {_UNITS[match['kind']]}"


def _bound(match: re.Match[str]) -> str:
    return f"must be {match['sign']} {match['bound']}"


_WORDINGS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (_MISSING, _missing),
    (_WRONG_TYPE, _wrong_type),
    (_LENGTH, _length),
    (_BOUND, _bound),
    (_PATTERN, lambda match: f"must match pattern {match['pattern']}"),
)
