"""Delivers: claims with a lease, sends with no transaction open, and settles attempt and next state in one write.

Every endpoint has a lane of its own with a bounded number of calls, so that a slow one takes no more than its share;
one that fails again and again is called once at a time (decision 0070).
A crash leaves leases that end by themselves; those deliveries are sent again, with the same id, body and signature.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import timedelta
from itertools import chain

import asyncpg
from prometheus_client import Counter

from guerdon.clock import real_now
from guerdon.db.pool import UNREACHABLE, Pool
from guerdon.db.transaction import Transaction
from guerdon.events.doorbell import Wakeup
from guerdon.telemetry import DELIVERY_ATTEMPTS, logger
from guerdon.webhooks import prepare, store
from guerdon.webhooks.lane import Lane
from guerdon.webhooks.prepare import Claimed, Target
from guerdon.webhooks.send import TIMEOUT_S, Sender
from guerdon.webhooks.settle import Attempt, Delivered, GaveUp, Outcome, RetryAt, settle

_WORTH_ANOTHER_TRY = (*UNREACHABLE, asyncpg.DeadlockDetectedError, asyncio.CancelledError)
FAILING_AFTER = 10
_PREFETCH = 4
_HELD_PER_CALL = 16
_PROBES = 4  # failing endpoints get one of so many calls
_PACE_AHEAD_S = 5.0
_REMEMBERED_S = 900.0
_SCAN_S = 0.05
_PAUSE_S = 0.5
_OUTCOMES: dict[type[Outcome], Counter] = {
    Delivered: DELIVERY_ATTEMPTS.labels(outcome="delivered"),
    RetryAt: DELIVERY_ATTEMPTS.labels(outcome="retrying"),
    GaveUp: DELIVERY_ATTEMPTS.labels(outcome="gave_up"),
}

log = logger("deliver")


class Deliverer:
    """Delivers for as long as it runs; any number of processes may run one.

    At most `in_flight` calls are open, at most `per_endpoint` of them to one endpoint, and no endpoint has more of them
    than are free: however many hang, some are left for the others. What is claimed is shared out in the same way.
    """

    def __init__(
        self,
        pool: Pool,
        sender: Sender,
        *,
        in_flight: int,
        per_endpoint: int,
        lease: timedelta,
        failing_after: int = FAILING_AFTER,
    ) -> None:
        self._pool = pool
        self._sender = sender
        self._in_flight = in_flight
        self._per_endpoint = per_endpoint
        self._failing_after = failing_after
        self._lease = lease
        # A call that begins within this time has ended before its lease.
        self._begin_within_s = max(lease.total_seconds() / 2, lease.total_seconds() - TIMEOUT_S)
        self._lanes: dict[tuple[str, str], Lane] = {}
        self._hungry: set[Lane] = set()
        self._starved: dict[Lane, None] = {}
        self._open = 0
        self._probing = 0
        self._held = 0
        self._unsent: list[tuple[Target, list[Claimed]]] = []
        self._scanned_at = 0.0
        self._calls: set[asyncio.Task[None]] = set()
        self._settled: list[tuple[Target, Claimed, Attempt, Outcome]] = []
        self._something_settled = Wakeup()
        self.wakeup = Wakeup()

    async def run(self) -> None:
        """Until cancelled; then finishes the calls that are open and gives back what it has not begun."""
        settling = asyncio.create_task(self._settle_all())
        try:
            while True:
                self.wakeup.begin()
                if not await self._patiently(self._refill):
                    await self.wakeup.wait()
        finally:
            await self._finish()
            settling.cancel()
            await asyncio.wait([settling])
            await self._flush()

    async def _refill(self) -> bool:
        """Claims for endpoints that have something due and room; True if there was more of it than room.

        A busy lane asks for more by itself; what else there is, is looked up, but not more often than _SCAN_S.
        """
        hungry, self._hungry = self._hungry, set()
        async with Transaction(self._pool) as db:
            await self._give_back(db)
            full = [await self._refill_lane(db, lane) for lane in hungry]
            if not any(full) or time.monotonic() - self._scanned_at > _SCAN_S:
                self._scanned_at = time.monotonic()
                self._forget_idle_lanes()
                full += [await self._refill_lane(db, self._lane(target)) for target in await store.due_targets(db)]
        return any(full)

    async def _give_back(self, db: Transaction) -> None:
        while self._unsent:
            await store.release(db, *self._unsent[-1])
            self._unsent.pop()

    def _forget_idle_lanes(self) -> None:
        now = time.monotonic()
        for key in [key for key, lane in self._lanes.items() if lane.forgettable(now, _REMEMBERED_S)]:
            del self._lanes[key]

    def _lane(self, target: Target) -> Lane:
        lane = self._lanes.setdefault((target.project_id, target.endpoint_id), Lane(target, self._failing_after))
        lane.retarget(target)
        return lane

    async def _refill_lane(self, db: Transaction, lane: Lane) -> bool:
        if lane.failing:
            return await self._probe(db, lane)
        budget = _HELD_PER_CALL * self._in_flight - self._held
        room = lane.room(min(_PREFETCH * self._per_endpoint, budget), _PACE_AHEAD_S)
        if not room or len(lane.queue) > room:
            return False
        claimed = await store.claim(db, lane.target, room, self._lease)
        return self._take(lane, claimed, full=len(claimed) == room)

    async def _probe(self, db: Transaction, lane: Lane) -> bool:
        """Claims a single delivery for a failing endpoint, when it is time for one."""
        most = max(1, self._in_flight // _PROBES)
        if lane.open or lane.queue or time.monotonic() < lane.probe_at or self._probing >= most:
            return False
        self._take(lane, await store.claim_probe(db, lane.target, self._lease), full=False)
        return False

    def _take(self, lane: Lane, claimed: list[Claimed], *, full: bool) -> bool:
        lane.add(claimed, time.monotonic() + self._begin_within_s, full=full)
        self._held += len(claimed)
        self._begin(lane)
        return full

    def _begin(self, lane: Lane) -> None:
        """Opens as many calls as the lane may have now. One that finds no free slot is served when one ends."""
        while (delivery := self._next(lane)) is not None:
            call = asyncio.create_task(self._drain(lane, delivery))
            self._calls.add(call)
            call.add_done_callback(self._calls.discard)

    def _next(self, lane: Lane) -> Claimed | None:
        """The delivery that the lane may begin now, counted as open; its lease will last until the call has ended."""
        now = time.monotonic()
        while lane.queue and lane.queue[0][1] < now:
            lane.queue.popleft()
            self._held -= 1
        if not lane.queue:
            return None
        free = self._in_flight - self._open
        if lane.open >= min(1 if lane.failing else self._per_endpoint, free):
            if not lane.open:
                self._starved[lane] = None
            return None
        wait_s = lane.wait_s(now)
        if wait_s:
            self._begin_later(lane, wait_s)
            return None
        delivery, _ = lane.queue.popleft()
        self._held -= 1
        self._open += 1
        lane.open += 1
        if lane.more and len(lane.queue) == lane.low:
            self._hungry.add(lane)
            self.wakeup.hurry()
        return delivery

    def _begin_later(self, lane: Lane, wait_s: float) -> None:
        if not lane.timed:
            lane.timed = True
            asyncio.get_running_loop().call_later(wait_s, self._begin_timed, lane)

    def _begin_timed(self, lane: Lane) -> None:
        lane.timed = False
        self._begin(lane)

    async def _drain(self, lane: Lane, delivery: Claimed | None) -> None:
        """Sends one delivery of the lane after another, for as long as no other lane waits for the slot."""
        try:
            while delivery is not None:
                probing = lane.failing
                self._probing += probing
                try:
                    await self._send(lane, delivery, probe=probing)
                finally:
                    self._probing -= probing
                    self._open -= 1
                    lane.open -= 1
                delivery = None if self._starved else self._next(lane)
        finally:
            while self._starved and self._open < self._in_flight:
                waiting = next(iter(self._starved))
                del self._starved[waiting]
                self._begin(waiting)
            self._begin(lane)

    async def _send(self, lane: Lane, delivery: Claimed, *, probe: bool) -> None:
        target = lane.target
        content = prepare.body(target.project_id, delivery)
        headers = prepare.headers(target.headers, delivery.signing, delivery.id, content, real_now())
        attempt = await self._sender.post(delivery.target_url, content, headers)
        outcome = settle(
            attempt,
            delivery.attempts_count + 1,
            delivery.first_attempt_at or attempt.started_at,
            attempt.ended_at,
            by_hand=delivery.by_hand,
            catch_up=target.catch_up,
            clock_offset=target.clock_offset,
        )
        _OUTCOMES[type(outcome)].inc()
        self._settled.append((target, delivery, attempt, outcome))
        self._something_settled.ring()
        self._judge(lane, attempt, probe=probe)

    def _judge(self, lane: Lane, attempt: Attempt, *, probe: bool) -> None:
        """What the call says of its endpoint. A failing one keeps nothing claimed; its next turn is looked up anew."""
        if lane.ended(time.monotonic(), ok=attempt.ok, probe=probe):
            log.warning("endpoint_failing", project_id=lane.target.project_id, endpoint_id=lane.target.endpoint_id)
            self._put_back(lane)
        if probe or lane.failing:
            self.wakeup.ring()

    def _put_back(self, lane: Lane) -> None:
        if lane.queue:
            self._unsent.append((lane.target, [delivery for delivery, _ in lane.queue]))
            self._held -= len(lane.queue)
            lane.queue.clear()

    async def _settle_all(self) -> None:
        """Writes outcomes as they come; those that come during a write, and shortly after it, are the next batch."""
        while True:
            self._something_settled.begin()
            await self._patiently(self._flush)
            await self._something_settled.wait()

    async def _flush(self) -> bool:
        """Writes what has been settled so far. What cannot be written now stays for the next time."""
        settled, self._settled = self._settled, []
        by_project: dict[str, list[tuple[Target, Claimed, Attempt, Outcome]]] = defaultdict(list)
        for entry in settled:
            by_project[entry[0].project_id].append(entry)
        for project_id in list(by_project):
            entries = by_project.pop(project_id)
            try:
                await self._write(project_id, entries)
            except BaseException as error:
                if isinstance(error, _WORTH_ANOTHER_TRY):
                    by_project[project_id] = entries
                self._settled.extend(chain(*by_project.values()))
                self._something_settled.ring()
                raise
        return bool(settled)

    async def _write(self, project_id: str, entries: list[tuple[Target, Claimed, Attempt, Outcome]]) -> None:
        off = {
            target.endpoint_id: outcome.off_because
            for target, _, _, outcome in entries
            if isinstance(outcome, GaveUp) and outcome.off_because
        }
        async with Transaction(self._pool) as db:
            if off:
                await db.begin()
            await store.settle(db, project_id, [entry[1:] for entry in entries])
            for endpoint_id, reason in off.items():
                await store.switch_off(db, project_id, endpoint_id, reason, real_now())
                self._forget_queue(project_id, endpoint_id)
                log.warning("endpoint_switched_off", project_id=project_id, endpoint_id=endpoint_id, reason=reason)
        if any(target.catch_up and isinstance(outcome, RetryAt) for target, _, _, outcome in entries):
            self.wakeup.ring()  # a sandbox's clock may have been moved beyond the next retry

    def _forget_queue(self, project_id: str, endpoint_id: str) -> None:
        """Sends nothing more of what was claimed for an endpoint that is off; if that fails, its leases end."""
        lane = self._lanes.get((project_id, endpoint_id))
        if lane is not None:
            lane.queue.clear()

    async def _patiently(self, step: Callable[[], Awaitable[bool]]) -> bool:
        """A step that waits for a database that is away, and survives its own faults."""
        try:
            return await step()
        except UNREACHABLE as error:
            log.warning("database_unreachable", error=str(error))
        except Exception:
            log.exception("step_failed")
        await asyncio.sleep(_PAUSE_S)
        return False

    async def _finish(self) -> None:
        for lane in self._lanes.values():
            self._put_back(lane)
        if self._calls:
            await asyncio.wait(self._calls, timeout=TIMEOUT_S)
        async with Transaction(self._pool) as db:
            await self._give_back(db)
