"""Project webhooks: the endpoints that project events are sent to."""

from datetime import timedelta

import msgspec
from msgspec import UNSET, UnsetType

from guerdon.clock import iso, iso_or_none
from guerdon.errors import invalid_payload, refused
from guerdon.events.catalogue import PROJECT_EVENTS, project_event
from guerdon.families.webhook_endpoints.schemas import (
    NewWebhook,
    Secret,
    SecretRotation,
    Webhook,
    WebhookPatch,
    WebhooksList,
)
from guerdon.http.call import Call
from guerdon.http.routing import Param, Route, Scope
from guerdon.webhooks import checks, signing, store
from guerdon.webhooks.store import Endpoint

_PREFIX = "wh_"
_EVERYTHING = "*"


async def create_webhook(call: Call[NewWebhook]) -> Webhook:
    webhook_id = call.work.new_id(_PREFIX)
    blank = Endpoint(
        id=webhook_id,
        source_id=webhook_id,
        target_url="",
        events=[],
        active_since=call.runtime.ids.mark(),
        created_at=call.work.now,
    )
    endpoint = _with(blank, call.body)
    await store.ENDPOINTS.insert(call.db, call.project_id, endpoint)
    return _view(endpoint)


async def list_webhooks(call: Call[None]) -> WebhooksList:
    endpoints = await store.endpoints(call.db, call.project_id, _PREFIX)
    return WebhooksList([_view(endpoint) for endpoint in endpoints], len(endpoints))


async def get_webhook(_call: Call[None], endpoint: Endpoint) -> Webhook:
    return _view(endpoint)


async def update_webhook(call: Call[WebhookPatch], endpoint: Endpoint) -> Webhook:
    """Switching a webhook off gives up what is pending for it; switching it on starts afresh."""
    changed = msgspec.structs.replace(_with(endpoint, call.body), updated_at=call.work.now)
    if not changed.active:
        await store.stop_endpoint(call.db, call.project_id, endpoint.id)
    elif not endpoint.active:
        changed = msgspec.structs.replace(
            changed, active_since=call.runtime.ids.mark(), disabled_reason=None, disabled_at=None
        )
    await store.ENDPOINTS.update(call.db, call.project_id, changed)
    return _view(changed)


async def delete_webhook(call: Call[None], endpoint: Endpoint) -> None:
    await store.remove_endpoint(call.db, call.project_id, endpoint.id)


async def rotate_secret(call: Call[SecretRotation]) -> Secret:
    """Errors: secret_rotation_in_progress while the secret before the present one still signs.

    Without an overlap it is never refused: a secret that became known must be replaced at once.
    """
    hours, now = call.body.overlap_hours, call.work.now
    until = now + timedelta(hours=hours) if hours else None
    secret = signing.new_secret()
    if not await store.rotate_secret(call.db, call.project_id, secret, until, now):
        raise refused(
            "secret_rotation_in_progress",
            "The secret is being rotated",
            "The previous secret is still valid. Wait until its time is over, or rotate with overlap_hours 0",
        )
    return Secret(secret=secret, overlap_until=iso_or_none(until))


def _with(endpoint: Endpoint, body: NewWebhook | WebhookPatch) -> Endpoint:
    """The endpoint as the body wants it. Errors: invalid_payload."""
    sent = {name: value for name, value in msgspec.structs.asdict(body).items() if value is not UNSET}
    if not isinstance(body.target_url, UnsetType):
        checks.require_target_url(body.target_url)
    if not isinstance(body.headers, UnsetType):
        checks.require_headers(body.headers)
    if not isinstance(body.events, UnsetType):
        everything = body.events == [_EVERYTHING]
        sent |= {"events": list(PROJECT_EVENTS) if everything else _known(body.events), "all_events": everything}
    return msgspec.structs.replace(endpoint, **sent)


def _known(names: list[str]) -> list[str]:
    """Each once, spelt as they were sent: generated clients accept no other spelling. Errors: invalid_payload."""
    known: dict[str, None] = {}
    for place, name in enumerate(names):
        if project_event(name) is None:
            raise invalid_payload(
                f"Property .events[{place}] must be equal to one of the allowed values: no event '{name}'"
            )
        known[name] = None
    return list(known)


def _view(endpoint: Endpoint) -> Webhook:
    return Webhook(
        id=endpoint.id,
        created_at=iso(endpoint.created_at),
        target_url=endpoint.target_url,
        events=endpoint.events,
        active=endpoint.active,
        headers=endpoint.headers,
        description=endpoint.description,
        rate_limit_per_s=endpoint.rate_limit_per_s,
        disabled_reason=endpoint.disabled_reason,
        disabled_at=iso_or_none(endpoint.disabled_at),
    )


async def _load(call: Call[object], webhook_id: str) -> Endpoint | None:
    return await store.ENDPOINTS.get(call.db, call.project_id, id=webhook_id) if _ours(webhook_id) else None


async def _lock(call: Call[object], webhook_id: str) -> Endpoint | None:
    return await store.ENDPOINTS.lock(call.db, call.project_id, webhook_id) if _ours(webhook_id) else None


def _ours(endpoint_id: str) -> bool:
    """Whether the endpoint is a webhook, and not a channel of a distribution."""
    return endpoint_id.startswith(_PREFIX)


_WEBHOOKS = "/management/v1/projects/{projectId}/webhooks"
_WEBHOOK = "/management/v1/projects/{projectId}/webhooks/{webhookId}"
_ONE = (Param("webhook", _load),)
_HELD = (Param("webhook", _lock),)
ROUTES = (
    Route("POST", _WEBHOOKS, create_webhook, body=NewWebhook, answer=Webhook, scope=Scope.MANAGEMENT),
    Route("GET", _WEBHOOKS, list_webhooks, answer=WebhooksList, scope=Scope.MANAGEMENT),
    Route(
        "POST",
        f"{_WEBHOOKS}/secret/rotate",
        rotate_secret,
        body=SecretRotation,
        answer=Secret,
        scope=Scope.MANAGEMENT,
    ),
    Route("GET", _WEBHOOK, get_webhook, _ONE, answer=Webhook, scope=Scope.MANAGEMENT),
    Route("PUT", _WEBHOOK, update_webhook, _HELD, WebhookPatch, answer=Webhook, scope=Scope.MANAGEMENT),
    Route("DELETE", _WEBHOOK, delete_webhook, _HELD, scope=Scope.MANAGEMENT),
)
