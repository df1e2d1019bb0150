"""From a request to a basket: everything that a decision is made from, read before it, with the rows behind it."""

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import msgspec
from msgspec import UNSET

from guerdon.engine import goods
from guerdon.engine.basket import NO_ORDER, Basket, Ignored
from guerdon.engine.facts import Customer
from guerdon.engine.moment import Moment
from guerdon.engine.redeemable import Redeemable
from guerdon.engine.stacking import Stacking
from guerdon.errors import ApiError, invalid_payload, not_found, refused
from guerdon.events.work import Work
from guerdon.families.categories import store as categories
from guerdon.families.customers import store as customer_store
from guerdon.families.customers.schemas import NewCustomer
from guerdon.families.customers.store import CUSTOMERS, CustomerRow
from guerdon.families.loyalties.tier_store import tier_of_card
from guerdon.families.orders import save as orders
from guerdon.families.orders.schemas import NewOrder
from guerdon.families.orders.store import OrderRow
from guerdon.families.product_collections import goods as collected, known as known_goods, store as collections
from guerdon.families.products import store as products
from guerdon.families.products.store import SHIPPING_ID, SHIPPING_SOURCE_ID, Catalogue, ProductRow, SkuRow
from guerdon.families.promotion_tiers.store import STACKS, StackRow
from guerdon.families.publications import store as publications
from guerdon.families.redeemables import build, counters, rules, store
from guerdon.families.redeemables.counters import Asked, Asker
from guerdon.families.redeemables.gathered.rows import Asked as Names, Gathered
from guerdon.families.redeemables.gathered.store import gather
from guerdon.families.redeemables.request import Request, Wanted
from guerdon.families.redeemables.sources import Loaded, Offer, Sources
from guerdon.families.rewards import store as rewards
from guerdon.families.rewards.store import REWARDS, AssignmentRow, RewardRow
from guerdon.families.segments import store as segments
from guerdon.families.sessions.store import Held
from guerdon.families.stacking_rules.store import in_force
from guerdon.families.vouchers.store import VoucherRow, key_of

_TRACKING_BYTES = 16
NOTHING_IGNORED = Ignored()
_NOBODY = (None, NewCustomer())


async def load(work: Work, request: Request, *, locked: bool = False) -> Loaded:
    """What the request is decided from. `locked` holds the vouchers, rewards and counters from here on.

    Errors: duplicated_redeemables, invalid_redeemables; not_found for an id of no order; invalid_payload.
    """
    _check(request.redeemables)
    stack = await _stack(work, request.redeemables)
    wanted = _expanded(request.redeemables, stack)
    if locked:
        await _lock(work, wanted)
    loaded = await complete(work, request, wanted, stack=stack, locked=locked)
    _check_found(request.redeemables, loaded.sources)
    return loaded


async def complete(
    work: Work,
    request: Request,
    wanted: Sequence[Wanted],
    *,
    stack: StackRow | None = None,
    campaign_ids: Sequence[str] = (),
    locked: bool = False,
    ignored: Ignored = NOTHING_IGNORED,
) -> Loaded:
    """The same for these redeemables, and for further campaigns. `ignored` are checks that the decision leaves out."""
    new_order = _with_customer(request)
    names = _asked(work, request, wanted, new_order, campaign_ids)
    found = await gather(work.db, work.project.id, names, work.runtime.definitions)
    if new_order and new_order.id and found.order is None:
        raise not_found("order", new_order.id)
    sources = _sources(work, wanted, found)
    offers = await _offers(work, wanted, sources.vouchers, locked=locked)
    sources = msgspec.structs.replace(
        sources,
        stack=stack,
        offers=offers,
        publications=await _publications(work, found.vouchers),
        rules=await rules.of_more(work, sources.rules, {one.assignment.id for one in offers.values()}),
        customer=found.customer or await _customer_of_order(work, request, found.order),
        before=found.order,
        new_order=new_order,
    )
    known = await _catalogue(work, found, sources)
    after = orders.preview(work, found.order, new_order, known) if new_order else None
    if stack is not None and stack.category_id:
        more = await categories.by_ids(work.db, work.project.id, [stack.category_id])
        sources = msgspec.structs.replace(sources, categories={**sources.categories, **more})
    sources = msgspec.structs.replace(sources, after=after)
    loaded = await _basket(work, request, sources, await _goods(work, sources, known), locked=locked)
    return msgspec.structs.replace(loaded, basket=msgspec.structs.replace(loaded.basket, ignored=ignored))


