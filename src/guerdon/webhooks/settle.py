"""What an attempt means for its delivery. Pure."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import msgspec

from guerdon.engine.backoff import RETRIES, next_retry

MOST_RETRY_AFTER = timedelta(hours=24)
_USED_UP = f"no success in {RETRIES + 1} attempts"
_GONE = "the receiver answered 410 Gone"
_MOST_DIGITS = 9


class Attempt(msgspec.Struct, frozen=True):
    """One call: when it started, how long it took, and either a status or the error that prevented one.

    `retry_after` is the header of that name as it came; it is not kept.
    """

    started_at: datetime
    duration_ms: int
    status_code: int | None
    error: str | None
    response_excerpt: str | None
    retry_after: str | None = None

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
    """No attempt is left. `off_because` says why the endpoint is switched off; None where it stays on."""

    off_because: str | None


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
    """The outcome of the n-th attempt (from 1). The schedule is one attempt and twelve retries.

    A receiver that answers 410 wants no more of anything. With `Retry-After` it can put a retry off, by a day at most,
    but not bring it forward.
    """
    if attempt.ok:
        return Delivered(now + clock_offset)
    if attempt.status_code == HTTPStatus.GONE:
        return GaveUp(_GONE)
    if by_hand:
        return GaveUp(None)
    if number > RETRIES:
        return GaveUp(_USED_UP)
    due_at = next_retry(number, first_attempt_at, now, catch_up=catch_up)
    return RetryAt(max(due_at, now + pause_asked_for(attempt.retry_after, now)))


def pause_asked_for(retry_after: str | None, now: datetime) -> timedelta:
    """What `Retry-After` asks for, in seconds or as an HTTP date: at most a day, and nothing where it is nonsense."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        pause = timedelta(seconds=int(text)) if len(text) <= _MOST_DIGITS else MOST_RETRY_AFTER
    else:
        try:
            moment = parsedate_to_datetime(text)
            pause = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now
        except (ValueError, TypeError, IndexError, OverflowError):
            pause = timedelta()
    return min(max(pause, timedelta()), MOST_RETRY_AFTER)
