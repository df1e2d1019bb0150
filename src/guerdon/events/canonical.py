"""JSON text that every way of verifying a signature agrees on.

Receivers sign the raw body, or what JavaScript makes of it (`JSON.stringify(JSON.parse(body))`), or the text without
its white space. They agree when the text is compact, leaves non-ASCII characters alone, writes numbers as JavaScript
does and puts keys that look like array indices first, in ascending order (EVENTS.md §3 of the specification).
"""

import re
from decimal import Decimal
from typing import cast

import msgspec

# What may differ from JavaScript's text: a key of digits, a number with fraction or exponent, a number of 16 digits.
_INDEX_KEY = re.compile(rb'"\d+":')
# All digits alike, and all that a number can follow: each search then begins with bytes that are rare, which makes it
# several times as fast. Dates look alike as well, and are told by their end.
_DIGITS_ALIKE = bytes.maketrans(b"123456789,[", b"000000000::")
_LIKE_INDEX_KEY = re.compile(rb'"0++":')
_ODD_NUMBER = re.compile(rb":-?0++(?:\.0++(?!Z)|e[0+-]|(?<=0{16}))")
_GREATEST_INDEX = 2**32 - 2
_GREATEST_EXACT = 2**53 - 1
_PLAIN_BELOW = 1e21
_PLAIN_FROM = 1e-6


def encode(value: object) -> bytes:
    """The value as canonical JSON. Most values are canonical as msgspec writes them; the others are written again."""
    text = msgspec.json.encode(value)
    return _write(msgspec.json.decode(text)).encode() if _suspect(text) else text


def _suspect(text: bytes) -> bool:
    """False only for text that is canonical; text that merely looks odd is written again, to the same."""
    alike = b":" + text.translate(_DIGITS_ALIKE)
    if _LIKE_INDEX_KEY.search(alike) and _INDEX_KEY.search(text):
        return True
    return _ODD_NUMBER.search(alike) is not None


def _write(value: object) -> str:
    if isinstance(value, dict):
        entries = cast("dict[str, object]", value)
        return "{" + ",".join(f"{_text(key)}:{_write(entries[key])}" for key in _ordered(entries)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_write(item) for item in cast("list[object]", value)) + "]"
    if isinstance(value, float) or (isinstance(value, int) and abs(value) > _GREATEST_EXACT):
        return _number(float(value))
    return msgspec.json.encode(value).decode()


def _text(key: str) -> str:
    return msgspec.json.encode(key).decode()


def _ordered(entries: dict[str, object]) -> list[str]:
    indices = [key for key in entries if _is_index(key)]
    if not indices:
        return list(entries)
    return sorted(indices, key=int) + [key for key in entries if not _is_index(key)]


def _is_index(key: str) -> bool:
    return key.isascii() and key.isdigit() and str(int(key)) == key and int(key) <= _GREATEST_INDEX


def _number(value: float) -> str:
    """The shortest text that gives the number back, with JavaScript's choice between plain and exponent form."""
    text = repr(value)
    if value == 0:
        return "0"
    if _PLAIN_FROM <= abs(value) < _PLAIN_BELOW:
        return f"{Decimal(text):f}".removesuffix(".0")
    mantissa, _, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent):+d}"