def _asked(
    work: Work, request: Request, wanted: Sequence[Wanted], new_order: NewOrder | None, campaign_ids: Sequence[str]
) -> Names:
    codes = [one.id for one in wanted if one.object == "voucher"]
    items = (new_order and new_order.items) or ()
    asked = request.customer or (request.order and request.order.customer) or NewCustomer()
    return Names(
        vouchers=codes,
        code_keys=[key_of(work.project, code) for code in codes],
        tiers=[one.id for one in wanted if one.object == "promotion_tier"],
        campaigns=campaign_ids,
        products=list({item.product_name for item in items if item.product_name}),
        skus=list({item.sku_name for item in items if item.sku_name}),
        customer_id=asked.id,
        customer_source_id=asked.source_id or None,
        order_id=(new_order and new_order.id) or None,
        order_source_id=(new_order and new_order.source_id) or None,
        now=work.now,
        key=(request.session and request.session.key) or "",
    )


def _sources(work: Work, wanted: Sequence[Wanted], found: Gathered) -> Sources:
    by_id = {row.id: row for row in found.vouchers}
    by_key = {row.code_key: row for row in found.vouchers}
    named = {one.id: by_id.get(one.id) or by_key.get(key_of(work.project, one.id)) for one in wanted}
    locks: dict[str, list[int]] = {}
    for lock in found.locks:
        locks.setdefault(lock.voucher_id, []).append(lock.amount)
    return Sources(
        wanted=wanted,
        vouchers={name: row for name, row in named.items() if row is not None},
        tiers={row.id: row for row in found.tiers},
        campaigns={row.id: row for row in found.campaigns},
        held={voucher_id: Held(len(amounts), sum(amounts)) for voucher_id, amounts in locks.items()},
        rules=rules.of(found.assignments, found.rules),
        stacking=in_force(found.stacking),
        categories={row.id: row for row in found.categories},
    )


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


def tracking_id(
    work: Work, customer: CustomerRow | None, *, source_id: str | None = None, named: str | None = None
) -> str | None:
    """The same for all that a customer does in a project, without showing who it is.

    `source_id` is that of a customer who is only told of, `named` the tracking id of a request that tells of nobody.
    """
    name = customer.source_id or customer.id if customer else source_id
    if not name:
        return named or None
    digest = hashlib.blake2b(name.encode(), digest_size=_TRACKING_BYTES, key=work.project.id.encode()).digest()
    return f"track_{base64.b64encode(digest).decode()}"


def _check(redeemables: Sequence[Wanted]) -> None:
    """Errors: duplicated_redeemables, invalid_redeemables."""
    if len({(wanted.object, wanted.id) for wanted in redeemables}) < len(redeemables):
        raise _duplicated()
    if len(redeemables) > 1 and any(wanted.object == "promotion_stack" for wanted in redeemables):
        raise refused(
            "invalid_redeemables", "Invalid redeemables", "Promotion Stack cannot be use with other redeemables"
        )


def _check_found(redeemables: Sequence[Wanted], sources: Sources) -> None:
    """Errors: invalid_payload for more than the project allows; duplicated_redeemables for one by two names."""
    most = sources.stacking["redeemables_limit"]
    if len(redeemables) > most:
        raise invalid_payload(f"Property .redeemables must have at most {most} items")
    if len({row.id for row in sources.vouchers.values()}) < len(sources.vouchers):
        raise _duplicated()


def _duplicated() -> ApiError:
    details = "Duplicated redeemables detected in one redemption"
    return refused("duplicated_redeemables", "Duplicated redeemables detected", details)


async def _stack(work: Work, redeemables: Sequence[Wanted]) -> StackRow | None:
    stack_id = redeemables[0].id if redeemables[0].object == "promotion_stack" else None
    return await STACKS.get(work.db, work.project.id, id=stack_id) if stack_id else None


