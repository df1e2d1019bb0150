"""The limits on discounted units and on amounts that entries and discounts carry. Pure."""

from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from guerdon.engine.allocate import fill
from guerdon.engine.discounts import value
from guerdon.engine.discounts.step import Step
from guerdon.engine.order import Item, whole
from guerdon.engine.targets import Entry, Line

# Limits that count over redemptions: of a campaign or a tier, of everybody or of one customer, of an entry or of each
# product in a collection.
COUNTED = tuple(
    f"product_{within}{whose}{scope}_quantity_limit"
    for scope in ("campaign", "promotion_tier")
    for within in ("", "in_collection_")
    for whose in ("", "customer_")
)


class Capped(msgspec.Struct, frozen=True):
    """The lines with the units that the limits leave, and by how much that moves the counters."""

    lines: tuple[Line, ...]
    units: Mapping[str, int]


def counters_of(entry: Entry, item: Item) -> dict[str, str]:
    """The entry's limits that count over redemptions, each with the key of its counter for that line."""
    named = [name for name in COUNTED if entry.wire.get(name) is not None or entry.wire.get(f"{name}_formula")]
    goods = item.sku_id or item.product_id or item.source_id or ""
    return {name: f"{name}:{entry.id}:{goods}" if "in_collection" in name else f"{name}:{entry.id}" for name in named}


def cap_units(step: Step, *, multiply: bool) -> Capped:
    """The limits of units, taken in the order of application. `multiply` says whether bundles multiply them."""
    times = step.bundles if multiply else 1
    taken: dict[str, int] = {}
    lines: list[Line] = []
    for line in step.lines:
        if line.entry is None:
            lines.append(line)
            continue
        room = _room(step, line, line.entry, taken, times)
        kept = line if room is None else replace(line, units=line.units[:room], cut=room < len(line.units))
        lines.append(kept)
        for key in _keys(line.entry, step.order.items[line.index]):
            taken[key] = taken.get(key, 0) + len(kept.units)
    counted = {key: units for key, units in taken.items() if not key.startswith("entry:") and units}
    return Capped(tuple(lines), counted)


def cap_amounts(step: Step, wanted: Mapping[int, int], lines: tuple[Line, ...]) -> dict[int, int]:
    """What each line gives at most: by entry, by the discount, by what is left of it; then by the sums of both."""
    per_line = whole(step.discount.amount_limit) if step.discount.type == "PERCENT" else None
    offs: list[int] = []
    for line in lines:
        limits = [whole(line.entry.amount_limit) if line.entry else None, per_line]
        left = step.order.items[line.index].subtotal_amount or 0
        offs.append(max(0, min(wanted[line.index], left, *(limit for limit in limits if limit is not None))))
    for entry in {line.entry.id: line.entry for line in lines if line.entry}.values():
        mine = [position for position, line in enumerate(lines) if line.entry and line.entry.id == entry.id]
        for position, off in zip(
            mine, fill([offs[position] for position in mine], whole(entry.aggregated_amount_limit)), strict=True
        ):
            offs[position] = off
    offs = fill(offs, whole(step.discount.aggregated_amount_limit))
    return {line.index: off for line, off in zip(lines, offs, strict=True)}


def _room(step: Step, line: Line, entry: Entry, taken: Mapping[str, int], times: int) -> int | None:
    """How many units the limits leave for the line; None if there is no limit."""
    item = step.order.items[line.index]
    rooms: list[int] = []
    if entry.quantity_limit is not None:
        rooms.append(int(entry.quantity_limit) * times)
    if entry.aggregated_quantity_limit is not None:
        rooms.append(int(entry.aggregated_quantity_limit) * times - taken.get(f"entry:{entry.id}", 0))
    for name, key in counters_of(entry, item).items():
        limit = value.limit(step, entry, name, item)
        if limit is not None:
            rooms.append(limit - step.used_units.get(key, 0) - taken.get(key, 0))
    return max(0, min(rooms)) if rooms else None


def _keys(entry: Entry, item: Item) -> list[str]:
    return [f"entry:{entry.id}", *counters_of(entry, item).values()]
