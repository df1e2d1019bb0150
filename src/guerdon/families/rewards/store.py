"""Rewards and their offers: tables and statements."""

from datetime import datetime
from typing import Any

import msgspec

from guerdon.db.table import Table
from guerdon.db.transaction import Transaction


class RewardRow(msgspec.Struct, frozen=True, kw_only=True):
    """A reward as it is stored. `stock` None is without end; `parameters` are as they are shown."""

    id: str
    name: str
    type: str
    parameters: dict[str, Any]
    stock: int | None = None
    redeemed: int = 0
    attributes: dict[str, Any] | None = None
    metadata: dict[str, Any] = {}
    created_at: datetime
    updated_at: datetime | None = None


class AssignmentRow(msgspec.Struct, frozen=True, kw_only=True):
    """The offer of a reward in a campaign, for so many points; None where these are what the customer likes.

    `auto_redeem` says that the engine redeems it as soon as a card can pay for it.
    """

    id: str
    reward_id: str
    campaign_id: str
    points: int | None
    auto_redeem: bool = False
    created_at: datetime
    updated_at: datetime | None = None


REWARDS = Table("rewards", RewardRow)
ASSIGNMENTS = Table("reward_assignments", AssignmentRow)
_ASSIGN = f"{ASSIGNMENTS.insert_sql} ON CONFLICT ON CONSTRAINT reward_assignments_once DO NOTHING RETURNING id"
_HOLD = f"{REWARDS.select} AND id = $2 FOR KEY SHARE"
_TAKE_ONE = f"""
UPDATE rewards SET redeemed = redeemed + 1
WHERE project_id = $1 AND id = $2 AND (stock IS NULL OR redeemed < stock) RETURNING {REWARDS.columns}
"""
_PUT_BACK = "UPDATE rewards SET redeemed = greatest(redeemed - 1, 0) WHERE project_id = $1 AND id = $2"
_OFFERS_OF = """
SELECT id FROM reward_assignments WHERE project_id = $1 AND reward_id = $2
UNION ALL SELECT assignment_id FROM referral_tiers WHERE project_id = $1 AND reward_id = $2 ORDER BY id
"""
_FORGET = "DELETE FROM reward_assignments WHERE project_id = $1 AND campaign_id = $2 RETURNING id"
# Condition of a list: the reward of this offer.
OF_ASSIGNMENT = "id = (SELECT a.reward_id FROM reward_assignments a WHERE a.project_id = $1 AND a.id = {})"


async def hold(db: Transaction, project_id: str, reward_id: str) -> RewardRow | None:
    """The reward as it is now, which cannot be deleted until the transaction ends; None if there is none."""
    row = await db.write_row(_HOLD, project_id, reward_id)
    return None if row is None else REWARDS.read(row)


async def take_one(db: Transaction, project_id: str, reward_id: str) -> RewardRow | None:
    """Counts one as redeemed; None if none is left."""
    row = await db.write_row(_TAKE_ONE, project_id, reward_id)
    return None if row is None else REWARDS.read(row)


async def put_back(db: Transaction, project_id: str, reward_id: str) -> None:
    """One less was redeemed."""
    await db.write(_PUT_BACK, project_id, reward_id)


async def assign(db: Transaction, project_id: str, row: AssignmentRow) -> bool:
    """Adds the offer; False if the campaign offers the reward already."""
    return await db.write_row(_ASSIGN, project_id, *msgspec.structs.astuple(row)) is not None


async def offer(db: Transaction, project_id: str, campaign_id: str, reward_id: str) -> AssignmentRow | None:
    """The offer of the reward in the campaign."""
    return await ASSIGNMENTS.get(db, project_id, campaign_id=campaign_id, reward_id=reward_id)


async def automatic(db: Transaction, project_id: str, campaign_id: str) -> AssignmentRow | None:
    """The offer that the engine redeems by itself; a campaign has at most one."""
    return await ASSIGNMENTS.get(db, project_id, campaign_id=campaign_id, auto_redeem=True)


async def forget_campaign(db: Transaction, project_id: str, campaign_id: str) -> list[str]:
    """Removes the offers of a campaign that is gone; returns their ids."""
    return [row["id"] for row in await db.write(_FORGET, project_id, campaign_id)]


async def offers_of(db: Transaction, project_id: str, reward_id: str) -> list[str]:
    """Ids of the offers of a reward, those to referrers among them."""
    return [row["id"] for row in await db.rows(_OFFERS_OF, project_id, reward_id)]
