"""The operation that sums up what happened in a campaign."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from guerdon.clock import Day
from guerdon.db import reports, tally
from guerdon.db.transaction import Transaction
from guerdon.errors import invalid_query_params
from guerdon.families.campaigns import shown
from guerdon.families.campaigns.routes import load
from guerdon.families.campaigns.store import PROMOTION, REFERRAL, CampaignRow
from guerdon.families.publications.publish import PUBLICATION_FAILED
from guerdon.families.redeemables.validate import VALIDATION_FAILED, VALIDATION_SUCCEEDED
from guerdon.families.summaries import store
from guerdon.families.summaries.schemas import Summary
from guerdon.families.summaries.store import Asked, Figures
from guerdon.http.call import Call
from guerdon.http.routing import Param, Route

# Per name in the answer: the types of the ledger's entries that it sums.
_OF_GIFTS = {
    "amount_added": ("CREDITS_ADDITION",),
    "amount_redeemed": ("CREDITS_REDEMPTION",),
    "amount_rolledback": ("CREDITS_REFUND",),
    "amount_subtracted": ("CREDITS_REMOVAL",),
}
_OF_CARDS = {
    "points_added": ("POINTS_ADDITION",),
    "points_expired": ("POINTS_EXPIRATION",),
    "points_redeemed": ("POINTS_REDEMPTION",),
    "points_rewarded": ("POINTS_ACCRUAL", "PENDING_POINTS_ACTIVATION"),
    "points_rolledback": ("POINTS_REFUND",),
    "points_subtracted": ("POINTS_REMOVAL",),
    "points_transferred_in": ("POINTS_TRANSFER_IN",),
    "points_transferred_out": ("POINTS_TRANSFER_OUT",),
}
_DISCOUNTS = ("discounted_amount", "rolledback_discounted_amount")


class SummaryQuery(msgspec.Struct):
    """The first and the last day, both included, of the project's time zone."""

    start_date: Day | None = None
    end_date: Day | None = None


async def get_campaign_summary(call: Call[None], row: CampaignRow) -> Summary:
    """Counted from what is stored, all as of one moment; validations about a second late.

    Errors: invalid_query_params for an end before the start.
    """
    query: SummaryQuery = call.query
    first, last = query.start_date, query.end_date
    if first is not None and last is not None and last < first:
        raise invalid_query_params("Property .end_date must not be before .start_date")
    await reports.begin(call.db, reports.MANY_ROWS)
    zone = ZoneInfo(call.work.project.timezone)
    asked = Asked(call.project_id, row.id, _midnight(first, zone), _midnight(last, zone, after=1))
    counted = await tally.times(call.db, call.project_id, row.id, first, last)
    figures: dict[str, Any] = {
        **_common(await store.redemptions(call.db, asked), counted, discounts=_gives_discounts(row)),
        **(await _of_codes(call.db, asked, counted) if row.has_codes else {}),
        **await _of_type(call.db, asked, row),
    }
    (campaign,) = await shown.campaigns(call.db, call.project_id, [row])
    return Summary(campaign=campaign, **figures)


def _gives_discounts(row: CampaignRow) -> bool:
    return row.campaign_type in {PROMOTION, "DISCOUNT_COUPONS"}


def _common(found: Figures, counted: Figures, *, discounts: bool) -> dict[str, int]:
    succeeded, failed = counted.get(VALIDATION_SUCCEEDED, 0), counted.get(VALIDATION_FAILED, 0)
    return {
        **{name: value for name, value in found.items() if discounts or name not in _DISCOUNTS},
        "redemptions": found["redemptions_succeeded"] + found["redemptions_failed"],
        "rollbacks": found["rollbacks_succeeded"] + found["rollbacks_failed"],
        "validations": succeeded + failed,
        "validations_succeeded": succeeded,
        "validations_failed": failed,
    }


async def _of_codes(db: Transaction, asked: Asked, counted: Figures) -> dict[str, int]:
    found = {**await store.codes(db, asked), **await store.publications(db, asked)}
    failed = counted.get(PUBLICATION_FAILED, 0)
    return {**found, "publications": found["publications_succeeded"] + failed, "publications_failed": failed}


async def _of_type(db: Transaction, asked: Asked, row: CampaignRow) -> Figures:
    if row.campaign_type == REFERRAL:
        return await store.referrals(db, asked)
    if row.campaign_type == "GIFT_VOUCHERS":
        cards = await store.cards(db, asked)
        own = {"created_vouchers_amount": cards["created"], "amount_deleted": cards["deleted"]}
        return {**own, **_summed(await store.moved(db, asked), _OF_GIFTS)}
    if row.campaign_type == "LOYALTY_PROGRAM":
        cards = await store.cards(db, asked)
        own = {"created_vouchers_points": cards["created"], "points_deleted": cards["deleted"]}
        return {**own, **_summed(await store.moved(db, asked), _OF_CARDS), **await store.waiting(db, asked)}
    return {}


def _summed(moved: Figures, names: dict[str, tuple[str, ...]]) -> dict[str, int]:
    return {name: sum(moved.get(kind, 0) for kind in kinds) for name, kinds in names.items()}


def _midnight(day: date | None, zone: ZoneInfo, *, after: int = 0) -> datetime | None:
    """When the day begins there, or one that is so many days later; None at the ends of time."""
    try:
        return None if day is None else datetime.combine(day + timedelta(days=after), time(), zone).astimezone(UTC)
    except OverflowError:
        return None


ROUTES = (
    Route(
        "GET",
        "/v1/campaigns/{campaignId}/summary",
        get_campaign_summary,
        (Param("campaign", load),),
        query=SummaryQuery,
        answer=Summary,
    ),
)
