"""Drops the weeks of events, deliveries and attempts that are older than they are kept, and never what is still wanted.

A week is dropped under a lock that is asked for briefly: if it is not to be had at once, the next hour tries again.
"""

from datetime import datetime, timedelta

import asyncpg
import msgspec

from guerdon.db.pool import Connection

_TURN = 0x7265_7465_6E74  # "retent"
_PATIENCE = "SET LOCAL lock_timeout = '500ms'"
# These look at whole partitions, once a week.
_PLANS = "SET LOCAL enable_seqscan = on; SET LOCAL enable_hashjoin = on; SET LOCAL plan_cache_mode = auto"
# A delivery that waits needs its row.
_DELIVERIES_WANTED = "SELECT EXISTS (SELECT project_id FROM {partition} WHERE due_at IS NOT NULL)"
# The log of a delivery that is not finished is not cut.
_ATTEMPTS_WANTED = """
SELECT EXISTS (
    SELECT project_id FROM deliveries
    WHERE due_at IS NOT NULL AND (first_attempt_at IS NOT NULL OR by_hand) AND first_attempt_at < $1
)
"""
# A delivery needs its event to be sent (again), as long as there is one; a job may be about to make one.
# In this order: a job ends in the commit of the deliveries that it makes, so that none slips between the two looks.
_JOBS_WANT_EVENTS = """
SELECT EXISTS (
    SELECT FROM jobs j JOIN {partition} e
    ON e.project_id = j.project_id AND e.number = (j.payload ->> 'event_number')::bigint
)
"""
_DELIVERIES_WANT_EVENTS = (
    "SELECT EXISTS (SELECT project_id FROM deliveries WHERE event_recorded_at >= $1 AND event_recorded_at < $2)"
)
_WEEKS = "SELECT partition, starts_at, ends_at FROM weeks_before($1, $2)"
# What was recorded while there was no partition for its week; rows that are wanted stay.
_SWEEP_DELIVERIES = """
DELETE FROM deliveries_default WHERE (project_id, id, recorded_at) IN (
    SELECT project_id, id, recorded_at FROM deliveries_default WHERE recorded_at < $1 AND due_at IS NULL LIMIT 10000
)
"""
_SWEEP_ATTEMPTS = """
DELETE FROM delivery_attempts_default a WHERE recorded_at < $1 AND NOT EXISTS (
    SELECT FROM deliveries d WHERE d.project_id = a.project_id AND d.id = a.delivery_id AND d.due_at IS NOT NULL
)
"""
_SWEEP_EVENTS = """
DELETE FROM events_default e WHERE recorded_at < $1
AND NOT EXISTS (
    SELECT FROM jobs j WHERE j.project_id = e.project_id AND (j.payload ->> 'event_number')::bigint = e.number
)
AND NOT EXISTS (SELECT FROM deliveries d WHERE d.project_id = e.project_id AND d.event_number = e.number)
"""


class Retention(msgspec.Struct, frozen=True):
    """How long what is finished is kept, at least."""

    events: timedelta
    deliveries: timedelta
    attempts: timedelta


class _Week(msgspec.Struct, frozen=True):
    partition: str
    starts_at: datetime
    ends_at: datetime


async def drop_old(connection: Connection, now: datetime, keep: Retention) -> list[str]:
    """Drops what may go; the names of the partitions that went. One process at a time does it, others skip."""
    if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", _TURN):
        return []
    try:
        return [
            *await _drop(connection, "deliveries", now - keep.deliveries),
            *await _drop(connection, "delivery_attempts", now - keep.attempts),
            *await _drop(connection, "events", now - keep.events),
            *await _sweep(connection, now, keep),
        ]
    finally:
        await connection.execute("SELECT pg_advisory_unlock($1)", _TURN)


async def _drop(connection: Connection, parent: str, moment: datetime) -> list[str]:
    dropped: list[str] = []
    for row in await connection.fetch(_WEEKS, parent, moment):
        week = _Week(*row.values())
        try:
            async with connection.transaction():
                await connection.execute(_PLANS)
                if not await _wanted(connection, parent, week) and await _drop_week(connection, parent, week):
                    dropped.append(week.partition)
        except asyncpg.LockNotAvailableError:
            continue
    return dropped


async def _wanted(connection: Connection, parent: str, week: _Week) -> bool:
    if parent == "deliveries":
        return await connection.fetchval(_DELIVERIES_WANTED.format(partition=week.partition))
    if parent == "delivery_attempts":
        return await connection.fetchval(_ATTEMPTS_WANTED, week.ends_at)
    if await connection.fetchval(_JOBS_WANT_EVENTS.format(partition=week.partition)):
        return True
    return await connection.fetchval(_DELIVERIES_WANT_EVENTS, week.starts_at, week.ends_at)


async def _drop_week(connection: Connection, parent: str, week: _Week) -> bool:
    """Takes the lock, and for deliveries looks again: one may have been asked for by hand meanwhile."""
    await connection.execute(_PATIENCE)
    await connection.execute(f"LOCK TABLE {parent}, {week.partition} IN ACCESS EXCLUSIVE MODE")
    if parent == "deliveries" and await _wanted(connection, parent, week):
        return False
    await connection.execute(f"DROP TABLE {week.partition}")
    return True


async def _sweep(connection: Connection, now: datetime, keep: Retention) -> list[str]:
    """Empties the default partitions of what is old; usually they have never had a row."""
    swept: list[str] = []
    for parent, statement, age in (
        ("deliveries", _SWEEP_DELIVERIES, keep.deliveries),
        ("delivery_attempts", _SWEEP_ATTEMPTS, keep.attempts),
        ("events", _SWEEP_EVENTS, keep.events),
    ):
        async with connection.transaction():
            await connection.execute(_PLANS)
            done = await connection.execute(statement, now - age)
        if done != "DELETE 0":
            swept.append(f"{parent}_default")
    return swept
