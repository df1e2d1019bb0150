"""Work: one change of one project, with everything that must be committed together."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime

import msgspec

from guerdon.db.definitions import Definitions
from guerdon.db.pool import Pool, Record
from guerdon.db.tally import Counted, Tally
from guerdon.db.transaction import Transaction
from guerdon.events import canonical, outbox
from guerdon.events.aside import Aside
from guerdon.events.catalogue import EVENTS
from guerdon.events.doorbell import Bell, Doorbell
from guerdon.ids import Ids
from guerdon.tenant import INTERNAL, Actor, Project


class Runtime(msgspec.Struct, frozen=True):
    """What one process has: connections, identifiers, what it remembers, the bell, what it writes later, its address.

    `asset_secret` is the installation's: what is signed with it can be read by anybody who was given the link.
    `allow_private_targets` is whether webhooks may go to addresses that are not public, `log_validations` whether logs
    of activity have validations.
    """

    pool: Pool
    ids: Ids
    definitions: Definitions
    doorbell: Doorbell
    tally: Tally
    aside: Aside
    base_url: str
    asset_secret: str
    allow_private_targets: bool
    log_validations: bool


class Work:
    """The transaction, the project's clock, who acts, the id of the request, and what has been recorded so far."""

    def __init__(self, runtime: Runtime, db: Transaction, project: Project, actor: Actor, group_id: str) -> None:
        self.runtime = runtime
        self.db = db
        self.project = project
        self.actor = actor
        self.group_id = group_id
        self.now: datetime = project.now()
        self._events: list[outbox.Event] = []
        self._bells: set[Bell] = set()
        self._counted: list[Counted] = []
        self._aside: list[outbox.Event] = []

    def beside(self, group_id: str) -> "Work":
        """Another piece of work in the same transaction: what it records is flushed with what this one does."""
        other = Work(self.runtime, self.db, self.project, self.actor, group_id)
        other._events, other._bells = self._events, self._bells
        return other

    def new_id(self, prefix: str) -> str:
        return self.runtime.ids.new(prefix)

    def event(
        self,
        event_type: str,
        entity_id: str,
        data: object,
        *,
        campaign_id: str | None = None,
        actor: Actor | None = None,
        quiet: bool = False,
    ) -> outbox.Event:
        """An event that is not recorded yet: for `only`, where the change that it tells of may not come to be.

        `data` is encoded now, so it is a snapshot. `campaign_id` lets subscriptions be narrowed to a campaign. `actor`
        is given where the engine itself acts (INTERNAL) within a request. A quiet event reaches no webhook.
        """
        kind = EVENTS[event_type]
        return outbox.Event(
            id=self.new_id(kind.id_prefix),
            type=event_type,
            entity_id=entity_id,
            group_id=self.group_id,
            created_at=self.now,
            event_source=(actor or self.actor).event_source,
            category=kind.category,
            campaign_id=campaign_id,
            quiet=quiet,
            data=canonical.encode(data).decode(),
        )

    def record(
        self,
        event_type: str,
        entity_id: str,
        data: object,
        *,
        campaign_id: str | None = None,
        actor: Actor | None = None,
        quiet: bool = False,
    ) -> str:
        """Notes an event (see `event`) of a change of this work, to be committed with it; returns its id."""
        event = self.event(event_type, entity_id, data, campaign_id=campaign_id, actor=actor, quiet=quiet)
        self._events.append(event)
        return event.id

    def record_aside(self, event_type: str, customer_id: str, data: object) -> None:
        """Notes an event (see `event`) of a customer that only logs have, for when this has been committed.

        It costs no write of this work, and is lost with a process that is killed within the next second.
        """
        self._aside.append(self.event(event_type, customer_id, data))

    def ring(self, *bells: Bell) -> None:
        """Notes that workers have something to do once this has been committed."""
        self._bells.update(bells)

    def count(self, name: str, subject_id: str) -> None:
        """Notes that something happened to a subject, to be counted once this has been committed."""
        self._counted.append(Counted(self.project.id, subject_id, self.project.day_of(self.now), name))

    def count_anyway(self, name: str, subject_id: str) -> None:
        """Counts what happened to a subject although nothing will be committed: a refusal."""
        self.runtime.tally.add(Counted(self.project.id, subject_id, self.project.day_of(self.now), name))

    async def only(self, statement: outbox.Guarded, *args: object, event: outbox.Event | None = None) -> list[Record]:
        """Makes a guarded change, made by `outbox.guarded`, with its event and what is recorded already.

        No row means that the guard did not hold. Then nothing was written, what was recorded before stays recorded, and
        the event is nobody's: the workflow decides again and makes another.
        """
        events = self._events if event is None else [*self._events, event]
        if not events:
            return await self.db.only(statement.alone, *args)
        if len(events) == 1:
            rows = await self.db.only(statement.with_one, *args, *msgspec.structs.astuple(events[0]))
        else:
            rows = await self.db.only(statement.with_many, *args, *outbox.arguments(events))
        if rows:
            self._events = []
            self._bells.add(Bell.OUTBOX)
        return rows

    async def flush(self) -> None:
        """Writes what has been recorded, and what was put off, into the open transaction."""
        if self._events:
            events, self._events = self._events, []
            self._bells.add(Bell.OUTBOX)
            if len(events) < outbox.MANY:
                statement, arguments = outbox.insert(self.project.id, events)
                self.db.later(statement, *arguments)
            else:
                await outbox.copy(self.db, ((self.project.id, event) for event in events))
        await self.db.settle()

    def committed(self) -> None:
        """Wakes the workers and counts; to be called once the transaction has been committed."""
        for counted in self._counted:
            self.runtime.tally.add(counted)
        for event in self._aside:
            self.runtime.aside.add(self.project.id, event)
        if self._bells:
            self.runtime.doorbell.ring(*self._bells)


@asynccontextmanager
async def working(
    runtime: Runtime, project: Project, group_id: str, *, actor: Actor = INTERNAL
) -> AsyncGenerator[Work]:
    """A piece of work of the engine itself: commits at the end of the block, rolls back on an exception."""
    async with Transaction(runtime.pool) as db:
        work = Work(runtime, db, project, actor, group_id)
        yield work
        await work.flush()
    work.committed()
