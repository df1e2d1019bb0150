"""Sessions: locks on vouchers that hold a redemption, credits and points for whoever has the key."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from guerdon.errors import invalid_payload
from guerdon.events.work import Work
from guerdon.families.sessions.schemas import NewSession, Unit

KEY_PREFIX = "ssn_"
DEFAULT_TTL = 7.0
_MICROSECONDS: Mapping[Unit, float] = {
    "DAYS": 86_400e6,
    "HOURS": 3_600e6,
    "MINUTES": 60e6,
    "SECONDS": 1e6,
    "MILLISECONDS": 1e3,
    "MICROSECONDS": 1,
    "NANOSECONDS": 1e-3,
}
# Nobody locks anything for longer than this.
_LONGEST = timedelta(days=366)
_HELD = """
SELECT voucher_id, count(*)::int AS uses, sum(amount)::bigint AS amount FROM redemption_sessions
WHERE project_id = $1 AND voucher_id = ANY($2) AND expires_at > $3 AND key <> $4 GROUP BY voucher_id
"""
_LOCK = """
INSERT INTO redemption_sessions (project_id, voucher_id, key, amount, expires_at)
SELECT $1, n.voucher_id, $4, n.amount, $5 FROM unnest($2::text[], $3::bigint[]) AS n (voucher_id, amount)
ON CONFLICT (project_id, voucher_id, key) DO UPDATE SET amount = excluded.amount, expires_at = excluded.expires_at
"""
_FORGET = "DELETE FROM redemption_sessions WHERE project_id = $1 AND voucher_id = ANY($2) AND expires_at <= $3"
_COUNT = "UPDATE vouchers SET locks = locks + 1 WHERE project_id = $1 AND id = ANY($2)"
_RELEASE = "DELETE FROM redemption_sessions WHERE project_id = $1 AND voucher_id = ANY($2) AND key = $3 RETURNING key"


class Held(msgspec.Struct, frozen=True):
    """What the sessions of others hold of a voucher: redemptions, and credits or points."""

    uses: int = 0
    amount: int = 0


NOTHING = Held()


async def held(work: Work, voucher_ids: Sequence[str], key: str | None) -> dict[str, Held]:
    """What the live sessions with other keys hold, by voucher."""
    rows = await work.db.rows(_HELD, work.project.id, voucher_ids, work.now, key or "")
    return {row["voucher_id"]: Held(row["uses"], row["amount"]) for row in rows}


async def lock(work: Work, session: NewSession, key: str, amounts: Mapping[str, int]) -> None:
    """Locks a redemption and so many credits or points of each voucher; the same key again replaces its lock.

    The caller holds the vouchers. Errors: invalid_payload for a time to live of more than a year.
    """
    ids = list(amounts)
    await work.db.write(_FORGET, work.project.id, ids, work.now)
    await work.db.write(_LOCK, work.project.id, ids, list(amounts.values()), key, expiry(session, work.now))
    await work.db.write(_COUNT, work.project.id, ids)


async def release(work: Work, voucher_ids: Sequence[str], key: str) -> bool:
    """Ends the session's locks on the vouchers, which the caller holds; False if there was none."""
    return bool(await work.db.write(_RELEASE, work.project.id, voucher_ids, key))


async def count_release(work: Work, voucher_ids: Sequence[str]) -> None:
    """Lets those who have decided on the locks as they were decide again."""
    await work.db.write(_COUNT, work.project.id, voucher_ids)


def expiry(session: NewSession, now: datetime) -> datetime:
    """When the lock ends by itself. Errors: invalid_payload."""
    ttl = DEFAULT_TTL if session.ttl is None else session.ttl
    microseconds = ttl * _MICROSECONDS[session.ttl_unit or "DAYS"]
    if microseconds > _LONGEST / timedelta(microseconds=1):
        raise invalid_payload("Property .session.ttl must be at most a year")
    return now + timedelta(microseconds=microseconds)
