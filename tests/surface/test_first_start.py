"""The first start on an empty database: keys, a project, and the file that holds them."""

import asyncio
import json
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from guerdon.cli.serve import prepare, write_secret
from guerdon.settings import Settings
from installation import Installation

NAMES = {
    "base_url",
    "management_id",
    "management_token",
    "project_id",
    "app_id",
    "app_token",
    "client_id",
    "client_token",
    "webhook_secret",
}


@pytest.fixture
def url(installation: Installation) -> Iterator[str]:
    """An empty database of the test's own."""
    name = f"first_{uuid4().hex}"
    whole = installation.database.url()
    base, _, query = whole.partition("?")
    yield f"{base.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")
    installation.sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def test_the_keys_are_written_to_a_file_that_only_its_owner_reads(url: str, tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    settings = Settings(bootstrap_file=str(file), public_url="https://shop.example.com")
    started = asyncio.run(prepare(settings, url))
    assert started is not None
    written = json.loads(file.read_bytes())
    assert written.keys() == NAMES
    assert written == {name: getattr(started, name) for name in NAMES}
    assert written["base_url"] == "https://shop.example.com"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_a_second_start_makes_nothing_and_leaves_the_file_alone(url: str, tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    settings = Settings(bootstrap_file=str(file))
    assert asyncio.run(prepare(settings, url)) is not None
    before = file.read_bytes()
    assert asyncio.run(prepare(settings, url)) is None
    assert file.read_bytes() == before


def test_first_starts_at_once_make_one_project(url: str) -> None:
    """Each creates the database if it is not there, migrates, and looks for keys."""
    with ThreadPoolExecutor(4) as threads:
        started = [made.result() for made in [threads.submit(_start, url) for _ in range(4)]]
    assert len([one for one in started if one is not None]) == 1


def _start(url: str) -> object:
    return asyncio.run(prepare(Settings(), url))


def test_a_file_of_before_is_replaced_and_becomes_private(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_text("old")
    file.chmod(0o644)
    write_secret(file, b"new")
    assert (file.read_bytes(), stat.S_IMODE(file.stat().st_mode)) == (b"new", 0o600)
    (tmp_path / "keys.json.partial").write_text("left over")
    write_secret(file, b"newer")
    assert file.read_bytes() == b"newer"


def test_the_first_keys_open_what_they_are_for(installation: Installation) -> None:
    first = installation.first
    server = {"x-app-id": first.app_id, "x-app-token": first.app_token}
    management = {"x-management-id": first.management_id, "x-management-token": first.management_token}
    with httpx.Client(base_url=installation.base_url) as http:
        assert http.get("/v1/customers", headers=server).status_code == 200
        project = http.get(f"/management/v1/projects/{first.project_id}", headers=management).json()
    assert (project["is_sandbox"], project["webhook_token"]) == (True, first.webhook_secret)
