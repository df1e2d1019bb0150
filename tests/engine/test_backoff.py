"""When failed calls are tried again."""

from datetime import UTC, datetime, timedelta

from guerdon.engine.backoff import RETRIES, job_pause, next_retry, retry_offset
from guerdon.webhooks.settle import Attempt, Delivered, GaveUp, RetryAt, settle

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


def _settle(status: int | None, number: int, *, by_hand: bool = False) -> object:
    attempt = Attempt(FIRST, 5, status, None if status else "no answer", None)
    return settle(attempt, number, FIRST, FIRST, by_hand=by_hand, catch_up=False, clock_offset=timedelta(hours=1))


def test_any_2xx_is_success_and_nothing_else() -> None:
    assert _settle(200, 1) == Delivered(FIRST + timedelta(hours=1))
    assert isinstance(_settle(299, 1), Delivered)
    for status in (199, 300, 304, 307, 400, 410, 500, None):
        assert isinstance(_settle(status, 1), RetryAt), status


def test_thirteen_failures_end_it_and_only_then_is_the_endpoint_off() -> None:
    assert [type(_settle(500, number)) for number in range(1, 14)] == [RetryAt] * 12 + [GaveUp]
    assert _settle(500, 13) == GaveUp(endpoint_off=True)
    assert _settle(500, 13, by_hand=True) == GaveUp(endpoint_off=False)
