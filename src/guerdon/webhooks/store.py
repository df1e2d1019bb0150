"""Endpoints, deliveries and attempts: their tables and every statement on them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from guerdon.clock import real_now
from guerdon.db.table import Order, Table, Where
from guerdon.db.transaction import Transaction
from guerdon.webhooks import sample
from guerdon.webhooks.prepare import Claimed, Message, Signing, Target
from guerdon.webhooks.settle import Attempt, Delivered, GaveUp, Outcome, RetryAt


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Where events go: a project webhook, or one channel of a distribution.

    It gets events whose id sorts after `active_since`: nothing is made up for that happened while it was off.
    `prepared_by` names the job that must make the delivery, because more than the event belongs into it.
    """

    id: str
    source_id: str
    target_url: str
    events: list[str]
    all_events: bool = False
    active: bool = True
    active_since: str
    campaign_id: str | None = None
    event_name: str | None = None
    headers: dict[str, str] = {}
    template: str | None = None
    raw: bool = False
    prepared_by: str | None = None
    description: str | None = None
    rate_limit_per_s: int | None = None
    disabled_reason: str | None = None
    disabled_at: datetime | None = None
    created_at: datetime
    updated_at: datetime | None = None


class NewDelivery(msgspec.Struct, frozen=True):
    """A delivery to be made of an event for an endpoint; `data` or `body` replace what the event would give."""

    id: str
    endpoint_id: str
    event_number: int
    data: str | None = None
    body: str | None = None


class Delivery(Message, frozen=True, kw_only=True):
    """A delivery as it is shown: what it says, and its state."""

    recorded_at: datetime
    status: str
    attempts_count: int
    due_at: datetime | None
    sent_at: datetime | None


ENDPOINTS = Table("endpoints", Endpoint)
_NEWEST_FIRST = Order("created_at")

_GIVE_UP_PENDING = """
UPDATE deliveries SET status = 'FAILED', due_at = NULL, leased_until = NULL
WHERE project_id = $1 AND endpoint_id = ANY($2::text[]) AND due_at IS NOT NULL
"""
# Also of a delivery whose call is open: _SETTLE sees by its first attempt how far it was moved meanwhile.
_SHIFT_RETRIES = """
UPDATE deliveries SET due_at = due_at - $2::interval,
    first_attempt_at = CASE WHEN leased_until IS NULL THEN first_attempt_at ELSE coalesce(first_attempt_at, now()) END
        - $2::interval
WHERE project_id = $1 AND due_at IS NOT NULL
"""

_ADD_SETTINGS = """
INSERT INTO delivery_settings (project_id, secret, catch_up, standard_webhooks) VALUES ($1, $2, $3, $4)
"""
_ROTATE = """
UPDATE delivery_settings
SET previous_secret = CASE WHEN $3::timestamptz IS NOT NULL THEN secret END, previous_until = $3, secret = $2
WHERE project_id = $1 AND ($3::timestamptz IS NULL OR previous_until IS NULL OR previous_until <= $4)
RETURNING project_id
"""
_SHIFT_CLOCK = "UPDATE delivery_settings SET clock_offset = clock_offset + $2::interval WHERE project_id = $1"

# The event and the endpoint are looked up here, so that the relay need not carry their columns to and fro.
# Due since the statement, not the transaction: a relay that began early must not put later events before earlier ones.
_INSERT_DELIVERIES = """
INSERT INTO deliveries (
    project_id, id, recorded_at, endpoint_id, source_id, event_number, event_recorded_at, event_id, event_type,
    entity_id, type, target_url, created_at, due_at, data, body
)
SELECT e.project_id, n.id, $2, p.id, p.source_id, e.number, e.recorded_at, e.id, e.type, e.entity_id,
    coalesce(p.event_name, e.type), p.target_url, e.created_at, statement_timestamp(), n.data, n.body
FROM unnest(
    array_fill($1::text, ARRAY[cardinality($4::text[])]), array_fill($3::timestamptz, ARRAY[cardinality($4::text[])]),
    $4::text[], $5::text[], $6::bigint[], $7::text[], $8::text[]
) AS n (project_id, recorded_at, id, endpoint_id, event_number, data, body),
LATERAL (SELECT * FROM endpoints WHERE project_id = n.project_id AND id = n.endpoint_id LIMIT 1) p,
LATERAL (
    SELECT * FROM events
    WHERE project_id = n.project_id AND number = n.event_number AND recorded_at = n.recorded_at LIMIT 1
) e
"""

