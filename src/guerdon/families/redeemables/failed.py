"""Redemptions that were refused: they are recorded, told, and answered with the reason."""

from guerdon.engine.refusals import Refusal
from guerdon.errors import ApiError
from guerdon.events.work import Work
from guerdon.families.customers import store as customers
from guerdon.families.customers.store import RedemptionsChange
from guerdon.families.promotion_tiers.store import TierRow
from guerdon.families.redeemables import quotes, tell
from guerdon.families.redeemables.done import Done
from guerdon.families.redeemables.load import tracking_id
from guerdon.families.redeemables.redeem import Refused
from guerdon.families.redeemables.request import Request
from guerdon.families.redeemables.store import REDEMPTIONS, RedemptionRow
from guerdon.families.vouchers.store import VoucherRow
from guerdon.http.routing import Reply

_NOTHING = Refusal(key="no_applicable_redeemables", message="No applicable redeemables")


async def reply(work: Work, request: Request, refused: Refused) -> Reply:
    """The refusal as the error of the request, with the id of the failed redemption that is written for it."""
    refusal, failed_id = await _record(work, request, refused)
    about = refused.quote.refused or refused.quote.outcomes
    shown = quotes.error(refusal, about[0].redeemable, work.group_id)
    if failed_id is not None:
        shown.resource_type, shown.resource_id = "redemption", failed_id
    return Reply(shown, refusal.code)


def rollback_reply(work: Work, error: ApiError) -> Reply:
    """A rollback that was refused and is recorded."""
    body = {
        "code": error.status,
        "key": error.key,
        "message": error.message,
        "details": error.details,
        "request_id": work.group_id,
        "resource_id": error.resource_id,
        "resource_type": error.resource_type,
    }
    return Reply({name: value for name, value in body.items() if value is not None}, error.status)


async def _record(work: Work, request: Request, refused: Refused) -> tuple[Refusal, str | None]:
    """What does not exist leaves no record; several redeemables of which none applies leave one."""
    refusal, done = _failure(work, request, refused)
    if done is None:
        return refusal, None
    await REDEMPTIONS.insert(work.db, work.project.id, done.row)
    if done.customer is not None:
        change = RedemptionsChange(done.customer.id, failed=1)
        await customers.count_redemptions(work.db, work.project.id, [change])
    tell.failed(work, done)
    return refusal, done.row.id


def _failure(work: Work, request: Request, refused: Refused) -> tuple[Refusal, Done | None]:
    quote, sources = refused.quote, refused.loaded.sources
    first = quote.refused[0] if quote.refused else None
    alone = len(quote.outcomes) == 1
    mode = refused.loaded.basket.stacking.redeemables_application_mode
    if first is None or first.refusal is None or not (alone or mode == "ALL"):
        return _NOTHING, _done(work, request, refused, _NOTHING)
    if first.redeemable.absent is not None:
        return first.refusal, None
    voucher = next((row for row in sources.vouchers.values() if row.id == first.redeemable.ref), None)
    tier = sources.tiers.get(first.redeemable.ref)
    return first.refusal, _done(work, request, refused, first.refusal, voucher, tier)


def _done(
    work: Work,
    request: Request,
    refused: Refused,
    refusal: Refusal,
    voucher: VoucherRow | None = None,
    tier: TierRow | None = None,
) -> Done:
    sources = refused.loaded.sources
    customer, row_of = sources.customer, voucher or tier
    row = RedemptionRow(
        id=work.new_id("rf_"),
        customer_id=customer.id if customer else None,
        tracking_id=tracking_id(work, customer, named=request.tracking_id),
        related_object_type="voucher" if voucher else "promotion_tier" if tier else "redemption",
        promotion_tier_id=tier.id if tier else None,
        voucher_id=voucher.id if voucher else None,
        voucher_code=voucher.code if voucher else None,
        campaign_id=row_of.campaign_id if row_of else None,
        order_id=sources.before.id if sources.before else None,
        result="FAILURE",
        status="FAILED",
        failure_code=refusal.key,
        failure_message=refusal.message,
        channel_id=work.actor.app_id or "",
        metadata=request.metadata or {},
        created_at=work.now,
    )
    campaign = sources.campaigns.get(row_of.campaign_id or "") if row_of else None
    return Done(
        row=row,
        voucher=voucher,
        tier=tier,
        stack=sources.stack,
        campaign=campaign,
        customer=customer,
        order=sources.before,
    )
