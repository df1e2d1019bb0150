"""Compares the shape of JSON with a reference example: keys, nesting, types and nulls, but not values."""

import json
from pathlib import Path
from typing import Any

_SEEDS = Path(__file__).parent / "seeds"


def seed(event_type: str) -> Any:
    """The reference's example of an event's data."""
    return json.loads((_SEEDS / f"{event_type}.json").read_text())


def differences(expected: Any, found: Any, path: str = "") -> dict[str, str]:
    """What differs, by path: `missing`, `extra`, or the two types. What is in metadata is the caller's own."""
    if isinstance(expected, dict) and isinstance(found, dict):
        if path.endswith(".metadata"):
            return {}
        result = {f"{path}.{key}": "missing" for key in expected.keys() - found.keys()}
        result |= {f"{path}.{key}": "extra" for key in found.keys() - expected.keys()}
        for key in expected.keys() & found.keys():
            result |= differences(expected[key], found[key], f"{path}.{key}")
        return result
    if isinstance(expected, list) and isinstance(found, list):
        result = {} if len(expected) == len(found) else {path: f"{len(expected)} and {len(found)} elements"}
        for place, (one, other) in enumerate(zip(expected, found, strict=False)):
            result |= differences(one, other, f"{path}[{place}]")
        return result
    same = type(expected) is type(found)
    return {} if same else {path: f"{type(expected).__name__} and {type(found).__name__}"}