# Jumps from endpoint to endpoint through the index of what is due, whatever the backlog of each.
_DUE_TARGETS = """
WITH RECURSIVE waiting AS (
    (SELECT project_id, endpoint_id FROM deliveries WHERE due_at IS NOT NULL ORDER BY project_id, endpoint_id LIMIT 1)
    UNION ALL
    SELECT following.project_id, following.endpoint_id FROM waiting, LATERAL (
        SELECT d.project_id, d.endpoint_id FROM deliveries d
        WHERE d.due_at IS NOT NULL AND (d.project_id, d.endpoint_id) > (waiting.project_id, waiting.endpoint_id)
        ORDER BY d.project_id, d.endpoint_id LIMIT 1
    ) following
)
SELECT e.project_id, e.id AS endpoint_id, e.headers, s.catch_up, s.clock_offset, e.rate_limit_per_s
FROM waiting
JOIN endpoints e ON e.project_id = waiting.project_id AND e.id = waiting.endpoint_id
JOIN delivery_settings s ON s.project_id = waiting.project_id
WHERE EXISTS (
    SELECT FROM deliveries d WHERE d.project_id = e.project_id AND d.endpoint_id = e.id
    AND d.due_at <= now() AND (d.leased_until IS NULL OR d.leased_until < now())
)
"""
# By the project's clock, because that is what an operator sees and moves.
_SIGNING = (
    "s.secret, CASE WHEN s.previous_until > now() + s.clock_offset THEN s.previous_secret END AS previous_secret,"
    " s.standard_webhooks"
)
_HOW_TO_SIGN = f"SELECT {_SIGNING} FROM delivery_settings s WHERE s.project_id = $1"
# Rows are looked up one by one (LATERAL … LIMIT 1), and rows to change are joined over their whole key without
# repeating `project_id = $1` for them. Otherwise the planner may read all of the project's rows at once instead of
# finding each by its key: cheap by the statistics of a young partition, and ruinous an hour later.
_CLAIM_BY = f"""
WITH chosen AS (
    SELECT project_id, id, recorded_at FROM deliveries
    WHERE project_id = $1 AND endpoint_id = $2 AND due_at <= now() AND (leased_until IS NULL OR leased_until < now())
    {{condition}} ORDER BY {{order}} LIMIT $3 FOR UPDATE SKIP LOCKED
), claimed AS (
    UPDATE deliveries d SET leased_until = now() + $4::interval FROM chosen c
    WHERE d.project_id = c.project_id AND d.id = c.id AND d.recorded_at = c.recorded_at RETURNING d.*
)
SELECT c.id, c.source_id, c.target_url, c.type, c.created_at, c.event_id, c.event_type, c.entity_id,
    e.group_id, e.event_source, coalesce(c.data, e.data) AS data, c.body,
    c.recorded_at, c.attempts_count, c.by_hand, c.first_attempt_at,
    s.secret, s.previous_secret, s.standard_webhooks
FROM claimed c, LATERAL (
    SELECT {_SIGNING} FROM delivery_settings s WHERE s.project_id = c.project_id LIMIT 1
) s, LATERAL (
    SELECT group_id, event_source, data FROM events
    WHERE project_id = c.project_id AND number = c.event_number AND recorded_at = c.event_recorded_at LIMIT 1
) e
ORDER BY c.due_at, c.id
"""
_CLAIM = _CLAIM_BY.format(condition="", order="due_at, id")
# Goes through deliveries_due_again, whatever the backlog of first attempts is.
_CLAIM_AGAIN = _CLAIM_BY.format(
    condition="AND due_at IS NOT NULL AND (first_attempt_at IS NOT NULL OR by_hand)",
    order="by_hand DESC, attempts_count DESC, due_at, id",
)
_RELEASE = """
UPDATE deliveries d SET leased_until = NULL
FROM unnest(array_fill($1::text, ARRAY[cardinality($2::text[])]), $2::text[], $3::timestamptz[])
    AS r (project_id, id, recorded_at)
WHERE d.project_id = r.project_id AND d.id = r.id AND d.recorded_at = r.recorded_at
"""
# A delivery that is not due any more was given up while its call was open: it gets no further attempt.
# The commit need not wait for the disk: what a crash of PostgreSQL takes back is sent again, the same, as after a crash
# between sending and settling. A claim does wait, so nothing is ever sent of which a crash could take back the making.
# attempts_count fences out a worker whose lease ended before it settled: its attempt is then counted by nobody.
_SETTLE = """
WITH settled AS (
    UPDATE deliveries d SET
        status = CASE WHEN d.due_at IS NULL AND o.status = 'RETRYING' THEN 'FAILED' ELSE o.status END,
        due_at = CASE WHEN d.due_at IS NOT NULL THEN
            o.due_at - coalesce(o.first_attempt_at - d.first_attempt_at, interval '0') END,
        attempts_count = o.number, leased_until = NULL,
        by_hand = false, first_attempt_at = coalesce(d.first_attempt_at, o.started_at),
        sent_at = coalesce(o.sent_at, d.sent_at)
    FROM unnest(
        array_fill($1::text, ARRAY[cardinality($2::text[])]), $2::text[], $3::timestamptz[], $4::int[], $5::text[],
        $6::timestamptz[], $7::timestamptz[], $8::timestamptz[], $9::timestamptz[], $10::int[], $11::int[],
        $12::text[], $13::text[]
    ) AS o (
        project_id, id, recorded_at, number, status, due_at, sent_at, first_attempt_at, started_at, duration_ms,
        status_code, error, response_excerpt
    )
    WHERE d.project_id = o.project_id AND d.id = o.id AND d.recorded_at = o.recorded_at
        AND d.attempts_count = o.number - 1
    RETURNING o.*
)
INSERT INTO delivery_attempts (
    project_id, delivery_id, number, recorded_at, started_at, duration_ms, status_code, error, response_excerpt
)
SELECT project_id, id, number, now(), started_at, duration_ms, status_code, error, response_excerpt
FROM settled, (SELECT set_config('synchronous_commit', 'off', true)) unhurried
"""
# A distribution is paused with all its channels when one of them gives up.
_SWITCH_OFF = """
UPDATE endpoints SET active = false, disabled_reason = $3, disabled_at = $4
WHERE project_id = $1 AND active
    AND source_id = (SELECT source_id FROM endpoints WHERE project_id = $1 AND id = $2)
RETURNING id
"""
_RETRY = """
UPDATE deliveries SET due_at = now(), status = 'RETRYING', by_hand = (due_at IS NULL)
WHERE project_id = $1 AND id = $2 AND leased_until IS NULL AND event_number > 0
AND EXISTS (SELECT FROM endpoints e WHERE e.project_id = $1 AND e.id = endpoint_id) RETURNING id
"""
# A sample (event 0) has no event, and a body of its own.
_NO_GROUP = f"'{sample.zero('v-')}'"
_NO_SOURCE = """'{"channel":"INTERNAL"}'"""
_SHOWN = f"""
SELECT d.id, d.source_id, d.target_url, d.type, d.created_at, d.event_id, d.event_type, d.entity_id,
    coalesce(e.group_id, {_NO_GROUP}) AS group_id, coalesce(e.event_source, {_NO_SOURCE}) AS event_source,
    coalesce(d.data, e.data, '{{}}') AS data, d.body,
    d.recorded_at, d.status, d.attempts_count, d.due_at, d.sent_at
FROM deliveries d
LEFT JOIN events e ON e.project_id = d.project_id AND e.number = d.event_number AND e.recorded_at = d.event_recorded_at
"""
_LIST = f"""
{_SHOWN} WHERE d.project_id = $1
    AND ($2::text IS NULL OR d.status = $2) AND ($3::text IS NULL OR d.event_type = $3)
    AND ($4::text IS NULL OR d.source_id = $4) AND ($5::text IS NULL OR d.entity_id = $5)
    AND ($6::timestamptz IS NULL OR d.created_at > $6) AND ($7::timestamptz IS NULL OR d.created_at < $7)
    AND ($8::text IS NULL OR d.id < $8)
ORDER BY d.id DESC LIMIT $9
"""
_ATTEMPTS = """
SELECT started_at, duration_ms, status_code, error, response_excerpt FROM delivery_attempts
WHERE project_id = $1 AND delivery_id = $2 ORDER BY number
"""


