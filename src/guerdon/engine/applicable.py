"""The lists `applicable_to` and `inapplicable_to` of an answer: what rules mean, and what of it the order has. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from guerdon.engine.goods import ALL_PRODUCTS, Catalogue, is_of
from guerdon.engine.moment import Moment
from guerdon.engine.order import Item, Order
from guerdon.engine.targets import Entry, Line, Scope, entry_of

Listed = list[dict[str, Any]]
# Beyond so many units in an order they are no longer listed one by one.
_MOST_UNITS = 1_000
_NAMES = ("object", "id", "source_id", "product_id", "product_source_id", "strict")
_EVERYTHING = Entry(object="products_collection", id=ALL_PRODUCTS, wire={"object": "products_collection"})


def applicable_to(
    order: Order, scopes: Sequence[Scope], lines: Sequence[Line], catalogue: Catalogue, moment: Moment
) -> Listed:
    """The entries as defined, then one for each of the goods in the order that they mean, with the lines chosen."""
    scope = next((scope for scope in scopes if scope.names_goods), None)
    if scope is None:
        return []
    included = scope.included or ((_EVERYTHING,) if scope.included_all else ())
    chosen = {line.index: line for line in lines}
    excluded = Scope(included=scope.excluded)
    places: dict[tuple[str, str], list[int]] = {}
    governing: dict[tuple[str, str], Entry] = {}
    for index, item in enumerate(order.items):
        entry = entry_of(item, Scope(included=included), catalogue, moment)
        if entry is None or entry_of(item, excluded, catalogue, moment) is not None:
            continue
        places.setdefault(_name(item), []).append(index)
        governing.setdefault(_name(item), entry)
    concrete = [
        {**_concrete(order.items[indices[0]]), **_application(governing[name].wire, indices, chosen, order)}
        for name, indices in places.items()
    ]
    return [*_defined(included, order, places, chosen, catalogue, moment), *concrete]


def inapplicable_to(order: Order, scopes: Sequence[Scope], catalogue: Catalogue, moment: Moment) -> Listed:
    """The same of what rules exclude."""
    excluded = [entry for scope in scopes for entry in scope.excluded]
    listed: dict[tuple[str, str], dict[str, Any]] = {}
    in_order: dict[tuple[str, str], dict[str, Any]] = {}
    for entry in excluded:
        matching = [item for item in order.items if is_of(item, entry, catalogue, moment)]
        if not any(entry.object in _name(item) and entry.id in _names(item) for item in matching):
            listed[entry.object, entry.id] = _definition(entry)
        for item in matching:
            in_order.setdefault(_name(item), {**_concrete(item), "effect": entry.effect})
    return [*listed.values(), *in_order.values()]


def _defined(
    included: Iterable[Entry],
    order: Order,
    places: Mapping[tuple[str, str], list[int]],
    chosen: Mapping[int, Line],
    catalogue: Catalogue,
    moment: Moment,
) -> Listed:
    """The definitions that are not themselves goods of the order."""
    found: Listed = []
    for entry in included:
        indices = [
            index
            for mine in places.values()
            for index in mine
            if entry is _EVERYTHING or is_of(order.items[index], entry, catalogue, moment)
        ]
        concrete = any(entry.object == _name(order.items[i])[0] and entry.id in _names(order.items[i]) for i in indices)
        if not concrete:
            application = _application(entry.wire, sorted(indices), chosen, order) if indices else {}
            found.append({**_definition(entry), **application})
    return found


def _definition(entry: Entry) -> dict[str, Any]:
    return {"effect": entry.effect, **entry.wire, "object": entry.object, "id": entry.id, "strict": False}


def _application(
    wire: Mapping[str, Any], indices: Sequence[int], chosen: Mapping[int, Line], order: Order
) -> dict[str, Any]:
    """The caps of the definition, how it chooses, and which lines and units it chose."""
    taken = [chosen[index] for index in indices if index in chosen]
    told: dict[str, Any] = {
        **{name: value for name, value in wire.items() if name not in _NAMES},
        "effect": wire.get("effect") or "APPLY_TO_EVERY",
        "order_item_indices": [line.index for line in taken],
        "repeat": wire.get("repeat") or 1,
        "skip_initially": wire.get("skip_initially") or 0,
        "target": wire.get("target") or "ITEM",
    }
    if sum(item.quantity or 0 for item in order.items) <= _MOST_UNITS:
        told["order_item_units"] = [_units(line) for line in taken]
    return told


def _units(line: Line) -> dict[str, Any]:
    told: dict[str, Any] = {"index": line.index, "units": list(line.units)}
    return {**told, "units_limit_exceeded": True} if line.cut else told


def _concrete(item: Item) -> dict[str, Any]:
    product_source = (item.product and item.product.source_id) or None
    if _name(item)[0] == "sku":
        told = {
            "object": "sku",
            "id": item.sku_id or item.source_id,
            "source_id": (item.sku and item.sku.source_id) or item.source_id or item.sku_id,
            "product_id": item.product_id,
            "product_source_id": product_source,
        }
    else:
        told = {
            "object": "product",
            "id": item.product_id or item.source_id,
            "source_id": product_source or item.source_id or item.product_id,
        }
    return {**{name: value for name, value in told.items() if value is not None}, "strict": True}


def _name(item: Item) -> tuple[str, str]:
    """What kind of goods the line is of, and its first name."""
    sku = item.sku_id or (item.source_id if item.related_object == "sku" else None)
    if sku:
        return "sku", sku
    return "product", item.product_id or item.source_id or ""


def _names(item: Item) -> set[str]:
    record = item.sku if _name(item)[0] == "sku" else item.product
    names = {_name(item)[1], record and record.id, record and record.source_id, item.source_id}
    return {name for name in names if name}
