"""Collections of goods on the wire."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from guerdon.families.products.schemas import Sku

MOST_LISTED = 1_000
Name = Annotated[str, Meta(min_length=1, max_length=500)]
Filter = dict[str, Any]


class Member(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A product or variant that is listed, by id or source id; a variant also names its product."""

    id: Annotated[str, Meta(min_length=1)]
    object: Literal["product", "sku"]
    product_id: str | None = None


class NewListed(msgspec.Struct, tag_field="type", tag="STATIC", kw_only=True):
    """A collection of what is listed."""

    name: Name
    products: Annotated[list[Member], Meta(max_length=MOST_LISTED)] | None = None


class NewFiltered(msgspec.Struct, tag_field="type", tag="AUTO_UPDATE", kw_only=True):
    """A collection of what passes the filter at any moment."""

    name: Name
    filter: Filter | None = None


NewCollection = NewListed | NewFiltered


class CollectionPatch(msgspec.Struct, kw_only=True):
    """What can be changed; the filter only of a collection that has one."""

    name: Name | None = None
    filter: Filter | None = None


class Collection(msgspec.Struct, kw_only=True):
    """A collection, with its filter or with what is listed."""

    id: str
    name: str
    type: str
    filter: Filter | UnsetType = UNSET
    products: list[dict[str, Any]] | UnsetType = UNSET
    created_at: str
    updated_at: str | UnsetType = UNSET
    object: str = "products_collection"


class CollectionsList(msgspec.Struct):
    """A page of collections."""

    data: list[Collection]
    total: int
    object: str = "list"
    data_ref: str = "data"


class ParentProduct(msgspec.Struct, kw_only=True):
    """The product of a variant, inside the variant."""

    id: str
    source_id: str | None
    name: str | None
    price: int | None
    attributes: list[str]
    metadata: dict[str, Any]
    image_url: str | None
    object: str = "product"


class SkuWithProduct(Sku, kw_only=True):
    """A variant of a collection, with its product."""

    product: ParentProduct


class CollectionProducts(msgspec.Struct):
    """A page of the goods of a collection: products, and variants with their products."""

    data: list[Any]
    total: int
    object: str = "list"
    data_ref: str = "data"
