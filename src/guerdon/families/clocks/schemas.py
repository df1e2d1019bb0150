"""The clock of a project on the wire."""

import msgspec

from guerdon.clock import Moment


class ClockAdvance(msgspec.Struct):
    """By how much, or to when, to move the clock on; one of the two."""

    by: str | None = None
    to: Moment | None = None


class Clock(msgspec.Struct):
    """The project's time and how far it is from the real one."""

    now: str
    offset_s: int
    sandbox: bool
