"""Which lines and units of an order a rule's `applicable_to` means, in the order of a discount. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Literal, NamedTuple

import msgspec

from guerdon.engine.goods import ALL_PRODUCTS, Catalogue, Named, is_of, product_names, sku_names
from guerdon.engine.moment import Moment
from guerdon.engine.order import Item, Order

Effect = Literal[
    "APPLY_TO_EVERY",
    "APPLY_TO_CHEAPEST",
    "APPLY_FROM_CHEAPEST",
    "APPLY_TO_MOST_EXPENSIVE",
    "APPLY_FROM_MOST_EXPENSIVE",
]
_ONLY_FIRST = frozenset({"APPLY_TO_CHEAPEST", "APPLY_TO_MOST_EXPENSIVE"})
# Limits of units that count over redemptions: of a campaign or a tier, of everybody or of one customer, of an entry or
# of each product in a collection.
COUNTED = tuple(
    f"product_{within}{whose}{scope}_quantity_limit"
    for scope in ("campaign", "promotion_tier")
    for within in ("", "in_collection_")
    for whose in ("", "customer_")
)


class Way(NamedTuple):
    """How a discount chooses among its goods: lines or units, in which order, and every how many."""

    effect: Effect = "APPLY_TO_EVERY"
    target: Literal["ITEM", "UNIT"] = "ITEM"
    repeat: int = 1
    skip: int = 0


class Entry(Named, frozen=True, kw_only=True, dict=True):
    """Goods that a discount is for, with the caps and the way of choosing that go with them.

    `wire` is the entry as it was defined. Limits: units a line, units over all lines of the entry, money a line, money
    over all lines of the entry.
    """

    effect: Effect = "APPLY_TO_EVERY"
    repeat: int | None = None
    skip_initially: int | None = None
    target: Literal["ITEM", "UNIT"] | None = None
    price: int | float | None = None
    price_formula: str | int | float | None = None
    amount_limit: int | float | None = None
    aggregated_amount_limit: int | float | None = None
    quantity_limit: int | float | None = None
    aggregated_quantity_limit: int | float | None = None
    wire: Mapping[str, Any] = {}

    @cached_property
    def way(self) -> Way:
        return Way(self.effect, self.target or "ITEM", self.repeat or 1, self.skip_initially or 0)

    @cached_property
    def counted(self) -> tuple[str, ...]:
        """Its limits that count over redemptions."""
        wire = self.wire
        return tuple(name for name in COUNTED if wire.get(name) is not None or wire.get(f"{name}_formula"))


class _Among(msgspec.Struct, frozen=True):
    """Entries by what they name, so that many are as quick to ask as one. With each name stands its entries' place."""

    skus: Mapping[str, Sequence[tuple[int, Entry]]]
    products: Mapping[str, Sequence[tuple[int, Entry]]]
    collections: Sequence[Entry]

    def meaning(self, item: Item, catalogue: Catalogue, moment: Moment) -> Iterator[Entry]:
        """Those that mean the line's goods: the most specific first, and equals in their order."""
        if self.skus:
            yield from _named(self.skus, sku_names(item))
        if self.products:
            yield from _named(self.products, product_names(item))
        for entry in self.collections:
            if is_of(item, entry, catalogue, moment):
                yield entry


class Scope(msgspec.Struct, frozen=True, dict=True):
    """What one rule says of goods. Without a word of them everything is meant, and nothing is listed."""

    included: tuple[Entry, ...] = ()
    excluded: tuple[Entry, ...] = ()
    included_all: bool = False

    @cached_property
    def names_goods(self) -> bool:
        return bool(self.included or self.excluded or self.included_all)

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """What it includes, everything being the last and the least specific entry."""
        return (*self.included, _EVERYTHING) if self.included_all else self.included

    def meaning(self, item: Item, catalogue: Catalogue, moment: Moment) -> Iterator[Entry]:
        """The entries that mean a line, the one that governs it first."""
        return self._wanted.meaning(item, catalogue, moment)

    def excluding(self, item: Item, catalogue: Catalogue, moment: Moment) -> Iterator[Entry]:
        """The entries that exclude a line."""
        return self._unwanted.meaning(item, catalogue, moment)

    def excludes(self, item: Item, catalogue: Catalogue, moment: Moment) -> bool:
        return bool(self.excluded) and next(self.excluding(item, catalogue, moment), None) is not None

    @cached_property
    def _wanted(self) -> _Among:
        return _among(self.entries)

    @cached_property
    def _unwanted(self) -> _Among:
        return _among(self.excluded)


