"""Runs jobs: each in one transaction that also ends it, with pauses that grow when it fails."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from guerdon.db.pool import CONFLICT, UNREACHABLE
from guerdon.db.transaction import Transaction
from guerdon.engine.backoff import job_pause
from guerdon.errors import ApiError
from guerdon.events.doorbell import Bell, Wakeup
from guerdon.events.relay import Numbered
from guerdon.events.work import Runtime, Work, working
from guerdon.ids import Ids
from guerdon.jobs import queue
from guerdon.jobs.queue import Job, NewJob
from guerdon.telemetry import logger
from guerdon.tenant import Project

BATCH = 20
LEASE = timedelta(seconds=30)
MOST_ATTEMPTS = 30  # about a day of pauses; then the job is parked for a person to look at

_TRIES_IN_CONFLICT = 2  # before the one whose failure counts

# A job's code. What it returns, if anything, is the payload of the job for the rest of the work.
Handler = Callable[[Work, dict[str, Any]], Awaitable[dict[str, Any] | None]]
# The same of several jobs of a name at once, each with its own work, in one transaction. Raises Apart if it cannot.
Together = Callable[[Sequence[tuple[Work, dict[str, Any]]]], Awaitable[None]]
FindProject = Callable[[Transaction, str], Awaitable[Project | None]]

log = logger("jobs")


class Apart(Exception):  # noqa: N818 - nothing is wrong
    """Jobs cannot be done together: each has to be by itself."""


class Reactions:
    """The relay's consumer that queues a job for every reaction to an event. Payload: its number and its entity.

    `followed` are jobs, by name, that a project gets only if it has use for them (`queue.follow`), for events of these
    types: one for what one request caused. Payload: the entities of the events.
    """

    def __init__(
        self, ids: Ids, by_type: Mapping[str, Sequence[str]], followed: Mapping[str, frozenset[str]] | None = None
    ) -> None:
        self._ids = ids
        self._by_type = by_type
        self._followed = followed or {}

    async def __call__(self, db: Transaction, project_id: str, events: Sequence[Numbered]) -> Sequence[Bell]:
        jobs = [
            NewJob(self._ids.new("job_"), name, _about(event), event.group_id)
            for event in events
            for name in self._by_type.get(event.type, ())
        ]
        await queue.add(db, project_id, jobs)
        followed = [await self._follow(db, project_id, name, events) for name in self._followed]
        return (Bell.JOBS,) if jobs or any(followed) else ()

    async def _follow(self, db: Transaction, project_id: str, name: str, events: Sequence[Numbered]) -> bool:
        entities: dict[str, list[str]] = {}
        for event in events:
            if event.type in self._followed[name] and event.entity_id not in entities.setdefault(event.group_id, []):
                entities[event.group_id].append(event.entity_id)
        return bool(entities) and await queue.add_if_followed(db, self._ids, project_id, name, entities)


def _about(event: Numbered) -> dict[str, Any]:
    return {"event_number": event.number, "entity_id": event.entity_id}


class JobWorker:
    """Runs jobs for as long as it runs; any number of processes may run one."""

    def __init__(
        self,
        runtime: Runtime,
        handlers: Mapping[str, Handler],
        find_project: FindProject,
        together: Mapping[str, Together] | None = None,
    ) -> None:
        self._runtime = runtime
        self._handlers = handlers
        self._together = together or {}
        self._find_project = find_project
        self.wakeup = Wakeup()

    async def run(self) -> None:
        """Until cancelled. A database that is away is waited for."""
        while True:
            self.wakeup.begin()
            try:
                full = await self.run_due()
            except UNREACHABLE as error:
                log.warning("database_unreachable", error=str(error))
                full = False
            if not full:
                await self.wakeup.wait()

    async def run_due(self) -> bool:
        """One batch of every project that has any; True if one was full, so that there is probably more."""
        async with Transaction(self._runtime.pool) as db:
            projects = await queue.projects_waiting(db)
        return any(await asyncio.gather(*(self._run_project(project_id) for project_id in projects)))

    async def _run_project(self, project_id: str) -> bool:
        async with Transaction(self._runtime.pool) as db:
            jobs = await queue.claim(db, project_id, BATCH, LEASE)
            project = await self._find_project(db, project_id) if jobs else None
        if project is not None:
            await asyncio.gather(*(self._run_several(project, name, some) for name, some in _by_name(jobs).items()))
        return len(jobs) == BATCH

    async def _run_several(self, project: Project, name: str, jobs: Sequence[Job]) -> None:
        """Together where that is possible; where it is not, or fails, each by itself, which shows what is wrong."""
        done = name in self._together and len(jobs) > 1 and await self._run_together(project, name, jobs)
        if not done:
            await asyncio.gather(*(self._run(project, job) for job in jobs))

    async def _run_together(self, project: Project, name: str, jobs: Sequence[Job]) -> bool:
        try:
            await self._work_together(project, self._together[name], jobs)
        except (Apart, *CONFLICT, *UNREACHABLE):
            return False
        except Exception:
            log.exception("jobs_not_done_together", job=name)
            return False
        return True

    async def _work_together(self, project: Project, handler: Together, jobs: Sequence[Job]) -> None:
        async with working(self._runtime, project, jobs[0].group_id) as work:
            if not await queue.take_several(work.db, project.id, jobs):
                raise Apart
            await handler([(work.beside(job.group_id), job.payload) for job in jobs])

    async def _run(self, project: Project, job: Job) -> None:
        try:
            for _ in range(_TRIES_IN_CONFLICT):
                with contextlib.suppress(*CONFLICT):
                    return await self._work(project, job)
            await self._work(project, job)
        except UNREACHABLE as error:
            log.warning("database_unreachable", job=job.name, error=str(error))  # the lease ends by itself
        except Exception as error:
            park = job.attempts >= MOST_ATTEMPTS
            shown = not isinstance(error, ApiError)  # where a refusal came from is of no interest
            log.exception(
                "job_failed",
                job=job.name,
                job_id=job.id,
                attempts=job.attempts,
                parked=park,
                error=repr(error),
                exc_info=shown,
            )
            async with Transaction(self._runtime.pool) as db:
                await queue.fail(db, project.id, job, job_pause(job.attempts), repr(error), park=park)

    async def _work(self, project: Project, job: Job) -> None:
        """The job's transaction: what it does, its end, and the job for the rest."""
        async with working(self._runtime, project, job.group_id) as work:
            if not await queue.take(work.db, project.id, job):
                return
            rest = await self._handlers[job.name](work, job.payload)
            if rest is not None:
                await queue.enqueue(work, job.name, rest)


def _by_name(jobs: Sequence[Job]) -> dict[str, list[Job]]:
    found: dict[str, list[Job]] = {}
    for job in jobs:
        found.setdefault(job.name, []).append(job)
    return found
