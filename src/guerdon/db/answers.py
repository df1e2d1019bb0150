"""Answers that were given to requests with an Idempotency-Key: claimed, kept and forgotten.

They live for 24 hours of the database's clock, whatever a project's clock says.
"""

import msgspec

from guerdon.db.pool import Connection
from guerdon.db.transaction import Transaction

# Whoever comes second waits here until the first has committed or failed. A key that is too old is as good as new.
_CLAIM = """
INSERT INTO idempotency_keys AS k (project_id, app_id, key, fingerprint, created_at) VALUES ($1, $2, $3, $4, now())
ON CONFLICT (project_id, app_id, key) DO UPDATE
SET fingerprint = excluded.fingerprint, created_at = excluded.created_at, status = NULL, media_type = NULL, body = NULL
WHERE k.created_at <= now() - interval '24 hours' RETURNING k.key
"""
_READ = """
SELECT fingerprint, status, media_type, body FROM idempotency_keys WHERE project_id = $1 AND app_id = $2 AND key = $3
"""
_KEEP = """
UPDATE idempotency_keys SET status = $4, media_type = $5, body = $6
WHERE project_id = $1 AND app_id = $2 AND key = $3
"""
_FORGET = """
DELETE FROM idempotency_keys WHERE (project_id, app_id, key) IN (
    SELECT project_id, app_id, key FROM idempotency_keys WHERE created_at <= now() - interval '24 hours'
    ORDER BY created_at LIMIT $1
)
"""
_AT_ONCE = 1_000


class Name(msgspec.Struct, frozen=True):
    """What a request is called: by which key of the API, of which project ("" for none)."""

    project_id: str
    app_id: str
    key: str


class Kept(msgspec.Struct, frozen=True):
    """The answer to a request, and the fingerprint of the request."""

    fingerprint: bytes
    status: int
    media_type: str | None
    body: bytes


async def claim(db: Transaction, name: Name, fingerprint: bytes) -> Kept | None:
    """The answer that was given under this name; None if there was none: then the name is this transaction's."""
    while await db.write_row(_CLAIM, *msgspec.structs.astuple(name), fingerprint) is None:
        row = await db.row(_READ, *msgspec.structs.astuple(name))
        if row is not None:
            return Kept(**row)
    return None


async def keep(db: Transaction, name: Name, status: int, media_type: str | None, body: bytes) -> None:
    """Fills in the answer, in the transaction that has claimed the name."""
    await db.write(_KEEP, *msgspec.structs.astuple(name), status, media_type, body)


async def forget_old(connection: Connection) -> int:
    """Deletes what is too old, in small pieces; how many."""
    forgotten = 0
    while True:
        count = int((await connection.execute(_FORGET, _AT_ONCE)).split()[-1])
        forgotten += count
        if count < _AT_ONCE:
            return forgotten
