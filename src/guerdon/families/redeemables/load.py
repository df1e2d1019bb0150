"""From a request to a basket: everything that a decision is made from, read before it, with the rows behind it."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from datetime import date

import msgspec
from msgspec import UNSET

from guerdon.engine import goods
from guerdon.engine.basket import NO_ORDER, Basket
from guerdon.engine.facts import Customer
from guerdon.engine.moment import Moment
from guerdon.engine.redeemable import Redeemable
from guerdon.engine.stacking import Stacking
from guerdon.errors import refused
from guerdon.events.work import Work
from guerdon.families.campaigns import store as campaigns
from guerdon.families.categories import store as categories
from guerdon.families.customers import save as customers, store as customer_store
from guerdon.families.customers.schemas import NewCustomer
from guerdon.families.customers.store import CUSTOMERS, CustomerRow
from guerdon.families.loyalties.tier_store import tier_of_card
from guerdon.families.orders import save as orders
from guerdon.families.orders.schemas import NewOrder
from guerdon.families.orders.store import OrderRow
from guerdon.families.product_collections import goods as collected, known as known_goods, store as collections
from guerdon.families.products import store as products
from guerdon.families.products.store import Catalogue
from guerdon.families.promotion_tiers import store as tiers
from guerdon.families.promotion_tiers.store import STACKS, StackRow
from guerdon.families.redeemables import build, counters, rules, store
from guerdon.families.redeemables.counters import Asked, Asker
from guerdon.families.redeemables.request import Request, Wanted
from guerdon.families.redeemables.sources import Loaded, Offer, Sources
from guerdon.families.rewards import store as rewards
from guerdon.families.rewards.store import REWARDS, AssignmentRow, RewardRow
from guerdon.families.segments import store as segments
from guerdon.families.sessions import store as sessions
from guerdon.families.stacking_rules.store import stacking_rules
from guerdon.families.vouchers.store import VoucherRow, key_of

_TRACKING_BYTES = 16


async def load(work: Work, request: Request, *, locked: bool = False) -> Loaded:
    """What the request is decided from. `locked` holds the vouchers and the counters from here on.

    Errors: duplicated_redeemables, invalid_redeemables; not_found for an id of no order; invalid_payload.
    """
    _check(request.redeemables)
    db, project_id = work.db, work.project.id
    stack = await _stack(work, request.redeemables)
    wanted = _expanded(request.redeemables, stack)
    found = await _vouchers(work, wanted, locked=locked)
    ids = [row.id for row in found.values()]
    found_tiers = await tiers.by_ids(db, project_id, [one.id for one in wanted if one.object == "promotion_tier"])
    new_order = _with_customer(request)
    before = await orders.find(work, new_order) if new_order else None
    campaign_ids = {row.campaign_id for row in (*found.values(), *found_tiers.values()) if row.campaign_id}
    offers = await _offers(work, wanted, found, locked=locked)
    sources = Sources(
        wanted=wanted,
        vouchers=found,
        tiers=found_tiers,
        stack=stack,
        campaigns=await campaigns.by_ids(db, project_id, campaign_ids),
        held=await sessions.held(work, ids, request.session and request.session.key) if ids else {},
        offers=offers,
        rules=await rules.of(
            work, {*ids, *found_tiers, *campaign_ids, *(one.assignment.id for one in offers.values())}
        ),
        stacking=await stacking_rules(db, project_id),
        customer=await _customer(work, request, before),
        before=before,
        new_order=new_order,
    )
    known = await _catalogue(work, sources)
    after = orders.preview(work, before, new_order, known) if new_order else None
    sources = msgspec.structs.replace(
        sources, after=after, categories=await categories.by_ids(db, project_id, _category_ids(sources))
    )
    return await _basket(work, request, sources, await _goods(work, sources, known), locked=locked)


async def _basket(
    work: Work, request: Request, sources: Sources, catalogue: goods.Catalogue, *, locked: bool
) -> Loaded:
    after, customer = sources.after, sources.customer
    moment = Moment(work.now, work.project.timezone)
    asker = Asker(moment, customer.id if customer else None, work.actor.app_id)
    asked: list[Asked] = []
    redeemables: list[Redeemable] = []
    for wanted in sources.wanted:
        offer = sources.offers.get(_voucher_id(sources, wanted))
        also = (offer.assignment.id,) if offer else ()
        attached, more = rules.attached(sources.rules, build.scope(wanted, sources), asker, also=also)
        redeemables.append(build.redeemable(wanted, sources, attached))
        asked += more
    basket = Basket(
        moment=moment,
        redeemables=tuple(redeemables),
        order=after.order if after else NO_ORDER,
        order_metadata=after.metadata if after else {},
        customer=await _facts(work, request, sources),
        redemption_metadata=request.metadata or {},
        catalogue=catalogue,
        stacking=msgspec.convert(sources.stacking, Stacking),
        api_key=work.actor.app_id,
    )
    asked += build.unit_counters(basket, sources)
    counted = await counters.read(work, asked, locked=locked)
    basket = msgspec.structs.replace(basket, counted=counted.values)
    return Loaded(basket, msgspec.structs.replace(sources, counted=counted))


def _voucher_id(sources: Sources, wanted: Wanted) -> str:
    found = sources.vouchers.get(wanted.id) if wanted.object == "voucher" else None
    return found.id if found else ""


def tracking_id(work: Work, customer: CustomerRow) -> str:
    """The same for everything that a customer does in a project; it does not show who it is."""
    name = (customer.source_id or customer.id).encode()
    digest = hashlib.blake2b(name, digest_size=_TRACKING_BYTES, key=work.project.id.encode()).digest()
    return f"track_{base64.b64encode(digest).decode()}"


def _check(redeemables: Sequence[Wanted]) -> None:
    """Errors: duplicated_redeemables, invalid_redeemables."""
    if len({(wanted.object, wanted.id) for wanted in redeemables}) < len(redeemables):
        details = "Duplicated redeemables detected in one redemption"
        raise refused("duplicated_redeemables", "Duplicated redeemables detected", details)
    if len(redeemables) > 1 and any(wanted.object == "promotion_stack" for wanted in redeemables):
        raise refused(
            "invalid_redeemables", "Invalid redeemables", "Promotion Stack cannot be use with other redeemables"
        )


async def _stack(work: Work, redeemables: Sequence[Wanted]) -> StackRow | None:
    stack_id = redeemables[0].id if redeemables[0].object == "promotion_stack" else None
    return await STACKS.get(work.db, work.project.id, id=stack_id) if stack_id else None


def _expanded(redeemables: Sequence[Wanted], stack: StackRow | None) -> Sequence[Wanted]:
    return [Wanted(object="promotion_tier", id=tier_id) for tier_id in stack.tier_ids] if stack else redeemables


async def _vouchers(work: Work, redeemables: Sequence[Wanted], *, locked: bool) -> dict[str, VoucherRow]:
    """The vouchers by the names they were asked by."""
    names = [wanted.id for wanted in redeemables if wanted.object == "voucher"]
    if not names:
        return {}
    keys = [key_of(work.project, name) for name in names]
    found = await store.vouchers_named(work.db, work.project.id, names, keys)
    if not locked:
        return found
    held = await store.lock_vouchers(work.db, work.project.id, [row.id for row in found.values()])
    return {name: held[row.id] for name, row in found.items() if row.id in held}


def _with_customer(request: Request) -> NewOrder | None:
    """What the request says of the order; the customer of the request wins over the order's own."""
    new = request.order
    if new is None or request.customer is None or request.customer == NewCustomer():
        return new
    return msgspec.structs.replace(new, customer=request.customer, customer_id=UNSET)


