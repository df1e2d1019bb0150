"""Settings: where they come from, what wins, and how a bad one is refused."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from guerdon.settings import Settings, SettingsError, load, to_environ


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, so that no guerdon.toml of somebody's is read."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_nothing_said_is_the_defaults() -> None:
    assert load({}) == Settings()
    assert (Settings().host, Settings().port, Settings().allow_private_targets) == ("127.0.0.1", 8088, False)


def test_the_environment_is_read_and_typed() -> None:
    environ = {"GUERDON_PORT": "9000", "GUERDON_ALLOW_PRIVATE_TARGETS": "true", "GUERDON_HOST": "", "PORT": "1"}
    found = load(environ)
    assert (found.port, found.allow_private_targets, found.host) == (9000, True, "127.0.0.1")


def test_options_win_over_the_environment_and_that_over_the_file(folder: Path) -> None:
    (folder / "guerdon.toml").write_text('port = 1001\nhost = "file"\nlog_level = "debug"\n')
    found = load({"GUERDON_PORT": "1002", "GUERDON_HOST": "environ"}, port=1003, host=None)
    assert (found.port, found.host, found.log_level) == (1003, "environ", "debug")


def test_the_file_that_is_named_is_read_instead_of_the_usual_one(folder: Path) -> None:
    (folder / "guerdon.toml").write_text("port = 1")
    (folder / "other.toml").write_text("port = 2")
    assert load({"GUERDON_CONFIG": str(folder / "other.toml")}).port == 2
    assert load({}).port == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", "http"),
        ("port", "65536"),
        ("port", "-1"),
        ("port", "1.5"),
        ("allow_private_targets", "perhaps"),
        ("log_level", "loud"),
        ("database_connections", "1"),
        ("deliveries_in_flight", "0"),
        ("delivery_lease_s", "9999999999999999999999"),
    ],
)
def test_bad_values_are_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        load({f"GUERDON_{name.upper()}": value})


@pytest.mark.parametrize("content", ["prot = 8088", "port =", "port = 'x'", "[port]", "\udcff"])
def test_bad_files_are_refused(folder: Path, content: str) -> None:
    (folder / "guerdon.toml").write_text(content, errors="surrogateescape")
    with pytest.raises(SettingsError, match=r"."):
        load({})


def test_a_named_file_must_exist(folder: Path) -> None:
    with pytest.raises(SettingsError, match=r"missing\.toml"):
        load({"GUERDON_CONFIG": str(folder / "missing.toml")})


def test_a_child_process_gets_the_same_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUERDON_PORT", "1")
    given = Settings(
        port=5, host="0.0.0.0", allow_private_targets=True, database_url="postgresql://x/y", data_dir="a b"
    )
    assert load(to_environ(given)) == given


def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "guerdon", *arguments]
    return subprocess.run(command, env=os.environ | environ, capture_output=True, text=True, timeout=60, check=False)


def test_the_command_line_says_what_is_wrong_in_one_line() -> None:
    answer = run("serve", GUERDON_PORT="http")
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr.startswith("guerdon: ")
    assert "port" in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize("command", ["api", "worker", "migrate", "keys", "audit"])
def test_commands_that_need_a_database_say_so(command: str) -> None:
    answer = run(command, GUERDON_DATABASE_URL="")
    assert (answer.returncode, answer.stderr.count("\n")) == (2, 1)
    assert "GUERDON_DATABASE_URL" in answer.stderr


@pytest.mark.parametrize("command", ["worker", "migrate", "keys", "audit"])
def test_an_address_that_is_none_is_not_waited_for(command: str) -> None:
    answer = run(command, GUERDON_DATABASE_URL="mysql://localhost/guerdon")
    assert (answer.returncode, answer.stderr.splitlines()[-1].partition(":")[0]) == (1, "guerdon")
    assert "Traceback" not in answer.stderr
