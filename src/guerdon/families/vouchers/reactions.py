"""What becomes of vouchers when something happens below them; bound to events in the composition root of the worker."""

from typing import Any

from guerdon.events.work import Work
from guerdon.families.vouchers import store

RELEASE = "vouchers.release"


async def release(work: Work, payload: dict[str, Any]) -> None:
    """The vouchers of a deleted customer stay, without a holder."""
    await store.release(work.db, work.project.id, payload["entity_id"])


JOBS = {RELEASE: release}
