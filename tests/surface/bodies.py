"""Bodies and queries made of the types that operations read them into, and what can be wrong with them.

A value is what `json` writes, so that a body can hold what no JSON library of ours would send.
"""

import json
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from msgspec import inspect

_OPTIONAL, _KNOWN = 0.15, 0.4  # how often what may be left out is there, also if we know what it may be
_MOMENTS = (
    "2026-11-21T10:00:00Z",
    "2026-11-21",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999Z",
    "20261121T1000+14",
)
_NASTY: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2**31, 2**53 - 1, 2**53, 2**63 - 1, 2**63, -(2**63) - 1, 10**400, 0.5, -0.0, 1e308),
    *(
        float("inf"),
        float("nan"),
        "",
        " ",
        "a" * 3_000,
        "é\u202e😀",
        "\u0000",
        "\ud800",
        "%",
        "'\"\\",
        "{{",
        "$1",
        "0",
        "-1",
    ),
    *(
        "1e400",
        "null",
        "[]",
        "../../etc/passwd",
        "٣",
        "P",
        "P9999Y",
        "PT0S",
        "24:00",
        "2026-02-30",
        "10000-01-01",
        "UTC",
    ),
    *([], {}, [[]], [None], [{}], {"": None}, {"$ref": "#"}, {"type": "x"}, {"id": None}, {"a\u0000": 1}, [0] * 300),
)
_PLAIN: dict[type, tuple[Any, ...]] = {
    inspect.NoneType: (None,),
    inspect.BoolType: (True, False),
    inspect.IntType: (1, 2, 5),
    inspect.FloatType: (1, 2.5),
    inspect.DictType: ({"tier": "gold"}, {"tier": 1, "none": None}),
    **dict.fromkeys((inspect.CustomType, inspect.DateTimeType, inspect.DateType), _MOMENTS),
}
Good = Mapping[str, tuple[Any, ...]]  # values that properties can have, by their names
_ENDLESS = "[" * 60_000  # not JSON, and deeper than any stack


def value(kind: Any, good: Good, random: Random) -> Any:
    """A value of the type, mostly one that an operation can take; `good` has values by the name of their property."""
    return _value(inspect.type_info(kind), "", good, random)


def _value(kind: Any, name: str, good: Good, random: Random) -> Any:
    if isinstance(kind, inspect.Metadata):
        return _value(kind.type, name, good, random)
    if isinstance(kind, inspect.UnionType):
        return _value(random.choice(kind.types), name, good, random)
    if isinstance(kind, inspect.StructType):
        return _object(kind, good, random)
    if isinstance(kind, (inspect.ListType, inspect.VarTupleType)):
        return [_value(kind.item_type, name, good, random) for _ in range(random.choice((1, 1, 2)))]
    return random.choice(_choices(kind, name, good))


def _choices(kind: Any, name: str, good: Good) -> Sequence[Any]:
    if isinstance(kind, inspect.LiteralType):
        return kind.values
    if isinstance(kind, inspect.EnumType):
        return [member.value for member in kind.cls]
    return good.get(name) or _PLAIN.get(type(kind), ("a", "ann", "7"))


def _object(kind: inspect.StructType, good: Good, random: Random) -> dict[str, Any]:
    made = {
        field.encode_name: random.choice(good[field.encode_name])
        if field.encode_name in good and random.random() < 0.5
        else _value(field.type, field.encode_name, good, random)
        for field in kind.fields
        if field.required or random.random() < (_KNOWN if field.encode_name in good else _OPTIONAL)
    }
    return {kind.tag_field: kind.tag, **made} if kind.tag_field else made


def spoiled(whole: Any, random: Random) -> Any:
    """The value with something else at one of its places, one place less, or one more."""
    whole = json.loads(json.dumps(whole))
    places = list(_places(whole))
    if not places or random.random() < 0.05:
        return random.choice(_NASTY)
    container, key = random.choice(places)
    if random.random() < 0.1 and isinstance(container, dict):
        del container[key]
    else:
        container[key] = random.choice(_NASTY)
    return whole


def _places(whole: Any) -> Any:
    entries = whole.items() if isinstance(whole, dict) else enumerate(whole) if isinstance(whole, list) else ()
    for key, entry in list(entries):
        yield whole, key
        yield from _places(entry)


def content(whole: Any, random: Random) -> bytes:
    """The bytes of a body, seldom ones that are no JSON at all."""
    if random.random() < 0.02:
        return random.choice((b"", b"{", b"nul", b"\xff\xfe", b'"\xed\xa0\x80"', _ENDLESS.encode(), b'{"a":1}{"a":1}'))
    ascii_only = random.random() < 0.5
    try:
        return json.dumps(whole, ensure_ascii=ascii_only).encode()
    except UnicodeEncodeError:
        return json.dumps(whole).encode()


def query(kind: Any, good: Good, random: Random) -> list[tuple[str, str]]:
    """Parameters of a list: those it knows, some of them twice or with values that they cannot have."""
    given = []
    for field in inspect.type_info(kind).fields if kind is not None else ():
        for _ in range(random.choice((0, 0, 0, 0, 0, 1, 1, 2))):
            plain = (
                _value(field.type, field.encode_name, good, random) if random.random() < 0.7 else random.choice(_NASTY)
            )
            if plain is not None:
                given.append((field.encode_name, plain if isinstance(plain, str) else json.dumps(plain)))
    if random.random() < 0.1:
        given.append((random.choice(("", "unknown", "limit[]", "[", "a\u0000")), "1"))
    return given


def segment(known: list[str], random: Random) -> str:
    """A part of a path: mostly the id of something, else something odd, as it is written in a path."""
    odd = (
        "%00",
        "%FF",
        "%2F",
        "..",
        "a%20b",
        "%F0%9F%98%80",
        "a" * 2_000,
        "'",
        "%25",
        ";",
        "0",
        "%ED%A0%80",
        "null",
        "+",
    )
    return random.choice(known if known and random.random() < 0.8 else odd)
