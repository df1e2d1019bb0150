"""Qualifying: what a customer could use, each by itself, decided as a redemption would be."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from guerdon.clock import iso_exactly
from guerdon.engine import quote
from guerdon.engine.basket import Basket, Ignored
from guerdon.engine.facts import Facts
from guerdon.engine.quote import Outcome
from guerdon.engine.redeemable import Redeemable
from guerdon.engine.rules.names import NOT_OF_CUSTOMERS, NOT_OF_GOODS, NOT_OF_QUALIFICATIONS
from guerdon.events.work import Work
from guerdon.families.campaigns.store import CampaignRow
from guerdon.families.customers import save as customers
from guerdon.families.promotion_tiers.store import StackRow, TierRow
from guerdon.families.redeemables import answers, build, candidates, load, quotes, rules
from guerdon.families.redeemables.candidates import Candidate, Kind
from guerdon.families.redeemables.counters import Asker
from guerdon.families.redeemables.quotes import Offer
from guerdon.families.redeemables.request import QualificationOptions, QualificationRequest, Request, Scenario, Wanted
from guerdon.families.redeemables.sources import Loaded
from guerdon.families.stacking_rules import store as stacking_rules
from guerdon.families.vouchers.store import VoucherRow

_LIMIT = 5
_DEFAULTS = QualificationOptions()
_BY_AGE = {None, "DEFAULT"}
_USABLE: frozenset[Kind] = frozenset({"voucher", "promotion_tier", "promotion_stack"})
_OPEN: frozenset[Kind] = frozenset({"voucher", "promotion_tier", "campaign"})


class View(msgspec.Struct, frozen=True, kw_only=True):
    """What a scenario considers, what it leaves out, and how a candidate must relate to the goods of the order."""

    kinds: frozenset[Kind]
    ignored: Ignored = Ignored(NOT_OF_QUALIFICATIONS)
    mine: bool = False
    related: bool = False
    discounted: bool = False


_GOODS = Ignored(NOT_OF_GOODS | NOT_OF_QUALIFICATIONS, bundles=True)
_GOODS_AND_CUSTOMER = Ignored((NOT_OF_GOODS & NOT_OF_CUSTOMERS) | NOT_OF_QUALIFICATIONS, bundles=True)
VIEWS: Mapping[Scenario, View] = {
    "ALL": View(kinds=_USABLE),
    "CUSTOMER_WALLET": View(kinds=frozenset({"voucher"}), mine=True),
    "AUDIENCE_ONLY": View(kinds=_OPEN, ignored=Ignored(NOT_OF_CUSTOMERS | NOT_OF_QUALIFICATIONS, bundles=True)),
    "PRODUCTS": View(kinds=_OPEN, ignored=_GOODS, related=True),
    "PRODUCTS_DISCOUNT": View(kinds=_OPEN, ignored=_GOODS, discounted=True),
    "PRODUCTS_BY_CUSTOMER": View(kinds=_OPEN, ignored=_GOODS_AND_CUSTOMER, related=True),
    "PRODUCTS_DISCOUNT_BY_CUSTOMER": View(kinds=_OPEN, ignored=_GOODS_AND_CUSTOMER, discounted=True),
    "PROMOTION_STACKS": View(kinds=frozenset({"promotion_stack"})),
}


async def qualify(work: Work, body: QualificationRequest) -> answers.Qualified:
    """One page of what qualifies. Errors: those of `load.complete` and of `candidates.find`."""
    view, options = VIEWS[body.scenario or "ALL"], body.options or _DEFAULTS
    limit, by_age = options.limit or _LIMIT, options.sorting_rule in _BY_AGE
    page, loaded = await offers(work, body, view, limit + 1 if by_age else None)
    if not by_age:
        page.sort(key=_discount, reverse=options.sorting_rule == "BEST_DEAL")
    listed = _listed(page[:limit], expand=options.expand or (), locks=bool(body.session and body.session.type))
    if len(page) > limit:
        listed.has_more = True
        if by_age:
            listed.more_starting_after = iso_exactly(page[limit - 1].row.created_at)
    return _answer(work, body, loaded, listed)


async def offers(work: Work, body: QualificationRequest, view: View, most: int | None) -> tuple[list[Offer], Loaded]:
    """What qualifies, the newest first, at most so many; and what was read for it. Errors: as of `qualify`."""
    options = body.options or _DEFAULTS
    found = await customers.find(work, body.customer) if body.customer else None
    wish = candidates.Wish(
        kinds=view.kinds,
        customer_id=found.id if found else None,
        before=options.starting_after,
        mine=view.mine,
        filters=options.filters or {},
    )
    page: list[Offer] = []
    loaded = None
    async for rows in candidates.batches(work, wish):
        loaded = await _load(work, body, rows, view)
        page += islice(_offers(work, loaded, rows, view), most and most - len(page))
        if most is not None and len(page) >= most:
            break
    return page, loaded or await _load(work, body, [], view)


def _discount(offer: Offer) -> int:
    return offer.order.total_applied_discount_amount or 0


async def _load(work: Work, body: QualificationRequest, rows: Sequence[Candidate], view: View) -> Loaded:
    tiers = {row.id for row in rows if isinstance(row, TierRow)}
    tiers |= {tier_id for row in rows if isinstance(row, StackRow) for tier_id in row.tier_ids}
    wanted = [
        *(Wanted(object="voucher", id=row.code) for row in rows if isinstance(row, VoucherRow)),
        *(Wanted(object="promotion_tier", id=tier_id) for tier_id in sorted(tiers)),
    ]
    request = Request(redeemables=wanted, order=body.order, customer=body.customer, metadata=body.metadata)
    campaigns = [row.id for row in rows if isinstance(row, CampaignRow)]
    return await load.complete(work, request, wanted, campaign_ids=campaigns, ignored=view.ignored)


def _offers(work: Work, loaded: Loaded, rows: Sequence[Candidate], view: View) -> Iterator[Offer]:
    """Those that qualify, in the order of the rows, each decided when it is asked for."""
    basket = loaded.basket
    redeemables = {one.ref: build.without_reward(one) for one in basket.redeemables if one.ref}
    customer = loaded.sources.customer
    asker = Asker(basket.moment, customer.id if customer else None, work.actor.app_id)
    for row in rows:
        if isinstance(row, StackRow):
            offer = _stack(loaded, row, redeemables)
        elif isinstance(row, CampaignRow):
            attached, _ = rules.attached(loaded.sources.rules, {"campaign_id": row.id}, asker)
            offer = _alone(loaded, row, build.campaign(row, loaded.sources, attached))
        else:
            offer = _alone(loaded, row, redeemables[row.id])
        if offer is not None and _relates(basket, offer, view):
            yield offer


def _alone(loaded: Loaded, row: Candidate, redeemable: Redeemable) -> Offer | None:
    outcome = quote.alone(loaded.basket, redeemable)
    if outcome.taken is None:
        return None
    return Offer(row=row, outcomes=[outcome], order=outcome.taken.order, loaded=loaded)


def _stack(loaded: Loaded, row: StackRow, redeemables: Mapping[str, Redeemable]) -> Offer | None:
    """A stack qualifies if all of its tiers apply together."""
    tiers = tuple(redeemables[tier_id] for tier_id in row.tier_ids if tier_id in redeemables)
    found = quote.decide(replace(loaded.basket, redeemables=tiers))
    if len(found.applied) < len(row.tier_ids):
        return None
    return Offer(row=row, outcomes=found.outcomes, order=found.order, loaded=loaded)


def _relates(basket: Basket, offer: Offer, view: View) -> bool:
    """Whether the candidate has to do with goods of the order, as far as the scenario asks for that."""
    if not view.related and not view.discounted:
        return True
    return any(_discounts(one) or (view.related and _demands(basket, one)) for one in offer.outcomes)


def _discounts(outcome: Outcome) -> bool:
    taken = outcome.taken
    if taken is None:
        return False
    items = any(item.applied_discount_amount or item.applied_discount_quantity for item in taken.order.items)
    named = any(scope.names_goods for scope in outcome.redeemable.scopes)
    return items or (named and bool(taken.lines))


def _demands(basket: Basket, outcome: Outcome) -> bool:
    facts = Facts(moment=basket.moment, order=basket.order, catalogue=basket.catalogue, customer=basket.customer)
    identified = bool(outcome.bundle and outcome.bundle.identified)
    return identified or any(attached.rule.lines_demanded(facts) for attached in outcome.redeemable.rules)


def _listed(page: Sequence[Offer], *, expand: Sequence[str], locks: bool) -> answers.QualifiedList:
    shown = [quotes.qualified(one, expand=expand, locks=locks) for one in page]
    return answers.QualifiedList(data=shown, total=len(shown), has_more=False)


def _answer(work: Work, body: QualificationRequest, loaded: Loaded, listed: answers.QualifiedList) -> answers.Qualified:
    return answers.Qualified(
        redeemables=listed,
        tracking_id=tracking_id(work, body, loaded),
        order=quotes.echo(body.order, loaded),
        stacking_rules=stacking_rules.shown(loaded.sources.stacking),
    )


def tracking_id(work: Work, body: QualificationRequest, loaded: Loaded) -> str | UnsetType:
    """That of the customer, or the one that was sent."""
    told = body.customer and body.customer.source_id
    return load.tracking_id(work, loaded.sources.customer, source_id=told, named=body.tracking_id) or UNSET
