"""Pace and health of an endpoint, by a clock that the test moves."""

from datetime import timedelta

import pytest

from guerdon.engine.backoff import probe_pause_s
from guerdon.webhooks.lane import Lane, Pace
from guerdon.webhooks.prepare import Target


def _lane(*, failing_after: int = 3, catch_up: bool = False, rate: int | None = None) -> Lane:
    target = Target("p", "wh_1", {}, catch_up=catch_up, clock_offset=timedelta(), rate_limit_per_s=rate)
    return Lane(target, failing_after)


def _begun(pace: Pace, *, seconds: float, step: float) -> list[float]:
    """When calls begin if somebody asks all the time."""
    begun: list[float] = []
    for turn in range(round(seconds / step)):
        now = 100 + turn * step
        while not pace.wait_s(now):
            begun.append(now)
    return begun


@pytest.mark.parametrize("per_s", [1, 3, 10, 100, 1_000])
def test_no_second_has_more_beginnings_than_allowed(per_s: int) -> None:
    begun = _begun(Pace(per_s), seconds=5, step=0.0007)
    most = max(sum(start <= at < start + 1 for at in begun) for start in begun)
    assert most <= per_s * 1.05 + 1
    assert len(begun) >= 5 * per_s * 0.95


def test_a_wait_is_until_the_next_turn() -> None:
    pace = Pace(4)
    assert pace.wait_s(10.0) == 0
    assert pace.wait_s(10.05) == pytest.approx(0.2)
    assert pace.wait_s(10.25) == 0


def test_a_quiet_time_is_not_saved_up() -> None:
    pace = Pace(10)
    pace.wait_s(0.0)
    assert [pace.wait_s(1000.0) == 0 for _ in range(3)] == [True, False, False]


def test_failures_in_a_row_make_an_endpoint_failing_and_one_success_ends_it() -> None:
    lane = _lane(failing_after=3)
    turns = [lane.ended(1.0, ok=ok, probe=False) for ok in (False, False, True, False, False, False, False)]
    assert turns == [False, False, False, False, False, True, False]
    assert lane.failing
    assert not lane.ended(2.0, ok=True, probe=True)
    assert not lane.failing


def test_probes_come_with_growing_pauses() -> None:
    lane = _lane(failing_after=1)
    lane.ended(0.0, ok=False, probe=False)
    pauses = [lane.probe_at]
    for _ in range(6):
        now = lane.probe_at
        lane.ended(now, ok=False, probe=True)
        pauses.append(lane.probe_at - now)
    assert pauses == [1, 2, 4, 8, 16, 30, 30]
    assert probe_pause_s(10_000) == 30


def test_calls_that_were_open_when_it_began_to_fail_are_no_probes() -> None:
    lane = _lane(failing_after=1)
    for _ in range(32):
        lane.ended(5.0, ok=False, probe=False)
    assert lane.probe_at == 6.0


def test_a_sandbox_whose_clock_is_moved_need_not_wait_for_probes() -> None:
    lane = _lane(failing_after=1, catch_up=True)
    lane.ended(5.0, ok=False, probe=False)
    assert lane.failing
    assert lane.probe_at <= 5.0


def test_a_failing_endpoint_is_remembered_for_a_while() -> None:
    lane = _lane(failing_after=1)
    assert lane.forgettable(0.0, 900)
    lane.ended(0.0, ok=False, probe=False)
    assert not lane.forgettable(899, 900)
    assert lane.forgettable(901, 900)


def test_no_more_is_claimed_than_the_pace_sends_soon() -> None:
    assert _lane().room(128, 5.0) == 128
    assert _lane(rate=2).room(128, 5.0) == 10
    assert _lane(rate=1_000).room(128, 5.0) == 128
    assert _lane(rate=1).room(0, 5.0) == 0
