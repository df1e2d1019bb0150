"""Changes of many customers in the background; none of them tells a webhook (LOYALTY.md §13.6)."""

from typing import Any

from guerdon.errors import ApiError
from guerdon.events.work import Work
from guerdon.families.async_actions import store as async_actions
from guerdon.families.customers import save
from guerdon.families.customers.schemas import NewCustomer
from guerdon.families.metadata_schemas.check import typed
from guerdon.http import wire
from guerdon.jobs import queue

BULK_UPDATE = "customers.bulk_update"
FOLLOW = "customers.follow"  # what families above do when customers have changed, where a project has use for it


async def bulk_update(work: Work, payload: dict[str, Any]) -> dict[str, Any] | None:
    """Upserts one piece of the rows; goes on until none is left. An import overwrites, the others merge."""
    action = await async_actions.lock(work, payload["action_id"])
    piece = await async_actions.take_piece(work, action.id)
    so_far: dict[str, Any] = action.result or {"done_count": 0, "failed": payload.get("failed", [])}
    done: int = so_far["done_count"]
    failed: list[dict[str, Any]] = so_far["failed"]
    changed: list[str] = []
    rows = piece.rows if piece else []
    if payload["overwrite"]:
        rows = await typed(work, "customer", rows)
    for number, row in enumerate(rows, start=piece.first_row + 1 if piece else 1):
        try:
            new = wire.convert(row, NewCustomer)
            changed.append((await save.upsert(work, new, quiet=True, overwrite=payload["overwrite"])).id)
            done += 1
        except ApiError as error:
            failed.append({"source_id": row.get("source_id") or "", "row": number, "reason": error.details})
    await queue.enqueue_if_followed(work, FOLLOW, changed)
    if piece and not piece.last:
        await async_actions.advance(work, action, {"done_count": done, "failed": failed}, piece.progress)
        return payload
    result, status = _result(action.type, done, failed)
    await async_actions.finish(work, action, result, operation_status=status)
    return None


def _result(action_type: str, done: int, failed: list[dict[str, Any]]) -> tuple[dict[str, Any], str | None]:
    counts = {"done_count": done, "failed_count": len(failed)}
    if action_type == "CUSTOMERS.IMPORT_CSV":
        message = f"{done} customer(s) imported successfully, {len(failed)} failed."
        return {"message": message, "failed": failed, **counts}, None
    return {**counts, "reports": [], "errors": failed}, "FAILED" if failed else "SUCCESS"


JOBS = {BULK_UPDATE: bulk_update}