async def _customer(work: Work, request: Request, before: OrderRow | None) -> CustomerRow | None:
    """The customer as stored: of the request, or else of the order that it names."""
    asked = request.customer or (request.order and request.order.customer)
    if asked and asked != NewCustomer():
        return await customers.find(work, asked)
    named = request.order.customer_id if request.order else UNSET
    if isinstance(named, str):
        return await customer_store.find(work.db, work.project.id, named)
    if before is not None and before.customer_id is not None:
        return await CUSTOMERS.get(work.db, work.project.id, id=before.customer_id)
    return None


async def _facts(work: Work, request: Request, sources: Sources) -> Customer | None:
    """The customer as rules see it: as stored, with what the request says laid over that."""
    row = sources.customer
    sent = request.customer or (request.order and request.order.customer) or NewCustomer()
    if row is None and sent == NewCustomer():
        return None
    said = sent.metadata if isinstance(sent.metadata, dict) else {}
    birthdate = sent.birthdate if isinstance(sent.birthdate, date) else None
    known = row or CustomerRow(id="", source_id=sent.source_id, created_at=work.now)
    asked = msgspec.structs.replace(
        known, metadata={**known.metadata, **said}, birthdate=birthdate or known.birthdate, **_profile(sent)
    )
    return Customer(
        id=row.id if row else None,
        source_id=known.source_id,
        metadata=asked.metadata,
        birthdate=asked.birthdate,
        segments=await _segments(work, asked) if sources.rules.needs_segments() else frozenset(),
    )


