"""What measures found, printed as one table at the end."""

import os
import platform
from typing import NamedTuple


class Line(NamedTuple):
    """One figure beside its limit; `aim` is the ratio that is aimed at, None where there is only something to see."""

    what: str
    ours: str
    limit: str
    ratio: float | None
    aim: float | None


class Report:
    """The lines of all measures."""

    def __init__(self) -> None:
        self._lines: list[Line] = []

    def rate(self, what: str, ours: float, limit: float, aim: float) -> None:
        """Two rates per second; more is better."""
        self.add(Line(what, f"{ours:,.0f}/s", f"{limit:,.0f}/s", ours / limit, aim))

    def times(self, what: str, ours: list[float], limit: list[float]) -> None:
        """Two lists of seconds, shown as median and 99th percentile."""
        self.add(Line(what, _quantiles(ours), _quantiles(limit), None, None))

    def add(self, line: Line) -> None:
        self._lines.append(line)
        print(f"  {line.what}: {line.ours} beside {line.limit}", flush=True)

    def print(self) -> None:
        print(f"\n{platform.python_implementation()} {platform.python_version()}, {os.cpu_count()} cores\n")
        print(f"{'what':<58} {'ours':>22} {'limit':>22} {'ratio':>7} {'aim':>7}")
        for what, ours, limit, ratio, aim in self._lines:
            shown = "" if ratio is None else f"{ratio:.2f}"
            print(f"{what:<58} {ours:>22} {limit:>22} {shown:>7} {'' if aim is None else f'>= {aim}':>7}")


def _quantiles(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    median, last = ordered[len(ordered) // 2], ordered[len(ordered) * 99 // 100]
    return f"p50 {median * 1e3:.1f} p99 {last * 1e3:.1f} ms"
