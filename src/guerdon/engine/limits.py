"""When the current day, week and month began, by the project's calendar: from then on limits count. Pure."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from guerdon.engine.moment import Moment, local_date
from guerdon.engine.rules.checks import Period

MONDAY = 0


def period_start(period: Period, moment: Moment, first_weekday: int = MONDAY) -> datetime:
    """The moment, in UTC, at which the current period began. Weekdays count from 0 for Monday, as `date.weekday`."""
    day = local_date(moment)
    if period == "week":
        day -= timedelta(days=(day.weekday() - first_weekday) % 7)
    elif period == "month":
        day = day.replace(day=1)
    # A day whose midnight the clocks skip begins when they resume; one with two midnights at the first.
    return datetime.combine(day, time(), ZoneInfo(moment.zone)).astimezone(UTC)
