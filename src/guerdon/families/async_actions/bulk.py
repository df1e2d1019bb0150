"""Actions over many rows: a piece of them at a time, each row by itself, and what has become of them."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from guerdon.db.pool import OUT_OF_RANGE
from guerdon.errors import ApiError
from guerdon.events.work import Work
from guerdon.families.async_actions import store
from guerdon.families.async_actions.store import AsyncActionRow

_MOST_SHOWN = 1_000  # rows that failed; the others are only counted
Row = dict[str, Any]
Apply = Callable[[Row], Awaitable[None]]


class Kind(msgspec.Struct, frozen=True):
    """What the rows are: the property that names one, and for an import what one is called in its result."""

    key: str
    imported: str | None = None


async def apply_piece(work: Work, action_id: str, kind: Kind, apply: Apply) -> bool:
    """Does one piece, a row in the order of their names after the other; False if it was the last.

    What a row did is undone if it fails. So that two actions over the same things do not wait for each other in a
    circle, rows are done in the order of their names.
    """
    action = await store.lock(work, action_id)
    piece = await store.take_piece(work, action.id)
    so_far: Row = action.result or {"done_count": 0, "failed_count": 0, "failed": []}
    failed: list[Row] = []
    done = 0
    numbered = list(enumerate(piece.rows, start=piece.first_row + 1)) if piece else []
    for number, row in sorted(numbered, key=lambda one: str(one[1].get(kind.key))):
        reason = await _apply(work, apply, row)
        if reason is None:
            done += 1
        else:
            failed.append({kind.key: row.get(kind.key) or "", "row": number, "reason": reason})
    result = {
        "done_count": so_far["done_count"] + done,
        "failed_count": so_far["failed_count"] + len(failed),
        "failed": [*so_far["failed"], *sorted(failed, key=lambda one: one["row"])][:_MOST_SHOWN],
    }
    if piece is None or piece.last:
        await _finish(work, action, kind, result)
        return False
    await store.advance(work, action, result, piece.progress)
    return True


async def _apply(work: Work, apply: Apply, row: Row) -> str | None:
    """Why the row failed; None if it did not."""
    try:
        async with work.db.savepoint():
            await apply(row)
    except ApiError as error:
        return error.details or error.message
    except OUT_OF_RANGE as error:
        return f"A value is out of range: {error}"
    return None


async def _finish(work: Work, action: AsyncActionRow, kind: Kind, result: Row) -> None:
    done, bad = result["done_count"], result["failed_count"]
    if kind.imported is not None:
        message = f"{done} {kind.imported}(s) imported successfully, {bad} failed."
        await store.finish(work, action, {"message": message, **result})
        return
    shown: Row = {"done_count": done, "failed_count": bad, "reports": [], "errors": result["failed"]}
    await store.finish(work, action, shown, operation_status="FAILED" if bad else "SUCCESS")
