"""Filters, such as `{"junction": "or", "city": {"conditions": {"$is": ["Oslo"]}}}`: conditions on named fields."""

from collections.abc import Callable, Mapping
from typing import cast

import msgspec

from guerdon.engine.conditions import Test, compile_conditions
from guerdon.engine.moment import Moment

MOST_FIELDS = 100
_JUNCTION = "junction"
_WORDS = {"and": True, "or": False}
# Days that come back every year: of those, the next month means the anniversary and not the year of birth.
_EVERY_YEAR = frozenset({"birthday", "birthdate"})


class OnField(msgspec.Struct, frozen=True):
    """The conditions on one field, as they were written and as the test that they are."""

    path: str
    conditions: Mapping[str, object]
    test: Test


class Filter(msgspec.Struct, frozen=True):
    """Conditions on fields; `all_of_them` says whether every field must meet its own, or one field is enough."""

    fields: tuple[OnField, ...]
    all_of_them: bool

    def holds(self, read: Callable[[str], object], moment: Moment) -> bool:
        """Whether what `read` says of the fields meets the filter."""
        met = (field.test(read(field.path), moment) for field in self.fields)
        return all(met) if self.all_of_them else any(met)


def compile_filter(definition: Mapping[str, object]) -> Filter:
    """ValueError with the path and what is wrong with it, such as `.email must be object`."""
    junction = definition.get(_JUNCTION)
    word = "and" if junction is None else junction.lower() if isinstance(junction, str) else ""
    if word not in _WORDS:
        raise ValueError(".junction must be equal to one of the allowed values [and, or]")
    named = {path: value for path, value in definition.items() if path != _JUNCTION}
    if not 1 <= len(named) <= MOST_FIELDS:
        raise ValueError(f" must have from 1 to {MOST_FIELDS} fields")
    return Filter(tuple(_on_field(path, value) for path, value in named.items()), _WORDS[word])


def _on_field(path: str, value: object) -> OnField:
    if not isinstance(value, Mapping):
        raise ValueError(f".{path} must be object")  # noqa: TRY004 - it is about what was sent, not about our code
    conditions = cast("Mapping[str, object]", value).get("conditions")
    if not isinstance(conditions, Mapping) or not conditions:
        raise ValueError(f".{path} should have required property 'conditions'")
    named = cast("Mapping[str, object]", conditions)
    if path in _EVERY_YEAR:
        named = {"$next_month_md" if name == "$next_month" else name: value for name, value in named.items()}
    try:
        return OnField(path, named, compile_conditions(named))
    except ValueError as error:
        raise ValueError(f".{path}.conditions.{error}") from None
