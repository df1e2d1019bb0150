"""Storing an order as it has come to be, with the customer's sums and the events of what has changed."""

import msgspec

from guerdon.events.work import Work
from guerdon.families.customers import store as customers, views as customer_views
from guerdon.families.customers.store import CUSTOMERS, LastOrder, OrdersChange
from guerdon.families.orders import store, views
from guerdon.families.orders.people import People
from guerdon.families.orders.schemas import OrderEvent, Status
from guerdon.families.orders.store import ORDERS, OrderRow

_TOLD: dict[Status, str] = {
    "PAID": "customer.order.paid",
    "CANCELED": "customer.order.canceled",
    "FULFILLED": "customer.order.fulfilled",
}


class Draft(msgspec.Struct, frozen=True):
    """An order as it is to become. `before` is the row as it was, locked, or None for a new order."""

    before: OrderRow | None
    after: OrderRow
    whose: People


async def write(work: Work, draft: Draft, *, redemption: object = None, quiet: bool = False) -> OrderRow:
    """The order as it now stands. Nothing is written and told if nothing changes.

    `redemption` is what the events show as the one that the order was paid with. An order that is made in another
    status than CREATED is made and then changed, which shows in `updated_at`. Of a quiet one nobody is told.
    """
    final = await save(work, draft, redemption=redemption, quiet=quiet)
    await count(work, draft.before, final)
    return final


async def save(work: Work, draft: Draft, *, redemption: object = None, quiet: bool = False) -> OrderRow:
    """The same without the sums, which the caller brings up to date with its own."""
    before, after, whose = draft.before, draft.after, draft.whose
    if before is not None and after == before:
        return before
    moved = after.status != (before.status if before else "CREATED")
    final = msgspec.structs.replace(after, updated_at=work.now) if before or moved else after
    (ORDERS.update_later if before else ORDERS.insert_later)(work.db, work.project.id, final)
    if quiet:
        return final
    if before:
        _tell(work, "customer.order.updated", final, whose, redemption)
    else:
        _tell(work, "customer.order.created", after, whose, redemption)
    if moved and final.status in _TOLD:
        _tell(work, _TOLD[final.status], final, whose, redemption)
    return final


def _tell(work: Work, event_type: str, row: OrderRow, whose: People, redemption: object) -> None:
    """Records an event of the customer; an order of nobody has none."""
    customer, referrer = whose.customer.row, whose.referrer.row
    if customer is not None:
        event = OrderEvent(
            customer=customer_views.simple(customer),
            referrer=customer_views.simple(referrer) if referrer else None,
            order=views.calculated(row),
            redemption=redemption,
        )
        work.record(event_type, customer.id, event)


async def count(work: Work, before: OrderRow | None, after: OrderRow) -> None:
    """Brings the sums up to date: of the customer who has the order now, and of the one who had it."""
    old, new = spending(before), spending(after)
    if old == new:
        return
    if old is None and new is not None:
        customers.add_order(work.db, work.project.id, new.customer_id, new.amount, after.created_at)
        return
    changes = [(spending, sign) for spending, sign in ((old, -1), (new, 1)) if spending]
    for customer_id in sorted({spending.customer_id for spending, _ in changes}):
        mine = [(sign * spending.amount, sign) for spending, sign in changes if spending.customer_id == customer_id]
        amounts, counts = zip(*mine, strict=True)
        await _recount(work, customer_id, OrdersChange(sum(amounts), sum(counts)))


async def _recount(work: Work, customer_id: str, change: OrdersChange) -> None:
    """Changes a customer's sums, and finds the last order again, under the customer's lock."""
    db, project_id = work.db, work.project.id
    if await CUSTOMERS.lock(db, project_id, customer_id):
        last = await store.last_spent(db, project_id, customer_id)
        await customers.change_orders(
            db, project_id, customer_id, change, LastOrder(last.spent or 0, last.created_at) if last else LastOrder()
        )


class Spending(msgspec.Struct, frozen=True):
    """What an order means for its customer's sums."""

    customer_id: str
    amount: int


def spending(row: OrderRow | None) -> Spending | None:
    """None while it does not count, or is nobody's."""
    if row is None or row.customer_id is None or row.spent is None:
        return None
    return Spending(row.customer_id, row.spent)
