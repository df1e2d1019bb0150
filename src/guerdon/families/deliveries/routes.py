"""Operators' view of deliveries: list, read with every attempt, send again, one or many; and trying a webhook out."""

import msgspec

from guerdon.clock import iso, iso_or_none
from guerdon.errors import refused
from guerdon.events.doorbell import Bell
from guerdon.families.deliveries import replay, schemas
from guerdon.families.deliveries.schemas import DeliveriesList, DeliveriesQuery
from guerdon.families.deliveries.try_out import try_out
from guerdon.http.call import Call
from guerdon.http.routing import Param, Route, Scope
from guerdon.webhooks import prepare, store
from guerdon.webhooks.settle import Attempt
from guerdon.webhooks.store import Delivery, Endpoint


async def list_deliveries(call: Call[None]) -> DeliveriesList:
    query: DeliveriesQuery = call.query
    found = await store.deliveries(
        call.db,
        call.project_id,
        query.status,
        query.event_type,
        query.source_id,
        query.entity_id,
        query.created_after,
        query.created_before,
        query.starting_after_id,
        query.limit + 1,
    )
    page = [_view(call, delivery) for delivery in found[: query.limit]]
    more = len(found) > query.limit
    return DeliveriesList(page, more, page[-1].id if more else None)


async def get_delivery(call: Call[None], delivery: Delivery) -> schemas.Delivery:
    attempts = await store.attempts(call.db, call.project_id, delivery.id)
    shown = [_attempt(number, attempt) for number, attempt in enumerate(attempts, start=1)]
    return msgspec.structs.replace(_view(call, delivery), attempts=shown)


async def retry_delivery(call: Call[None], delivery: Delivery) -> schemas.Delivery:
    """Errors: delivery_in_progress while an attempt is on its way, when the webhook is gone, and for a sample."""
    if not await store.retry(call.db, call.project_id, delivery.id):
        raise refused(
            "delivery_in_progress",
            "Delivery cannot be sent again now",
            f"Delivery '{delivery.id}' is being sent, or is a sample, or its webhook or distribution is gone",
        )
    call.work.ring(Bell.DELIVERIES)
    fresh = await store.delivery(call.db, call.project_id, delivery.id)
    return await get_delivery(call, fresh or delivery)


async def replay_deliveries(call: Call[schemas.Replay]) -> schemas.ReplayAccepted:
    return schemas.ReplayAccepted(await replay.begin(call.work, call.body))


async def test_webhook(call: Call[None], endpoint: Endpoint) -> schemas.SampleAttempt:
    delivery_id, attempt = await try_out(call, endpoint)
    return schemas.SampleAttempt(**msgspec.structs.asdict(_attempt(1, attempt)), delivery_id=delivery_id)


def _view(call: Call[None], delivery: Delivery) -> schemas.Delivery:
    # Retries are due in real time; the project's clock shows them where it stands.
    due_at = delivery.due_at and delivery.due_at + call.work.project.clock_offset
    return schemas.Delivery(
        id=delivery.id,
        status=delivery.status,
        event=schemas.DeliveredEvent(
            delivery.event_id, delivery.event_type, delivery.entity_id, delivery.group_id, iso(delivery.created_at)
        ),
        source=schemas.Source(delivery.source_id, delivery.source_object, delivery.target_url),
        created_at=iso(delivery.created_at),
        next_attempt_at=iso_or_none(due_at),
        sent_at=iso_or_none(delivery.sent_at),
        attempts_count=delivery.attempts_count,
        body=_body(prepare.body(call.project_id, delivery)),
    )


def _body(content: bytes) -> object:
    """The body as JSON; a raw payload that is none, as text."""
    try:
        return msgspec.json.decode(content)
    except msgspec.DecodeError:
        return content.decode()


def _attempt(number: int, attempt: Attempt) -> schemas.Attempt:
    return schemas.Attempt(
        number,
        iso(attempt.started_at),
        attempt.duration_ms,
        attempt.status_code,
        attempt.error,
        attempt.response_excerpt,
    )


async def _load_webhook(call: Call[object], webhook_id: str) -> Endpoint | None:
    if not webhook_id.startswith("wh_"):  # a channel of a distribution
        return None
    return await store.ENDPOINTS.get(call.db, call.project_id, id=webhook_id)


async def _load(call: Call[object], delivery_id: str) -> Delivery | None:
    return await store.delivery(call.db, call.project_id, delivery_id)


_DELIVERIES = "/management/v1/projects/{projectId}/deliveries"
_DELIVERY = "/management/v1/projects/{projectId}/deliveries/{deliveryId}"
_ONE = (Param("delivery", _load),)
ROUTES = (
    Route("GET", _DELIVERIES, list_deliveries, query=DeliveriesQuery, answer=DeliveriesList, scope=Scope.MANAGEMENT),
    Route("GET", _DELIVERY, get_delivery, _ONE, answer=schemas.Delivery, scope=Scope.MANAGEMENT),
    Route(
        "POST",
        "/management/v1/projects/{projectId}/webhooks/{webhookId}/test",
        test_webhook,
        (Param("webhook", _load_webhook),),
        answer=schemas.SampleAttempt,
        scope=Scope.MANAGEMENT,
        is_repeatable=False,
    ),
    Route(
        "POST",
        f"{_DELIVERIES}/replay",
        replay_deliveries,
        body=schemas.Replay,
        answer=schemas.ReplayAccepted,
        scope=Scope.MANAGEMENT,
    ),
    Route("POST", f"{_DELIVERY}/retry", retry_delivery, _ONE, answer=schemas.Delivery, scope=Scope.MANAGEMENT),
)