async def endpoints(db: Transaction, project_id: str, source: str) -> list[Endpoint]:
    """The endpoints of one source (its id) or of one kind of source (its prefix), newest first."""
    where = Where().add("starts_with(source_id, {})", source)
    return await ENDPOINTS.all(db, project_id, where, _NEWEST_FIRST)


async def active_endpoints(db: Transaction, project_id: str) -> list[Endpoint]:
    return await ENDPOINTS.all(db, project_id, Where().equal(active=True), _NEWEST_FIRST)


async def stop_endpoint(db: Transaction, project_id: str, endpoint_id: str) -> None:
    """Gives up what is pending for an endpoint that is switched off or about to go; it can be sent again by hand.

    Waits for the relay, which may just be adding deliveries for it.
    """
    await db.write("SELECT last_number FROM event_feeds WHERE project_id = $1 FOR UPDATE", project_id)
    await db.write(_GIVE_UP_PENDING, project_id, [endpoint_id])


async def remove_endpoint(db: Transaction, project_id: str, endpoint_id: str) -> None:
    await stop_endpoint(db, project_id, endpoint_id)
    await ENDPOINTS.delete(db, project_id, endpoint_id)


async def add_deliveries(
    db: Transaction, project_id: str, event_recorded_at: datetime, deliveries: Sequence[NewDelivery]
) -> None:
    """Adds deliveries of events that were recorded at the same time."""
    if deliveries:
        columns = zip(*(msgspec.structs.astuple(delivery) for delivery in deliveries), strict=True)
        await db.write(_INSERT_DELIVERIES, project_id, real_now(), event_recorded_at, *map(list, columns))


