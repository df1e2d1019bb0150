"""Operations on customers."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from guerdon.clock import Moment
from guerdon.db.table import Where
from guerdon.families.async_actions import store as async_actions
from guerdon.families.async_actions.routes import Accepted
from guerdon.families.customers import import_csv, save, store, views
from guerdon.families.customers.jobs import BULK_UPDATE
from guerdon.families.customers.schemas import (
    BulkUpdate,
    Customer,
    CustomerPatch,
    CustomersList,
    MetadataUpdate,
    NewCustomer,
)
from guerdon.families.customers.store import CustomerRow
from guerdon.http import crud
from guerdon.http.call import Call
from guerdon.http.paging import CreatedQuery
from guerdon.http.routing import Param, Route, Upload, Uploaded


class CustomersQuery(CreatedQuery, kw_only=True):
    """What a list of customers can be narrowed to."""

    sortable = ("created_at", "updated_at", "source_id")

    email: str | None = None
    city: str | None = None
    name: str | None = None
    starting_after: Moment | None = None

    def where(self) -> Where:
        return (
            super()
            .where()
            .equal(email=self.email, name=self.name)
            .add("address->>'city' = {}", self.city)
            .add("created_at < {}", self.starting_after)
        )


async def create_customer(call: Call[NewCustomer]) -> Customer:
    return views.customer(await save.upsert(call.work, call.body))


async def update_customer(call: Call[CustomerPatch], row: CustomerRow) -> Customer:
    return await save.update(call.work, row, call.body)


async def delete_customer(call: Call[None], row: CustomerRow) -> None:
    await save.delete(call.work, row)


async def update_in_bulk(call: Call[list[BulkUpdate]]) -> Accepted:
    rows = [msgspec.to_builtins(row, enc_hook=str) for row in call.body]  # dates as text
    return await _accept(call, "CUSTOMERS.BULK_UPDATE", rows, {"overwrite": False})


async def update_metadata_in_bulk(call: Call[MetadataUpdate]) -> Accepted:
    rows = [{"source_id": source_id, "metadata": call.body.metadata} for source_id in call.body.source_ids]
    return await _accept(call, "CUSTOMERS.METADATA_UPDATE", rows, {"overwrite": False})


async def import_from_csv(call: Call[Uploaded]) -> Accepted:
    parsed = import_csv.parse(call.body.content)
    return await _accept(call, "CUSTOMERS.IMPORT_CSV", parsed.rows, {"overwrite": True, "failed": parsed.failed})


async def _accept(call: Call[Any], action_type: str, rows: list[dict[str, Any]], payload: dict[str, Any]) -> Accepted:
    return Accepted(await async_actions.begin(call.work, action_type, BULK_UPDATE, rows, payload))


async def load(call: Call[object], name: str) -> CustomerRow | None:
    """A customer by id or source id."""
    return await store.find(call.db, call.project_id, name)


_CUSTOMERS = crud.Resource(
    name="customer", names="customers", table=store.CUSTOMERS, view=views.customer, listed=CustomersList
)
_ONE = (Param("customer", load),)
_BULK = Annotated[list[BulkUpdate], Meta(min_length=1)]
ROUTES = (
    Route("POST", "/v1/customers", create_customer, body=NewCustomer, answer=Customer),
    Route("GET", "/v1/customers/{customerId}", crud.one(_CUSTOMERS), _ONE, answer=Customer),
    Route("PUT", "/v1/customers/{customerId}", update_customer, _ONE, CustomerPatch, answer=Customer),
    Route("DELETE", "/v1/customers/{customerId}", delete_customer, _ONE),
    Route("POST", "/v1/customers/bulk/async", update_in_bulk, body=_BULK, answer=Accepted, status=202),
    Route(
        "POST",
        "/v1/customers/metadata/async",
        update_metadata_in_bulk,
        body=MetadataUpdate,
        answer=Accepted,
        status=202,
    ),
    Route("POST", "/v1/customers/importCSV", import_from_csv, body=Upload, answer=Accepted, status=202),
)
