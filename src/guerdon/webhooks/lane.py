"""One endpoint as one worker process sees it: what it has claimed, what it has open, its pace and its health.

Nothing here waits or looks at a clock; times are seconds of a monotonic clock that the caller reads.
"""

from collections import deque
from collections.abc import Sequence

from guerdon.engine.backoff import probe_pause_s
from guerdon.webhooks.prepare import Claimed, Target

_BURST_S = 0.05


class Pace:
    """At most so many beginnings a second, evenly; a late one is made up for within a twentieth of a second."""

    def __init__(self, per_s: int) -> None:
        self.per_s = per_s
        self._next_at = 0.0
        self._slack_s = int(per_s * _BURST_S) / per_s

    def wait_s(self, now: float) -> float:
        """0 when one may begin now, which takes its turn; else how long until it may."""
        if now < self._next_at:
            return self._next_at - now
        self._next_at = max(self._next_at, now - self._slack_s) + 1 / self.per_s
        return 0.0

    def busy(self, now: float) -> bool:
        """Whether the next one would have to wait."""
        return now < self._next_at


class Lane:
    """The deliveries of one endpoint that this process has leased and not begun, oldest first.

    After `failing_after` failures in a row the endpoint counts as failing: it is called once at a time, with growing
    pauses, until a call succeeds. What is not called meanwhile waits in the database and loses no attempt.
    """

    def __init__(self, target: Target, failing_after: int) -> None:
        self.target = target
        self.queue: deque[tuple[Claimed, float]] = deque()
        self.open = 0
        self.more = False  # whether the last claim found as much as there was room for
        self.low = 0  # the length of the queue at which more is asked for
        self.timed = False  # whether a timer will go on when the pace allows it
        self.probe_at = 0.0
        self._failing_after = failing_after
        self._failures = 0
        self._probes = 0
        self._failed_at = 0.0
        self._pace = Pace(target.rate_limit_per_s) if target.rate_limit_per_s else None

    def retarget(self, target: Target) -> None:
        """Takes over what has been changed on the endpoint."""
        if target.rate_limit_per_s != self.target.rate_limit_per_s:
            self._pace = Pace(target.rate_limit_per_s) if target.rate_limit_per_s else None
        self.target = target

    @property
    def failing(self) -> bool:
        return self._failures >= self._failing_after

    def room(self, most: int, ahead_s: float) -> int:
        """How many deliveries are worth claiming: at most so many, and no more than the pace sends in that time."""
        if self._pace is not None:
            most = min(most, max(1, int(self._pace.per_s * ahead_s)))
        return max(0, most - len(self.queue))

    def add(self, claimed: Sequence[Claimed], begin_before: float, *, full: bool) -> None:
        """Queues what was claimed; it must not be begun later than that, because the lease may end first."""
        self.queue.extend((delivery, begin_before) for delivery in claimed)
        self.more = full
        self.low = len(self.queue) // 2

    def wait_s(self, now: float) -> float:
        return 0.0 if self._pace is None else self._pace.wait_s(now)

    def ended(self, now: float, *, ok: bool, probe: bool) -> bool:
        """Counts a call that has ended; True when it was the one that makes the endpoint count as failing."""
        before = self.failing
        self._failures = 0 if ok else self._failures + 1
        if not self.failing:
            return False
        self._failed_at = now
        if probe or not before:
            self._probes = self._probes + 1 if before else 1
            self.probe_at = now + (0 if self.target.catch_up else probe_pause_s(self._probes))
        return not before

    def forgettable(self, now: float, after_s: float) -> bool:
        """Whether nothing would be lost with this lane: it is idle, and has not failed for a while."""
        if self.open or self.queue or (self._pace is not None and self._pace.busy(now)):
            return False
        return not self.failing or now - self._failed_at > after_s
