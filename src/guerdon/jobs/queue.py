"""The queue of background jobs: rows that are leased, run in one transaction each, and deleted by that transaction.

So what a job does and the job's end are one commit: a job whose worker dies runs again from the start, and its effects
happen once. A long job does a slice, leaves a job for the rest, and shares the workers with others meanwhile.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import msgspec

from guerdon.db.transaction import Transaction
from guerdon.events.doorbell import Bell
from guerdon.events.work import Work
from guerdon.ids import Ids

_ADD = """
INSERT INTO jobs (project_id, id, name, payload, group_id, due_at)
SELECT $1, job.id, job.name, job.payload::jsonb, job.group_id, now()
FROM unnest($2::text[], $3::text[], $4::text[], $5::text[]) AS job (id, name, payload, group_id)
"""
_ADD_ONCE = """
INSERT INTO jobs (project_id, id, name, payload, group_id, due_at)
SELECT $1, $2, $3, $4::jsonb, $5, now()
WHERE NOT EXISTS (SELECT FROM jobs WHERE project_id = $1 AND name = $3 AND parked_at IS NULL) RETURNING id
"""
_FOLLOW = "INSERT INTO followed (project_id, job) VALUES ($1, $2) ON CONFLICT DO NOTHING"
_ADD_IF_FOLLOWED = """
INSERT INTO jobs (project_id, id, name, payload, group_id, due_at)
SELECT $1, job.id, $2, job.payload::jsonb, job.group_id, now()
FROM unnest($3::text[], $4::text[], $5::text[]) AS job (id, payload, group_id)
WHERE EXISTS (SELECT FROM followed WHERE project_id = $1 AND job = $2) RETURNING id
"""
_PROJECTS = """
WITH RECURSIVE waiting AS (
    (SELECT project_id FROM jobs WHERE parked_at IS NULL ORDER BY project_id LIMIT 1)
    UNION ALL
    SELECT (
        SELECT project_id FROM jobs j WHERE j.parked_at IS NULL AND j.project_id > w.project_id
        ORDER BY project_id LIMIT 1
    )
    FROM waiting w WHERE w.project_id IS NOT NULL
)
SELECT project_id FROM waiting WHERE project_id IS NOT NULL
"""
# What a worker commits need not be on the disk at once (decision 0136).
_UNHURRIED = "(SELECT set_config('synchronous_commit', 'off', true)) unhurried"
_CLAIM = f"""
UPDATE jobs j SET leased_until = now() + $3::interval, attempts = attempts + 1
FROM (
    SELECT id FROM jobs WHERE project_id = $1 AND parked_at IS NULL AND due_at <= now()
    AND (leased_until IS NULL OR leased_until < now()) ORDER BY due_at, id LIMIT $2 FOR UPDATE SKIP LOCKED
) due, {_UNHURRIED}
WHERE j.project_id = $1 AND j.id = due.id RETURNING j.id, j.name, j.payload, j.group_id, j.attempts
"""
# The number of attempts fences out a worker whose lease ended: somebody else has the job then.
_TAKE = f"""
DELETE FROM jobs USING {_UNHURRIED} WHERE project_id = $1 AND id = $2 AND attempts = $3 RETURNING id
"""
_TAKE_SEVERAL = f"""
DELETE FROM jobs j USING unnest($1::text[], $2::text[], $3::int[]) AS n (project_id, id, attempts), {_UNHURRIED}
WHERE j.project_id = n.project_id AND j.id = n.id AND j.attempts = n.attempts RETURNING j.id
"""
_FAIL = """
UPDATE jobs SET leased_until = NULL, due_at = now() + $4::interval, last_error = $5,
    parked_at = CASE WHEN $6 THEN now() END
WHERE project_id = $1 AND id = $2 AND attempts = $3
"""


class NewJob(msgspec.Struct, frozen=True):
    """A job to be queued; `group_id` is that of the request or event that causes it."""

    id: str
    name: str
    payload: object
    group_id: str


class Job(msgspec.Struct, frozen=True):
    """A leased job. `attempts` counts this one."""

    id: str
    name: str
    payload: dict[str, Any]
    group_id: str
    attempts: int


async def add(db: Transaction, project_id: str, jobs: Sequence[NewJob]) -> None:
    """Queues jobs in the open transaction."""
    if jobs:
        await db.write(
            _ADD,
            project_id,
            [job.id for job in jobs],
            [job.name for job in jobs],
            [msgspec.json.encode(job.payload).decode() for job in jobs],
            [job.group_id for job in jobs],
        )


async def add_once(db: Transaction, project_id: str, job: NewJob) -> bool:
    """Queues a job unless one of its name waits already; False if so. Two callers at once may both queue theirs."""
    return bool(await db.only(_ADD_ONCE, project_id, job.id, job.name, job.payload, job.group_id))


async def follow(db: Transaction, project_id: str, name: str) -> None:
    """Notes that the project has use for the jobs of this name from now on."""
    await db.write(_FOLLOW, project_id, name)


async def add_if_followed(
    db: Transaction, ids: Ids, project_id: str, name: str, entities: Mapping[str, Sequence[str]]
) -> bool:
    """Queues jobs in the open transaction if the project has use for those of this name; False if not.

    `entities` are those that the jobs are about, by the group that caused it; each group gets a job of its own.
    """
    rows = await db.write(
        _ADD_IF_FOLLOWED,
        project_id,
        name,
        [ids.new("job_") for _ in entities],
        [msgspec.json.encode({"entity_ids": found}).decode() for found in entities.values()],
        list(entities),
    )
    return bool(rows)


async def enqueue_if_followed(work: Work, name: str, entity_ids: Sequence[str]) -> None:
    """The same, committed with the work, for entities of which no event tells."""
    changed = {work.group_id: entity_ids}
    if entity_ids and await add_if_followed(work.db, work.runtime.ids, work.project.id, name, changed):
        work.ring(Bell.JOBS)


async def enqueue(work: Work, name: str, payload: object) -> None:
    """Queues a job that is committed with the work, and wakes the workers then."""
    await add(work.db, work.project.id, [NewJob(work.new_id("job_"), name, payload, work.group_id)])
    work.ring(Bell.JOBS)


async def projects_waiting(db: Transaction) -> list[str]:
    """The projects that have jobs, due or not."""
    return [row["project_id"] for row in await db.rows(_PROJECTS)]


async def claim(db: Transaction, project_id: str, limit: int, lease: timedelta) -> list[Job]:
    """Leases due jobs of a project, oldest first."""
    return [Job(*row.values()) for row in await db.only(_CLAIM, project_id, limit, lease)]


async def take(db: Transaction, project_id: str, job: Job) -> bool:
    """Ends the job in the open transaction; False if the lease was lost and it is somebody else's now."""
    return await db.write_row(_TAKE, project_id, job.id, job.attempts) is not None


async def take_several(db: Transaction, project_id: str, jobs: Sequence[Job]) -> bool:
    """Ends the jobs in the open transaction; False if the lease of any of them was lost."""
    ids, attempts = [job.id for job in jobs], [job.attempts for job in jobs]
    return len(await db.write(_TAKE_SEVERAL, [project_id] * len(jobs), ids, attempts)) == len(jobs)


async def fail(db: Transaction, project_id: str, job: Job, pause: timedelta, error: str, *, park: bool) -> None:
    """Puts a failed job back for later, or aside for good where it has failed too often."""
    await db.only(_FAIL, project_id, job.id, job.attempts, pause, error, park)
