"""An installation of one's own for the demo: `guerdon serve` in a fresh folder on free ports, gone without a trace."""

import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping
from pathlib import Path
from types import FrameType

import msgspec

from guerdon.families.projects.create import FirstStart
from guerdon.settings import PREFIX
from guerdon.subprocesses import die_with_parent

HOST = "127.0.0.1"
_START_TIMEOUT_S = 90.0
_STOP_TIMEOUT_S = 60.0
_LOOK_S = 0.05
_TAIL_LINES = 15
# Settings of the caller that say where PostgreSQL is found and how it runs; all others are the demo's own.
_KEPT = frozenset({f"{PREFIX}POSTGRES_BIN_DIR", f"{PREFIX}POSTGRES_OPTIONS"})


class StartError(Exception):
    """The installation does not come up; the message has the end of its log."""


class Interrupted(BaseException):
    """Raised by the handler of the signals that ask us to stop."""


def interruptible() -> None:
    """From now on Ctrl-C, SIGTERM and a closed terminal are an Interrupted, so that everything is cleaned up."""
    for received in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(received, _interrupt)


@contextlib.contextmanager
def installation() -> Generator[FirstStart]:
    """A new installation that answers, for as long as the block lasts. Errors: StartError."""
    folder = Path(tempfile.mkdtemp(prefix="guerdon-demo-"))
    try:
        folder.chmod(0o711)  # root runs PostgreSQL as another account, which has to get through here
        process = _serve(folder, free_port())
        try:
            yield _ready(process, folder)
        finally:
            _undisturbed()
            _stop(process)
    finally:
        _undisturbed()
        _remove(folder)


def free_port() -> int:
    with socket.socket() as found:
        found.bind((HOST, 0))
        port: int = found.getsockname()[1]
        return port


def settings(folder: Path, port: int, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of the server: nothing that the caller has set for an installation of theirs."""
    others = {name: value for name, value in environ.items() if not name.startswith(PREFIX) or name in _KEPT}
    ours = {
        "HOST": HOST,
        "PORT": str(port),
        "DATA_DIR": str(folder / "data"),
        "BOOTSTRAP_FILE": str(_keys(folder)),
        "ALLOW_PRIVATE_TARGETS": "true",
        "LOG_LEVEL": "warning",
    }
    return others | {PREFIX + name: value for name, value in ours.items()}


def _serve(folder: Path, port: int) -> subprocess.Popen[bytes]:
    _log(folder).touch(mode=0o600)  # the server writes its first keys there
    with _log(folder).open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "guerdon", "serve"],
            cwd=folder,  # where no guerdon.toml is found
            env=settings(folder, port, os.environ),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for us; we stop the server when everything else is done
            preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - one system call, nothing that locks
        )


def _ready(process: subprocess.Popen[bytes], folder: Path) -> FirstStart:
    """Waits until the server answers; its keys."""
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        if _keys(folder).exists():
            keys = msgspec.json.decode(_keys(folder).read_bytes(), type=FirstStart)
            if _answers(keys.base_url):
                return keys
        time.sleep(_LOOK_S)
    tail = _log(folder).read_text(errors="replace").splitlines()[-_TAIL_LINES:]
    raise StartError("\n".join(["the server did not start; the end of its log:", *tail]))


def _answers(base_url: str) -> bool:
    connection = http.client.HTTPConnection(base_url.removeprefix("http://"), timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _remove(folder: Path) -> None:
    home = folder / "data" / "postgres"
    if home.is_symlink():  # root's PostgreSQL could not reach this folder and has its data elsewhere
        shutil.rmtree(home.resolve(), ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


def _keys(folder: Path) -> Path:
    return folder / "keys.json"


def _log(folder: Path) -> Path:
    return folder / "serve.log"


def _undisturbed() -> None:
    """What is being cleaned up is cleaned up: further signals change nothing."""
    for received in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(received, signal.SIG_IGN)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise Interrupted
