"""One installation per worker of the test runner, and a fresh project in it for every test."""

from collections.abc import Iterator

import pytest

import make
from installation import Installation, Project


@pytest.fixture(scope="session")
def installation() -> Iterator[Installation]:
    running = Installation()
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def _closed_clients(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "installation" in request.fixturenames:
        request.getfixturevalue("installation").close_clients()


@pytest.fixture
def project(installation: Installation) -> Project:
    """A sandbox project of the test's own."""
    return make.project(installation)
