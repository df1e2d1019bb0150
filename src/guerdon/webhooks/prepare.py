"""The bytes of a delivery: envelope, signature, headers. Pure; the same delivery always gives the same bytes."""

import hmac
from datetime import datetime, timedelta

import msgspec

from guerdon.clock import iso

SIGNATURE_HEADER = "x-voucherify-signature"


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What a delivery says: its own name and times, the event, and the event's data as JSON text."""

    id: str
    source_id: str
    target_url: str
    type: str
    created_at: datetime
    event_id: str
    event_type: str
    entity_id: str
    group_id: str
    event_source: str
    data: str
    body: str | None

    @property
    def source_object(self) -> str:
        return "webhook" if self.source_id.startswith("wh_") else "distribution"


class Claimed(Message, frozen=True, kw_only=True):
    """A delivery that is ours to send until its lease ends."""

    recorded_at: datetime
    attempts_count: int
    by_hand: bool
    first_attempt_at: datetime | None


class Target(msgspec.Struct, frozen=True):
    """How the deliveries of one endpoint are sent and signed, and how far its project's clock is from the real one."""

    project_id: str
    endpoint_id: str
    headers: dict[str, str]
    secret: str
    catch_up: bool
    clock_offset: timedelta
    rate_limit_per_s: int | None = None


def body(project_id: str, message: Message) -> bytes:
    """The request body: the envelope around the event's data, or a raw payload as it was designed."""
    if message.body is not None:
        return message.body.encode()
    created_at = iso(message.created_at)
    return (
        f'{{"id":"{message.id}","project_id":"{project_id}","created_at":"{created_at}",'
        f'"type":{_text(message.type)},"data":{message.data},'
        f'"source":{{"object":"{message.source_object}","id":"{message.source_id}",'
        f'"target_url":{_text(message.target_url)}}},'
        f'"event":{{"id":"{message.event_id}","type":"{message.event_type}","created_at":"{created_at}",'
        f'"entity_id":{_text(message.entity_id)},"group_id":"{message.group_id}",'
        f'"event_source":{message.event_source}}}}}'
    ).encode()


def signature(secret: str, content: bytes) -> str:
    """HMAC-SHA256 over exactly the bytes sent, in lower-case hexadecimal."""
    return hmac.digest(secret.encode(), content, "sha256").hex()


def headers(target: Target, content: bytes) -> dict[str, str]:
    """Our two headers, after those that the endpoint asks for (which cannot carry the same names)."""
    return {
        **target.headers,
        "content-type": "application/json",
        SIGNATURE_HEADER: signature(target.secret, content),
    }


def _text(value: str) -> str:
    return msgspec.json.encode(value).decode()
