"""`make bench`: what Guerdon does, as ratios against limits that are measured in the same run on the same machine.

Absolute times say more about the machine than about the code; the ratio is what a change may be judged by. Each measure
prints its own figures beside the limit's and the ratio that is aimed at. `python bench events` runs one of them.
"""

import sys
from collections.abc import Callable

import delivery
import events
import latency
from report import Report

MEASURES: dict[str, Callable[[Report], None]] = {
    "events": events.measure,
    "delivery": delivery.measure,
    "latency": latency.measure,
}


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in MEASURES]
    if unknown:
        print(f"no measure {', '.join(unknown)}; there are {', '.join(MEASURES)}")
        return 2
    report = Report()
    for name in names or MEASURES:
        MEASURES[name](report)
    report.print()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
