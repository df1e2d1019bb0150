"""Who has referred whom, and what referrers get for it: tables and statements."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from guerdon.db.table import Table
from guerdon.db.transaction import Transaction

EACH, MINIMUM = "EACH_REFEREE", "MINIMUM_REFEREES"


class ReferralTierRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a referrer gets: for each customer whom they refer, or once when there are `minimum`."""

    id: str
    campaign_id: str
    assignment_id: str
    banner: str
    type: str
    minimum: int | None = None
    reward_id: str
    created_at: datetime
    updated_at: datetime | None = None


class Referral(msgspec.Struct, frozen=True):
    """A customer who was referred by another one."""

    campaign_id: str
    referrer_id: str
    referee_id: str
    voucher_id: str
    at: datetime


REFERRAL_TIERS = Table("referral_tiers", ReferralTierRow)
_REFER = """
INSERT INTO referrals (project_id, campaign_id, referrer_id, referee_id, voucher_id, created_at)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING referee_id
"""
_COUNT = """
INSERT INTO referrers AS r (project_id, campaign_id, customer_id, referees) VALUES ($1, $2, $3, 1)
ON CONFLICT (project_id, campaign_id, customer_id) DO UPDATE SET referees = r.referees + 1 RETURNING referees
"""
_TIERS = f"{REFERRAL_TIERS.select} AND campaign_id = $2 ORDER BY created_at, id"
_REACH = """
INSERT INTO referral_tiers_reached (project_id, tier_id, customer_id) VALUES ($1, $2, $3)
ON CONFLICT DO NOTHING RETURNING tier_id
"""
_FORGET = "DELETE FROM referral_tiers WHERE project_id = $1 AND campaign_id = $2"


async def refer(db: Transaction, project_id: str, referral: Referral) -> int | None:
    """How many the referrer has referred in the campaign now; None if this one was among them already.

    The referrer's count is held until the transaction ends.
    """
    if await db.write_row(_REFER, project_id, *msgspec.structs.astuple(referral)) is None:
        return None
    row = await db.write_row(_COUNT, project_id, referral.campaign_id, referral.referrer_id)
    return row["referees"] if row else None


async def tiers_of(db: Transaction, project_id: str, campaign_id: str) -> Sequence[ReferralTierRow]:
    """The tiers of a campaign, oldest first."""
    return [REFERRAL_TIERS.read(row) for row in await db.rows(_TIERS, project_id, campaign_id)]


async def reach(db: Transaction, project_id: str, tier_id: str, customer_id: str) -> bool:
    """Notes that the referrer gets what the tier gives once; False if they have got it."""
    return await db.write_row(_REACH, project_id, tier_id, customer_id) is not None


async def forget_campaign(db: Transaction, project_id: str, campaign_id: str) -> None:
    """Removes the tiers of a campaign that is gone."""
    await db.write(_FORGET, project_id, campaign_id)
