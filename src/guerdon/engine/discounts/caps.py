"""The limits on discounted units and on amounts that entries and discounts carry. Pure."""

from collections.abc import Callable, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from guerdon.engine.allocate import fill
from guerdon.engine.discounts import value
from guerdon.engine.discounts.step import Step
from guerdon.engine.order import Item, whole
from guerdon.engine.targets import Entry, Line

Offs = Mapping[int, int]


class Capped(msgspec.Struct, frozen=True):
    """The lines with the units that the limits leave, and what each line of a price is to get, by index."""

    lines: tuple[Line, ...]
    offs: Offs


def counters_of(entry: Entry, item: Item) -> dict[str, str]:
    """The entry's limits that count over redemptions, each with the key of its counter for that line.

    A product counts together with all its variants.
    """
    if not entry.counted:
        return {}
    goods = item.product_id or item.sku_id or item.source_id or ""
    return {
        name: f"{name}:{entry.id}:{goods}" if "in_collection" in name else f"{name}:{entry.id}"
        for name in entry.counted
    }


def cap_units(step: Step, off: Callable[[Line], int], *, multiply: bool) -> Capped:
    """The limits of units, taken in the order of application, and what each line gets for the units that are left.

    Only a line that gets something uses up limits. `multiply` says whether bundles multiply them.
    """
    times = step.bundles if multiply else 1
    taken: dict[str, int] = {}
    lines: list[Line] = []
    offs: dict[int, int] = {}
    for line in step.lines:
        item = step.order.items[line.index]
        kept = line if line.entry is None else _cut(step, line, line.entry, taken, times)
        lines.append(kept)
        if item.amount is None:
            continue
        offs[kept.index] = off(kept) if _any(kept, item) else 0
        if kept.entry is not None and offs[kept.index] > 0 and (item.subtotal_amount or 0) > 0:
            for key in (_all_lines(kept.entry), *counters_of(kept.entry, item).values()):
                taken[key] = taken.get(key, 0) + len(kept.units)
    return Capped(tuple(lines), offs)


def cap_amounts(step: Step, capped: Capped) -> dict[int, int]:
    """What each line gets at most: by entry, by the discount, by what is left of it; then by the sums of both."""
    per_line = whole(step.discount.amount_limit) if step.discount.type == "PERCENT" else None
    left: dict[str, int] = {}
    offs: dict[int, int] = {}
    for line in capped.lines:
        if line.index not in capped.offs:
            continue
        item = step.order.items[line.index]
        off = max(0, min(capped.offs[line.index], item.subtotal_amount or 0))
        off = _at_most(off, per_line)
        if line.entry is not None:
            off = _at_most(off, whole(line.entry.amount_limit))
            sum_limit = whole(line.entry.aggregated_amount_limit)
            if sum_limit is not None:
                off = min(off, left.setdefault(line.entry.id, sum_limit))
                left[line.entry.id] -= off
        offs[line.index] = off
    return dict(zip(offs, fill(list(offs.values()), whole(step.discount.aggregated_amount_limit)), strict=True))


def units_counted(step: Step, lines: Sequence[Line], offs: Offs) -> dict[str, int]:
    """By how much the discounted units move the counters of limits."""
    counted: dict[str, int] = {}
    for line in lines:
        if line.entry is not None and line.units and offs.get(line.index):
            for key in counters_of(line.entry, step.order.items[line.index]).values():
                counted[key] = counted.get(key, 0) + len(line.units)
    return counted


def _cut(step: Step, line: Line, entry: Entry, taken: Mapping[str, int], times: int) -> Line:
    """The line with as many units as the limits leave."""
    item = step.order.items[line.index]
    rooms: list[int] = []
    if entry.quantity_limit is not None:
        rooms.append(int(entry.quantity_limit) * times)
    if entry.aggregated_quantity_limit is not None:
        rooms.append(int(entry.aggregated_quantity_limit) * times - taken.get(_all_lines(entry), 0))
    for name, key in counters_of(entry, item).items():
        limit = value.limit(step, entry, name, item)
        rooms.append(limit - step.used_units.get(key, 0) - taken.get(key, 0))
    if not rooms:
        return line
    room = max(0, min(rooms))
    # A line whose quantity nobody told is one thing, which a limit of none leaves out.
    is_cut = room < len(line.units) or (room == 0 and not item.quantity)
    return replace(line, units=line.units[:room], cut=True) if is_cut else line


def _any(line: Line, item: Item) -> bool:
    """Whether anything of the line may be discounted; one whose quantity nobody told may be, as a whole."""
    return bool(line.units) or not (item.quantity or line.cut)


def _all_lines(entry: Entry) -> str:
    return f"entry:{entry.id}"


def _at_most(amount: int, limit: int | None) -> int:
    return amount if limit is None else min(amount, limit)
