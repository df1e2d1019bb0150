"""Creating and changing orders, by their own operations and as part of others.

Everything is one transaction: the order, its people, the catalogue's news, the customer's sums and the events.
"""

import msgspec
from msgspec import UNSET

from guerdon.engine import order as engine
from guerdon.engine.money import GREATEST
from guerdon.engine.order import Item, Order
from guerdon.errors import duplicate_found, invalid_payload, not_found
from guerdon.events.work import Work
from guerdon.families.customers.save import changes_nothing
from guerdon.families.customers.schemas import NewCustomer
from guerdon.families.customers.store import CustomerRow
from guerdon.families.metadata_schemas.check import Sent, require
from guerdon.families.orders import lines, people, store
from guerdon.families.orders.gathered.store import Asked, gather
from guerdon.families.orders.people import People, Person
from guerdon.families.orders.schemas import NewOrder, OrderPatch
from guerdon.families.orders.store import ORDERS, OrderRow
from guerdon.families.orders.write import Draft, write
from guerdon.families.products.store import SHIPPING, Catalogue


async def upsert(work: Work, new: NewOrder, *, quiet: bool = False, certain: bool = True) -> OrderRow:
    """The order that the request means, made or changed as it says. Errors: those of `draft`.

    Nobody is told of a quiet change, and of customers that it makes only their logs. One who is not certain reads and
    writes in one round trip each where that will do, and may lose a race for the source id: UniqueViolationError.
    """
    made = None if certain else await _at_once(work, new)
    return await write(work, made or await draft(work, new, quiet=quiet), quiet=quiet)


async def update(work: Work, row: OrderRow, patch: OrderPatch) -> OrderRow:
    """Errors: those of `draft`."""
    await work.db.begin()
    held = await ORDERS.lock(work.db, work.project.id, row.id)
    if held is None:
        raise not_found("order", row.id)
    return await write(work, await _draft(work, held, patch))


async def draft(work: Work, new: NewOrder, *, quiet: bool = False) -> Draft:
    """The order that the request means, ready to be written: for a workflow that changes it before it is.

    Its people and what the catalogue learns are saved already, and the order is locked if it exists. Errors: not_found
    for an id of no order, customer or referrer; duplicate_found; invalid_payload; metadata_validation_failed; those
    of saving customers, products and variants.
    """
    await work.db.begin()
    held = await _hold(work, new)
    if held is None and new.source_id:
        await store.take_source_id(work.db, work.project.id, new.source_id)
        held = await _hold(work, new)
    return await _draft(work, held, new, quiet=quiet)


def fresh(work: Work, new: NewOrder, after: OrderRow, customer: CustomerRow | None) -> Draft | None:
    """The same for an order that is not there yet and needs nothing but itself to be written: `after` is its preview.

    None where more has to be done. Somebody else's order with the same source id shows when it is written.
    """
    if not _says_no_more(work, new):
        return None
    if new.customer_id is not UNSET and not (customer and new.customer_id == customer.id):
        return None
    whose = People(Person(customer.id, customer) if customer else Person())
    return Draft(None, msgspec.structs.replace(after, customer_id=whose.customer.id), whose)


def _says_no_more(work: Work, new: NewOrder) -> bool:
    """Whether a request speaks of nothing that must be looked into further, or changed, before its order is."""
    learns = any((i.product and i.product.override) or (i.sku and i.sku.override) for i in new.items or ())
    return not (learns or new.referrer or new.referrer_id is not UNSET or work.project.metadata_schemas)


async def _at_once(work: Work, new: NewOrder) -> Draft | None:
    """A new order of a customer who is known, and of whom the request says nothing new; None for all others."""
    if new.id or not _says_no_more(work, new):
        return None
    asked = new.customer or NewCustomer()
    products = {item.product_name for item in new.items or () if item.product_name}
    if products & SHIPPING:  # which may have to be made
        return None
    names = Asked(
        products=list(products),
        skus=list({item.sku_name for item in new.items or () if item.sku_name}),
        customer_id=(new.customer_id if asked == NewCustomer() else asked.id) or None,
        customer_source_id=asked.source_id or None,
        source_id=new.source_id or None,
    )
    found = await gather(work.db, work.project.id, names, work.runtime.definitions)
    known = asked == NewCustomer() or (found.customer is not None and changes_nothing(found.customer, asked))
    if found.order is not None or not known:
        return None
    catalogue = Catalogue({}, {})
    catalogue.add_products(found.products)
    catalogue.add_skus(found.skus)
    return fresh(work, new, preview(work, None, new, catalogue), found.customer)


