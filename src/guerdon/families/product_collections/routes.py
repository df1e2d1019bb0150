"""Operations on collections of goods, but for deleting them, which depends on the rules that name them."""

from guerdon.clock import Moment as MomentOfRequest
from guerdon.engine.moment import Moment
from guerdon.families.product_collections import goods, save, store, views
from guerdon.families.product_collections.schemas import (
    Collection,
    CollectionPatch,
    CollectionProducts,
    CollectionsList,
    NewCollection,
)
from guerdon.families.product_collections.store import COLLECTIONS, CollectionRow
from guerdon.families.products import views as products
from guerdon.families.products.store import ProductRow
from guerdon.http import crud
from guerdon.http.call import Call
from guerdon.http.paging import CreatedQuery, PageQuery
from guerdon.http.routing import Param, Route


class CollectionsQuery(CreatedQuery, kw_only=True):
    """What a list of collections can be narrowed to."""


class GoodsQuery(PageQuery, kw_only=True):
    """`starting_after` narrows to what was made before."""

    starting_after: MomentOfRequest | None = None


async def create_collection(call: Call[NewCollection]) -> Collection:
    return views.collection(await save.create(call.work, call.body))


async def update_collection(call: Call[CollectionPatch], row: CollectionRow) -> Collection:
    return views.collection(await save.update(call.work, row, call.body))


async def list_goods(call: Call[None], row: CollectionRow) -> CollectionProducts:
    query: GoodsQuery = call.query
    moment = Moment(call.work.now, call.work.project.timezone)
    every = await goods.of(call.db, call.project_id, row, moment, query.sorting)
    if query.starting_after is not None:
        every = [good for good in every if good.created_at < query.starting_after]
    found = every[query.offset : query.offset + query.limit]
    parents = {good.product_id for good in found if not isinstance(good, ProductRow)}
    known = {product.id: product for product in await store.products_by_ids(call.db, call.project_id, parents)}
    shown = [
        products.product(good) if isinstance(good, ProductRow) else views.sku(good, known[good.product_id])
        for good in found
        if isinstance(good, ProductRow) or good.product_id in known
    ]
    return CollectionProducts(shown, len(every))


async def load(call: Call[object], collection_id: str) -> CollectionRow | None:
    return await store.find(call.db, call.project_id, collection_id)


_COLLECTIONS = crud.Resource(
    name="products_collection",
    names="products_collections",
    table=COLLECTIONS,
    view=views.collection,
    listed=CollectionsList,
)
ONE = (Param("products_collection", load),)
_PATH = "/v1/product-collections/{productCollectionId}"
ROUTES = (
    Route("POST", "/v1/product-collections", create_collection, body=NewCollection, answer=Collection),
    Route(
        "GET",
        "/v1/product-collections",
        crud.list_of(_COLLECTIONS),
        query=CollectionsQuery,
        answer=CollectionsList,
    ),
    Route("GET", _PATH, crud.one(_COLLECTIONS), ONE, answer=Collection),
    Route("PUT", _PATH, update_collection, ONE, CollectionPatch, answer=Collection),
    Route("GET", f"{_PATH}/products", list_goods, ONE, query=GoodsQuery, answer=CollectionProducts),
)