async def set_delivery_settings(
    db: Transaction, project_id: str, secret: str, *, catch_up: bool, standard_webhooks: bool
) -> None:
    """The secret that the project's deliveries are signed with, and whether late retries follow at once."""
    await db.write(_ADD_SETTINGS, project_id, secret, catch_up, standard_webhooks)


async def set_standard_webhooks(db: Transaction, project_id: str, *, on: bool) -> None:
    await db.write("UPDATE delivery_settings SET standard_webhooks = $2 WHERE project_id = $1", project_id, on)


async def signing(db: Transaction, project_id: str) -> Signing:
    """How deliveries are signed now; the project must exist."""
    row = await db.row(_HOW_TO_SIGN, project_id)
    if row is None:
        raise LookupError(project_id)
    return Signing(*row.values())


async def rotate_secret(db: Transaction, project_id: str, secret: str, until: datetime | None, now: datetime) -> bool:
    """Replaces the secret; the old one signs too until then, or not at all.

    False, and nothing is changed, where the one before still signs and this one is to do so as well: there is room for
    one old secret, and dropping the older would cut off receivers that were promised time.
    """
    return await db.write_row(_ROTATE, project_id, secret, until, now) is not None


async def make_retries_due(db: Transaction, project_id: str, by: timedelta) -> None:
    """Moves what waits for a retry nearer by the time that the project's clock was moved on."""
    await db.write(_SHIFT_RETRIES, project_id, by)
    await db.write(_SHIFT_CLOCK, project_id, by)


