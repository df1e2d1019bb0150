"""One installation per worker of the test runner, and a fresh project in it for every test.

Whatever the tests have done, everything must add up in the end.
"""

from collections.abc import Iterator

import pytest

import make
from installation import Installation, Project


@pytest.fixture(scope="session")
def installation() -> Iterator[Installation]:
    running = Installation()
    yield running
    wrong = [one for one in running.audit() if one.wrong]
    running.stop()
    assert not wrong, wrong


@pytest.fixture
def project(installation: Installation) -> Project:
    """A sandbox project of the test's own."""
    return make.project(installation)
