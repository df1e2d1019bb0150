"""Who holds which code, and in which role: its owner, or the referrer and the referees of a referral code."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from guerdon.db.filters import Fields, same
from guerdon.db.table import Table
from guerdon.db.transaction import Transaction

OWNER, REFERRER, REFEREE = "OWNER", "REFERRER", "REFEREE"


class HolderRow(msgspec.Struct, frozen=True, kw_only=True):
    """A customer who holds a code."""

    id: str
    voucher_id: str
    campaign_id: str | None = None
    campaign_type: str | None = None
    voucher_type: str
    customer_id: str
    role: str
    publication_id: str | None = None
    metadata: dict[str, Any] = {}
    created_at: datetime


HOLDERS = Table("redeemable_holders", HolderRow)
FIELDS = Fields(
    "redeemable holders",
    texts={
        **same("id", "customer_id", "campaign_id", "campaign_type", "voucher_type"),
        "redeemable_id": "voucher_id",
        "redeemable_object": "'voucher'",
        "holder_role": "role",
    },
    moments=same("created_at"),
)
_ADD = f"""
INSERT INTO redeemable_holders (project_id, {HOLDERS.columns})
SELECT $1, n.* FROM unnest(
    $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::jsonb[],
    $11::timestamptz[]
) AS n ({HOLDERS.columns})
ON CONFLICT ON CONSTRAINT redeemable_holders_once DO NOTHING RETURNING {HOLDERS.columns}
"""


async def add(db: Transaction, project_id: str, rows: Sequence[HolderRow]) -> list[HolderRow]:
    """Adds those who do not hold the code yet; returns them."""
    columns = [list(column) for column in zip(*(msgspec.structs.astuple(row) for row in rows), strict=True)]
    return [HOLDERS.read(row) for row in await db.write(_ADD, project_id, *columns)] if rows else []
