"""The bytes of a delivery: envelope, signatures, headers. Pure; the same delivery always gives the same bytes."""

import base64
import binascii
import hmac
from datetime import datetime, timedelta

import msgspec

from guerdon.clock import iso

SIGNATURE_HEADER = "x-voucherify-signature"
PREVIOUS_SIGNATURE_HEADER = "x-voucherify-signature-previous"
STANDARD_ID_HEADER = "webhook-id"
STANDARD_TIMESTAMP_HEADER = "webhook-timestamp"
STANDARD_SIGNATURE_HEADER = "webhook-signature"
_STANDARD_PREFIX = "whsec_"


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


class Signing(msgspec.Struct, frozen=True):
    """How a project's deliveries are signed now; the previous secret only while it is still valid."""

    secret: str
    previous_secret: str | None = None
    standard_webhooks: bool = False


class Claimed(Message, frozen=True, kw_only=True):
    """A delivery that is ours to send until its lease ends, and how it is signed."""

    signing: Signing

    recorded_at: datetime
    attempts_count: int
    by_hand: bool
    first_attempt_at: datetime | None


class Target(msgspec.Struct, frozen=True):
    """How the deliveries of one endpoint are sent, and how far its project's clock is from the real one."""

    project_id: str
    endpoint_id: str
    headers: dict[str, str]
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


def standard_signature(secret: str, message_id: str, timestamp: int, content: bytes) -> str:
    """One signature as the Standard Webhooks specification 1.0 has it: base64, with its version before it."""
    signed = f"{message_id}.{timestamp}.".encode() + content
    return f"v1,{base64.b64encode(hmac.digest(_standard_key(secret), signed, 'sha256')).decode()}"


def headers(wanted: dict[str, str], signing: Signing, message_id: str, content: bytes, now: datetime) -> dict[str, str]:
    """Ours, after those that the endpoint wants (which cannot carry the same names). `now` is the real time."""
    return {
        **wanted,
        "content-type": "application/json",
        SIGNATURE_HEADER: signature(signing.secret, content),
        **_previous_headers(signing, content),
        **_standard_headers(signing, message_id, content, now),
    }


def _previous_headers(signing: Signing, content: bytes) -> dict[str, str]:
    if signing.previous_secret is None:
        return {}
    return {PREVIOUS_SIGNATURE_HEADER: signature(signing.previous_secret, content)}


def _standard_headers(signing: Signing, message_id: str, content: bytes, now: datetime) -> dict[str, str]:
    if not signing.standard_webhooks:
        return {}
    timestamp = int(now.timestamp())
    secrets = [signing.secret] if signing.previous_secret is None else [signing.secret, signing.previous_secret]
    return {
        STANDARD_ID_HEADER: message_id,
        STANDARD_TIMESTAMP_HEADER: str(timestamp),
        STANDARD_SIGNATURE_HEADER: " ".join(
            standard_signature(secret, message_id, timestamp, content) for secret in secrets
        ),
    }


def _standard_key(secret: str) -> bytes:
    """The secret as the specification's libraries read it: base64, with or without its prefix; other text as it is."""
    try:
        return base64.b64decode(secret.removeprefix(_STANDARD_PREFIX), validate=True)
    except binascii.Error:
        return secret.encode()


def _text(value: str) -> str:
    return msgspec.json.encode(value).decode()