async def find(work: Work, new: NewOrder) -> OrderRow | None:
    """The stored order that a request means: the id wins over the source id. Errors: not_found for an id."""
    if new.id:
        row = await ORDERS.get(work.db, work.project.id, id=new.id)
        if row is None:
            raise not_found("order", new.id)
        return row
    return await ORDERS.get(work.db, work.project.id, source_id=new.source_id) if new.source_id else None


async def take_turns(work: Work, new: NewOrder) -> None:
    """Waits until nobody else has the turn of the order that a request means: before anything is locked.

    Errors: not_found for an id.
    """
    row = await find(work, new)
    name = new.source_id if row is None else row.source_id or row.id
    if name:
        await store.take_turns(work.db, work.project.id, name)


def preview(work: Work, before: OrderRow | None, new: NewOrder, known: Catalogue) -> OrderRow:
    """What the request would make of the order, but for its people; nothing is written. Errors: invalid_payload."""
    row = before or OrderRow(id=work.new_id("ord_"), source_id=new.source_id or None, created_at=work.now)
    return msgspec.structs.replace(
        store.with_order(row, _revised(work, row.order, new, known)),
        status=new.status or row.status,
        metadata={**row.metadata, **(new.metadata or {})},
    )


async def _hold(work: Work, new: NewOrder) -> OrderRow | None:
    """The existing order that a request means, locked: the id wins over the source id. Errors: not_found for an id."""
    if new.id:
        row = await ORDERS.lock(work.db, work.project.id, new.id)
        if row is None:
            raise not_found("order", new.id)
        return row
    return await store.lock_by_source_id(work.db, work.project.id, new.source_id) if new.source_id else None


async def _draft(work: Work, held: OrderRow | None, patch: OrderPatch, *, quiet: bool = False) -> Draft:
    lines_sent = [Sent("order_item", item.metadata) for item in patch.items or ()]
    await require(work, Sent("order", patch.metadata, created=held is None), *lines_sent)
    if held and patch.source_id and patch.source_id != held.source_id:
        await _require_free(work, patch.source_id)
    before = held or OrderRow(id=work.new_id("ord_"), created_at=work.now)
    order = await _order(work, before.order, patch)
    whose = await people.settle(work, held, patch, quiet=quiet)
    after = msgspec.structs.replace(
        store.with_order(before, order),
        source_id=patch.source_id or before.source_id,
        status=patch.status or before.status,
        metadata={**before.metadata, **(patch.metadata or {})},
        customer_id=whose.customer.id,
        referrer_id=whose.referrer.id,
    )
    return Draft(held, after, whose)


async def _require_free(work: Work, source_id: str) -> None:
    await store.take_source_id(work.db, work.project.id, source_id)
    if await ORDERS.get(work.db, work.project.id, source_id=source_id):
        raise duplicate_found("order", "source_id", source_id)


async def _order(work: Work, before: Order, patch: OrderPatch) -> Order:
    """The lines and amounts after the change; the catalogue learns what the lines tell it to."""
    if patch.items is None:
        return _revised(work, before, patch, Catalogue({}, {}))
    known = await lines.look_up(work, patch.items)
    await lines.learn(work, patch.items, known)
    return _revised(work, before, patch, known)


def _revised(work: Work, before: Order, patch: OrderPatch, known: Catalogue) -> Order:
    items, amount = before.items, before.amount if patch.amount is None else patch.amount
    if patch.items is not None:
        items = _with_ids(work, engine.keep_ids(before.items, lines.read(patch.items, known)))
        amount = engine.revised(before, items, patch.amount)
    if amount is not None and amount > GREATEST:
        raise invalid_payload(f"Property .amount must be <= {GREATEST}")
    return Order(
        items=items,
        amount=amount,
        initial_amount=before.initial_amount if patch.initial_amount is None else patch.initial_amount,
        discount_amount=before.discount_amount if patch.discount_amount is None else patch.discount_amount,
    )


def _with_ids(work: Work, items: tuple[Item, ...]) -> tuple[Item, ...]:
    return tuple(item if item.id else msgspec.structs.replace(item, id=work.new_id("ordli_")) for item in items)
