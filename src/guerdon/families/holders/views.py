"""Rows of holders as answers and events show them."""

from typing import Any

from msgspec import UNSET

from guerdon.clock import iso
from guerdon.families.holders.schemas import Holder, SimpleHolder
from guerdon.families.holders.store import HolderRow


def holder(row: HolderRow) -> Holder:
    return Holder(**fields(row), metadata=row.metadata or UNSET)


def simple(row: HolderRow) -> SimpleHolder:
    return SimpleHolder(**fields(row), publication_id=row.publication_id, metadata=row.metadata)


def fields(row: HolderRow) -> dict[str, Any]:
    """What every form of a holder says."""
    return {
        "id": row.id,
        "created_at": iso(row.created_at),
        "redeemable_id": row.voucher_id,
        "customer_id": row.customer_id,
        "holder_role": row.role,
        "campaign_id": row.campaign_id,
        "campaign_type": row.campaign_type,
        "voucher_type": row.voucher_type,
    }
