"""One installation per worker of the test runner, and a fresh project in it for every test.

Whatever the tests have done, everything must add up in the end, and every event must be as the catalogue has it. A run
of all tests must have caused every event that can be caused.
"""

from collections.abc import Iterator
from typing import Any

import pytest

import event_judge
import make
from guerdon.events.catalogue import EVENTS
from installation import Installation, Project

_CAUSED: "pytest.StashKey[set[str]]" = pytest.StashKey()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_CAUSED] = set()


@pytest.fixture(scope="session")
def installation(request: pytest.FixtureRequest) -> Iterator[Installation]:
    running = Installation()
    yield running
    wrong = [one for one in running.audit() if one.wrong]
    try:
        verdict = event_judge.judge(running.sql)
    finally:
        running.stop()
    request.config.stash[_CAUSED].update(verdict.caused)
    if hasattr(request.config, "workeroutput"):
        request.config.workeroutput["caused"] = sorted(verdict.caused)
    assert not wrong, wrong
    assert not verdict.wrong, "events are not as they are catalogued:\n" + "\n".join(verdict.wrong)


@pytest.fixture
def project(installation: Installation) -> Project:
    """A sandbox project of the test's own."""
    return make.project(installation)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """What a worker of the test runner hands over at its end."""
    node.config.stash[_CAUSED].update(getattr(node, "workeroutput", {}).get("caused", ()))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fails a run of everything in which something of the catalogue did not happen."""
    if not _is_whole(session) or hasattr(session.config, "workeroutput"):
        return
    missing = sorted(EVENTS.keys() - session.config.stash[_CAUSED] - event_judge.UNCAUSED.keys())
    if missing and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        session.config.get_terminal_writer().line(f"\nno test has caused: {', '.join(missing)}", red=True)


def _is_whole(session: pytest.Session) -> bool:
    options = session.config.option
    narrowed = options.keyword or options.markexpr or options.deselect or options.collectonly
    return session.config.args_source is pytest.Config.ArgsSource.TESTPATHS and not narrowed
