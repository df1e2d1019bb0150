"""Holders of codes on the wire."""

from typing import Any

import msgspec
from msgspec import UnsetType


class _Holder(msgspec.Struct, kw_only=True):
    """What answers and events say alike."""

    id: str
    created_at: str
    redeemable_id: str
    redeemable_object: str = "voucher"
    customer_id: str
    holder_role: str
    campaign_id: str | None
    campaign_type: str | None
    voucher_type: str
    object: str = "redeemable_holder"


class Holder(_Holder, kw_only=True):
    """A holder in answers."""

    metadata: dict[str, Any] | UnsetType


class SimpleHolder(_Holder, kw_only=True):
    """A holder inside an event."""

    publication_id: str | None
    metadata: dict[str, Any]
