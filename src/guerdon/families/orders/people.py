"""Whose order it is, and who referred them."""

import msgspec
from msgspec import UNSET, UnsetType

from guerdon.errors import not_found
from guerdon.events.work import Work
from guerdon.families.customers import save, store
from guerdon.families.customers.schemas import NewCustomer
from guerdon.families.customers.store import CUSTOMERS, CustomerRow
from guerdon.families.orders.schemas import OrderPatch
from guerdon.families.orders.store import OrderRow


class Person(msgspec.Struct, frozen=True):
    """Somebody by id; without a row if they have been deleted, and without an id if there is nobody."""

    id: str | None = None
    row: CustomerRow | None = None


class People(msgspec.Struct, frozen=True):
    """The customer and the referrer of an order."""

    customer: Person = Person()
    referrer: Person = Person()


async def settle(work: Work, before: OrderRow | None, patch: OrderPatch, *, quiet: bool = False) -> People:
    """The people that the request means, made or changed; those it does not speak of stay as they are.

    Both in the order of their names, so that two orders with the roles exchanged cannot block each other.
    `quiet` is that of saving customers.
    Errors: not_found for an id of nobody.
    """
    asked = [
        _Asked("customer", patch.customer, patch.customer_id, before.customer_id if before else None),
        _Asked("referrer", patch.referrer, patch.referrer_id, before.referrer_id if before else None),
    ]
    return People(**{one.role: await _settle(work, one, quiet=quiet) for one in sorted(asked, key=_name)})


class _Asked(msgspec.Struct, frozen=True):
    role: str
    new: NewCustomer | None
    named: str | UnsetType | None
    before: str | None


def _name(asked: _Asked) -> str:
    return (asked.new and (asked.new.source_id or asked.new.id)) or ""


async def _settle(work: Work, asked: _Asked, *, quiet: bool) -> Person:
    if asked.new and asked.new != NewCustomer():
        return _person(await save.upsert(work, asked.new, quiet=quiet))
    if asked.named is UNSET:
        row = await CUSTOMERS.get(work.db, work.project.id, id=asked.before) if asked.before else None
        return Person(asked.before, row)
    if not asked.named:
        return Person()
    row = await store.find(work.db, work.project.id, asked.named)
    if row is None:
        raise not_found("customer", asked.named)
    return _person(row)


def _person(row: CustomerRow) -> Person:
    return Person(row.id, row)
