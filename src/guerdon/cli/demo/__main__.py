"""`python -m guerdon.cli.demo`: a shop's day on an installation of its own, and the events that it brings.

Exit status: 0 if all reference events arrived, signed and in the reference's shape; 1 if not; 130 if interrupted.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from typing import cast

from voucherify.exceptions import ApiException

from guerdon.cli.demo.day import Shop, Step
from guerdon.cli.demo.inbox import Inbox
from guerdon.cli.demo.installation import Interrupted, StartError, installation, interruptible
from guerdon.cli.demo.management import Management, RefusedError
from guerdon.cli.demo.receiver import receiver
from guerdon.cli.demo.show import Display, display

_STEP_PATIENCE_S = 5.0
_LAST_PATIENCE_S = 15.0
_PATIENCE_AFTER_FAILURE_S = 2.0
_INTERRUPTED = 130


def main() -> int:
    parser = argparse.ArgumentParser(prog="guerdon demo", description="Plays a shop's day and shows what it brings.")
    parser.add_argument("--plain", action="store_true", help="plain lines instead of colour and movement")
    shown = display(plain=parser.parse_args().plain)
    interruptible()
    try:
        with shown:
            return _play(shown)
    except Interrupted:
        sys.stderr.write("interrupted; everything was stopped and removed\n")
        return _INTERRUPTED
    except (StartError, RefusedError) as error:
        sys.stderr.write(f"guerdon demo: {error}\n")
        return 1


def _play(shown: Display) -> int:
    begun = time.monotonic()
    shown.doing("PostgreSQL, API and worker start")
    with installation() as keys:
        shown.done("PostgreSQL, API and worker run", f"{keys.base_url}, after {time.monotonic() - begun:.1f} s")
        management = Management(keys)
        project = management.project("Corner Shop")
        shown.done("A sandbox project is made", f"{project.id}, with its keys and its webhook secret")
        inbox = Inbox(project.webhook_token)
        with receiver(inbox.take) as url:
            shop = Shop(keys.base_url, project, management, url)
            played = _day(shown, shop.steps(), inbox)
        shown.end(inbox)
    return 0 if played and inbox.right() else 1


def _day(shown: Display, steps: tuple[Step, ...], inbox: Inbox) -> bool:
    """Whether all steps were played and brought what they should. One that fails does not keep us from the others."""
    failed = False
    brought: list[str] = []
    for step in steps:
        shown.doing(step.title)
        try:
            shown.done(step.title, step.play())
            brought += step.brings
        except Exception as error:  # noqa: BLE001 - whatever it is, the other steps and the table tell more
            shown.failed(step.title, _reason(error))
            failed = True
        _watch(shown, inbox, () if failed else brought, _STEP_PATIENCE_S)
    shown.doing("Waiting for what has not come yet")
    _watch(shown, inbox, brought, _PATIENCE_AFTER_FAILURE_S if failed else _LAST_PATIENCE_S)
    return not failed and not inbox.missing(brought)


def _watch(shown: Display, inbox: Inbox, keys: Sequence[str], at_most_s: float) -> None:
    for delivery in inbox.arriving(keys, at_least_s=shown.pace_s, at_most_s=at_most_s):
        shown.delivered(delivery)


def _reason(error: Exception) -> str:
    """On one line."""
    told = cast("str | None", error.body) if isinstance(error, ApiException) else None
    return f"{type(error).__name__}: {' '.join((told or str(error)).split())}"


if __name__ == "__main__":
    sys.exit(main())
