"""`make bench`: what Guerdon does, as ratios against limits that are measured in the same run on the same machine.

Absolute times say more about the machine than about the code; the ratio is what a change may be judged by. Each measure
prints its own figures beside the limit's and the ratio that is aimed at. `python bench events` runs one of them.
"""

import signal
import sys
import time
from collections.abc import Callable
from types import FrameType

import backlog
import day
import delivery
import events
import generation
import isolation
import latency
import points
import redeeming
from report import Report

MEASURES: dict[str, Callable[[Report], None]] = {
    "events": events.measure,
    "delivery": delivery.measure,
    "latency": latency.measure,
    "isolation": isolation.measure,
    "backlog": backlog.measure,
    "redeeming": redeeming.measure,
    "generation": generation.measure,
    "points": points.measure,
    "day": day.measure,
}
LONGEST_S = 2_400


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in MEASURES]
    if unknown:
        print(f"no measure {', '.join(unknown)}; there are {', '.join(MEASURES)}")
        return 2
    for received in (signal.SIGTERM, signal.SIGALRM):
        signal.signal(received, _stop)
    signal.alarm(LONGEST_S)
    report = Report()
    for name in names or MEASURES:
        began_at = time.monotonic()
        MEASURES[name](report)
        print(f"measured {name} in {time.monotonic() - began_at:.0f} s", flush=True)
    report.print()
    return 0


def _stop(number: int, _frame: FrameType | None) -> None:
    """Leaves every block, so that what was started is stopped."""
    raise SystemExit(f"stopped by {signal.Signals(number).name}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
