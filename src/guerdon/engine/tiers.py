"""Loyalty tiers: which one a card's points reach, from when until when, and the moves between them. Pure.

A tier lasts through the day on which it ends; what comes next is decided as of the day after.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Literal

import msgspec

from guerdon.engine.calendar import Duration, add_months, last_of_month

Qualification = Literal["BALANCE", "POINTS_IN_PERIOD"]
Period = Literal["MONTH", "QUARTER", "HALF_YEAR", "YEAR"]
End = Literal["END_OF_PERIOD", "END_OF_NEXT_PERIOD", "BALANCE_DROP", "CUSTOM"]
Kind = Literal["joined", "upgraded", "downgraded", "prolonged", "left"]
_MONTHS: Mapping[Period, int] = {"MONTH": 1, "QUARTER": 3, "HALF_YEAR": 6, "YEAR": 12}
_MONTHS_PER_YEAR = 12
_DAY = timedelta(days=1)


class Tier(msgspec.Struct, frozen=True):
    """A tier and its points, both ends included; without an end it is open."""

    id: str
    start: int
    end: int | None = None


class Rounding(msgspec.Struct, frozen=True):
    """To which boundary the end is moved: that of a period, or of one month of the year (0 is January)."""

    type: Period | Literal["CUSTOM"]
    strategy: Literal["START", "END"] = "END"
    value: int = 0


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """How tiers are reached and lost."""

    qualification: Qualification = "BALANCE"
    period: Period = "MONTH"
    starts_next: bool = False
    ends: End = "BALANCE_DROP"
    extend: Duration | None = None
    rounding: Rounding | None = None

    @property
    def by_balance(self) -> bool:
        return self.qualification == "BALANCE"


class Standing(msgspec.Struct, frozen=True):
    """The tier that a card is in, since when, and through which day; None is as long as the points last."""

    tier_id: str
    start: date
    until: date | None = None


class Points(msgspec.Struct, frozen=True):
    """A card's points: those that are left, and those that were collected, by day."""

    balance: int
    collected: Mapping[date, int] = {}


class Move(msgspec.Struct, frozen=True):
    """A card's step from one standing to another; None is none."""

    kind: Kind
    before: Standing | None
    after: Standing | None


def settle(policy: Policy, tiers: Sequence[Tier], standing: Standing | None, points: Points, today: date) -> list[Move]:
    """What happens to a card by today: first what has run out, each at its day, and then what its points reach."""
    moves: list[Move] = []
    by_id = {tier.id: tier for tier in tiers}
    if standing is not None and standing.tier_id not in by_id:
        moves.append(Move("left", standing, None))
        standing = None
    while standing is not None and standing.until is not None and standing.until < today:
        day = standing.until + _DAY
        reached = _reached(policy, tiers, _reviewed(policy, points, day))
        moves.append(_move(policy, by_id, standing, reached, day, again=True))
        standing = moves[-1].after
    day = period_start(today, policy.period) if policy.starts_next and not policy.by_balance else today
    reached = _reached(policy, tiers, _current(policy, points, today))
    if _changes(by_id, standing, reached):
        moves.append(_move(policy, by_id, standing, reached, day, again=False))
    return moves


def until(policy: Policy, start: date) -> date | None:
    """The last day of a tier that starts on that day; None where it has no end of its own."""
    if policy.ends == "BALANCE_DROP":
        return None
    try:
        end = _end(policy, start)
    except OverflowError:
        return date.max
    return None if end is None else max(end, start)


def period_start(day: date, period: Period) -> date:
    months = _MONTHS[period]
    return date(day.year, (day.month - 1) // months * months + 1, 1)


def next_period(day: date, period: Period) -> date:
    """The first day of the period after that of the day. OverflowError beyond the calendar."""
    return add_months(period_start(day, period), _MONTHS[period])


def previous_period(day: date, period: Period) -> date:
    """The first day of the period before that of the day."""
    return add_months(period_start(day, period), -_MONTHS[period])


def _changes(tiers: Mapping[str, Tier], standing: Standing | None, reached: Tier | None) -> bool:
    """Whether what is reached replaces the standing: one that lasts until a day is only ever left upwards."""
    if standing is None:
        return reached is not None
    if reached is not None and reached.id == standing.tier_id:
        return False
    if standing.until is None:
        return True
    return reached is not None and reached.start > tiers[standing.tier_id].start


def _move(
    policy: Policy, tiers: Mapping[str, Tier], before: Standing | None, reached: Tier | None, day: date, *, again: bool
) -> Move:
    if reached is None:
        return Move("left", before, None)
    after = Standing(reached.id, day, until(policy, day))
    if before is None:
        return Move("joined", None, after)
    if again and reached.id == before.tier_id:
        return Move("prolonged", before, Standing(before.tier_id, before.start, after.until))
    higher = reached.start > tiers[before.tier_id].start
    return Move("upgraded" if higher else "downgraded", before, after)


def _reached(policy: Policy, tiers: Sequence[Tier], points: int) -> Tier | None:
    """The highest tier that so many points reach; a balance must be within its range."""
    found = [
        tier
        for tier in tiers
        if tier.start <= points and (not policy.by_balance or tier.end is None or points <= tier.end)
    ]
    return max(found, key=lambda tier: tier.start, default=None)


def _current(policy: Policy, points: Points, today: date) -> int:
    if policy.by_balance:
        return points.balance
    return _collected(points, today, policy.period, previous=policy.starts_next)


def _reviewed(policy: Policy, points: Points, day: date) -> int:
    """What counts when a tier has run out: the period that is over and, where the tier outlasted it, the one begun."""
    if policy.by_balance:
        return points.balance
    over = _collected(points, day, policy.period, previous=True)
    return over if day.day == 1 else max(over, _collected(points, day, policy.period, previous=False))


def _collected(points: Points, day: date, period: Period, *, previous: bool) -> int:
    first = previous_period(day, period) if previous else period_start(day, period)
    end = next_period(first, period)
    return sum(value for of, value in points.collected.items() if first <= of < end)


def _end(policy: Policy, start: date) -> date | None:
    if policy.ends == "CUSTOM":
        if policy.extend is None and policy.rounding is None:
            return None
        end = policy.extend.after(start) if policy.extend else start
    else:
        over = next_period(start, policy.period)
        over = over if policy.ends == "END_OF_PERIOD" else next_period(over, policy.period)
        # From the first day after it, so that a month more than the end of one month is the end of the next.
        end = (policy.extend.after(over) if policy.extend else over) - _DAY
    return _rounded(end, policy.rounding) if policy.rounding else end


def _rounded(end: date, rounding: Rounding) -> date:
    if rounding.type != "CUSTOM":
        if rounding.strategy == "START":
            return period_start(end, rounding.type)
        return next_period(end, rounding.type) - _DAY
    month = rounding.value % _MONTHS_PER_YEAR + 1
    at_end = rounding.strategy == "END"
    for year in (end.year, end.year + 1):
        day = date(year, month, last_of_month(year, month) if at_end else 1)
        if day >= end:
            return day
    return end