class Line(msgspec.Struct, frozen=True):
    """A chosen line and its chosen units, numbered from 1. `cut` says that a limit of units took some away."""

    index: int
    entry: Entry | None
    units: range
    cut: bool = False


class _Place(NamedTuple):
    """A line that is meant, where it stands, and the entry that governs it."""

    at: int
    item: Item
    entry: Entry | None


_EVERYTHING = Entry(object="products_collection", id=ALL_PRODUCTS, wire={"object": "products_collection"})
_NONE = Entry(object="", id="")
_PLAIN = Way()


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
    if not telling:
        return tuple(_whole(index, item, None) for index, item in enumerate(order.items) if index not in without)
    sequences: dict[Way, list[_Place]] = {}
    for index, item in enumerate(order.items):
        if index in without:
            continue
        entry = _governing(item, telling, catalogue, moment)
        if entry is not _NONE:
            sequences.setdefault(entry.way if entry else _PLAIN, []).append(_Place(index, item, entry))
    return tuple(line for way, places in sequences.items() for line in _chosen(way, places))


def governing(item: Item, scopes: Iterable[Scope], catalogue: Catalogue, moment: Moment) -> Entry | None:
    """The entry whose limits hold for goods, if they are meant and there is one."""
    entry = _governing(item, scopes, catalogue, moment)
    return None if entry is _NONE else entry


def _governing(item: Item, scopes: Iterable[Scope], catalogue: Catalogue, moment: Moment) -> Entry | None:
    """The first scope's entry for a line that every scope means; `_NONE` if one does not, None if none tells."""
    governing: Entry | None = None
    for scope in scopes:
        if scope.excludes(item, catalogue, moment):
            return _NONE
        entry = next(scope.meaning(item, catalogue, moment), None)
        # A rule that only excludes leaves everything else in.
        if entry is None and scope.entries:
            return _NONE
        governing = governing or entry
    return governing


def _chosen(way: Way, places: list[_Place]) -> list[Line]:
    """What the way of choosing takes of lines that share it."""
    if way.effect.endswith("CHEAPEST"):
        places = sorted(places, key=lambda place: _price(place.item, 1))
    elif way.effect.endswith("MOST_EXPENSIVE"):
        places = sorted(places, key=lambda place: _price(place.item, -1))
    if way.target == "UNIT":
        lines = _units(places, way)
        return [Line(line.index, line.entry, line.units[:1]) for line in lines[:1]] if _is_one(way) else lines
    lines = [_whole(*place) for place in places[way.skip :: way.repeat]]
    return lines[:1] if _is_one(way) else lines


def _whole(index: int, item: Item, entry: Entry | None) -> Line:
    """The line with all its units."""
    return Line(index, entry, range(1, (item.quantity or 0) + 1))


def _units(places: Iterable[_Place], way: Way) -> list[Line]:
    """Every so many units, counted on over the lines."""
    lines: list[Line] = []
    counted = 0
    for index, item, entry in places:
        quantity = item.quantity or 0
        first = way.skip - counted if counted <= way.skip else (way.skip - counted) % way.repeat
        units = range(first + 1, quantity + 1, way.repeat)
        if units:
            lines.append(Line(index, entry, units))
        counted += quantity
    return lines


def _is_one(way: Way) -> bool:
    return way.effect in _ONLY_FIRST


def _price(item: Item, sign: int) -> tuple[bool, int]:
    """Orders lines by their unit price; those of no price are neither cheap nor dear and come last."""
    if item.price is None and item.amount is None:
        return True, 0
    price = (item.amount or 0) // (item.quantity or 1) if item.price is None else item.price
    return False, sign * price


def _among(entries: Iterable[Entry]) -> _Among:
    names: dict[str, dict[str, list[tuple[int, Entry]]]] = {"sku": {}, "product": {}}
    collections: list[Entry] = []
    for place, entry in enumerate(entries):
        if entry.object in names:
            names[entry.object].setdefault(entry.id, []).append((place, entry))
        else:
            collections.append(entry)
    # Everything is what any other collection is part of.
    collections.sort(key=lambda entry: entry is _EVERYTHING)
    return _Among(names["sku"], names["product"], collections)


def _named(entries: Mapping[str, Sequence[tuple[int, Entry]]], names: Iterable[str]) -> list[Entry]:
    found = [one for name in names for one in entries.get(name, ())]
    if len(found) > 1:
        found.sort(key=lambda one: one[0])
    return [entry for _, entry in found]


def _entry(wire: Mapping[str, Any]) -> Entry:
    return msgspec.structs.replace(msgspec.convert(wire, Entry), wire=wire)
