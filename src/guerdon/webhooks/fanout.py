"""Which endpoints an event goes to: one delivery for each, or a job for those that need more than the event."""

from collections.abc import Sequence

import msgspec

from guerdon.db.transaction import Transaction
from guerdon.events.catalogue import MANUAL, PROJECT_EVENTS, SPELT_RIGHT
from guerdon.events.doorbell import Bell
from guerdon.events.relay import Numbered
from guerdon.ids import Ids
from guerdon.jobs import queue
from guerdon.webhooks import store
from guerdon.webhooks.store import Endpoint, NewDelivery


class Preparation(msgspec.Struct, frozen=True):
    """Payload of a job that makes a delivery: which event, for which endpoint."""

    endpoint_id: str
    event_number: int


def happened_since(event_id: str, endpoint: Endpoint) -> bool:
    """Whether the event happened since the endpoint was last switched on."""
    return event_id.rpartition("_")[2] >= endpoint.active_since


def wants(endpoint: Endpoint, event: Numbered) -> bool:
    """Whether the endpoint subscribed to the event when it happened, and is not narrowed to another campaign.

    What is about a distribution is for its own channels alone.
    """
    if event.quiet or not happened_since(event.id, endpoint):
        return False
    if event.type == MANUAL and event.entity_id != endpoint.source_id:
        return False
    names = {SPELT_RIGHT.get(name, name) for name in endpoint.events}
    subscribed = event.type in names or (endpoint.all_events and event.type in PROJECT_EVENTS)
    return subscribed and endpoint.campaign_id in {None, event.campaign_id}


class FanOut:
    """The relay's consumer that turns events into deliveries."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids

    async def __call__(self, db: Transaction, project_id: str, events: Sequence[Numbered]) -> Sequence[Bell]:
        endpoints = await store.active_endpoints(db, project_id)
        pairs = [(event, endpoint) for event in events for endpoint in endpoints if wants(endpoint, event)]
        if not pairs:
            return ()
        deliveries = [
            NewDelivery(self._ids.new("whs_"), endpoint.id, event.number)
            for event, endpoint in pairs
            if endpoint.prepared_by is None
        ]
        jobs = [
            queue.NewJob(
                self._ids.new("job_"), endpoint.prepared_by, Preparation(endpoint.id, event.number), event.group_id
            )
            for event, endpoint in pairs
            if endpoint.prepared_by is not None
        ]
        await store.add_deliveries(db, project_id, events[0].recorded_at, deliveries)
        await queue.add(db, project_id, jobs)
        return (Bell.DELIVERIES, Bell.JOBS) if jobs else (Bell.DELIVERIES,)
