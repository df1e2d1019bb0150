"""Operations on orders."""

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from guerdon.errors import invalid_payload
from guerdon.families.async_actions import store as async_actions
from guerdon.families.async_actions.routes import Accepted
from guerdon.families.orders import jobs, save, store, views
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
    return views.order(await save.upsert(call.work, call.body, certain=call.attempt > 1))


async def update_order(call: Call[OrderPatch], row: OrderRow) -> Order:
    return views.order(await save.update(call.work, row, call.body))


async def import_orders(call: Call[list[NewOrder]]) -> Accepted:
    """Orders there have been: nothing is earned by them, and nobody is told of them. Errors: invalid_payload."""
    for order in call.body:
        for place, item in enumerate(order.items or ()):
            if item.initial_quantity is not None and int(item.initial_quantity) < 1:
                raise invalid_payload(f"Property .items[{place}].initial_quantity cannot be lower than 1")
    rows = [msgspec.to_builtins(order, enc_hook=str) for order in call.body]  # dates as text
    return Accepted(await async_actions.begin(call.work, "ORDERS.IMPORT", jobs.IMPORT, rows, {}))


async def load(call: Call[object], name: str) -> OrderRow | None:
    """An order by id or source id."""
    return await store.find(call.db, call.project_id, name)


_ORDERS = crud.Resource(
    name="order", names="orders", table=ORDERS, view=views.order, listed=OrdersList, fields=store.FIELDS
)
_ONE = (Param("order", load),)
_IMPORT = Annotated[list[NewOrder], Meta(min_length=1, max_length=2_000)]
ROUTES = (
    Route("POST", "/v1/orders", create_order, body=NewOrder, answer=Order),
    Route("GET", "/v1/orders", crud.list_of(_ORDERS), query=OrdersQuery, answer=OrdersList),
    Route("POST", "/v1/orders/import", import_orders, body=_IMPORT, answer=Accepted),
    Route("GET", "/v1/orders/{orderId}", crud.one(_ORDERS), _ONE, answer=Order),
    Route("PUT", "/v1/orders/{orderId}", update_order, _ONE, OrderPatch, answer=Order),
)
