"""Filters of records: fields by name and place, and how they are joined."""

from datetime import UTC, datetime
from typing import Any

import pytest

from guerdon.engine.moment import Moment
from guerdon.engine.record_filter import compile_filter

NOW = Moment(datetime(2026, 11, 21, tzinfo=UTC))
RECORD = {"name": "Bottle", "price": 900, "metadata": {"color": "red", "a.b": 1, "size": {"unit": "l"}}, "empty": None}


def field(operator: str, *operands: Any) -> dict[str, Any]:
    return {"conditions": {operator: list(operands)}}


@pytest.mark.parametrize(
    ("fields", "passes"),
    [
        ({}, True),
        ({"price": field("$less_than", 1_000)}, True),
        ({"price": field("$more_than", 1_000)}, False),
        ({"metadata.color": field("$is", "red")}, True),
        ({"metadata.size.unit": field("$is", "l")}, True),
        ({"metadata.a.b": field("$is", 1)}, True),
        ({"metadata.none.deep": field("$is", 1)}, False),
        ({"metadata.none.deep": field("$is_not", 1)}, True),
        ({"empty.deep": field("$is", 1)}, False),
        ({"price": field("$is", 900), "name": field("$is", "x")}, False),
    ],
)
def test_all_fields_have_to_pass(fields: dict[str, Any], *, passes: bool) -> None:
    assert compile_filter({"junction": "and", **fields})(RECORD, NOW) is passes


def test_one_field_is_enough_where_they_are_joined_by_or() -> None:
    either = {"price": field("$is", 900), "name": field("$is", "x")}
    assert compile_filter({"junction": "or", **either})(RECORD, NOW)
    assert not compile_filter({"junction": "or", "name": field("$is", "x")})(RECORD, NOW)
    assert compile_filter({"junction": "or"})(RECORD, NOW)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"price": 1}, ".price must have conditions"),
        ({"price": {}}, ".price must have conditions"),
        ({"price": {"conditions": []}}, ".price must have conditions"),
        ({"price": {"conditions": {}}}, ".price must have conditions"),
        ({"price": {"conditions": {"$eats": [1]}}}, r".price.conditions \$eats is not an operator"),
    ],
)
def test_what_is_not_understood_is_named(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        compile_filter({"junction": "and", **given})
