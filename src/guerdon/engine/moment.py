"""A moment, and the time zone by whose calendar it is read. Pure."""

from datetime import datetime

import msgspec


class Moment(msgspec.Struct, frozen=True):
    """`now` is aware and in UTC; `zone` is the project's time zone, such as `Europe/Warsaw`."""

    now: datetime
    zone: str = "UTC"
