"""Publications: their table and every statement on it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from guerdon.db.filters import Fields, same
from guerdon.db.table import Table
from guerdon.db.transaction import Transaction


class PublicationRow(msgspec.Struct, frozen=True, kw_only=True):
    """A publication as it is stored. `voucher_code` is the first code; customer and vouchers may be gone since."""

    id: str
    customer_id: str
    tracking_id: str | None
    campaign_id: str | None
    campaign: str | None
    voucher_code: str | None = None
    voucher_type: str
    is_referral_code: bool
    vouchers_id: list[str] = []
    codes: list[str] = []
    channel: str
    source_id: str | None
    metadata: dict[str, Any]
    created_at: datetime


PUBLICATIONS = Table("publications", PublicationRow)
FIELDS = Fields(
    "publications",
    texts={
        **same("id", "customer_id", "tracking_id", "campaign_id", "campaign", "voucher_code", "channel", "source_id"),
        "voucher_type": "voucher_type",
        "result": "'SUCCESS'::text",  # only those are kept
    },
    moments=same("created_at"),
    others={
        "is_referral_code": "to_jsonb(is_referral_code)",
        "vouchers_id": "to_jsonb(vouchers_id)",
        "vouchers": "to_jsonb(codes)",
    },
)
_LATEST = """
SELECT wanted.id, p.metadata FROM unnest($2::text[]) AS wanted (id), LATERAL (
    SELECT metadata FROM publications WHERE project_id = $1 AND vouchers_id @> ARRAY[wanted.id]
    ORDER BY created_at DESC, id DESC LIMIT 1
) p
"""
_CLAIM = f"{PUBLICATIONS.insert_sql} ON CONFLICT ON CONSTRAINT publications_source_id DO NOTHING RETURNING id"


async def claim(db: Transaction, project_id: str, row: PublicationRow) -> bool:
    """Adds a publication whose vouchers are still to be found; False if its source id is taken.

    Waits for whoever is just taking the source id, so that False means that the other publication can be read.
    """
    return await db.write_row(_CLAIM, project_id, *msgspec.structs.astuple(row)) is not None


async def latest_metadata(db: Transaction, project_id: str, voucher_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The metadata of each voucher's latest publication, by the voucher's id."""
    return {row["id"]: row["metadata"] for row in await db.rows(_LATEST, project_id, voucher_ids)}