async def due_targets(db: Transaction) -> list[Target]:
    """The endpoints of all projects that have something to send now."""
    return [Target(*row.values()) for row in await db.rows(_DUE_TARGETS)]


async def claim(db: Transaction, target: Target, limit: int, lease: timedelta) -> list[Claimed]:
    """Leases up to `limit` due deliveries of an endpoint, oldest first, in one statement of its own."""
    rows = await db.only(_CLAIM, target.project_id, target.endpoint_id, limit, lease)
    return [_claimed(dict(row.items())) for row in rows]


def _claimed(values: dict[str, Any]) -> Claimed:
    signing = Signing(*(values.pop(name) for name in Signing.__struct_fields__))
    return Claimed(**values, signing=signing)


async def claim_probe(db: Transaction, target: Target, lease: timedelta) -> list[Claimed]:
    """Leases one due delivery: one that somebody asked for, else the retry with most attempts, else the oldest.

    In this order, the schedule of those that were tried first goes on as documented, however long the queue has become.
    """
    rows = await db.only(_CLAIM_AGAIN, target.project_id, target.endpoint_id, 1, lease)
    return [_claimed(dict(row.items())) for row in rows] or await claim(db, target, 1, lease)


async def release(db: Transaction, target: Target, claimed: Sequence[Claimed]) -> None:
    """Gives back leased deliveries that were not attempted."""
    await db.only(_RELEASE, target.project_id, [d.id for d in claimed], [d.recorded_at for d in claimed])


async def settle(db: Transaction, project_id: str, settled: Sequence[tuple[Claimed, Attempt, Outcome]]) -> None:
    """Writes attempts and the next state of their deliveries in one statement."""
    columns = zip(
        *(
            (
                delivery.id,
                delivery.recorded_at,
                delivery.attempts_count + 1,
                _STATUS[type(outcome)],
                outcome.due_at if isinstance(outcome, RetryAt) else None,
                outcome.at if isinstance(outcome, Delivered) else None,
                delivery.first_attempt_at or attempt.started_at,
                *msgspec.structs.astuple(attempt)[:5],
            )
            for delivery, attempt, outcome in settled
        ),
        strict=True,
    )
    await db.only(_SETTLE, project_id, *map(list, columns))


_STATUS: dict[type[Outcome], str] = {Delivered: "SENT", RetryAt: "RETRYING", GaveUp: "FAILED"}


async def switch_off(db: Transaction, project_id: str, endpoint_id: str, reason: str, now: datetime) -> None:
    """Disables the source of an endpoint whose retries are used up, and gives up the rest of its queue."""
    off = await db.write(_SWITCH_OFF, project_id, endpoint_id, reason, now)
    await db.write(_GIVE_UP_PENDING, project_id, [row["id"] for row in off])


async def retry(db: Transaction, project_id: str, delivery_id: str) -> bool:
    """Makes a delivery due now; False while an attempt is on its way, or when its endpoint is gone."""
    return await db.write_row(_RETRY, project_id, delivery_id) is not None


async def delivery(db: Transaction, project_id: str, delivery_id: str) -> Delivery | None:
    row = await db.row(f"{_SHOWN} WHERE d.project_id = $1 AND d.id = $2", project_id, delivery_id)
    return None if row is None else Delivery(**row)


async def deliveries(db: Transaction, project_id: str, *filters: object) -> list[Delivery]:
    """Newest first. Filters in order: status, event type, source, entity, after, before, id to go on from, limit."""
    return [Delivery(**row) for row in await db.rows(_LIST, project_id, *filters)]


async def attempts(db: Transaction, project_id: str, delivery_id: str) -> list[Attempt]:
    return [Attempt(*row.values()) for row in await db.rows(_ATTEMPTS, project_id, delivery_id)]
