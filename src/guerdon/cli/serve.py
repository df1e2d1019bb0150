"""`guerdon serve`: PostgreSQL where none is given, the API and the worker, watched and stopped together."""

import asyncio
import contextlib
import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from pathlib import Path
from types import FrameType

import msgspec

from guerdon.asgi import runtime
from guerdon.db.migrate import migrate
from guerdon.db.server import EmbeddedPostgres
from guerdon.db.transaction import Transaction
from guerdon.families.projects.create import FirstStart, first_start
from guerdon.settings import Settings, to_environ
from guerdon.subprocesses import die_with_parent
from guerdon.telemetry import logger

_LOOK_S = 0.2
_STOP_TIMEOUT_S = 15.0
_RESTART_PAUSE_S = 1.0

log = logger("serve")


class Stop(Exception):  # noqa: N818 - not an error: somebody asked us to stop
    """Raised by the handler of SIGINT and SIGTERM."""


def serve(settings: Settings) -> None:
    """Until stopped. What dies is started again; at the end the children stop first, PostgreSQL last.

    Errors: OSError for a port that is in use, and those of the database.
    """
    for received in (signal.SIGINT, signal.SIGTERM):
        signal.signal(received, _stop)
    with contextlib.suppress(Stop), _free_port(settings), _database(settings) as (url, database):
        started = asyncio.run(prepare(settings, url))
        _announce(settings, started)
        _watch([*_apis(settings, url), _Child(("worker",), settings, url)], database)


def serve_api(settings: Settings, url: str) -> None:
    """Several processes for the API, until stopped. Errors: OSError for a port that is in use."""
    for received in (signal.SIGINT, signal.SIGTERM):
        signal.signal(received, _stop)
    with contextlib.suppress(Stop), _free_port(settings):
        _watch(_apis(settings, url))


async def prepare(settings: Settings, url: str) -> FirstStart | None:
    """Migrates; on an empty database makes the first keys and project, and writes the bootstrap file."""
    for name in await migrate(url):
        log.info("migrated", migration=name)
    async with runtime(settings, url) as made, Transaction(made.pool) as db:
        started = await first_start(db, made.ids, settings.base_url)
        # Before the commit: after a crash in between, the next start makes new keys, and none are lost.
        if started is not None and settings.bootstrap_file:
            write_secret(Path(settings.bootstrap_file), msgspec.json.format(msgspec.json.encode(started)))
    return started


def write_secret(path: Path, content: bytes) -> None:
    """Writes a file that only its owner can read, whole or not at all."""
    partial = path.with_name(f"{path.name}.partial")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    partial.rename(path)


@contextlib.contextmanager
def _free_port(settings: Settings) -> Generator[None]:
    """Waits a little for the port: after a kill, the API of before holds it until it has noticed. Errors: OSError."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    deadline = time.monotonic() + _STOP_TIMEOUT_S
    while True:
        try:
            socket.create_server((settings.host, settings.port), family=family).close()
            break
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() > deadline:
                raise OSError(error.errno, f"cannot listen on {settings.host}:{settings.port}") from error
        time.sleep(_LOOK_S)
    yield


@contextlib.contextmanager
def _database(settings: Settings) -> Generator[tuple[str, EmbeddedPostgres | None]]:
    if settings.database_url:
        yield settings.database_url, None
        return
    database = EmbeddedPostgres(
        Path(settings.data_dir), bin_dir=settings.postgres_bin_dir, options=tuple(settings.postgres_options.split())
    )
    try:
        database.start()
        yield database.url(), database
    finally:
        database.stop()


class _Child:
    """A command of ours in a process of its own."""

    def __init__(self, command: Sequence[str], settings: Settings, url: str) -> None:
        self._command = command
        self._environ = to_environ(msgspec.structs.replace(settings, database_url=url))
        self._process: subprocess.Popen[bytes] | None = None
        self._start_at = 0.0

    def keep_running(self) -> None:
        """Starts it if it does not run; not at once if it has just died."""
        if self._process is not None and self._process.poll() is None:
            return
        if self._process is not None:
            log.warning("child_died", child=self._command[0], status=self._process.returncode)
            self._process = None
            self._start_at = time.monotonic() + _RESTART_PAUSE_S
        if time.monotonic() >= self._start_at:
            self._process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", "guerdon", *self._command],
                env=self._environ,
                start_new_session=True,  # Ctrl-C is for us; we pass it on in the right order
                preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - one system call, nothing that locks
            )

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _apis(settings: Settings, url: str) -> list[_Child]:
    if settings.api_processes == 1:
        return [_Child(("api",), settings, url)]
    return [_Child(("api", "--share-port"), settings, url) for _ in range(settings.api_processes)]


def _watch(children: Sequence[_Child], database: EmbeddedPostgres | None = None) -> None:
    """Keeps them running until stopped."""
    try:
        while True:
            if database is not None and not database.running():
                log.warning("postgresql_died")
                database.start()
            for child in children:
                child.keep_running()
            time.sleep(_LOOK_S)
    finally:
        for received in (signal.SIGINT, signal.SIGTERM):
            signal.signal(received, signal.SIG_IGN)
        for child in children:
            child.stop()


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise Stop


def _announce(settings: Settings, started: FirstStart | None) -> None:
    lines = [f"Guerdon serves on {settings.base_url}"]
    if started is not None:
        lines += ["", "A sandbox project was made. These keys are shown this once:", ""]
        lines += [f"  {name:<17} {value}" for name, value in msgspec.structs.asdict(started).items()]
        lines += [""]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
