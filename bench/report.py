"""What measures found, printed as one table at the end."""

import os
import platform
from typing import NamedTuple


class Line(NamedTuple):
    """One figure beside its limit; `goal` is the ratio that is aimed at, None where there is only something to see."""

    what: str
    ours: str
    limit: str
    ratio: float | None
    goal: float | None


class Report:
    """The lines of all measures."""

    def __init__(self) -> None:
        self._lines: list[Line] = []

    def rate(self, what: str, ours: list[float], limit: list[float], goal: float) -> None:
        """Rates per second of rounds that took turns; shown is the round with the median ratio, more is better."""
        pairs = sorted(zip(ours, limit, strict=True), key=lambda pair: pair[0] / pair[1])
        mine, most = pairs[len(pairs) // 2]
        self._add(Line(what, f"{mine:,.0f}/s", f"{most:,.0f}/s", mine / most, goal))

    def times(self, what: str, ours: list[float], limit: list[float]) -> None:
        """Two lists of seconds, shown as median and 99th percentile."""
        self._add(Line(what, _quantiles(ours), _quantiles(limit), None, None))

    def see(self, what: str, ours: str) -> None:
        """Something to know beside the line before."""
        self._add(Line(what, ours, "", None, None))

    def _add(self, line: Line) -> None:
        self._lines.append(line)

    def print(self) -> None:
        print(f"\n{platform.python_implementation()} {platform.python_version()}, {os.cpu_count()} cores\n")
        print(f"{'what':<52} {'ours':>21} {'limit':>21} {'ratio':>6}  goal")
        for what, ours, limit, ratio, goal in self._lines:
            shown = "" if ratio is None else f"{ratio:.2f}"
            aim = "" if goal is None or ratio is None else f">= {goal} {'reached' if ratio >= goal else 'MISSED'}"
            print(f"{what:<52} {ours:>21} {limit:>21} {shown:>6}  {aim}".rstrip())


def _quantiles(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    median, last = ordered[len(ordered) // 2], ordered[len(ordered) * 99 // 100]
    return f"p50 {median * 1e3:.1f} p99 {last * 1e3:.1f} ms"
