"""How values of JSON compare: numbers with texts that write numbers, dates with moments, one with several. Pure.

Values come from requests and metadata, so anything may be anything; what cannot be compared is simply not equal.
"""

import math
import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import cast

import msgspec

from guerdon.engine.moment import Moment, local_day, read_when

Number = int | Decimal
_NUMBER = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?")
_WIDEST_INTEGER_BITS = 4096  # wider ones are not written as texts, which Python refuses beyond 4300 digits


def read_number(value: object) -> Number | None:
    """The number that a value is or that it writes in plain decimal digits; None for everything else, also NaN."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str):
        match = _NUMBER.fullmatch(value)
        return None if match is None else Decimal(value) if match[1] else int(value)
    if isinstance(value, float):
        return Decimal(repr(value)) if math.isfinite(value) else None
    return value if isinstance(value, Decimal) and value.is_finite() else None


def read_text(value: object) -> str | None:
    """The value as a text: texts, numbers and booleans as JSON writes them; None for everything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    number = read_number(value)
    if isinstance(number, int):
        return str(number) if number.bit_length() <= _WIDEST_INTEGER_BITS else None
    return None if number is None else format(number.normalize(), "f")


def is_array(value: object) -> bool:
    return isinstance(value, list | tuple | set | frozenset)


def elements(value: object) -> Sequence[object]:
    """The elements of an array, a value that is none as the only one, and none at all for a missing value."""
    if is_array(value):
        return tuple(cast("list[object]", value))
    return () if value is None else (value,)


class OneOf(msgspec.Struct, frozen=True):
    """Values to be equal to. Numbers equal texts that write them, true equals "true", a day the moments within it."""

    texts: frozenset[str]
    numbers: frozenset[Number]
    written_numbers: frozenset[Number]
    booleans: frozenset[bool]
    moments: frozenset[datetime]
    days: frozenset[date]

    def holds(self, value: object, moment: Moment) -> bool:
        """Whether the value, which is no array, equals one of these."""
        if isinstance(value, bool):
            return value in self.booleans or ("true" if value else "false") in self.texts
        if isinstance(value, str):
            return value in self.texts or self._written(value) or self._dated(value, moment)
        number = read_number(value)
        if number is not None:
            return number in self.numbers or number in self.written_numbers
        return self._dated(value, moment)

    def _written(self, value: str) -> bool:
        if self.booleans and value in {"true", "false"}:
            return (value == "true") in self.booleans
        return bool(self.numbers) and read_number(value) in self.numbers

    def _dated(self, value: object, moment: Moment) -> bool:
        if not (self.moments or self.days):
            return False
        when = read_when(value)
        if when is None or when in self.moments:
            return when is not None
        return bool(self.days) and local_day(when, moment.zone) in self.days


def one_of(values: Sequence[object]) -> OneOf:
    """ValueError for a value that is no text, number, boolean or date."""
    texts = frozenset(value for value in values if isinstance(value, str))
    booleans = frozenset(value for value in values if isinstance(value, bool))
    dated = [when for when in map(read_when, values) if when is not None]
    numbers: set[Number] = set()
    for value in values:
        number = None if isinstance(value, str) else read_number(value)
        if number is not None:
            numbers.add(number)
        elif not isinstance(value, str | bool | date):
            raise ValueError("must have texts, numbers, booleans or dates")
    return OneOf(
        texts=texts,
        numbers=frozenset(numbers),
        written_numbers=frozenset(number for number in map(read_number, texts) if number is not None),
        booleans=booleans,
        moments=frozenset(when for when in dated if isinstance(when, datetime)),
        days=frozenset(when for when in dated if not isinstance(when, datetime)),
    )
