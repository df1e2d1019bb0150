"""What goods the lines of an order are of, and which entry of a rule means them. Pure."""

from collections.abc import Callable, Mapping
from typing import Any, Literal, cast

import msgspec

from guerdon.engine.moment import Moment
from guerdon.engine.order import Item

Record = Mapping[str, Any]
Kind = Literal["product", "sku", "products_collection"]
# The collection of everything, and the product that stands for the shipping costs; both exist in every project.
ALL_PRODUCTS = "pc_a11pr0dUc75"
FREE_SHIPPING = "prod_5h1pp1ng"


class Named(msgspec.Struct, frozen=True):
    """An entry that names goods, by an id or a source id."""

    object: str
    id: str


class Collection(msgspec.Struct, frozen=True):
    """Goods that belong together: listed by id, or those whose record passes the filter, or all."""

    id: str
    products: frozenset[str] = frozenset()
    skus: frozenset[str] = frozenset()
    filter: Callable[[Record, Moment], bool] | None = None
    everything: bool = False


class Catalogue(msgspec.Struct, frozen=True):
    """What is known of the goods of an order: their records by id, with `metadata`, and the collections by id."""

    products: Mapping[str, Record] = {}
    skus: Mapping[str, Record] = {}
    collections: Mapping[str, Collection] = {}


EMPTY = Catalogue()


def product_names(item: Item) -> set[str]:
    """Every id and source id by which the line's product goes."""
    names = {item.product_id}
    if item.product is not None:
        names |= {item.product.id, item.product.source_id}
    if item.related_object != "sku":
        names.add(item.source_id)
    return _known(names)


def sku_names(item: Item) -> set[str]:
    """Every id and source id by which the line's variant goes; none for a line that is of a product alone."""
    names = {item.sku_id}
    if item.sku is not None:
        names |= {item.sku.id, item.sku.source_id}
    if item.related_object == "sku":
        names.add(item.source_id)
    return _known(names)


def product_record(item: Item, catalogue: Catalogue) -> dict[str, Any]:
    """The product of the line as the catalogue knows it, with what the request says laid over it."""
    known = catalogue.products.get(item.product_id or "", {})
    return _over(known, item.product, {"id": item.product_id, "source_id": None if item.sku_id else item.source_id})


def sku_record(item: Item, catalogue: Catalogue) -> dict[str, Any]:
    """The same for the line's variant."""
    known = catalogue.skus.get(item.sku_id or "", {})
    own = {"id": item.sku_id, "product_id": item.product_id}
    return _over(known, item.sku, own)


def metadata(item: Item, catalogue: Catalogue) -> Record:
    """What rules may ask of the line's goods: the product's metadata, then the variant's, which win."""
    return {
        **(product_record(item, catalogue).get("metadata") or {}),
        **(sku_record(item, catalogue).get("metadata") or {}),
    }


def is_of(item: Item, named: Named, catalogue: Catalogue, moment: Moment) -> bool:
    """Whether the entry means the line's goods. A product means all its variants; an unknown collection nothing."""
    if named.object == "product":
        return named.id in product_names(item)
    if named.object == "sku":
        return named.id in sku_names(item)
    if named.id == ALL_PRODUCTS:
        return True
    collection = catalogue.collections.get(named.id)
    return collection is not None and is_member(item, collection, catalogue, moment)


def is_member(item: Item, collection: Collection, catalogue: Catalogue, moment: Moment) -> bool:
    """Whether the line's product or its variant belongs to the collection."""
    if collection.everything:
        return True
    if collection.filter is None:
        return not (collection.products.isdisjoint(product_names(item)) and collection.skus.isdisjoint(sku_names(item)))
    if collection.filter(product_record(item, catalogue), moment):
        return True
    return bool(sku_names(item)) and collection.filter(sku_record(item, catalogue), moment)


def _known(names: set[str | None]) -> set[str]:
    """The names that are any; asked for every line of every rule, so it goes without a loop."""
    names.discard(None)
    names.discard("")
    return cast("set[str]", names)


def _over(known: Record, sent: msgspec.Struct | None, own: Record) -> dict[str, Any]:
    said = {name: value for name, value in msgspec.structs.asdict(sent).items() if value is not None} if sent else {}
    mine = {name: value for name, value in own.items() if value is not None}
    return {**mine, **known, **said, "metadata": {**(known.get("metadata") or {}), **(said.get("metadata") or {})}}
