"""Filters such as `{"junction": "and", "price": {"conditions": {"$is": [10]}}}` as one test of a record. Pure."""

from collections.abc import Callable, Mapping
from typing import Any, cast

from guerdon.engine.conditions import compile_conditions
from guerdon.engine.moment import Moment

Record = Mapping[str, Any]
RecordTest = Callable[[Record, Moment], bool]
JUNCTIONS = ("and", "or")


def compile_filter(given: Mapping[str, Any]) -> RecordTest:
    """The test that a record passes. A field is a name, or names with dots (`metadata.color`).

    A filter without fields passes everything. ValueError naming the field that is not understood.
    """
    tests = [_field(name, wanted) for name, wanted in given.items() if name != "junction"]
    together = any if tests and given.get("junction") == "or" else all
    return lambda record, moment: together(test(record, moment) for test in tests)


def _field(name: str, wanted: object) -> RecordTest:
    conditions = cast("Mapping[str, Any]", wanted).get("conditions") if isinstance(wanted, Mapping) else None
    if not isinstance(conditions, Mapping) or not conditions:
        raise ValueError(f".{name[:100]} must have conditions")
    try:
        test = compile_conditions(cast("Mapping[str, Any]", conditions))
    except ValueError as error:
        raise ValueError(f".{name[:100]}.conditions {error}") from None
    steps = name.split(".")
    return lambda record, moment: test(_value(record, steps), moment)


def _value(record: Record, steps: list[str]) -> object:
    """What stands at the place; None if nothing does. A key that has dots itself is found, too."""
    for place, step in enumerate(steps):
        rest = ".".join(steps[place:])
        if rest in record:
            return record[rest]
        inner = record.get(step)
        if not isinstance(inner, Mapping):
            return None
        record = cast("Record", inner)
    return None
