"""What measures found, printed as one table at the end."""

import os
import platform
from typing import NamedTuple


class Line(NamedTuple):
    """One figure beside its limit; `goal` is the ratio that is aimed at, None where there is only something to see.

    A ratio of rates should be at least its goal, one of times (`at_most`) at most.
    """

    what: str
    ours: str
    limit: str
    ratio: float | None
    goal: float | None
    at_most: bool = False


class Report:
    """The lines of all measures."""

    def __init__(self) -> None:
        self._lines: list[Line] = []

    def rate(self, what: str, ours: list[float], limit: list[float], goal: float | None = None) -> None:
        """Rates per second of rounds that took turns; shown is the round with the median ratio, more is better."""
        pairs = sorted(zip(ours, limit, strict=True), key=lambda pair: pair[0] / pair[1])
        mine, most = pairs[len(pairs) // 2]
        self._add(Line(what, f"{mine:,.0f}/s", f"{most:,.0f}/s", mine / most, goal))

    def times(self, what: str, ours: list[float], limit: list[float]) -> None:
        """Two lists of seconds, shown as median and 99th percentile."""
        self._add(Line(what, _quantiles(ours), _quantiles(limit), None, None))

    def most(self, what: str, ours: list[float], limit: list[float], goal: float) -> None:
        """Seconds of rounds that took turns, with what should make no difference and without; less is better."""
        pairs = sorted(zip(ours, limit, strict=True), key=lambda pair: pair[0] / pair[1])
        mine, least = pairs[len(pairs) // 2]
        self._add(Line(what, f"{mine * 1e3:.2f} ms", f"{least * 1e3:.2f} ms", mine / least, goal, at_most=True))

    def see(self, what: str, ours: str) -> None:
        """Something to know beside the line before."""
        self._add(Line(what, ours, "", None, None))

    def _add(self, line: Line) -> None:
        self._lines.append(line)

    def print(self) -> None:
        print(f"\n{platform.python_implementation()} {platform.python_version()}, {os.cpu_count()} cores\n")
        print(f"{'what':<56} {'ours':>21} {'limit':>21} {'ratio':>6}  goal")
        for line in self._lines:
            shown = "" if line.ratio is None else f"{line.ratio:.2f}"
            print(f"{line.what:<56} {line.ours:>21} {line.limit:>21} {shown:>6}  {_aim(line)}".rstrip())


def _aim(line: Line) -> str:
    if line.goal is None or line.ratio is None:
        return ""
    reached = line.ratio <= line.goal if line.at_most else line.ratio >= line.goal
    return f"{'<=' if line.at_most else '>='} {line.goal} {'reached' if reached else 'MISSED'}"


def _quantiles(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    median, last = ordered[len(ordered) // 2], ordered[len(ordered) * 99 // 100]
    return f"p50 {median * 1e3:.1f} p99 {last * 1e3:.1f} ms"
