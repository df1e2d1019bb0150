"""Forgetting a customer for good: the profile, the orders, and everything that was recorded."""

from typing import Any

import msgspec

from guerdon.clock import iso
from guerdon.db.table import Order, Where
from guerdon.events.work import Work
from guerdon.families.customers import save
from guerdon.families.customers.store import CustomerRow
from guerdon.families.erasures import store
from guerdon.families.erasures.store import ERASURES, ErasureRow

SWEEP = "erasures.sweep"


class Subject(msgspec.Struct, frozen=True):
    """Who is to be forgotten; without a row if the profile was deleted before."""

    id: str
    row: CustomerRow | None


class Report(msgspec.Struct, kw_only=True):
    """How much was removed."""

    events: int
    customer_events: int
    daily_events: int = 0
    segments: int
    orders: int
    order_events: int
    customer: int


class Erasure(msgspec.Struct, kw_only=True):
    """Answer; the name of the object is misspelt as in the reference."""

    id: str
    created_at: str
    related_object_id: str
    related_object: str = "customer"
    status: str = "DONE"
    data_json: Report
    object: str = "pernament_deletion"


async def erase(work: Work, subject: Subject) -> Erasure:
    """Removes everything but the events that are still on their way; those go when they have arrived.

    Errors: not_found if the customer is deleted meanwhile, multiple_requests.
    """
    db, project_id = work.db, work.project.id
    await db.begin()
    about = await store.entities(db, project_id, subject.id)
    orders = await store.forget_orders(db, project_id, subject.id)
    segments = await store.count_segments(db, project_id, subject.id)
    if subject.row is not None:
        await save.delete(work, subject.row)
    await store.forget_publications(db, project_id, subject.id)
    types = await store.forget_events(db, project_id, subject.id, about)
    row = ErasureRow(work.new_id("del_"), subject.id, about, work.now)
    await ERASURES.insert(db, project_id, row)
    of_orders = sum(name.startswith("customer.order.") for name in types)
    of_customer = sum(name.startswith("customer.") for name in types) - of_orders
    return Erasure(
        id=row.id,
        created_at=iso(work.now),
        related_object_id=subject.id,
        data_json=Report(
            events=len(types) - of_orders - of_customer,
            customer_events=of_customer,
            segments=segments,
            orders=orders,
            order_events=of_orders,
            customer=int(subject.row is not None),
        ),
    )


async def sweep(work: Work, _payload: dict[str, Any]) -> None:
    """Removes what was still on its way, and is done with those of whom nothing is left."""
    db, project_id = work.db, work.project.id
    for row in await ERASURES.all(db, project_id, Where(), Order("created_at", descending=False)):
        await store.forget_events(db, project_id, row.customer_id, row.entities)
        if not await store.anything_left(db, project_id, row.customer_id, row.entities):
            await ERASURES.delete(db, project_id, row.id)


JOBS = {SWEEP: sweep}
