"""When failed calls are tried again."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from guerdon.engine.backoff import RETRIES, job_pause, next_retry, retry_offset
from guerdon.webhooks.settle import MOST_RETRY_AFTER, Attempt, Delivered, GaveUp, RetryAt, pause_asked_for, settle

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
DOCUMENTED_MINUTES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 1_440]


def test_the_schedule_is_the_documented_one() -> None:
    assert [retry_offset(n) / timedelta(minutes=1) for n in range(1, RETRIES + 1)] == DOCUMENTED_MINUTES


def test_a_late_worker_keeps_retries_a_minute_apart_in_live_projects_only() -> None:
    late = FIRST + timedelta(hours=5)
    assert next_retry(3, FIRST, late, catch_up=False) == late + timedelta(minutes=1)
    assert next_retry(3, FIRST, late, catch_up=True) == FIRST + timedelta(minutes=4)
    assert next_retry(12, FIRST, late, catch_up=False) == FIRST + timedelta(days=1)


def test_pauses_of_jobs_double_up_to_an_hour() -> None:
    assert [job_pause(n).total_seconds() for n in (1, 2, 3, 12, 13, 500)] == [1, 2, 4, 2_048, 3_600, 3_600]


def _settle(status: int | None, number: int, *, by_hand: bool = False, retry_after: str | None = None) -> object:
    attempt = Attempt(FIRST, 5, status, None if status else "no answer", None, retry_after)
    return settle(attempt, number, FIRST, FIRST, by_hand=by_hand, catch_up=False, clock_offset=timedelta(hours=1))


def test_any_2xx_is_success_and_nothing_else() -> None:
    assert _settle(200, 1) == Delivered(FIRST + timedelta(hours=1))
    assert isinstance(_settle(299, 1), Delivered)
    for status in (199, 300, 304, 307, 400, 411, 500, None):
        assert isinstance(_settle(status, 1), RetryAt), status


def test_thirteen_failures_end_it_and_only_then_is_the_endpoint_off() -> None:
    assert [type(_settle(500, number)) for number in range(1, 14)] == [RetryAt] * 12 + [GaveUp]
    assert _settle(500, 13) == GaveUp("no success in 13 attempts")
    assert _settle(500, 13, by_hand=True) == GaveUp(None)


def test_a_receiver_that_is_gone_is_switched_off_at_once() -> None:
    for by_hand in (False, True):
        assert _settle(410, 1, by_hand=by_hand) == GaveUp("the receiver answered 410 Gone")


@pytest.mark.parametrize(
    ("retry_after", "minutes"),
    [
        (None, 1),
        ("", 1),
        ("30", 1),  # later than the schedule only
        ("0", 1),
        ("300", 5),
        (" 300 ", 5),
        ("86400", 1_440),
        ("86401", 1_440),
        ("9" * 5_000, 1_440),
        ("-300", 1),
        ("1e3", 1),
        ("30.5", 1),
        ("٣٠٠", 1),
        ("Thu, 01 Jan 2026 00:10:00 GMT", 10),
        ("Thursday, 01-Jan-26 00:10:00 GMT", 10),
        ("Thu Jan  1 00:10:00 2026", 10),
        ("Thu, 01 Jan 2026 01:10:00 +0100", 10),
        ("Wed, 31 Dec 2025 23:00:00 GMT", 1),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 1_440),
        ("Fri, 31 Dec 9999 23:59:59 -2359", 1_440),
        ("Thu, 99 Jan 2026 00:10:00 GMT", 1),
        ("Thu, 01 Jan 99999999999 00:10:00 GMT", 1),
        ("soon", 1),
        ("\udcff\x00", 1),
    ],
)
def test_a_receiver_can_put_a_retry_off_by_a_day_at_most(retry_after: str | None, minutes: int) -> None:
    assert _settle(503, 1, retry_after=retry_after) == RetryAt(FIRST + timedelta(minutes=minutes))


@given(st.text())
def test_whatever_a_receiver_asks_for_the_pause_is_within_a_day(text: str) -> None:
    assert timedelta() <= pause_asked_for(text, FIRST) <= MOST_RETRY_AFTER
