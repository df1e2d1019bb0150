"""What became of calls is written down, also when writing it fails at first."""

import asyncio
from datetime import timedelta
from typing import Any, cast

import asyncpg
import pytest

from guerdon.webhooks.deliver import Deliverer
from guerdon.webhooks.prepare import Target


class _Failing(Deliverer):
    """Cannot write the outcomes of one project the first time."""

    def __init__(self, failure: BaseException) -> None:
        super().__init__(cast("Any", None), cast("Any", None), in_flight=1, per_endpoint=1, lease=timedelta(seconds=1))
        self.failure: BaseException | None = failure
        self.written: list[str] = []

    async def _write(self, project_id: str, entries: list[Any]) -> None:
        failure = self.failure
        if project_id == "b" and failure:
            self.failure = None
            raise failure
        self.written.append(project_id)


async def _flushed_twice(deliverer: Deliverer) -> None:
    for project_id in ("a", "b", "c"):
        target = Target(project_id, "wh_1", {}, catch_up=False, clock_offset=timedelta())
        deliverer._settled.append((target, *cast("Any", (None, None, None))))
    assert deliverer.failure
    with pytest.raises(type(deliverer.failure)):
        await deliverer._flush()
    await deliverer._flush()


@pytest.mark.parametrize("failure", [OSError("gone"), asyncpg.DeadlockDetectedError("x"), asyncio.CancelledError("x")])
def test_what_could_not_be_written_is_written_the_next_time(failure: BaseException) -> None:
    deliverer = _Failing(failure)
    asyncio.run(_flushed_twice(deliverer))
    assert sorted(deliverer.written) == ["a", "b", "c"]


def test_what_can_never_be_written_does_not_take_others_with_it() -> None:
    deliverer = _Failing(ValueError("no"))
    asyncio.run(_flushed_twice(deliverer))
    assert deliverer.written == ["a", "c"]
