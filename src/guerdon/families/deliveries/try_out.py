"""Trying a webhook out: one sample, sent at once and once, signed like everything else, and logged."""

from guerdon.clock import real_now
from guerdon.events import canonical
from guerdon.events.catalogue import EVENTS, SPELT_RIGHT
from guerdon.families.deliveries import store
from guerdon.http.call import Call
from guerdon.webhooks import prepare, sample, store as webhooks
from guerdon.webhooks.prepare import Message
from guerdon.webhooks.send import Sender
from guerdon.webhooks.settle import Attempt
from guerdon.webhooks.store import Endpoint


async def try_out(call: Call[None], endpoint: Endpoint) -> tuple[str, Attempt]:
    """The id under which the sample is logged, and what came of it. Whatever came of it, the webhook stays as it is.

    No connection to the database is held during the call, which may take ten seconds.
    """
    signing = await webhooks.signing(call.db, call.project_id)
    call.db.rest()
    message = _message(call, endpoint)
    content = prepare.body(call.project_id, message)
    headers = prepare.headers(endpoint.headers, signing, message.id, content, real_now())
    async with Sender(allow_private=call.runtime.allow_private_targets, connections=1) as sender:
        attempt = await sender.post(endpoint.target_url, content, headers)
    delivery_id = call.work.new_id("whs_")
    await store.add_sample(call.db, call.project_id, delivery_id, message, content, attempt)
    return delivery_id, attempt


def _message(call: Call[None], endpoint: Endpoint) -> Message:
    event_type = SPELT_RIGHT.get(endpoint.events[0], endpoint.events[0])
    return Message(
        id=sample.zero("whs_"),
        source_id=endpoint.id,
        target_url=endpoint.target_url,
        type=event_type,
        created_at=call.work.now,
        event_id=sample.zero(EVENTS[event_type].id_prefix),
        event_type=event_type,
        entity_id=sample.entity_id(event_type),
        group_id=sample.zero("v-"),
        event_source=call.work.actor.event_source,
        data=canonical.encode(sample.data(event_type)).decode(),
        body=None,
    )
