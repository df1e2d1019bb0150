"""What an operator can set: by environment variable `GUERDON_<NAME>`, or by the same name in a TOML file.

The environment wins over the file. Only the composition roots read settings; everything else gets values.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

PREFIX = "GUERDON_"
DEFAULT_FILE = "guerdon.toml"


class SettingsError(Exception):
    """A setting that does not exist, or a value of the wrong kind."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every setting with its default; the descriptions are the reference page."""

    host: Annotated[str, Meta(description="Address that the API listens on.")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="Port that the API listens on.")] = 8088
    api_processes: Annotated[
        int,
        Meta(ge=1, le=256, description="Processes that serve the API on this port; one keeps about one core busy."),
    ] = 1
    data_dir: Annotated[str, Meta(description="Folder of the embedded PostgreSQL and of what belongs to it.")] = (
        ".guerdon"
    )
    database_url: Annotated[
        str | None,
        Meta(description="A PostgreSQL (15 or later) of your own, as a libpq URL; unset starts the embedded one."),
    ] = None
    database_connections: Annotated[
        int,
        Meta(ge=2, le=100, description="Connections that each process keeps; 4 to 8 per core of the database is best."),
    ] = 8
    postgres_bin_dir: Annotated[
        str | None,
        Meta(
            description="Folder with initdb and postgres for the embedded server; unset searches PATH, then the wheel."
        ),
    ] = None
    postgres_options: Annotated[
        str, Meta(description="Further `-c name=value` options for the embedded server, separated by blanks.")
    ] = ""
    bootstrap_file: Annotated[
        str | None,
        Meta(description="File that the first start writes the keys of the first project to, as JSON, mode 0600."),
    ] = None
    public_url: Annotated[
        str | None,
        Meta(description="Where this server is reached from outside, for links in answers; unset is http://host:port."),
    ] = None
    allow_private_targets: Annotated[
        bool,
        Meta(description="Let webhooks call loopback, private and link-local addresses; for development and tests."),
    ] = False
    deliveries_in_flight: Annotated[
        int, Meta(ge=1, le=10_000, description="Webhook calls that one worker process has open at most.")
    ] = 128
    deliveries_per_endpoint: Annotated[
        int, Meta(ge=1, le=1_000, description="Webhook calls that one worker process has open to one endpoint at most.")
    ] = 32
    endpoint_failing_after: Annotated[
        int,
        Meta(
            ge=1,
            le=1_000,
            description="Failed calls in a row after which an endpoint is called one at a time until one succeeds.",
        ),
    ] = 10
    webhook_ports: Annotated[
        Annotated[str, Meta(pattern=r"^\s*\d{1,5}(\s*,\s*\d{1,5})*\s*$")] | None,
        Meta(description="Ports that webhooks may call, separated by commas, such as `80,443`; unset is every port."),
    ] = None
    delivery_lease_s: Annotated[
        int,
        Meta(ge=1, le=3_600, description="Seconds after which another worker takes over what a dead one was sending."),
    ] = 60
    retention_days_deliveries: Annotated[
        int,
        Meta(
            ge=7,
            le=36_500,
            description="Days that finished deliveries are kept, at least; they go by weeks, never while one waits.",
        ),
    ] = 30
    retention_days_attempts: Annotated[
        int, Meta(ge=7, le=36_500, description="Days that attempts of finished deliveries are kept, at least.")
    ] = 30
    retention_days_events: Annotated[
        int,
        Meta(
            ge=7,
            le=36_500,
            description="Days that events are kept, at least, and always as long as a delivery or a job needs them.",
        ),
    ] = 90
    log_validations: Annotated[
        bool,
        Meta(description="Put what customers validate into their logs of activity: an event for every look at a cart."),
    ] = True
    log_level: Annotated[
        Literal["debug", "info", "warning", "error", "critical"], Meta(description="Least severe line logged.")
    ] = "info"

    @property
    def ports(self) -> frozenset[int] | None:
        """The ports that webhooks may call; None is every port."""
        return None if self.webhook_ports is None else frozenset(map(int, self.webhook_ports.split(",")))

    @property
    def base_url(self) -> str:
        return self.public_url or f"http://{self.host}:{self.port}"


def load(environ: Mapping[str, str], **overrides: object) -> Settings:
    """Settings from the file that GUERDON_CONFIG names (or guerdon.toml if it exists), the environment, then overrides.

    An override of None changes nothing. Errors: SettingsError naming the setting.
    """
    values: dict[str, object] = _from_file(environ)
    for name in Settings.__struct_fields__:
        text = environ.get(PREFIX + name.upper())
        if text is not None and text != "":
            values[name] = text
    values |= {name: value for name, value in overrides.items() if value is not None}
    try:
        return msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise SettingsError(str(error)) from None


def _from_file(environ: Mapping[str, str]) -> dict[str, object]:
    named = environ.get(PREFIX + "CONFIG")
    path = Path(named or DEFAULT_FILE)
    if not named and not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path}: {error}") from None


def to_environ(settings: Settings) -> dict[str, str]:
    """The same settings as environment variables, for a child process."""
    values = {name: getattr(settings, name) for name in Settings.__struct_fields__}
    return os.environ | {PREFIX + name.upper(): str(value) for name, value in values.items() if value is not None}
