"""Earning rules, and which orders have earned by them: tables and statements."""

from datetime import date, datetime
from typing import Any

import msgspec

from guerdon.db.table import Table
from guerdon.db.transaction import Transaction
from guerdon.engine.earning import Earning, Fixed, Proportional
from guerdon.engine.points import ExpirationRules
from guerdon.families.vouchers.store import VOUCHERS, VoucherRow


class EarningRuleRow(msgspec.Struct, frozen=True, kw_only=True):
    """A rule as it is stored; `loyalty` is as it is shown."""

    id: str
    automation_id: str
    campaign_id: str
    event: str
    loyalty: dict[str, Any]
    expiration_rules: dict[str, Any] | None = None
    banner: str | None = None
    active: bool
    start_date: datetime | None = None
    expiration_date: datetime | None = None
    metadata: dict[str, Any]
    created_at: datetime
    updated_at: datetime | None = None
    validation_rule_id: str | None = None

    @property
    def earning(self) -> Earning:
        if self.loyalty["type"] == "FIXED":
            return Fixed(self.loyalty["points"])
        basis = self.loyalty["calculation_type"]
        (step,) = self.loyalty["order"].values()
        return Proportional(basis, step["every"], step["points"])

    @property
    def expiration(self) -> ExpirationRules | None:
        return msgspec.convert(self.expiration_rules, ExpirationRules | None)


class RecordedEvent(msgspec.Struct, frozen=True):
    """An event of the feed, without its data, as other events show it."""

    id: str
    type: str
    category: str
    entity_id: str
    created_at: datetime
    group_id: str


RULES = Table("earning_rules", EarningRuleRow)
_CAMPAIGNS = """
SELECT DISTINCT campaign_id FROM earning_rules
WHERE project_id = $1 AND event = $2 AND active AND created_at <= $3 ORDER BY campaign_id
"""
_EARNING = f"""
{RULES.select} AND campaign_id = $2 AND event = $3 AND active AND created_at <= $4
    AND (start_date IS NULL OR start_date <= $4) AND (expiration_date IS NULL OR expiration_date >= $4)
ORDER BY created_at, id
"""
_EARN = """
INSERT INTO order_earnings (project_id, order_id, earning_rule_id, transaction_id) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING RETURNING transaction_id
"""
_EVENT = """
SELECT id, type, category, entity_id, created_at, group_id, data FROM events WHERE project_id = $1 AND number = $2
"""
_CARD = f"""
{VOUCHERS.select} AND campaign_id = $2 AND holder_id = $3 ORDER BY active DESC, created_at, id LIMIT 1
"""
_EXPIRING_PROJECTS = """
SELECT p.id FROM projects p WHERE EXISTS (
    SELECT FROM vouchers v WHERE v.project_id = p.id AND v.holder_id IS NOT NULL
    AND v.next_expiration_date < ((now() + p.clock_offset) AT TIME ZONE p.timezone)::date
)
"""
_EXPIRING = f"""
{VOUCHERS.select} AND next_expiration_date < $2 AND holder_id IS NOT NULL ORDER BY id LIMIT $3 FOR UPDATE
"""
_FORGET = "DELETE FROM earning_rules WHERE project_id = $1 AND campaign_id = $2 RETURNING id"


async def campaigns_that_reward(db: Transaction, project_id: str, event: str, at: datetime) -> list[str]:
    """Ids of the campaigns with rules for such an event that existed then."""
    return [row["campaign_id"] for row in await db.rows(_CAMPAIGNS, project_id, event, at)]


async def rules_for(
    db: Transaction, project_id: str, campaign_id: str, event: str, at: datetime
) -> list[EarningRuleRow]:
    """The rules of a campaign that such an event meets at that time, oldest first."""
    return [RULES.read(row) for row in await db.rows(_EARNING, project_id, campaign_id, event, at)]


async def earn(db: Transaction, project_id: str, order_id: str, rule_id: str, transaction_id: str) -> bool:
    """Notes that an order has earned by a rule; False if it has already."""
    return await db.write_row(_EARN, project_id, order_id, rule_id, transaction_id) is not None


async def event(db: Transaction, project_id: str, number: int) -> tuple[RecordedEvent, dict[str, Any]] | None:
    """An event of the feed and its data."""
    row = await db.row(_EVENT, project_id, number)
    if row is None:
        return None
    *head, data = row.values()
    return RecordedEvent(*head), msgspec.json.decode(data)


async def card_of(db: Transaction, project_id: str, campaign_id: str, customer_id: str) -> VoucherRow | None:
    """The customer's card in a campaign: of several the oldest that is active."""
    row = await db.row(_CARD, project_id, campaign_id, customer_id)
    return None if row is None else VOUCHERS.read(row)


async def forget_campaign(db: Transaction, project_id: str, campaign_id: str) -> list[str]:
    """Removes the rules of a campaign that is gone; returns their ids."""
    return [row["id"] for row in await db.write(_FORGET, project_id, campaign_id)]


async def projects_with_expiring_points(db: Transaction) -> list[str]:
    """The projects where the last day of some points is over."""
    return [row["id"] for row in await db.rows(_EXPIRING_PROJECTS)]


async def hold_expiring(db: Transaction, project_id: str, today: date, limit: int) -> list[VoucherRow]:
    """Cards with points whose last day was before today, held until the transaction ends.

    A card of nobody keeps what is on it: nobody can use it, and nobody is to be told.
    """
    return [VOUCHERS.read(row) for row in await db.write(_EXPIRING, project_id, today, limit)]
