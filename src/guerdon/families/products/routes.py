"""Operations on products and their variants."""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from guerdon.clock import Moment
from guerdon.db.table import Where
from guerdon.families.async_actions import store as async_actions
from guerdon.families.async_actions.routes import Accepted
from guerdon.families.products import delete, import_csv, jobs, save, store, views
from guerdon.families.products.schemas import (
    NewProduct,
    NewSku,
    Product,
    ProductPatch,
    ProductsList,
    ProductsMetadata,
    ProductUpdate,
    Sku,
    SkuPatch,
    SkusList,
)
from guerdon.families.products.store import PRODUCTS, SKUS, ProductRow, SkuRow
from guerdon.http import crud, csv_rows, filters
from guerdon.http.call import Call
from guerdon.http.paging import CreatedQuery, Filters
from guerdon.http.routing import Param, Route, Upload, Uploaded


class CatalogueQuery(CreatedQuery, kw_only=True):
    """What a list of products or variants can be narrowed to: when they were made, both ends included."""

    filters: Filters = None
    start_date: Moment | None = None
    end_date: Moment | None = None

    def where(self) -> Where:
        return super().where().add("created_at >= {}", self.start_date).add("created_at <= {}", self.end_date)


class ProductQuery(msgspec.Struct):
    """`hide=sku` leaves the variants out."""

    hide: str | None = None


class DeleteQuery(msgspec.Struct):
    """`force` destroys for good instead of moving to the bin."""

    force: bool = False


async def create_product(call: Call[NewProduct]) -> Product:
    return views.product(await save.upsert_product(call.work, call.body))


async def list_products(call: Call[None]) -> ProductsList:
    query: CatalogueQuery = call.query
    where = await filters.narrow(call, PRODUCTS, store.PRODUCT_FIELDS, query.where())
    rows, total = await PRODUCTS.page(
        call.db, call.project_id, where, query.sorting, limit=query.limit, offset=query.offset
    )
    skus = await store.skus_of(call.db, call.project_id, [row.id for row in rows])
    return ProductsList([views.product(row, skus[row.id]) for row in rows], total)


async def get_product(call: Call[None], row: ProductRow) -> Product:
    query: ProductQuery = call.query
    if query.hide == "sku":
        return views.product(row)
    skus = await store.skus_of(call.db, call.project_id, [row.id])
    return views.product(row, skus[row.id])


async def update_product(call: Call[ProductPatch], row: ProductRow) -> Product:
    return views.product(await save.update_product(call.work, row, call.body))


async def delete_product(call: Call[None], row: ProductRow) -> None:
    await delete.product(call.work, row, force=call.query.force)


async def delete_sku(call: Call[None], _product: ProductRow, row: SkuRow) -> None:
    await delete.sku(call.work, row, force=call.query.force)


async def create_sku(call: Call[NewSku], product: ProductRow) -> Sku:
    return views.sku(await save.upsert_sku(call.work, product, call.body))


async def update_sku(call: Call[SkuPatch], _product: ProductRow, row: SkuRow) -> Sku:
    return views.sku(await save.update_sku(call.work, row, call.body))


async def update_in_bulk(call: Call[list[ProductUpdate]]) -> Accepted:
    return await _accept(call, "PRODUCTS.BULK_UPDATE", jobs.UPDATE, [msgspec.to_builtins(row) for row in call.body])


async def update_metadata_in_bulk(call: Call[ProductsMetadata]) -> Accepted:
    rows = [{"source_id": source_id, "metadata": call.body.metadata} for source_id in call.body.source_ids]
    return await _accept(call, "PRODUCTS.METADATA_UPDATE", jobs.UPDATE, rows)


async def import_products(call: Call[Uploaded]) -> Accepted:
    return await _accept(call, "PRODUCTS.IMPORT_CSV", jobs.IMPORT, _cells(call))


async def import_skus(call: Call[Uploaded]) -> Accepted:
    return await _accept(call, "SKUS.IMPORT_CSV", jobs.IMPORT_SKUS, _cells(call))


def _cells(call: Call[Uploaded]) -> list[dict[str, str]]:
    """The rows of the file, each with its `source_id` under that name, by which its failure is told."""
    rows = csv_rows.read(call.body.content)
    return [{**cells, "source_id": import_csv.named(cells, "source_id")} for cells in rows]


async def _accept(call: Call[Any], action_type: str, job: str, rows: Sequence[Any]) -> Accepted:
    return Accepted(await async_actions.begin(call.work, action_type, job, rows, {}))


async def load_product(call: Call[object], name: str) -> ProductRow | None:
    """A product by id or source id."""
    return await store.find_product(call.db, call.project_id, name, call.work.now)


async def load_sku(call: Call[object], name: str) -> SkuRow | None:
    """A variant by id or source id."""
    return await store.find_sku(call.db, call.project_id, name)


async def load_sku_of(call: Call[object], name: str, product: ProductRow) -> SkuRow | None:
    """A variant of this product by id or source id."""
    row = await store.find_sku(call.db, call.project_id, name)
    return row if row and row.product_id == product.id else None


_SKUS = crud.Resource(
    name="sku", names="skus", table=SKUS, view=views.sku, listed=SkusList, within="product_id", fields=store.SKU_FIELDS
)
_PRODUCT = (Param("product", load_product),)
_SKU = (*_PRODUCT, Param("sku", load_sku_of))
_BULK = Annotated[list[ProductUpdate], Meta(min_length=1)]
ROUTES = (
    Route("POST", "/v1/products", create_product, body=NewProduct, answer=Product),
    Route("GET", "/v1/products", list_products, query=CatalogueQuery, answer=ProductsList),
    Route("GET", "/v1/products/{productId}", get_product, _PRODUCT, query=ProductQuery, answer=Product),
    Route("PUT", "/v1/products/{productId}", update_product, _PRODUCT, ProductPatch, answer=Product),
    Route("DELETE", "/v1/products/{productId}", delete_product, _PRODUCT, query=DeleteQuery),
    Route("POST", "/v1/products/{productId}/skus", create_sku, _PRODUCT, NewSku, answer=Sku),
    Route("GET", "/v1/products/{productId}/skus", crud.list_of(_SKUS), _PRODUCT, query=CatalogueQuery, answer=SkusList),
    Route("PUT", "/v1/products/{productId}/skus/{skuId}", update_sku, _SKU, SkuPatch, answer=Sku),
    Route("DELETE", "/v1/products/{productId}/skus/{skuId}", delete_sku, _SKU, query=DeleteQuery),
    Route("POST", "/v1/products/bulk/async", update_in_bulk, body=_BULK, answer=Accepted, status=202),
    Route(
        "POST",
        "/v1/products/metadata/async",
        update_metadata_in_bulk,
        body=ProductsMetadata,
        answer=Accepted,
        status=202,
    ),
    Route("POST", "/v1/products/importCSV", import_products, body=Upload, answer=Accepted),
    Route("POST", "/v1/skus/importCSV", import_skus, body=Upload, answer=Accepted),
    Route("GET", "/v1/skus/{skuId}", crud.one(_SKUS), (Param("sku", load_sku),), answer=Sku),
)
