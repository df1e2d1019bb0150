"""What the purpose of a distribution adds to an event: a promotion, or a code that is published for it."""

from typing import Any

import msgspec

from guerdon.errors import ApiError
from guerdon.events.catalogue import Purpose
from guerdon.events.work import Work
from guerdon.families.campaigns import store as campaigns, views as campaign_views
from guerdon.families.campaigns.store import CAMPAIGNS
from guerdon.families.customers import store as customers
from guerdon.families.distributions.schemas import Action
from guerdon.families.distributions.store import DistributionRow
from guerdon.families.promotion_tiers import views as tier_views
from guerdon.families.promotion_tiers.store import TIERS
from guerdon.families.publications import views as publication_views
from guerdon.families.publications.publish import ALREADY_JOINED, AUTOMATION, Terms, publish
from guerdon.families.vouchers import views as voucher_views
from guerdon.telemetry import logger

log = logger("distributions")


async def added(work: Work, row: DistributionRow, customer_id: str) -> dict[str, Any] | None:
    """What the message says besides the event; None if there is nothing to tell of, now and later.

    Errors: others of publishing.
    """
    action = msgspec.convert(row.action, Action)
    if action.type is Purpose.PROMOTION:
        return await _promotion(work, row, action)
    if action.type is Purpose.PUBLICATION:
        return await _code(work, row, action, customer_id)
    return {}


async def _promotion(work: Work, row: DistributionRow, action: Action) -> dict[str, Any] | None:
    tier = await TIERS.get(work.db, work.project.id, id=action.promotion_tier_id or "")
    campaign = tier and await CAMPAIGNS.get(work.db, work.project.id, id=tier.campaign_id)
    if tier is None or campaign is None:
        log.warning("no_promotion_to_tell_of", distribution=row.id, promotion_tier=action.promotion_tier_id)
        return None
    return {"campaign": campaign_views.simple_of_customer(campaign), "promotion_tier": tier_views.simple(tier)}


async def _code(work: Work, row: DistributionRow, action: Action, customer_id: str) -> dict[str, Any] | None:
    try:
        return await _publish(work, row, action, customer_id)
    except ApiError as refusal:
        if refusal.key not in {ALREADY_JOINED, "not_found"}:  # the second if somebody was deleted just now
            raise
        log.info("no_code_to_be_had", distribution=row.id, customer=customer_id, why=refusal.key)
        return None


async def _publish(work: Work, row: DistributionRow, action: Action, customer_id: str) -> dict[str, Any] | None:
    """What a freshly published code adds to the message; None if its campaign or the customer is gone."""
    campaign = await campaigns.find(work.db, work.project.id, action.campaign_id or "")
    customer = await customers.CUSTOMERS.get(work.db, work.project.id, id=customer_id)
    if campaign is None or customer is None:
        log.warning("nothing_to_publish", distribution=row.id, campaign=action.campaign_id, customer=customer_id)
        return None
    origin = {"source_type": "distribution", "source_id": row.id, "distribution_id": row.id}
    done = await publish(work, campaign, customer, Terms(channel=AUTOMATION, metadata=origin))
    return {
        "campaign": campaign_views.simple_of_customer(campaign),
        "voucher": voucher_views.simple(done.vouchers[0]),
        "publication": publication_views.in_event(done.publication, done.customer),
    }
