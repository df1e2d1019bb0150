"""`make bench-ledger`: 50,000 events to 50 endpoints, most of them well and some as bad as endpoints are, while workers
and PostgreSQL are killed again and again. Exits with 1 and a list if the books do not balance, row by row.

The same code as the test `tests/delivery/test_nothing_is_lost.py`, which is the short version.
"""

import signal
import sys
import time
from collections import Counter
from types import FrameType

import chaos
from guerdon.telemetry import configure_logging
from ledger_book import coming_and_going, dead, flaky, hanging, slow, verbose, well

LONGEST_S = 900
MOST_SHOWN = 50
PROJECTS = 25
BAD = (hanging, coming_and_going, slow, dead, verbose, flaky)
MANNERS = [
    [well if number % 3 else flaky, BAD[number // 2 % len(BAD)] if number % 2 else well] for number in range(PROJECTS)
]
PLAN = chaos.Plan(
    manners=MANNERS,
    events_per_project=2_000,
    callers=16,
    workers=2,
    kills_of_workers=16,
    kills_of_database=8,
    between_kills_s=(1.0, 3.0),
    patience_s=500,
    seed=20261121,
)


def main() -> int:
    for received in (signal.SIGTERM, signal.SIGALRM):
        signal.signal(received, _stop)
    signal.alarm(LONGEST_S)
    configure_logging("error")
    began_at = time.monotonic()

    def say(what: str) -> None:
        print(f"{time.monotonic() - began_at:5.0f} s  {what}", flush=True)

    found = chaos.run(PLAN, say)
    manners = [manner.__name__ for some in PLAN.manners for manner in some]
    recorded, delivered, given_up = Counter(), Counter(), Counter()
    for row in found.books.deliveries:
        recorded[manners[row["endpoint"]]] += 1
        (delivered if row["status"] == "SENT" else given_up)[manners[row["endpoint"]]] += 1
    print(f"\n{'endpoints':<24}{'recorded':>12}{'delivered':>12}{'given up':>12}")
    for manner, count in Counter(manners).most_common():
        print(f"{count:>3} {manner:<20}{recorded[manner]:>12,}{delivered[manner]:>12,}{given_up[manner]:>12,}")
    sums = (recorded.total(), delivered.total(), given_up.total())
    print(f"{'in all':<24}{sums[0]:>12,}{sums[1]:>12,}{sums[2]:>12,}")
    print(
        f"\n{len(found.books.events):,} events, {len(found.taken_at_kills)} kills, {len(found.log):,} calls seen by the"
        f" receiver, {len(found.books.attempts):,} attempts written down, {found.seconds:.0f} s"
    )
    return _verdict(found)


def _verdict(found: chaos.Found) -> int:
    for line in found.off[:MOST_SHOWN]:
        print(line)
    if found.off:
        print(f"\nOFF: {len(found.off)} entries do not balance")
        return 1
    print("recorded = delivered + given up, row by row")
    return 0


def _stop(number: int, _frame: FrameType | None) -> None:
    """Leaves every block, so that what was started is stopped."""
    raise SystemExit(f"stopped by {signal.Signals(number).name}")


if __name__ == "__main__":
    sys.exit(main())
