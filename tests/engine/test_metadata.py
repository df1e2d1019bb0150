"""Metadata against definitions, with the words of the reference where it gives any."""

from typing import Any

import pytest

from guerdon.engine.metadata import Definition, Kind, Schema, problems, read_cell, wrong_definition

CITY = Schema({"zip": Definition(type="string", optional=False), "size": Definition(type="number")})


def said(value: object, *, closed: bool = False, created: bool = True, key: str = "k", **definition: Any) -> str:
    schema = Schema({"k": Definition(**definition)}, closed=closed)
    return problems({key: value}, schema, {"city": CITY}, created=created)


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("string", ["", "a"], [1, True, [], {}]),
        ("number", [0, -1, 2.5], ["1", True, [1]]),
        ("boolean", [True, False], [1, "true"]),
        ("date", ["2026-02-28"], ["2026-02-30", "20260228", "2026-02-28T10:00:00Z", 1]),
        ("datetime", ["2026-02-28T10:00:00Z", "2026-02-28T10:00:00.123+02:00"], ["2026-02-28", "T", "soon"]),
        ("geopoint", ["geo:50.06,19.94", "geo:-90,180"], ["50,19", "geo:91,0", "geo:0,181", "geo:,"]),
        ("image_url", ["http://a.b/c.png", "https://a/x/y.JPEG?w=1"], ["http.com", "http://a.b", "ftp://a/b.png"]),
        ("object", [{}], [[], "x"]),
    ],
)
def test_a_value_is_of_its_type_or_refused(kind: Kind, good: list[object], bad: list[object]) -> None:
    assert [said(value, type=kind) for value in good] == [""] * len(good)
    assert all(said(value, type=kind).startswith("k: must be ") for value in bad)
    assert said(good, type=kind, array=True) == ""
    assert said([*good, bad[0]], type=kind, array=True) != ""
    assert said(None, type=kind) == ""


def test_the_words_are_those_of_the_reference() -> None:
    assert (
        said("http.com", type="image_url")
        == "k: must be a URL pointing to JPG/JPEG or PNG resource (actual value is 'http.com')"
    )
    assert said("L1", type="string", array=True, eq=("L1", "L2", "L3")) == (
        "k: must be an array, and every element: must be a string, must be equal to one of L1,L2,L3 "
        "(actual value is 'L1')"
    )
    assert said("EUR", type="number", optional=False) == (
        "k: must be a number, property is required (actual value is 'EUR')"
    )


@pytest.mark.parametrize(
    ("limits", "good", "bad"),
    [
        ({"type": "number", "lt": 3, "gte": 1}, 1, 3),
        ({"type": "number", "lte": 3, "gt": 1}, 3, 1),
        ({"type": "number", "ne": (2.0,)}, 1, 2),
        ({"type": "number", "eq": (1, 2.5)}, 2.5, 3),
        ({"type": "string", "min_length": 2, "max_length": 3}, "ab", "abcd"),
        ({"type": "string", "min_length": 2}, "é😀", "é"),
        ({"type": "string", "exact_length": 2}, "ab", "a"),
    ],
)
def test_limits_are_kept(limits: dict[str, Any], good: object, bad: object) -> None:
    assert said(good, **limits) == ""
    assert said(bad, **limits).endswith(f"(actual value is '{bad}')")


def test_what_is_required_is_asked_for_once() -> None:
    required: dict[str, Any] = {"type": "string", "optional": False}
    assert said("x", key="other", **required) == "k: must be a string, property is required"
    assert said("x", key="other", created=False, **required) == ""
    assert said(None, created=False, **required) == "k: must be a string, property is required (actual value is 'null')"
    assert said("x", key="other", deleted=True, **required) == ""


def test_a_closed_schema_knows_its_keys_only() -> None:
    assert said(1, key="new", type="string") == ""
    assert said(1, key="new", closed=True, type="string") == "new: property is not defined (actual value is '1')"
    assert said(1, closed=True, type="string", deleted=True) != ""
    assert said(1, type="string", deleted=True) == ""


def test_nested_objects_are_looked_into() -> None:
    one: dict[str, Any] = {"type": "object", "object_type": "city"}
    assert said({"zip": "1", "more": 1}, **one) == ""
    assert said({"size": "big"}, **one) == (
        "k.size: must be a number (actual value is 'big'); k.zip: must be a string, property is required"
    )
    assert said([{"zip": "1"}, {"zip": 1}], array=True, **one) == (
        "k[1].zip: must be a string, property is required (actual value is '1')"
    )
    assert said({"size": "big"}, type="object", object_type="unknown") == ""


def test_a_constraint_is_of_the_type_it_is_about() -> None:
    assert wrong_definition({"Size": Definition(type="number", eq=("a",))}) == "Size.eq.0 must be number"
    assert wrong_definition({"Size": Definition(type="string", eq=("a", 1))}) == "Size.eq.1 must be string"
    assert wrong_definition({"Size": Definition(type="boolean", eq=(1,))}) == "Size.eq.0 must not be present"
    assert wrong_definition({"Size": Definition(type="object")}) == "Size.object_type must be string"
    assert wrong_definition({"Size": Definition(type="number", eq=(1, 2.5))}) is None


@pytest.mark.parametrize(
    ("text", "definition", "value"),
    [
        ("7", None, "7"),
        ("7", {"type": "string"}, "7"),
        ("7", {"type": "number"}, 7),
        ("-7.50", {"type": "number"}, -7.5),
        ("seven", {"type": "number"}, "seven"),
        ("٣", {"type": "number"}, "٣"),
        ("TRUE", {"type": "boolean"}, True),
        ("null", {"type": "boolean"}, None),
        ("yes", {"type": "boolean"}, "yes"),
        ("1, 2,x", {"type": "number", "array": True}, [1, 2, "x"]),
        ("7", {"type": "number", "deleted": True}, "7"),
    ],
)
def test_a_cell_is_read_as_it_is_defined(text: str, definition: dict[str, Any] | None, value: object) -> None:
    read = read_cell(text, None if definition is None else Definition(**definition))
    assert (read, type(read)) == (value, type(value))
