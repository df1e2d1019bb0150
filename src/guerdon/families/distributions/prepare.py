"""Makes the deliveries that need more than the event: a narrowing, a promotion, a fresh code, a designed payload."""

from typing import Any

import msgspec

from guerdon.events import canonical
from guerdon.events.catalogue import MANUAL
from guerdon.events.doorbell import Bell
from guerdon.events.work import Work
from guerdon.families.customers import views as customer_views
from guerdon.families.customers.store import CUSTOMERS
from guerdon.families.distributions import store
from guerdon.families.distributions.add import added
from guerdon.families.distributions.narrow import lets_through
from guerdon.families.distributions.schemas import BY_HAND, Trigger
from guerdon.families.distributions.store import RecordedEvent
from guerdon.families.segments.schemas import SegmentEvent, SimpleSegment
from guerdon.families.segments.store import SEGMENTS
from guerdon.webhooks import store as webhooks, template
from guerdon.webhooks.fanout import Preparation, happened_since
from guerdon.webhooks.store import Endpoint, NewDelivery

PREPARE = "distributions.prepare"


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
    data = await _data(work, msgspec.convert(distribution.trigger, Trigger), event) if endpoints else None
    more = None if data is None else await added(work, distribution, data["customer"]["id"])
    if data is None or more is None:
        return
    deliveries = [_designed(work.new_id("whs_"), endpoint, wanted.event_number, data | more) for endpoint in endpoints]
    await webhooks.add_deliveries(work.db, work.project.id, event.recorded_at, deliveries)
    work.ring(Bell.DELIVERIES)


async def _data(work: Work, trigger: Trigger, event: RecordedEvent) -> dict[str, Any] | None:
    """What the message says of the event; None if it is none that the trigger lets through."""
    data: dict[str, Any] = msgspec.json.decode(event.data)
    if event.type == MANUAL:
        return data if trigger.type == BY_HAND else await _present(work, trigger, data)
    return data if await lets_through(work, trigger, data, event.created_at) else None


async def _present(work: Work, trigger: Trigger, data: dict[str, Any]) -> dict[str, Any] | None:
    """The data with what would have been told, had the customer who is in the segment just entered it."""
    customer = await CUSTOMERS.get(work.db, work.project.id, id=data["customer"]["id"])
    segment = await SEGMENTS.get(work.db, work.project.id, id=trigger.segment_id or "")
    if customer is None or segment is None:
        return None
    told = SegmentEvent(customer_views.customer(customer), SimpleSegment(segment.id, segment.name))
    return data | msgspec.to_builtins(told)


def _designed(delivery_id: str, endpoint: Endpoint, event_number: int, data: dict[str, Any]) -> NewDelivery:
    """The delivery as the channel wants it: the whole data, a designed payload in the envelope, or that by itself."""
    whole = canonical.encode(data)
    if endpoint.template is None:
        return NewDelivery(delivery_id, endpoint.id, event_number, data=whole.decode())
    filled = template.render(endpoint.template, msgspec.json.decode(whole))
    if endpoint.raw:
        return NewDelivery(delivery_id, endpoint.id, event_number, body=filled)
    return NewDelivery(delivery_id, endpoint.id, event_number, data=filled)
