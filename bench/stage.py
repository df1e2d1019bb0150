"""What a measurement stands on: an embedded PostgreSQL of its own, the API and the worker as they are run for real."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from guerdon.db.server import EmbeddedPostgres, find_binaries
from guerdon.subprocesses import die_with_parent


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Stage:
    """A running installation: its database, its API's port, a live project's keys."""

    def __init__(self, database: EmbeddedPostgres, port: int, environ: dict[str, str]) -> None:
        self.database = database
        self.port = port
        self._environ = environ
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self.first: dict[str, str] = {}
        self.project: dict[str, Any] = {}

    def start(self, *commands: str) -> None:
        for command in commands:
            self._processes[command] = subprocess.Popen(
                [sys.executable, "-m", "guerdon", command],
                env=self._environ,
                preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - one system call, nothing that locks
            )

    def serve_with(self, processes: int) -> None:
        """Starts the API again, with so many processes."""
        self.stop("api")
        self._environ["GUERDON_API_PROCESSES"] = str(processes)
        self.start("api")
        self.wait_until_ready()

    def stop(self, *commands: str) -> None:
        for command in commands or tuple(self._processes):
            process = self._processes.pop(command, None)
            if process is not None:
                process.terminate()
                process.wait(20)

    @contextlib.contextmanager
    def standing_still(self, command: str) -> Iterator[None]:
        """The process does nothing within the block, and goes on after it without having to start again."""
        process = self._processes[command]
        process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            process.send_signal(signal.SIGCONT)

    def pid(self, command: str) -> int:
        return self._processes[command].pid

    def wait_until_ready(self) -> None:
        for _ in range(200):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz").read()
                return
            time.sleep(0.05)
        raise RuntimeError("the API does not become ready")

    def manage(self, method: str, path: str, body: object = None) -> Any:
        headers = {
            "x-management-id": self.first["management_id"],
            "x-management-token": self.first["management_token"],
            "content-type": "application/json",
        }
        url = f"http://127.0.0.1:{self.port}/management/v1/projects{path}"
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method)) as answer:
            content = answer.read()
        return json.loads(content) if content else None

    @property
    def keys(self) -> dict[str, str]:
        key = self.project["server_side_key"]
        return {"x-app-id": key["app_id"], "x-app-token": key["app_token"]}

    def webhook(self, url: str, *events: str) -> str:
        """Subscribes; the id of the webhook."""
        made = self.manage("POST", f"/{self.project['id']}/webhooks", {"target_url": url, "events": list(events)})
        return made["id"]

    def psql(self, sql: str) -> str:
        """One statement through psql; what it prints."""
        command = [find_binaries() / "psql", "-h", self.database.socket_dir, "-U", "guerdon", "-d", "guerdon"]
        done = subprocess.run([*command, "-qtAc", sql], capture_output=True, text=True, check=False)
        return done.stdout.strip() or done.stderr.strip()

    def pgbench(self, script: str, *, clients: int, transactions: int) -> float:
        """Transactions per second of a script that each client runs so many times, with prepared statements."""
        with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
            file.write(script)
            file.flush()
            command = [
                find_binaries() / "pgbench",
                "-h",
                self.database.socket_dir,
                "-U",
                "guerdon",
                "-n",
                "-M",
                "prepared",
            ]
            options = ["-c", str(clients), "-j", "1", "-t", str(transactions), "-f", file.name, "guerdon"]
            done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
        if "tps = " not in done.stdout:
            raise RuntimeError(f"pgbench failed: {done.stderr}")
        return float(done.stdout.split("tps = ")[1].split()[0])


@contextlib.contextmanager
def stage() -> Iterator[Stage]:
    """An installation in a temporary folder, with the API up and a live (not sandbox) project."""
    with tempfile.TemporaryDirectory(prefix="guerdon-bench-") as folder:
        Path(folder).chmod(0o755)
        database = EmbeddedPostgres(Path(folder))
        database.start()
        port = free_port()
        first = Path(folder) / "first.json"
        environ = os.environ | {
            "GUERDON_DATABASE_URL": database.url(),
            "GUERDON_PORT": str(port),
            "GUERDON_ALLOW_PRIVATE_TARGETS": "true",
            "GUERDON_LOG_LEVEL": "warning",
        }
        made = Stage(database, port, environ)
        try:
            prepare = "import asyncio, os; from guerdon.cli.serve import prepare; from guerdon.settings import load; "
            prepare += "from guerdon.telemetry import configure_logging; configure_logging('warning'); "
            prepare += "settings = load(os.environ); asyncio.run(prepare(settings, settings.database_url))"
            subprocess.run(
                [sys.executable, "-c", prepare], env=environ | {"GUERDON_BOOTSTRAP_FILE": str(first)}, check=True
            )
            made.first = json.loads(first.read_text())
            made.start("api")
            made.wait_until_ready()
            new = {"name": "Bench", "timezone": "UTC", "currency": "EUR", "case_sensitive_codes": True}
            made.project = made.manage("POST", "", new)
            yield made
        finally:
            made.stop()
            database.stop()
