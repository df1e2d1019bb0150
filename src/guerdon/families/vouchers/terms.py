"""What a request may say of when codes are valid and what they give: checked, and in the form that is stored."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, Protocol

import msgspec
from msgspec import UNSET

from guerdon.clock import iso_or_none
from guerdon.engine.calendar import parse_duration
from guerdon.engine.formula.compile import compile_formula
from guerdon.errors import invalid_payload
from guerdon.families.vouchers.schemas import Discount, FixedDiscount, UnitDiscount

_LONGEST_YEARS = 1_000
_DAYS_OF_WEEK = 7
_MIDNIGHT = "24:00"
_WINDOWS = {"timeframe": "validity_timeframe", "day_of_week": "validity_day_of_week", "hours": "validity_hours"}


class Windows(Protocol):
    """A request, or a change, that can say something of windows of time."""

    validity_timeframe: Any
    validity_day_of_week: Any
    validity_hours: Any


def windows(sent: Windows, before: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
    """The windows that are then set, as the column `validity` has them: what is not sent stays, and null clears."""
    found = {key: getattr(sent, name) for key, name in _WINDOWS.items()}
    said = {key: msgspec.to_builtins(value) for key, value in found.items() if value is not UNSET}
    return {key: value for key, value in {**(before or {}), **said}.items() if value} or None


def shown(
    start_date: datetime | None, expiration_date: datetime | None, validity: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The fields that say so in answers; what is not set is left out."""
    dates = {"start_date": iso_or_none(start_date), "expiration_date": iso_or_none(expiration_date)}
    set_dates = {name: date for name, date in dates.items() if date}
    return set_dates | {_WINDOWS[key]: value for key, value in (validity or {}).items()}


def check_windows(start_date: datetime | None, validity: Mapping[str, Any] | None) -> None:
    """Errors: invalid_payload.

    For a timeframe without a start or with durations that are none, for hours that overlap, and for hours beside
    a timeframe or days.
    """
    said = validity or {}
    if said.get("hours"):
        if said.get("timeframe") or said.get("day_of_week"):
            others = "validity_timeframe or validity_day_of_week"
            raise invalid_payload(f"Property .validity_hours cannot be combined with {others}")
        _check_hours(said["hours"]["daily"])
    timeframe: Mapping[str, str] | None = said.get("timeframe")
    if timeframe is None:
        return
    for name in ("interval", "duration"):
        check_duration(f"validity_timeframe.{name}", timeframe[name])
    if start_date is None:
        raise invalid_payload("Payload should have required property 'start_date' when it has 'validity_timeframe'")


def _check_hours(daily: Sequence[Mapping[str, Any]]) -> None:
    for day in range(_DAYS_OF_WEEK):
        mine = sorted(
            (window["start_time"], window.get("expiration_time") or _MIDNIGHT)
            for window in daily
            if day in window["days_of_week"]
        )
        if any(following[0] < one[1] for one, following in pairwise(mine)):
            raise invalid_payload(f"Property .validity_hours.daily has windows that overlap on day {day}")


def check_duration(path: str, text: str) -> None:
    """Errors: invalid_payload for what is no ISO 8601 duration, nothing, or longer than a thousand years."""
    try:
        duration = parse_duration(text)
    except ValueError as error:
        raise invalid_payload(f"Property .{path} {error}") from None
    if not duration.months and not duration.exact:
        raise invalid_payload(f"Property .{path} must be longer than nothing")
    if duration.months > 12 * _LONGEST_YEARS or duration.exact.days > 366 * _LONGEST_YEARS:
        raise invalid_payload(f"Property .{path} must be at most {_LONGEST_YEARS} years")


def check_discount(discount: Discount | None, path: str) -> None:
    """Errors: invalid_payload for what a discount lacks, formulas that are none, goods that are named in two ways."""
    for name, formula in _formulas(discount):
        try:
            compile_formula(formula)
        except ValueError as error:
            raise invalid_payload(f"Property .{path}.{name} is no formula: {error}") from None
    if isinstance(discount, FixedDiscount) and discount.effect != "APPLY_TO_ITEMS" and discount.fixed_amount is None:
        raise invalid_payload(f"Property .{path} should have required property 'fixed_amount'")
    if not isinstance(discount, UnitDiscount) or discount.effect == "ADD_SAME_ITEMS":
        return
    several = discount.units is not None or discount.effect == "ADD_MANY_ITEMS"
    if several and discount.effect not in {None, "ADD_MANY_ITEMS"}:
        raise invalid_payload(f"Property .{path}.units is only for the effect 'ADD_MANY_ITEMS'")
    if several and not discount.units:
        raise invalid_payload(f"Property .{path} should have required property 'units'")
    if not several and not discount.unit_type:
        raise invalid_payload(f"Property .{path} should have required property 'unit_type'")


def _formulas(discount: Discount | None) -> Iterator[tuple[str, str]]:
    """The formulas of a discount and of its goods, by where they stand."""
    if discount is None:
        return
    for name in discount.__struct_fields__:
        formula = getattr(discount, name)
        if name.endswith("_formula") and formula:
            yield name, formula
    for place, units in enumerate(discount.units or ()) if isinstance(discount, UnitDiscount) else ():
        if units.unit_off_formula:
            yield f"units[{place}].unit_off_formula", units.unit_off_formula