def _profile(sent: NewCustomer) -> dict[str, str]:
    """The plain fields that the request says of the customer."""
    said = {name: getattr(sent, name) for name in ("name", "description", "email", "phone")}
    return {name: value for name, value in said.items() if isinstance(value, str)}


async def _segments(work: Work, customer: CustomerRow) -> frozenset[str]:
    moment = Moment(work.now, work.project.timezone)
    return frozenset(one.id for one in await segments.segments_of(work.db, work.project.id, customer, moment))


async def _catalogue(work: Work, sources: Sources) -> Catalogue:
    """What is known of the goods of the order, and of those that discounts may add."""
    before = sources.before.items if sources.before else ()
    sent = (sources.new_order and sources.new_order.items) or []
    product_names = {item.product_id or item.source_id for item in before} | {item.product_name for item in sent}
    sku_names = {item.sku_id for item in before} | {item.sku_name for item in sent}
    giving = (*sources.vouchers.values(), *sources.tiers.values())
    free = {name for row in giving for name in build.free_goods(row.discount)}
    wanted = {name for name in product_names | free if name}
    variants = {name for name in sku_names | free if name}
    if not wanted and not variants:
        return Catalogue({}, {})
    return await products.catalogue(work.db, work.project.id, wanted, variants, work.now)


async def _goods(work: Work, sources: Sources, known: Catalogue) -> goods.Catalogue:
    """The goods as the engine knows them, with the collections that rules name."""
    found = await collections.by_ids(work.db, work.project.id, sources.rules.collections())
    return goods.Catalogue(
        products={name: collected.record(row) for name, row in known.products.items()},
        skus={name: collected.record(row) for name, row in known.skus.items()},
        collections={row.id: known_goods.collection(row) for row in found.values()},
    )


def _category_ids(sources: Sources) -> set[str]:
    rows = (*sources.vouchers.values(), *sources.tiers.values(), *sources.campaigns.values(), sources.stack)
    return {row.category_id for row in rows if row and row.category_id}


async def _offers(
    work: Work, redeemables: Sequence[Wanted], found: Mapping[str, VoucherRow], *, locked: bool
) -> dict[str, Offer]:
    """The rewards that cards are to pay for, by card."""
    assigned: dict[str, AssignmentRow] = {}
    for wanted in redeemables:
        row = found.get(wanted.id)
        if row is None or wanted.reward is None or row.campaign_id is None:
            continue
        assignment = await rewards.offer(work.db, work.project.id, row.campaign_id, wanted.reward.id)
        if assignment is not None:
            assigned[row.id] = assignment
    ids = sorted({assignment.reward_id for assignment in assigned.values()})
    if locked:
        found_rewards = {reward_id: await REWARDS.lock(work.db, work.project.id, reward_id) for reward_id in ids}
    else:
        found_rewards = {reward_id: await REWARDS.get(work.db, work.project.id, id=reward_id) for reward_id in ids}
    return {
        card_id: await _offer(work, card_id, reward, assignment)
        for card_id, assignment in assigned.items()
        if (reward := found_rewards[assignment.reward_id]) is not None
    }


async def _offer(work: Work, card_id: str, reward: RewardRow, assignment: AssignmentRow) -> Offer:
    """The offer as the tier has it that the card is in."""
    tier = await tier_of_card(work.db, work.project.id, card_id)
    mapping = tier.of_rewards.get(assignment.id) if tier else None
    return Offer(reward, assignment, mapping, tier.id if tier and mapping else None)
