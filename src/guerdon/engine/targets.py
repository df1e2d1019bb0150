"""Which lines and units of an order a rule's `applicable_to` means, in the order of a discount. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from guerdon.engine.goods import ALL_PRODUCTS, Catalogue, Named, is_of
from guerdon.engine.moment import Moment
from guerdon.engine.order import Item, Order

Effect = Literal[
    "APPLY_TO_EVERY",
    "APPLY_TO_CHEAPEST",
    "APPLY_FROM_CHEAPEST",
    "APPLY_TO_MOST_EXPENSIVE",
    "APPLY_FROM_MOST_EXPENSIVE",
]
_SPECIFIC = {"sku": 0, "product": 1, "products_collection": 2}


class Entry(Named, frozen=True, kw_only=True):
    """Goods that a discount is for, with the caps and the way of choosing that go with them.

    `wire` is the entry as it was defined. Limits: units a line, units over all lines of the entry, money a line, money
    over all lines of the entry.
    """

    effect: Effect = "APPLY_TO_EVERY"
    repeat: int | None = None
    skip_initially: int | None = None
    target: Literal["ITEM", "UNIT"] | None = None
    price: float | None = None
    price_formula: str | None = None
    amount_limit: float | None = None
    aggregated_amount_limit: float | None = None
    quantity_limit: float | None = None
    aggregated_quantity_limit: float | None = None
    wire: Mapping[str, Any] = {}


class Scope(msgspec.Struct, frozen=True):
    """What one rule says of goods. Without a word of them everything is meant, and nothing is listed."""

    included: tuple[Entry, ...] = ()
    excluded: tuple[Entry, ...] = ()
    included_all: bool = False

    @property
    def names_goods(self) -> bool:
        return bool(self.included or self.excluded or self.included_all)


class Line(msgspec.Struct, frozen=True):
    """A chosen line and its chosen units, numbered from 1. `cut` says that a limit of units took some away."""

    index: int
    entry: Entry | None
    units: range
    cut: bool = False


def read(wire: Mapping[str, Any] | None) -> Scope:
    """A stored `applicable_to`. ValidationError if the shape is wrong."""
    if not wire:
        return Scope()
    return Scope(
        included=tuple(map(_entry, wire.get("included") or ())),
        excluded=tuple(map(_entry, wire.get("excluded") or ())),
        included_all=bool(wire.get("included_all")),
    )


def choose(
    order: Order,
    scopes: Sequence[Scope],
    catalogue: Catalogue,
    moment: Moment,
    *,
    without: frozenset[int] = frozenset(),
) -> tuple[Line, ...]:
    """The lines that all scopes mean, less those excluded and those of `without`, in the order of application."""
    telling = [scope for scope in scopes if scope.names_goods]
    matched = [
        (index, item, entry)
        for index, item in enumerate(order.items)
        if index not in without and (entry := _governing(item, telling, catalogue, moment)) is not _NONE
    ]
    sequences: dict[tuple[object, ...], list[tuple[int, Item, Entry | None]]] = {}
    for index, item, entry in matched:
        sequences.setdefault(_way(entry), []).append((index, item, entry))
    return tuple(line for sequence in sequences.values() for line in _chosen(sequence))


def entry_of(item: Item, scope: Scope, catalogue: Catalogue, moment: Moment) -> Entry | None:
    """The entry that governs a line: the most specific one that means it, the first of equals."""
    meaning = [entry for entry in scope.included if is_of(item, entry, catalogue, moment)]
    return min(meaning, key=lambda entry: _SPECIFIC.get(entry.object, 3)) if meaning else None


_NONE = Entry(object="", id="")
_EVERYTHING = Entry(object="products_collection", id=ALL_PRODUCTS)


def _governing(item: Item, scopes: Sequence[Scope], catalogue: Catalogue, moment: Moment) -> Entry | None:
    """The first scope's entry for a line that every scope means; `_NONE` if one does not, None if none tells."""
    governing: Entry | None = None
    for scope in scopes:
        if any(is_of(item, entry, catalogue, moment) for entry in scope.excluded):
            return _NONE
        entry = entry_of(item, scope, catalogue, moment)
        # A rule that only excludes leaves everything else in.
        if entry is None and scope.included and not scope.included_all:
            return _NONE
        governing = governing or entry
    return governing


def _way(entry: Entry | None) -> tuple[object, ...]:
    entry = entry or _EVERYTHING
    return (entry.effect, entry.target or "ITEM", entry.repeat or 1, entry.skip_initially or 0)


def _chosen(sequence: list[tuple[int, Item, Entry | None]]) -> list[Line]:
    """What the way of choosing takes of lines that share it."""
    effect, target, repeat, skip = _way(sequence[0][2])
    assert isinstance(effect, str)
    assert isinstance(repeat, int)
    assert isinstance(skip, int)
    if effect.endswith("CHEAPEST"):
        sequence = sorted(sequence, key=lambda one: _price(one[1]))
    elif effect.endswith("MOST_EXPENSIVE"):
        sequence = sorted(sequence, key=lambda one: -_price(one[1]))
    only_first = effect in {"APPLY_TO_CHEAPEST", "APPLY_TO_MOST_EXPENSIVE"}
    if target == "UNIT":
        lines = _units(sequence, skip, repeat)
        return [Line(line.index, line.entry, line.units[:1]) for line in lines[:1]] if only_first else lines
    chosen = sequence[skip::repeat]
    lines = [Line(index, entry, range(1, (item.quantity or 0) + 1)) for index, item, entry in chosen]
    return lines[:1] if only_first else lines


def _units(sequence: list[tuple[int, Item, Entry | None]], skip: int, repeat: int) -> list[Line]:
    """Every so many units, counted on over the lines."""
    lines: list[Line] = []
    counted = 0
    for index, item, entry in sequence:
        quantity = item.quantity or 0
        first = skip - counted if counted <= skip else (skip - counted) % repeat
        units = range(first + 1, quantity + 1, repeat)
        if units:
            lines.append(Line(index, entry, units))
        counted += quantity
    return lines


def _price(item: Item) -> int:
    if item.price is not None:
        return item.price
    return (item.amount or 0) // (item.quantity or 1)


def _entry(wire: Mapping[str, Any]) -> Entry:
    entry = msgspec.convert(wire, Entry)
    return msgspec.structs.replace(entry, wire=wire)
