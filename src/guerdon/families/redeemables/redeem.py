"""Redeeming: all that applies happens in one commit, or nothing does."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from guerdon.engine.order import Order
from guerdon.engine.quote import Outcome, Quote, decide
from guerdon.errors import LostRace
from guerdon.events.work import Work
from guerdon.families.campaigns.store import CampaignRow
from guerdon.families.customers import save as customers
from guerdon.families.customers.schemas import NewCustomer
from guerdon.families.customers.store import CUSTOMERS, CustomerRow
from guerdon.families.grants.give import NOTHING as NOTHING_GIVEN, Given, give
from guerdon.families.metadata_schemas.check import Sent, require
from guerdon.families.orders import save as orders
from guerdon.families.orders.schemas import NewOrder
from guerdon.families.orders.store import OrderRow
from guerdon.families.orders.write import Draft
from guerdon.families.products.store import PRODUCTS, SKUS
from guerdon.families.redeemables import counters, store
from guerdon.families.redeemables.done import Done, Goods, Redeemed
from guerdon.families.redeemables.finish import PaidOrder, finish
from guerdon.families.redeemables.load import Loaded, load
from guerdon.families.redeemables.request import Request
from guerdon.families.redeemables.sources import Offer, Sources
from guerdon.families.redeemables.store import RedemptionRow, Use
from guerdon.families.rewards import store as rewards
from guerdon.families.sessions import store as sessions
from guerdon.families.sessions.store import NOTHING
from guerdon.families.vouchers import ledger
from guerdon.families.vouchers.store import VoucherRow

_NO_CUSTOMER = NewCustomer()
_CALM = timedelta(seconds=1)
Vouchers = dict[str, VoucherRow]
Drained = dict[str, dict[str, int]]


class Refused(msgspec.Struct, frozen=True):
    """Nothing may be redeemed: what was decided from, and the decision."""

    loaded: Loaded
    quote: Quote


async def redeem(
    work: Work, request: Request, *, certain: bool = False, automatic: str | None = None
) -> Redeemed | Refused:
    """What was redeemed, or why nothing may be.

    `certain` waits for the turn of the order and holds the other rows from the start, so that nobody else who is
    certain can win a race against it. `automatic` is the id of the offer that the engine redeems by itself. Locks are
    taken in the order voucher, reward, counter, order, customer. Errors: LostRace; those of `load`, of saving orders
    and customers, and of publishing the code that a reward gives.
    """
    await require(work, Sent("redemption", request.metadata))
    if certain:
        await work.db.begin()
        if request.order is not None:
            await orders.take_turns(work, request.order)
    loaded = await load(work, request, locked=certain)
    quote = decide(loaded.basket)
    if not quote.valid:
        return Refused(loaded, quote)
    calm = not work.db.begun and _calm(work, request, loaded.sources)
    await work.db.begin()
    uses = _uses(loaded.sources, quote)
    if calm:
        vouchers, drained = _use_as_read(work, loaded.sources, uses), {}
    else:
        vouchers, drained = await _use(work, request, uses)
    offers = await _take(work, loaded.sources, quote)
    counted = await _count(work, loaded, quote)
    people = await _people(work, request, loaded, vouchers)
    await _count_new(work, loaded, counted, people.customer)
    stack = loaded.sources.stack
    parent_id = work.new_id("r_") if len(quote.applied) > 1 else None
    channel = {"channel_type": store.AUTO_REDEEM, "channel_id": automatic} if automatic else {}
    given = await _give(work, offers, people)
    done = [
        Done(
            row=replace(
                _row(work, request, outcome, parent_id, people.customer, stack.id if stack else None),
                drained=drained.get(outcome.redeemable.ref),
                **channel,
            ),
            voucher=vouchers.get(outcome.redeemable.ref),
            tier=loaded.sources.tiers.get(outcome.redeemable.ref),
            stack=stack,
            campaign=_campaign(loaded.sources, outcome.redeemable.ref),
            customer=people.customer,
            holder=people.holders.get(outcome.redeemable.ref),
            offer=offers.get(outcome.redeemable.ref),
            beside=loaded.sources.beside,
            goods=await _goods(work, offers.get(outcome.redeemable.ref)),
            given=given.get(outcome.redeemable.ref, NOTHING_GIVEN),
        )
        for outcome in quote.applied
    ]
    paid = PaidOrder(people.draft, request.order.status) if people.draft and request.order else None
    return await finish(work, loaded, quote, done, parent_id, paid)


class _People(msgspec.Struct, frozen=True):
    """Who redeems, who holds the vouchers (by voucher), and the order that comes with it, not written yet."""

    customer: CustomerRow | None
    holders: Mapping[str, CustomerRow]
    draft: Draft | None


def _uses(sources: Sources, quote: Quote) -> list[Use]:
    """What is taken of which voucher, in the order in which they are locked."""
    by_id = {row.id: row for row in sources.vouchers.values()}
    uses = [
        Use(
            voucher_id=row.id,
            amount=outcome.amount or 0,
            locks=row.locks,
            locked=sources.held.get(row.id, NOTHING).uses,
            locked_amount=sources.held.get(row.id, NOTHING).amount,
        )
        for outcome in quote.applied
        if (row := by_id.get(outcome.redeemable.ref))
    ]
    return sorted(uses, key=lambda use: use.voucher_id)


def _calm(work: Work, request: Request, sources: Sources) -> bool:
    """Whether nobody else seems to redeem these vouchers now, and nothing but themselves has to be changed with them.

    Then all can be written in one statement, at the end. A code that everybody redeems would lose that race.
    """
    return request.session is None and all(
        row.type != "LOYALTY_CARD" and (row.updated_at is None or work.now - row.updated_at > _CALM)
        for row in sources.vouchers.values()
    )


def _use_as_read(work: Work, sources: Sources, uses: Sequence[Use]) -> Vouchers:
    """The vouchers as they will be; if one is not as it was read any more, what was put off will not be written."""
    rows = {row.id: row for row in sources.vouchers.values()}
    return {
        use.voucher_id: store.use_as_read(work.db, work.project.id, rows[use.voucher_id], use, work.now) for use in uses
    }


async def _use(work: Work, request: Request, uses: Sequence[Use]) -> tuple[Vouchers, Drained]:
    """The vouchers after their redemption, without the locks of this session, and what was taken from which buckets.

    Errors: LostRace.
    """
    if not uses:
        return {}, {}
    key = request.session.key if request.session else None
    used = await store.use(work.db, work.project.id, uses, work.now, session=key is not None)
    if len(used) < len(uses):
        raise LostRace
    if key is not None:
        await sessions.release(work, list(used), key)
    drained: dict[str, dict[str, int]] = {}
    for use in uses:
        if used[use.voucher_id].type == "LOYALTY_CARD":
            used[use.voucher_id], taken = await ledger.drain(work, used[use.voucher_id], use.amount)
            drained[use.voucher_id] = {day.isoformat() if day else "": points for day, points in taken.items()}
    return used, drained


async def _count(work: Work, loaded: Loaded, quote: Quote) -> Counter[str]:
    """Moves the counters, but for those of a customer who is not known yet; all of them. Errors: LostRace."""
    by: Counter[str] = Counter()
    for outcome in quote.applied:
        by.update(outcome.taken.counted if outcome.taken else {})
    known = {key: value for key, value in by.items() if not counters.of_nobody(key)}
    await counters.move(work, loaded.sources.counted, known)
    return by


async def _count_new(work: Work, loaded: Loaded, by: Mapping[str, int], customer: CustomerRow | None) -> None:
    """Begins the counters of a customer whom the request has made. Errors: LostRace if somebody else just did."""
    new = {counters.of_customer(key, customer): value for key, value in by.items() if counters.of_nobody(key)}
    if new and customer is not None:
        if customer.created_at != work.now:
            raise LostRace
        await counters.move(work, loaded.sources.counted, new)


async def _take(work: Work, sources: Sources, quote: Quote) -> dict[str, Offer]:
    """The rewards that are paid for, one of each taken out of the stock, by card. Errors: LostRace."""
    wanted = {o.redeemable.ref: offer for o in quote.applied if (offer := sources.offers.get(o.redeemable.ref))}
    taken: dict[str, Offer] = {}
    for card_id, offer in sorted(wanted.items(), key=lambda one: one[1].reward.id):
        reward = await rewards.take_one(work.db, work.project.id, offer.reward.id)
        if reward is None:
            raise LostRace
        taken[card_id] = replace(offer, reward=reward)
    return taken


async def _give(work: Work, offers: Mapping[str, Offer], people: _People) -> dict[str, Given]:
    """The codes that the rewards give, by card."""
    return {
        card_id: await give(work, offer.reward.parameters, holder)
        for card_id, offer in offers.items()
        if (holder := people.holders.get(card_id))
    }


async def _people(work: Work, request: Request, loaded: Loaded, vouchers: Mapping[str, VoucherRow]) -> _People:
    """Errors: LostRace for an order that was changed meanwhile; those of saving orders and customers."""
    sources = loaded.sources
    holder_id = next((row.holder_id for row in vouchers.values() if row.type == "LOYALTY_CARD"), None)
    draft = None
    if sources.new_order is not None:
        draft = _fresh(work, request, sources, holder_id)
        if draft is None:
            draft = await orders.draft(work, _owned(sources.new_order, sources.before, holder_id))
            if _known(draft.before) != _known(sources.before):
                raise LostRace
    customer = await _customer(work, request, draft, holder_id)
    ids = sorted({row.holder_id for row in vouchers.values() if row.holder_id})
    held = {customer.id: customer} if customer else {}
    for customer_id in ids:
        row = held.get(customer_id) or await CUSTOMERS.get(work.db, work.project.id, id=customer_id)
        if row is not None:
            held[customer_id] = row
    holders = {row.id: held[row.holder_id] for row in vouchers.values() if row.holder_id in held}
    return _People(customer, holders, draft)


def _fresh(work: Work, request: Request, sources: Sources, holder_id: str | None) -> Draft | None:
    """The draft of an order that is new, of a customer of whom the request says nothing new either."""
    new, customer = sources.new_order, sources.customer
    if new is None or sources.before is not None or sources.after is None or holder_id is not None:
        return None
    asked = request.customer or new.customer or _NO_CUSTOMER
    if asked != _NO_CUSTOMER and (customer is None or not customers.changes_nothing(customer, asked)):
        return None
    return orders.fresh(work, new, sources.after, customer)


def _owned(new: NewOrder, before: OrderRow | None, holder_id: str | None) -> NewOrder:
    """An order of nobody that is paid for with a card is its holder's."""
    of_nobody = new.customer is None and new.customer_id is UNSET and (before is None or before.customer_id is None)
    return replace(new, customer_id=holder_id) if of_nobody and holder_id else new


