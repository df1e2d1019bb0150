"""Operations on orders."""

from typing import ClassVar

from guerdon.families.orders import save, store, views
from guerdon.families.orders.schemas import NewOrder, Order, OrderPatch, OrdersList
from guerdon.families.orders.store import ORDERS, OrderRow
from guerdon.http import crud
from guerdon.http.call import Call
from guerdon.http.paging import CreatedQuery, Filters
from guerdon.http.routing import Param, Route


class OrdersQuery(CreatedQuery, kw_only=True):
    """Unlike other lists, orders are listed oldest first."""

    default_order: ClassVar[str] = "created_at"

    filters: Filters = None


async def create_order(call: Call[NewOrder]) -> Order:
    return views.order(await save.upsert(call.work, call.body))


async def update_order(call: Call[OrderPatch], row: OrderRow) -> Order:
    return views.order(await save.update(call.work, row, call.body))


async def load(call: Call[object], name: str) -> OrderRow | None:
    """An order by id or source id."""
    return await store.find(call.db, call.project_id, name)


_ORDERS = crud.Resource(
    name="order", names="orders", table=ORDERS, view=views.order, listed=OrdersList, fields=store.FIELDS
)
_ONE = (Param("order", load),)
ROUTES = (
    Route("POST", "/v1/orders", create_order, body=NewOrder, answer=Order),
    Route("GET", "/v1/orders", crud.list_of(_ORDERS), query=OrdersQuery, answer=OrdersList),
    Route("GET", "/v1/orders/{orderId}", crud.one(_ORDERS), _ONE, answer=Order),
    Route("PUT", "/v1/orders/{orderId}", update_order, _ONE, OrderPatch, answer=Order),
)
