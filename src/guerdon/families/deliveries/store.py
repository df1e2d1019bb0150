"""Deliveries that are samples, and deliveries that are sent again by the range: their statements."""

from datetime import datetime

import msgspec

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


class Range(msgspec.Struct, frozen=True):
    """Which deliveries are sent again: those of a window of time that had this status when asked."""

    created_after: datetime
    created_before: datetime
    status: str
    source_id: str | None
    event_types: list[str] | None
    asked_at: datetime


class Slice(msgspec.Struct, frozen=True):
    """What one slice did: how many deliveries it looked at, the last of them, and how many are due again."""

    looked: int
    last_id: str | None
    replayed: int


# A slice is bounded by what it looks at, not by what it finds. The conditions are in the UPDATE, where they are judged
# again on a row that another replay, or a caller's retry, has changed in the same moment.
_REPLAY = """
WITH looked AS (
    SELECT project_id, id, recorded_at FROM deliveries
    WHERE project_id = $1 AND id > $2 AND id < $3 AND recorded_at >= $4 ORDER BY id LIMIT $5
), replayed AS (
    UPDATE deliveries d SET due_at = now(), status = 'RETRYING', by_hand = (d.due_at IS NULL)
    FROM looked l
    WHERE d.project_id = l.project_id AND d.id = l.id AND d.recorded_at = l.recorded_at
        AND d.created_at > $6 AND d.created_at < $7 AND d.status = $8
        AND ($9::text IS NULL OR d.source_id = $9) AND ($10::text[] IS NULL OR d.event_type = ANY($10))
        AND (d.sent_at IS NULL OR d.sent_at < $11) AND (d.due_at IS NULL OR d.due_at > now())
        AND d.event_number > 0 AND d.leased_until IS NULL
        AND EXISTS (SELECT FROM endpoints e WHERE e.project_id = d.project_id AND e.id = d.endpoint_id)
    RETURNING d.id
)
SELECT (SELECT count(id) FROM looked), (SELECT max(id) FROM looked), (SELECT count(id) FROM replayed)
"""


async def replay_slice(
    db: Transaction, project_id: str, chosen: Range, ids: tuple[str, str], recorded_from: datetime, size: int
) -> Slice:
    """Makes due again what is chosen among the next deliveries between two ids."""
    row = await db.write_row(
        _REPLAY,
        project_id,
        *ids,
        recorded_from,
        size,
        chosen.created_after,
        chosen.created_before,
        chosen.status,
        chosen.source_id,
        chosen.event_types,
        chosen.asked_at,
    )
    return Slice(0, None, 0) if row is None else Slice(*row.values())
