"""Time as the engine keeps it: UTC, whole milliseconds, and written the way the reference writes it."""

from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Self

NOT_A_DATE = "cannot be recognized as a ISO-8601 compliant date"
# The one before it is -infinity to asyncpg, which comes back as a moment without a zone.
_FIRST = datetime.min.replace(microsecond=1000, tzinfo=UTC)


def real_now() -> datetime:
    """The real time in UTC, cut to milliseconds because that is all that answers and events show."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


@lru_cache(maxsize=256)  # a request shows the same few moments again and again
def iso(moment: datetime) -> str:
    """`2026-11-21T10:24:00.000Z`; the moment must be in UTC."""
    return moment.isoformat(timespec="milliseconds")[:-6] + "Z"


def iso_exactly(moment: datetime) -> str:
    """The same to the microsecond: for what goes on from a moment."""
    return moment.isoformat(timespec="microseconds")[:-6] + "Z"


def iso_or_none(moment: datetime | None) -> str | None:
    return None if moment is None else iso(moment)


class Moment(datetime):
    """A date-time of a request: any ISO 8601 date or date-time, read as UTC where it names no zone."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Errors: ValueError if it is none, or outside the years that PostgreSQL and UTC can hold."""
        try:
            moment = datetime.fromisoformat(text)
            moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, OverflowError, TypeError):
            raise ValueError(NOT_A_DATE) from None
        whole_ms = moment.microsecond // 1000 * 1000 if moment >= _FIRST else 1000
        return cls(
            moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second, whole_ms, tzinfo=UTC
        )


class Day(date):
    """A date of a request: `YYYY-MM-DD`, or the day that a date-time names, in whichever zone it is written."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Errors: ValueError if it is neither."""
        Moment.parse(text)
        written = datetime.fromisoformat(text)
        return cls(written.year, written.month, written.day)
