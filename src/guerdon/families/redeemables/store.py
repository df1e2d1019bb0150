"""Redemptions, and what is owed for rewards: tables."""

from datetime import datetime
from typing import Any

import msgspec

from guerdon.db.table import Table


class RedemptionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A redemption as it is stored; `amount` is points or cents."""

    id: str
    customer_id: str
    tracking_id: str
    voucher_id: str
    campaign_id: str
    reward_id: str
    reward_assignment_id: str
    order_id: str | None = None
    amount: int
    result: str = "SUCCESS"
    status: str = "SUCCEEDED"
    channel_type: str = "API"
    channel_id: str
    metadata: dict[str, Any]
    created_at: datetime


class RewardRedemptionRow(msgspec.Struct, frozen=True, kw_only=True):
    """What is owed for a redeemed reward. A material one is PENDING until somebody says that it was handed out."""

    id: str
    state: str
    voucher_id: str
    campaign_id: str
    customer_id: str
    reward_assignment_id: str
    source_id: str
    source_type: str = "redemption"
    created_at: datetime
    updated_at: datetime | None = None


REDEMPTIONS = Table("redemptions", RedemptionRow)
REWARD_REDEMPTIONS = Table("reward_redemptions", RewardRedemptionRow)
