"""Makes the deliveries that need more than the event: a code published for the message, and a designed payload."""

from typing import Any

import msgspec

from guerdon.errors import ApiError
from guerdon.events import canonical
from guerdon.events.catalogue import Purpose
from guerdon.events.doorbell import Bell
from guerdon.events.work import Work
from guerdon.families.campaigns import store as campaigns, views as campaign_views
from guerdon.families.customers import store as customers
from guerdon.families.distributions import store
from guerdon.families.distributions.schemas import Action
from guerdon.families.distributions.store import DistributionRow
from guerdon.families.publications import views as publication_views
from guerdon.families.publications.publish import ALREADY_JOINED, AUTOMATION, Terms, publish
from guerdon.families.vouchers import views as voucher_views
from guerdon.telemetry import logger
from guerdon.webhooks import store as webhooks, template
from guerdon.webhooks.fanout import Preparation, happened_since
from guerdon.webhooks.store import Endpoint, NewDelivery

PREPARE = "distributions.prepare"

log = logger("distributions")


async def prepare(work: Work, payload: dict[str, Any]) -> None:
    """Adds the deliveries of all channels, together with the one code that is published for them.

    What was paused or deleted since the event sends nothing, and neither does a customer who may have only one code and
    has it. Errors: others of publishing, after which the job is tried again: a campaign without codes may get some.
    """
    wanted = msgspec.convert(payload, Preparation)
    event = await store.event(work.db, work.project.id, wanted.event_number)
    held = await store.hold(work.db, work.project.id, wanted.endpoint_id)  # the first channel has the same id
    if held is None or event is None:
        return
    distribution, endpoints = held
    endpoints = [endpoint for endpoint in endpoints if endpoint.active and happened_since(event.id, endpoint)]
    data: dict[str, Any] | None = msgspec.json.decode(event.data)
    if endpoints and msgspec.convert(distribution.action, Action).type is Purpose.PUBLICATION:
        data = await _with_code(work, distribution, data or {})
    if not endpoints or data is None:
        return
    deliveries = [_designed(work.new_id("whs_"), endpoint, wanted.event_number, data) for endpoint in endpoints]
    await webhooks.add_deliveries(work.db, work.project.id, event.recorded_at, deliveries)
    work.ring(Bell.DELIVERIES)


async def _with_code(work: Work, distribution: DistributionRow, data: dict[str, Any]) -> dict[str, Any] | None:
    """The event's data with a freshly published code; None if there is none to be had, now and later."""
    try:
        added = await _publish(work, distribution, data["customer"]["id"])
    except ApiError as refusal:
        if refusal.key not in {ALREADY_JOINED, "not_found"}:  # the second if somebody was deleted just now
            raise
        log.info("no_code_to_be_had", distribution=distribution.id, customer=data["customer"]["id"], why=refusal.key)
        return None
    return None if added is None else data | added


async def _publish(work: Work, distribution: DistributionRow, customer_id: str) -> dict[str, Any] | None:
    """What a freshly published code adds to the message; None if its campaign or the customer is gone."""
    action = msgspec.convert(distribution.action, Action)
    campaign = await campaigns.find(work.db, work.project.id, action.campaign_id or "")
    customer = await customers.CUSTOMERS.get(work.db, work.project.id, id=customer_id)
    if campaign is None or customer is None:
        log.warning(
            "nothing_to_publish", distribution=distribution.id, campaign=action.campaign_id, customer=customer_id
        )
        return None
    origin = {"source_type": "distribution", "source_id": distribution.id, "distribution_id": distribution.id}
    done = await publish(work, campaign, customer, Terms(channel=AUTOMATION, metadata=origin))
    return {
        "campaign": campaign_views.simple_of_customer(campaign),
        "voucher": voucher_views.simple(done.vouchers[0]),
        "publication": publication_views.in_event(done.publication, done.customer),
    }


def _designed(delivery_id: str, endpoint: Endpoint, event_number: int, data: dict[str, Any]) -> NewDelivery:
    """The delivery as the channel wants it: the whole data, a designed payload in the envelope, or that by itself."""
    whole = canonical.encode(data)
    if endpoint.template is None:
        return NewDelivery(delivery_id, endpoint.id, event_number, data=whole.decode())
    filled = template.render(endpoint.template, msgspec.json.decode(whole))
    if endpoint.raw:
        return NewDelivery(delivery_id, endpoint.id, event_number, body=filled)
    return NewDelivery(delivery_id, endpoint.id, event_number, data=filled)


JOBS = {PREPARE: prepare}
