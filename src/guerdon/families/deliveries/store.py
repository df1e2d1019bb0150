"""Deliveries that are samples, and deliveries that are sent again by the range: their statements."""

from guerdon.db.transaction import Transaction
from guerdon.webhooks.prepare import Message
from guerdon.webhooks.settle import Attempt

# A sample belongs to no event of the feed; number 0 is nobody's.
_ADD_SAMPLE = """
WITH added AS (
    INSERT INTO deliveries (
        project_id, id, recorded_at, endpoint_id, source_id, event_number, event_recorded_at, event_id, event_type,
        entity_id, type, target_url, status, attempts_count, first_attempt_at, created_at, sent_at, body
    ) VALUES ($1, $2, now(), $3, $3, 0, now(), $4, $5, $6, $5, $7, $8, 1, $9, $10, $11, $12)
)
INSERT INTO delivery_attempts (
    project_id, delivery_id, number, recorded_at, started_at, duration_ms, status_code, error, response_excerpt
) VALUES ($1, $2, 1, now(), $9, $13, $14, $15, $16)
"""


async def add_sample(
    db: Transaction, project_id: str, delivery_id: str, message: Message, body: bytes, attempt: Attempt
) -> None:
    """Logs a sample that was sent, with its only attempt."""
    await db.only(
        _ADD_SAMPLE,
        project_id,
        delivery_id,
        message.source_id,
        message.event_id,
        message.event_type,
        message.entity_id,
        message.target_url,
        "SENT" if attempt.ok else "FAILED",
        attempt.started_at,
        message.created_at,
        message.created_at if attempt.ok else None,
        body.decode(),
        attempt.duration_ms,
        attempt.status_code,
        attempt.error,
        attempt.response_excerpt,
    )
