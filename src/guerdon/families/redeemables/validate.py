"""Validating: what a redemption would come to, and perhaps a lock on it."""

from msgspec import UNSET

from guerdon.engine.quote import Quote, decide
from guerdon.events.work import Work
from guerdon.families.redeemables import answers, quotes, tell
from guerdon.families.redeemables.load import Loaded, load, tracking_id
from guerdon.families.redeemables.request import NewSession, Request
from guerdon.families.sessions import store as sessions
from guerdon.families.stacking_rules import store as stacking_rules

# What is counted of campaigns.
VALIDATION_SUCCEEDED, VALIDATION_FAILED = "validations_succeeded", "validations_failed"


async def validate(work: Work, request: Request) -> answers.Validated:
    """What the redeemables of the request come to. With a session they are locked, if that is something.

    Errors: those of `load`; invalid_payload for a lock that is too long.
    """
    session = request.session if request.session and request.session.type == "LOCK" else None
    if session is not None:
        await work.db.begin()
    loaded = await load(work, request, locked=session is not None)
    quote = decide(loaded.basket)
    _count(work, loaded, quote)
    answer = _answer(work, request, loaded, quote)
    if session is not None and quote.valid:
        answer.session = await _lock(work, session, quote)
    session_id = answer.session.key if answer.session else request.session and request.session.key
    tell.validated(work, answer.id, quote, loaded.sources.customer, session_id or None)
    return answer


def _count(work: Work, loaded: Loaded, quote: Quote) -> None:
    """Each redeemable that applies or is refused counts for its campaign."""
    sources = loaded.sources
    campaign_of = {row.id: row.campaign_id for row in (*sources.vouchers.values(), *sources.tiers.values())}
    for one in quote.outcomes:
        campaign_id = campaign_of.get(one.redeemable.ref)
        if campaign_id is not None and one.skip is None:
            work.count(VALIDATION_FAILED if one.taken is None else VALIDATION_SUCCEEDED, campaign_id)


async def _lock(work: Work, session: NewSession, quote: Quote) -> answers.Session:
    key = session.key or work.new_id(sessions.KEY_PREFIX)
    amounts = {o.redeemable.ref: o.amount or 0 for o in quote.applied if o.redeemable.object == "voucher"}
    if amounts:
        await sessions.lock(work, session, key, amounts)
    ttl = sessions.DEFAULT_TTL if session.ttl is None else session.ttl
    return answers.Session(key=key, type="LOCK", ttl=ttl, ttl_unit=session.ttl_unit or "DAYS")


def _answer(work: Work, request: Request, loaded: Loaded, quote: Quote) -> answers.Validated:
    """Where one refusal is enough, all redeemables are listed; otherwise those that apply, the others apart."""
    whole = loaded.basket.stacking.redeemables_application_mode == "ALL" and bool(quote.refused)
    listed = quote.outcomes if whole else quote.applied or quote.refused
    customer, told = loaded.sources.customer, request.customer and request.customer.source_id
    answer = answers.Validated(
        id=work.new_id("valid_"),
        valid=quote.valid,
        redeemables=[quotes.outcome(one, loaded, work.group_id) for one in listed],
        tracking_id=tracking_id(work, customer, source_id=told, named=request.tracking_id) or UNSET,
        stacking_rules=stacking_rules.shown(loaded.sources.stacking),
    )
    if quote.refused:
        answer.inapplicable_redeemables = [quotes.outcome(one, loaded, work.group_id) for one in quote.refused]
    if quote.skipped and not whole:
        answer.skipped_redeemables = [quotes.outcome(one, loaded, work.group_id) for one in quote.skipped]
    if quote.valid and loaded.sources.after is not None:
        # One redeemable's share is the whole request's.
        alone = len(listed) == 1 and not quote.swaps
        answer.order = answer.redeemables[0].order if alone else quotes.order(quote.order, loaded)
        if quote.swaps and answer.order:
            quotes.list_replacements(answer.order.items, quote.swaps)
    if request.options and request.options.explain:
        answer.explanation = [quotes.explanation(one) for one in quote.outcomes]
    return answer
