"""The report of what is owed."""

from collections.abc import Iterable

import msgspec

from guerdon.clock import Moment, iso
from guerdon.errors import invalid_query_params, not_found
from guerdon.families.campaigns import store as campaigns
from guerdon.families.liabilities import store
from guerdon.families.liabilities.schemas import CreditsOwed, Liability, Month, PointsOwed
from guerdon.families.liabilities.store import Due
from guerdon.http.call import Call
from guerdon.http.routing import Route, Scope


class LiabilityQuery(msgspec.Struct):
    """Of which campaign, by id or name, and at which moment; without them of all, and now."""

    campaign_id: str | None = None
    at: Moment | None = None


async def get_liability(call: Call[None]) -> Liability:
    """Errors: not_found for a campaign, invalid_query_params for a moment that is yet to come."""
    query: LiabilityQuery = call.query
    at = query.at or call.work.now
    if at > call.work.now:
        raise invalid_query_params("Property .at cannot be in the future")
    campaign = await campaigns.find(call.db, call.project_id, query.campaign_id) if query.campaign_id else None
    if query.campaign_id and campaign is None:
        raise not_found("campaign", query.campaign_id)
    owed = await store.owed(call.db, call.project_id, campaign.id if campaign else None, at)
    return Liability(
        at=iso(at),
        campaign_id=campaign.id if campaign else None,
        points=PointsOwed(
            outstanding=sum(due.points for due in owed.points),
            expiring=_by_month(owed.points),
            never_expiring=sum(due.points for due in owed.points if due.day is None),
            pending=sum(due.points for due in owed.waiting),
            activating=_by_month(owed.waiting),
        ),
        credits=CreditsOwed(owed.credits),
    )


def _by_month(found: Iterable[Due]) -> list[Month]:
    """The days come in order, so the months do."""
    months: dict[str, int] = {}
    for due in found:
        if due.day is not None:
            month = f"{due.day:%Y-%m}"
            months[month] = months.get(month, 0) + due.points
    return [Month(month, points) for month, points in months.items()]


ROUTES = (
    Route(
        "GET",
        "/management/v1/projects/{projectId}/liability",
        get_liability,
        query=LiabilityQuery,
        answer=Liability,
        scope=Scope.MANAGEMENT,
    ),
)
