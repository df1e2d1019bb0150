"""Products and their variants on the wire."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from guerdon.engine.money import Amount
from guerdon.http.wire import Text

Metadata = dict[str, Any]
SourceId = Annotated[str, Meta(max_length=1_000)]
Attribute = Annotated[str, Meta(min_length=1, max_length=1_000)]
Attributes = Annotated[list[Attribute], Meta(max_length=1_000)]


class ProductPatch(msgspec.Struct, kw_only=True):
    """What can be said of a product: what is not sent stays, and null clears."""

    name: Text | UnsetType | None = UNSET
    price: Amount | UnsetType | None = UNSET
    attributes: Attributes | UnsetType | None = UNSET
    metadata: Metadata | UnsetType | None = UNSET
    image_url: Text | UnsetType | None = UNSET


class NewProduct(ProductPatch, kw_only=True):
    """A product in a request: one that exists, by id or source id, or one to be made."""

    id: str | None = None
    source_id: SourceId | None = None


class ProductUpdate(ProductPatch, kw_only=True):
    """One row of a bulk update."""

    source_id: Annotated[str, Meta(min_length=1, max_length=1_000)]


class ProductsMetadata(msgspec.Struct):
    """The same metadata for many products."""

    source_ids: Annotated[list[Annotated[str, Meta(min_length=1, max_length=1_000)]], Meta(min_length=1)]
    metadata: Metadata


class SkuPatch(msgspec.Struct, kw_only=True):
    """What can be said of a variant: what is not sent stays, and null clears."""

    sku: Text | UnsetType | None = UNSET
    price: Amount | UnsetType | None = UNSET
    currency: Text | UnsetType | None = UNSET
    attributes: dict[str, Any] | UnsetType | None = UNSET
    image_url: Text | UnsetType | None = UNSET
    metadata: Metadata | UnsetType | None = UNSET


class NewSku(SkuPatch, kw_only=True):
    """A variant in a request: one that exists, by id or source id, or one to be made."""

    id: str | None = None
    source_id: SourceId | None = None


class Sku(msgspec.Struct, kw_only=True):
    """A variant; `attributes` holds a value for some of the attributes that its product names."""

    id: str
    source_id: str | None
    product_id: str
    sku: str | None
    price: int | None
    currency: str | None
    attributes: dict[str, Any]
    image_url: str | None
    metadata: Metadata
    created_at: str
    updated_at: str | None
    object: str = "sku"


class SkusOfProduct(msgspec.Struct):
    """All variants of a product, inside the product."""

    data: list[Sku]
    total: int
    object: str = "list"
    data_ref: str = "data"


class Product(msgspec.Struct, kw_only=True):
    """A product, with its variants where it is read."""

    id: str
    source_id: str | None
    name: str | None
    price: int | None
    attributes: list[str]
    metadata: Metadata
    image_url: str | None
    created_at: str
    updated_at: str | None
    object: str = "product"
    skus: SkusOfProduct | UnsetType = UNSET


class ProductsList(msgspec.Struct):
    """A page of products."""

    products: list[Product]
    total: int
    object: str = "list"
    data_ref: str = "products"


class SkusList(msgspec.Struct):
    """A page of one product's variants."""

    skus: list[Sku]
    total: int
    object: str = "list"
    data_ref: str = "skus"
