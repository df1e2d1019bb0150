"""Changes of many codes in the background."""

from typing import Any

import msgspec

from guerdon.errors import not_found
from guerdon.events.work import Work
from guerdon.families.async_actions import bulk
from guerdon.families.async_actions.bulk import Kind, Row
from guerdon.families.codes import imports
from guerdon.families.metadata_schemas.check import Sent, require
from guerdon.families.vouchers import store
from guerdon.families.vouchers.store import VOUCHERS

UPDATE = "codes.bulk_update"


async def update(work: Work, payload: dict[str, Any]) -> dict[str, Any] | None:
    """Merges metadata into one piece of the codes; none of them tells anybody."""

    async def apply(row: Row) -> None:
        await require(work, Sent("voucher", row["metadata"], created=False))
        found = await store.find(work.db, work.project, row["code"])
        held = await VOUCHERS.lock(work.db, work.project.id, found.id) if found else None
        if held is None:
            raise not_found("voucher", row["code"])
        merged = {**held.metadata, **row["metadata"]}
        if merged != held.metadata:
            changed = msgspec.structs.replace(held, metadata=merged, updated_at=work.now)
            await VOUCHERS.update(work.db, work.project.id, changed)

    return payload if await bulk.apply_piece(work, payload["action_id"], Kind("code"), apply) else None


JOBS = {UPDATE: update, imports.IMPORT: imports.import_codes}
