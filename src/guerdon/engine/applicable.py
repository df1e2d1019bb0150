"""The lists `applicable_to` and `inapplicable_to` of an answer: what rules mean, and what of it the order has. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from guerdon.engine.goods import Catalogue
from guerdon.engine.moment import Moment
from guerdon.engine.order import Item, Order
from guerdon.engine.targets import Entry, Line, Scope

Listed = list[dict[str, Any]]
# Beyond so many units in an order they are no longer listed one by one.
_MOST_UNITS = 1_000
_NAMES = ("object", "id", "source_id", "product_id", "product_source_id", "strict")
# The kind of goods, and the name by which they go first.
_Goods = tuple[str, str]


def applicable_to(
    order: Order, scopes: Sequence[Scope], lines: Sequence[Line], catalogue: Catalogue, moment: Moment
) -> Listed:
    """The entries as defined, then one for each of the goods in the order that they mean, with the lines chosen."""
    scope = next((scope for scope in scopes if scope.names_goods), None)
    if scope is None:
        return []
    chosen = {line.index: line for line in lines}
    units_told = sum(item.quantity or 0 for item in order.items) <= _MOST_UNITS
    meant: dict[_Goods, list[int]] = {}
    places: dict[_Goods, list[int]] = {}
    governing: dict[_Goods, Entry] = {}
    for index, item in enumerate(order.items):
        meaning = list(scope.meaning(item, catalogue, moment))
        if not meaning or scope.excludes(item, catalogue, moment):
            continue
        places.setdefault(_name(item), []).append(index)
        governing.setdefault(_name(item), meaning[0])
        for entry in meaning:
            meant.setdefault((entry.object, entry.id), []).append(index)

    def application(entry: Entry, indices: Sequence[int]) -> dict[str, Any]:
        taken = [chosen[index] for index in indices if index in chosen]
        return _application(entry, taken, units_told=units_told)

    defined: Listed = []
    for entry in scope.entries:
        indices = meant.get((entry.object, entry.id), ())
        if not any(_is_itself(entry, order.items[index]) for index in indices):
            defined.append({**_definition(entry), **(application(entry, indices) if indices else {})})
    concrete = [
        {**_concrete(order.items[indices[0]]), **application(governing[name], indices)}
        for name, indices in places.items()
    ]
    return [*defined, *concrete]


def inapplicable_to(order: Order, scopes: Sequence[Scope], catalogue: Catalogue, moment: Moment) -> Listed:
    """The same of what rules exclude."""
    listed = {(entry.object, entry.id): _definition(entry) for scope in scopes for entry in scope.excluded}
    in_order: dict[_Goods, dict[str, Any]] = {}
    for scope in scopes:
        for item in order.items if scope.excluded else ():
            for entry in scope.excluding(item, catalogue, moment):
                in_order.setdefault(_name(item), {**_concrete(item), "effect": entry.effect})
                if _is_itself(entry, item):
                    listed.pop((entry.object, entry.id), None)
    return [*listed.values(), *in_order.values()]


def _definition(entry: Entry) -> dict[str, Any]:
    return {"effect": entry.effect, **entry.wire, "object": entry.object, "id": entry.id, "strict": False}


def _application(entry: Entry, taken: Sequence[Line], *, units_told: bool) -> dict[str, Any]:
    """The caps of the definition, how it chooses, and which lines and units it chose."""
    way = entry.way
    told: dict[str, Any] = {
        **{name: value for name, value in entry.wire.items() if name not in _NAMES},
        "effect": way.effect,
        "order_item_indices": [line.index for line in taken],
        "repeat": way.repeat,
        "skip_initially": way.skip,
        "target": way.target,
    }
    if units_told:
        told["order_item_units"] = [_units(line) for line in taken]
    return told


def _units(line: Line) -> dict[str, Any]:
    told: dict[str, Any] = {"index": line.index, "units": list(line.units)}
    return {**told, "units_limit_exceeded": True} if line.cut else told


def _concrete(item: Item) -> dict[str, Any]:
    kind, name = _name(item)
    product_source = (item.product and item.product.source_id) or None
    told: Mapping[str, Any]
    if kind == "sku":
        told = {
            "object": kind,
            "id": name,
            "source_id": (item.sku and item.sku.source_id) or item.source_id or name,
            "product_id": item.product_id,
            "product_source_id": product_source,
        }
    else:
        told = {"object": kind, "id": name or None, "source_id": product_source or item.source_id or name or None}
    return {**{name: value for name, value in told.items() if value is not None}, "strict": True}


def _is_itself(entry: Entry, item: Item) -> bool:
    """Whether the entry names the very goods of the line, and not only something that they are part of."""
    kind, name = _name(item)
    if entry.object != kind:
        return False
    record = item.sku if kind == "sku" else item.product
    return entry.id in {name, record and record.id, record and record.source_id, item.source_id}


def _name(item: Item) -> _Goods:
    sku = item.sku_id or (item.source_id if item.related_object == "sku" else None)
    if sku:
        return "sku", sku
    return "product", item.product_id or item.source_id or ""
