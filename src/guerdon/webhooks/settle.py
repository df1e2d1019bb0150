"""What an attempt means for its delivery. Pure."""

from datetime import datetime, timedelta
from http import HTTPStatus

import msgspec

from guerdon.engine.backoff import RETRIES, next_retry


class Attempt(msgspec.Struct, frozen=True):
    """One call: when it started, how long it took, and either a status or the error that prevented one."""

    started_at: datetime
    duration_ms: int
    status_code: int | None
    error: str | None
    response_excerpt: str | None

    @property
    def ended_at(self) -> datetime:
        return self.started_at + timedelta(milliseconds=self.duration_ms)

    @property
    def ok(self) -> bool:
        """Any 2xx is success; a redirect is not followed and so is none."""
        return self.status_code is not None and HTTPStatus.OK <= self.status_code < HTTPStatus.MULTIPLE_CHOICES


class Delivered(msgspec.Struct, frozen=True):
    """The receiver has it, since this time of the project."""

    at: datetime


class RetryAt(msgspec.Struct, frozen=True):
    """It will be tried again at this real time."""

    due_at: datetime


class GaveUp(msgspec.Struct, frozen=True):
    """No attempt is left. `endpoint_off` when the schedule was used up, not when an attempt by hand failed."""

    endpoint_off: bool


Outcome = Delivered | RetryAt | GaveUp


def settle(
    attempt: Attempt,
    number: int,
    first_attempt_at: datetime,
    now: datetime,
    *,
    by_hand: bool,
    catch_up: bool,
    clock_offset: timedelta,
) -> Outcome:
    """The outcome of the n-th attempt (from 1). The schedule is one attempt and twelve retries."""
    if attempt.ok:
        return Delivered(now + clock_offset)
    if by_hand:
        return GaveUp(endpoint_off=False)
    if number > RETRIES:
        return GaveUp(endpoint_off=True)
    return RetryAt(next_retry(number, first_attempt_at, now, catch_up=catch_up))
