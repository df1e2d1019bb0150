"""The project that a piece of work belongs to, and who asked for it: plain values that every layer may hold."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from guerdon.clock import real_now


class Project(msgspec.Struct, frozen=True):
    """What work needs to know of its project. `clock_offset` is nonzero in sandbox projects only.

    `metadata_schemas` counts the schemas that metadata must satisfy: where there are none, nothing has to be looked up.
    """

    id: str
    timezone: str = "UTC"
    is_sandbox: bool = False
    clock_offset: timedelta = timedelta()
    case_sensitive_codes: bool = True
    metadata_schemas: int = 0

    def now(self) -> datetime:
        """The project's time: the real one plus what the clock was moved by."""
        return real_now() + self.clock_offset

    def day_of(self, moment: datetime) -> date:
        """The calendar day of a moment where the project is."""
        return moment.astimezone(ZoneInfo(self.timezone)).date()


class Actor(msgspec.Struct, frozen=True):
    """Who causes an event; `event_source` is the JSON text that events carry. The engine itself has no key."""

    channel: str
    event_source: str
    api_key_name: str | None = None
    app_id: str | None = None


def key_actor(channel: str, name: str, app_id: str) -> Actor:
    """A caller with an API key, by channel API or CLIENT_API."""
    source = {"channel": channel, "api_key": {"name": name, "app_id": app_id}}
    return Actor(channel, msgspec.json.encode(source).decode(), name, app_id)


INTERNAL = Actor("INTERNAL", '{"channel":"INTERNAL"}')
