"""Asynchronous actions: what was asked for, how far it is, and the pieces that are still to do."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from guerdon.db.table import Table
from guerdon.events.work import Work
from guerdon.jobs import queue

PIECE_ROWS = 500


class AsyncActionRow(msgspec.Struct, frozen=True, kw_only=True):
    """An action; `result` only when it is done."""

    id: str
    type: str
    status: str
    operation_status: str | None = None
    result: dict[str, Any] | None = None
    progress: int = 0
    processing_time: int | None = None
    request_id: str
    created_at: datetime
    updated_at: datetime | None = None


class PieceRow(msgspec.Struct, frozen=True):
    """Some rows of an action's input, done by one job in one transaction."""

    action_id: str
    number: int
    rows: list[Any]


ACTIONS = Table("async_actions", AsyncActionRow)
_PIECES = Table("async_action_pieces", PieceRow)
_TAKE_PIECE = """
DELETE FROM async_action_pieces WHERE project_id = $1 AND action_id = $2 AND number = (
    SELECT min(number) FROM async_action_pieces WHERE project_id = $1 AND action_id = $2
) RETURNING number, rows,
    (SELECT max(number) FROM async_action_pieces WHERE project_id = $1 AND action_id = $2) AS last_number
"""


class Piece(msgspec.Struct, frozen=True):
    """The next piece, and whether it is the last."""

    first_row: int
    rows: list[Any]
    progress: int
    last: bool


async def begin(work: Work, action_type: str, job: str, rows: Sequence[Any], payload: dict[str, Any]) -> str:
    """Accepts an action over rows, to be done by the job; returns its id. The job's payload names it as `action_id`."""
    action_id = work.new_id("aa_")
    row = AsyncActionRow(
        id=action_id, type=action_type, status="ENQUEUED", request_id=work.group_id, created_at=work.now
    )
    await ACTIONS.insert(work.db, work.project.id, row)
    pieces = [
        PieceRow(action_id, number, list(rows[start : start + PIECE_ROWS]))
        for number, start in enumerate(range(0, len(rows), PIECE_ROWS))
    ]
    await _PIECES.insert_many(work.db, work.project.id, pieces)
    await queue.enqueue(work, job, {**payload, "action_id": action_id})
    return action_id


async def take_piece(work: Work, action_id: str) -> Piece | None:
    """Takes the next piece in the open transaction; None when nothing is left."""
    row = await work.db.write_row(_TAKE_PIECE, work.project.id, action_id)
    if row is None:
        return None
    number, last_number = row["number"], row["last_number"]
    return Piece(
        number * PIECE_ROWS, row["rows"], round(100 * (number + 1) / (last_number + 1)), last=number == last_number
    )


async def lock(work: Work, action_id: str) -> AsyncActionRow:
    """The action, held until the transaction ends. LookupError if it is gone."""
    row = await ACTIONS.lock(work.db, work.project.id, action_id)
    if row is None:
        raise LookupError(action_id)
    return row


async def advance(work: Work, action: AsyncActionRow, result: dict[str, Any], progress: int) -> None:
    """Notes how far the action is."""
    changed = msgspec.structs.replace(
        action, status="IN_PROGRESS", result=result, progress=progress, updated_at=work.now
    )
    await ACTIONS.update(work.db, work.project.id, changed)


async def finish(
    work: Work, action: AsyncActionRow, result: dict[str, Any], *, operation_status: str | None = None
) -> None:
    """Ends the action with its result."""
    elapsed = work.now - action.created_at
    changed = msgspec.structs.replace(
        action,
        status="DONE",
        operation_status=operation_status,
        result=result,
        progress=100,
        processing_time=round(elapsed.total_seconds() * 1000),
        updated_at=work.now,
    )
    await ACTIONS.update(work.db, work.project.id, changed)
