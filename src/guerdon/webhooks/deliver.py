"""Delivers: claims with a lease, sends with no transaction open, and settles attempt and next state in one write.

Every endpoint has a lane of its own with a bounded number of calls, so that a slow one takes no more than its share.
A crash leaves leases that end by themselves; those deliveries are sent again, with the same id, body and signature.
"""

import asyncio
import time
from collections import defaultdict, deque
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
from guerdon.webhooks.prepare import Claimed, Target
from guerdon.webhooks.send import TIMEOUT_S, Sender
from guerdon.webhooks.settle import Attempt, Delivered, GaveUp, Outcome, RetryAt, settle

_WORTH_ANOTHER_TRY = (*UNREACHABLE, asyncpg.DeadlockDetectedError, asyncio.CancelledError)
_PREFETCH = 4
_SCAN_S = 0.05
_PAUSE_S = 0.5
_OUTCOMES: dict[type[Outcome], Counter] = {
    Delivered: DELIVERY_ATTEMPTS.labels(outcome="delivered"),
    RetryAt: DELIVERY_ATTEMPTS.labels(outcome="retrying"),
    GaveUp: DELIVERY_ATTEMPTS.labels(outcome="gave_up"),
}

log = logger("deliver")


class Lane:
    """What this process has claimed for one endpoint, and the calls it has open to it."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.queue: deque[Claimed] = deque()
        self.open = 0


class Deliverer:
    """Delivers for as long as it runs; any number of processes may run one.

    At most `in_flight` calls are open, at most `per_endpoint` of them to one endpoint. `lease` must be longer
    than five calls can take, because a lane holds up to four times as many claimed deliveries as it has calls.
    """

    def __init__(self, pool: Pool, sender: Sender, *, in_flight: int, per_endpoint: int, lease: timedelta) -> None:
        self._pool = pool
        self._sender = sender
        self._slots = asyncio.Semaphore(in_flight)
        self._per_endpoint = per_endpoint
        self._enough = _PREFETCH * per_endpoint // 2
        self._lease = lease
        self._lanes: dict[tuple[str, str], Lane] = {}
        self._hungry: set[Lane] = set()
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
            full = [await self._refill_lane(db, lane) for lane in hungry]
            if not any(full) or time.monotonic() - self._scanned_at > _SCAN_S:
                self._scanned_at = time.monotonic()
                full += [await self._refill_lane(db, self._lane(target)) for target in await store.due_targets(db)]
        return any(full)

    def _lane(self, target: Target) -> Lane:
        key = (target.project_id, target.endpoint_id)
        for idle in [key for key, lane in self._lanes.items() if not lane.open and not lane.queue]:
            del self._lanes[idle]
        lane = self._lanes.setdefault(key, Lane(target))
        lane.target = target
        return lane

    async def _refill_lane(self, db: Transaction, lane: Lane) -> bool:
        if len(lane.queue) >= self._enough:
            return False
        room = _PREFETCH * self._per_endpoint - len(lane.queue)
        claimed = await store.claim(db, lane.target, room, self._lease)
        lane.queue.extend(claimed)
        for _ in range(min(self._per_endpoint - lane.open, len(lane.queue))):
            lane.open += 1
            call = asyncio.create_task(self._drain(lane))
            self._calls.add(call)
            call.add_done_callback(self._calls.discard)
        return len(claimed) == room

    async def _drain(self, lane: Lane) -> None:
        """Sends one delivery of the lane after another, and asks for more when half of what was claimed is gone."""
        try:
            while lane.queue:
                async with self._slots:
                    if lane.queue:
                        delivery = lane.queue.popleft()
                        if len(lane.queue) == self._enough - 1:
                            self._hungry.add(lane)
                            self.wakeup.hurry()
                        await self._send(lane.target, delivery)
        finally:
            lane.open -= 1

    async def _send(self, target: Target, delivery: Claimed) -> None:
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
        unsent = [(lane.target, list(lane.queue)) for lane in self._lanes.values() if lane.queue]
        for lane in self._lanes.values():
            lane.queue.clear()
        if self._calls:
            await asyncio.wait(self._calls, timeout=TIMEOUT_S)
        async with Transaction(self._pool) as db:
            for target, claimed in unsent:
                await store.release(db, target, claimed)
