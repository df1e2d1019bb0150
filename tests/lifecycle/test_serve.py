"""`guerdon serve` as a user runs it: started, stopped, killed, started again."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from installation import eventually, free_port

PATIENCE_S = 40.0


class Served:
    """One `guerdon serve` on a folder and a port of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.keys_file = folder / "keys.json"
        self.process: subprocess.Popen[str] | None = None

    def start(self, **more: str) -> None:
        settings = {
            **more,
            "PORT": str(self.port),
            "DATA_DIR": str(self.folder / "data"),
            "BOOTSTRAP_FILE": str(self.keys_file),
            "LOG_LEVEL": "error",
        }
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("GUERDON_")}
        environ = {**inherited, **{f"GUERDON_{name}": value for name, value in settings.items()}}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "guerdon", "serve"],
            cwd=self.folder,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        eventually(self._ready, patience_s=PATIENCE_S)

    def _ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.process.communicate()[0]
        try:
            return httpx.get(f"{self.base_url}/readyz", timeout=5).is_success
        except httpx.TransportError:
            return False

    def end(self, how: signal.Signals) -> str:
        """Sends the signal; what was printed, once nothing of it runs any more."""
        assert self.process is not None
        family = _descendants(self.process.pid)
        assert len(family) > 3  # PostgreSQL, the API and the worker
        self.process.send_signal(how)
        printed, _ = self.process.communicate(timeout=PATIENCE_S)
        eventually(lambda: not _processes().keys() & set(family), patience_s=PATIENCE_S)
        return printed

    def call(self, method: str, path: str, body: Any = None) -> Any:
        keys = json.loads(self.keys_file.read_text())
        headers = {"X-App-Id": keys["app_id"], "X-App-Token": keys["app_token"]}
        answer = httpx.request(method, self.base_url + path, json=body, headers=headers, timeout=30)
        assert answer.is_success, answer.text
        return answer.json()


def _processes() -> dict[int, tuple[int, str]]:
    """The parent and the command line of every process that runs."""
    found: dict[int, tuple[int, str]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if state != "Z":
                found[int(folder.name)] = (int(parent), command)
    return found


def _descendants(pid: int) -> list[int]:
    processes, found = _processes(), [pid]
    for known in found:
        found += [child for child, (parent, _) in processes.items() if parent == known]
    return found


def _family(served: Served) -> list[int]:
    assert served.process is not None
    return _descendants(served.process.pid)


@pytest.fixture
def served() -> Iterator[Served]:
    with tempfile.TemporaryDirectory(prefix="guerdon-serve-") as folder:
        Path(folder).chmod(0o755)
        running = Served(Path(folder))
        running.start()
        yield running
        if running.process is not None and running.process.poll() is None:
            running.end(signal.SIGTERM)


def test_it_stops_cleanly_and_starts_with_what_it_had(served: Served) -> None:
    made = served.call("POST", "/v1/customers", {"source_id": "ann", "name": "Ann"})
    keys = json.loads(served.keys_file.read_text())
    printed = served.end(signal.SIGINT)
    assert served.process is not None
    assert served.process.returncode == 0
    for name in ("management_token", "app_token", "webhook_secret"):
        assert printed.count(keys[name]) == 1
    served.start()
    assert served.call("GET", "/v1/customers/ann") == made
    assert keys["app_token"] not in served.end(signal.SIGTERM)


def test_commands_find_what_is_served(served: Served) -> None:
    served.call("POST", "/v1/customers", {"source_id": "ann"})
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GUERDON_")}
    command = [sys.executable, "-m", "guerdon", "audit"]
    environ["GUERDON_DATA_DIR"] = str(served.folder / "data")
    audited = subprocess.run(command, cwd=served.folder, env=environ, capture_output=True, text=True, check=False)
    assert (audited.returncode, audited.stdout.splitlines()[-1]) == (0, "Everything adds up.")


def test_after_a_kill_nothing_runs_on_and_nothing_is_lost(served: Served) -> None:
    made = [served.call("POST", "/v1/customers", {"source_id": f"c{number}"}) for number in range(20)]
    served.end(signal.SIGKILL)
    served.start()
    assert [served.call("GET", f"/v1/customers/c{number}") for number in range(20)] == made


def test_a_child_that_dies_is_started_again(served: Served) -> None:
    assert served.process is not None
    for pid, (parent, command) in _processes().items():
        if parent == served.process.pid and ("guerdon api" in command or "guerdon worker" in command):
            os.kill(pid, signal.SIGKILL)
    eventually(lambda: not served._ready(), patience_s=PATIENCE_S)
    eventually(served._ready, patience_s=PATIENCE_S)
    assert served.call("POST", "/v1/customers", {"source_id": "ann"})["source_id"] == "ann"


def test_several_processes_share_the_port(served: Served) -> None:
    served.end(signal.SIGTERM)
    served.start(API_PROCESSES="3")
    assert served.process is not None
    apis = [pid for pid, (_, command) in _processes().items() if "guerdon api" in command and pid in _family(served)]
    assert len(apis) == 3
    os.kill(apis[0], signal.SIGKILL)
    eventually(lambda: apis[0] not in _processes(), patience_s=PATIENCE_S)
    made = [served.call("POST", "/v1/customers", {"source_id": f"c{number}"}) for number in range(20)]
    assert len({customer["id"] for customer in made}) == 20
    served.end(signal.SIGKILL)


def test_what_is_wrong_is_said_in_one_line(tmp_path: Path) -> None:
    for arguments in (
        ("serve", "--database-url", "postgresql://nobody:x@127.0.0.1:1/nothing", "--port", str(free_port())),
        ("migrate", "--database-url", "postgresql://nobody:x@127.0.0.1:1/nothing"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "guerdon", *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == 1
        assert done.stderr.count("\n") == 1
        assert done.stderr.startswith("guerdon: ")


def test_a_port_in_use_is_said(served: Served) -> None:
    environ = {**os.environ, "GUERDON_PORT": str(served.port), "GUERDON_DATA_DIR": str(served.folder / "other")}
    done = subprocess.run(
        [sys.executable, "-m", "guerdon", "serve"],
        cwd=served.folder,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1:{served.port}" in done.stderr
    assert not (served.folder / "other").exists()
