"""When a failed call is tried again."""

from datetime import datetime, timedelta

RETRIES = 12
_LAST_MINUTES = 1_440  # the twelfth retry comes 24 hours after the first attempt
_LONGEST_JOB_PAUSE_S = 3_600
_LONGEST_PROBE_PAUSE_S = 30


def retry_offset(retry: int) -> timedelta:
    """How long after the first attempt the n-th retry (1 to 12) is due: 1, 2, 4, … 1024 minutes, then 24 hours."""
    return timedelta(minutes=_LAST_MINUTES if retry == RETRIES else min(2 ** (retry - 1), _LAST_MINUTES))


def next_retry(retry: int, first_attempt_at: datetime, now: datetime, *, catch_up: bool) -> datetime:
    """When the n-th retry is due.

    A worker that was away for hours would find several retries due at once. In a live project they stay a minute apart,
    so that an endpoint gets time to recover; with `catch_up` (a sandbox, whose clock was moved) they follow at once.
    """
    due = first_attempt_at + retry_offset(retry)
    return due if catch_up else max(due, now + retry_offset(1))


def job_pause(attempts: int) -> timedelta:
    """How long a job that has failed so many times waits: 1, 2, 4, … seconds, at most an hour."""
    return timedelta(seconds=min(2 ** min(attempts - 1, 20), _LONGEST_JOB_PAUSE_S))


def probe_pause_s(failures: int) -> float:
    """How long a failing endpoint is left alone after so many failed probes: 1, 2, 4, … seconds, at most 30."""
    return min(2 ** min(failures - 1, 20), _LONGEST_PROBE_PAUSE_S)
