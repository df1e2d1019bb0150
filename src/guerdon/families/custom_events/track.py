"""Recording what a customer has done. What follows from it reacts to the event."""

import msgspec
from msgspec import UNSET

from guerdon.clock import iso
from guerdon.engine.metadata import problems
from guerdon.errors import not_found
from guerdon.events.work import Work
from guerdon.families.custom_events import store
from guerdon.families.custom_events.schemas import (
    CustomEvent,
    CustomEventEvent,
    EventCustomer,
    NewCustomEvent,
    SimpleEventSchema,
    Tracked,
)
from guerdon.families.custom_events.store import EVENT_SCHEMAS
from guerdon.families.customers import save, views as customer_views
from guerdon.families.customers.store import CustomerRow
from guerdon.families.metadata_schemas.check import validation_failed
from guerdon.jobs import queue

REFERRED = "referrals.by_event"  # what follows from an event that names a referral code


async def track(work: Work, new: NewCustomEvent) -> Tracked:
    """Makes or changes the customer and records the event.

    Errors: not_found for an event that is not defined or an id of nobody, metadata_validation_failed, and those of
    saving customers.
    """
    defined = await EVENT_SCHEMAS.get(work.db, work.project.id, name=new.event)
    if defined is None:
        raise not_found("custom_event_schema", new.event)
    problem = problems(new.metadata or {}, defined.schema, {}, created=True)
    if problem:
        raise validation_failed(problem)
    await work.db.begin()
    customer = await save.upsert(work, new.customer)
    tracked = Tracked(
        type=new.event,
        customer=_customer(customer),
        referral=new.referral,
        loyalty=new.loyalty,
        metadata=new.metadata or {},
    )
    told = CustomEventEvent(
        event=_with_id(work, tracked),
        event_schema=SimpleEventSchema(defined.id, defined.name),
        customer=customer_views.simple(customer),
    )
    event = work.event("customer.custom_event", customer.id, told)
    if not await store.count(work, customer.id, new.event, event):
        raise not_found("customer", customer.id)
    if new.referral is not None:
        await queue.enqueue(work, REFERRED, {"code": new.referral.code, "event": msgspec.to_builtins(told.event)})
    return tracked


def _with_id(work: Work, tracked: Tracked) -> CustomEvent:
    return CustomEvent(
        id=work.new_id("event_"),
        type=tracked.type,
        customer=tracked.customer,
        referral=tracked.referral,
        loyalty=tracked.loyalty,
        metadata=tracked.metadata,
        created_at=iso(work.now),
    )


def _customer(row: CustomerRow) -> EventCustomer:
    return EventCustomer(
        id=row.id,
        source_id=UNSET if row.source_id is None else row.source_id,
        name=UNSET if row.name is None else row.name,
        email=UNSET if row.email is None else row.email,
        metadata=row.metadata,
    )
