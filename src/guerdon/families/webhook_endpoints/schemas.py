"""Project webhooks on the wire."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

TargetUrl = Annotated[str, Meta(max_length=2_000)]
EventNames = Annotated[list[str], Meta(min_length=1, max_length=200)]
Description = Annotated[str, Meta(max_length=1_000)]
RateLimit = Annotated[int, Meta(ge=1, le=10_000)]

OverlapHours = Annotated[int, Meta(ge=0, le=720)]


class NewWebhook(msgspec.Struct, kw_only=True):
    """Body of creating a webhook; `events` may be `["*"]` for every listed one."""

    target_url: TargetUrl
    events: EventNames
    active: bool = True
    headers: dict[str, str] = {}
    description: Description | None = None
    rate_limit_per_s: RateLimit | None = None


class WebhookPatch(msgspec.Struct, kw_only=True):
    """Body of changing a webhook: what is not sent stays; `events` replaces the whole list."""

    target_url: TargetUrl | UnsetType = UNSET
    events: EventNames | UnsetType = UNSET
    active: bool | UnsetType = UNSET
    headers: dict[str, str] | UnsetType = UNSET
    description: Description | UnsetType | None = UNSET
    rate_limit_per_s: RateLimit | UnsetType | None = UNSET


class Webhook(msgspec.Struct, kw_only=True):
    """A project webhook; from `headers` on, the properties are ours."""

    id: str
    object: str = "webhook"
    created_at: str
    target_url: str
    events: list[str]
    active: bool
    headers: dict[str, str]
    description: str | None
    rate_limit_per_s: int | None
    disabled_reason: str | None
    disabled_at: str | None


class WebhooksList(msgspec.Struct):
    """All webhooks of a project."""

    data: list[Webhook]
    total: int
    object: str = "list"
    data_ref: str = "data"


class SecretRotation(msgspec.Struct):
    """Body of replacing the secret: for how long the old one signs too."""

    overlap_hours: OverlapHours = 24


class Secret(msgspec.Struct, kw_only=True):
    """A new secret, and until when the old one signs too."""

    object: str = "webhook_secret"
    secret: str
    overlap_until: str | None