async def _customer(work: Work, request: Request, draft: Draft | None, holder_id: str | None) -> CustomerRow | None:
    """Who redeems: the request's customer, made or changed as it says, or the order's, or else the card's holder."""
    if draft is not None and draft.whose.customer.row is not None:
        return draft.whose.customer.row
    if request.customer is not None and request.customer != _NO_CUSTOMER:
        return await customers.upsert(work, request.customer)
    return await CUSTOMERS.get(work.db, work.project.id, id=holder_id) if holder_id else None


def _row(
    work: Work,
    request: Request,
    outcome: Outcome,
    parent_id: str | None,
    customer: CustomerRow | None,
    stack_id: str | None,
) -> RedemptionRow:
    order = outcome.taken.order if outcome.taken else Order()
    off = order.total_applied_discount_amount or 0
    return RedemptionRow(
        id=work.new_id("r_"),
        parent_id=parent_id,
        related_object_type=outcome.redeemable.object,
        voucher_id=outcome.redeemable.ref if outcome.redeemable.object == "voucher" else None,
        voucher_code=outcome.redeemable.code,
        promotion_tier_id=outcome.redeemable.ref if outcome.redeemable.object == "promotion_tier" else None,
        promotion_stack_id=stack_id,
        amount=outcome.amount,
        order_amount=order.total_amount,
        discounted_amount=off,
        units=dict(outcome.taken.units) if outcome.taken and outcome.taken.units else None,
        counted=_counted(outcome, customer),
        session_key=request.session.key if request.session else None,
        channel_id=work.actor.app_id or "",
        metadata=request.metadata or {},
        created_at=work.now,
        tracking_id=request.tracking_id,
    )


def _counted(outcome: Outcome, customer: CustomerRow | None) -> dict[str, int] | None:
    counted: Mapping[str, int] = outcome.taken.counted if outcome.taken else {}
    return {counters.of_customer(key, customer): value for key, value in counted.items()} or None


def _campaign(sources: Sources, ref: str) -> CampaignRow | None:
    rows = (*sources.vouchers.values(), *sources.tiers.values())
    return next((sources.campaigns.get(row.campaign_id or "") for row in rows if row.id == ref), None)


async def _goods(work: Work, offer: Offer | None) -> Goods:
    product = offer.reward.parameters.get("product") if offer else None
    if not product:
        return Goods()
    return Goods(
        product=await PRODUCTS.get(work.db, work.project.id, id=product["id"]),
        sku=await SKUS.get(work.db, work.project.id, id=product["sku_id"]) if product["sku_id"] else None,
    )


def _known(row: OrderRow | None) -> tuple[object, ...] | None:
    return None if row is None else (row.id, row.updated_at, row.status, row.order)