def _expanded(redeemables: Sequence[Wanted], stack: StackRow | None) -> Sequence[Wanted]:
    return [Wanted(object="promotion_tier", id=tier_id) for tier_id in stack.tier_ids] if stack else redeemables


async def _lock(work: Work, redeemables: Sequence[Wanted]) -> None:
    """Holds the vouchers until the transaction ends; what is read after this is as it then is."""
    names = [wanted.id for wanted in redeemables if wanted.object == "voucher"]
    if names:
        keys = [key_of(work.project, name) for name in names]
        found = await store.vouchers_named(work.db, work.project.id, names, keys)
        await store.lock_vouchers(work.db, work.project.id, [row.id for row in found.values()])


def _with_customer(request: Request) -> NewOrder | None:
    """What the request says of the order; the customer of the request wins over the order's own."""
    new = request.order
    if new is None or request.customer is None or request.customer == NewCustomer():
        return new
    return msgspec.structs.replace(new, customer=request.customer, customer_id=UNSET)


async def _customer_of_order(work: Work, request: Request, before: OrderRow | None) -> CustomerRow | None:
    """Whom the order names, or belonged to before; nobody where the request speaks of somebody else."""
    if request.customer not in _NOBODY or (request.order and request.order.customer not in _NOBODY):
        return None
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


async def _publications(work: Work, rows: Sequence[VoucherRow]) -> Mapping[str, Mapping[str, Any]]:
    asking = [row.id for row in rows if row.publish_count and build.asks_for_publication(row.discount)]
    return await publications.latest_metadata(work.db, work.project.id, asking) if asking else {}


async def _catalogue(work: Work, found: Gathered, sources: Sources) -> Catalogue:
    """What is known of the goods of the order, and of those that discounts may add."""
    known = Catalogue({}, {})
    known.add_products(found.products)
    known.add_skus(found.skus)
    sent = sources.new_order.items if sources.new_order else None
    stored = sources.before.items if sources.before and sent is None else ()
    free = {name for row in (*found.vouchers, *found.tiers) for name in build.free_goods(row.discount)}
    free |= {
        name
        for row in found.campaigns
        if row.has_codes and row.id not in {voucher.campaign_id for voucher in found.vouchers}
        for name in build.free_goods(row.configured.codes.discount)
    }
    more = {item.product_id or item.source_id for item in stored} | free
    if any(item.product_name == SHIPPING_SOURCE_ID for item in sent or ()):
        more.add(SHIPPING_ID)
    skus = {item.sku_id for item in stored} | free
    wanted = {name for name in more if name and name not in known.products}
    if wanted or any(skus):
        rest = await products.catalogue(work.db, work.project.id, wanted, {name for name in skus if name}, work.now)
        known.add_products(rest.products.values())
        known.add_skus(rest.skus.values())
    return known


class Records(Mapping[str, goods.Record]):
    """Goods as filters and rules see them, made when they are asked for: most decisions ask for none."""

    def __init__(self, rows: Mapping[str, ProductRow | SkuRow]) -> None:
        self._rows = rows
        self._made: dict[str, goods.Record] = {}

    def __getitem__(self, name: str) -> goods.Record:
        if name not in self._made:
            self._made[name] = collected.record(self._rows[name])
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, name: object) -> bool:
        return name in self._rows


async def _goods(work: Work, sources: Sources, known: Catalogue) -> goods.Catalogue:
    """The goods as the engine knows them, with the collections that rules name."""
    named = sources.rules.collections()
    found = await collections.by_ids(work.db, work.project.id, named) if named else {}
    return goods.Catalogue(
        products=Records(known.products),
        skus=Records(known.skus),
        collections={row.id: known_goods.collection(row) for row in found.values()},
    )


async def _offers(
    work: Work, redeemables: Sequence[Wanted], found: Mapping[str, VoucherRow], *, locked: bool
) -> dict[str, Offer]:
    """The rewards that cards are to pay for, by card."""
    if not any(wanted.reward for wanted in redeemables):
        return {}
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
