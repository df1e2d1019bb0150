"""Loyalty tiers and the cards that are in them: tables and statements."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from guerdon.db.table import Table
from guerdon.db.transaction import Transaction
from guerdon.engine.mapping import PointsMapping
from guerdon.engine.tiers import Standing, Tier

# What counts as collected: not what came from other cards, or back from a redemption.
_COLLECTED = ("POINTS_ACCRUAL", "PENDING_POINTS_ACTIVATION", "POINTS_ADDITION")


class LoyaltyTierRow(msgspec.Struct, frozen=True, kw_only=True):
    """A tier as it is stored. Its mappings are by earning rule, and by reward assignment."""

    id: str
    campaign_id: str
    name: str
    points_from: int
    points_to: int | None = None
    earning_rules: dict[str, Any] = {}
    rewards: dict[str, Any] = {}
    metadata: dict[str, Any] = {}
    created_at: datetime
    updated_at: datetime | None = None

    @property
    def range(self) -> Tier:
        return Tier(self.id, self.points_from, self.points_to)

    @property
    def of_rules(self) -> Mapping[str, PointsMapping]:
        return msgspec.convert(self.earning_rules, dict[str, PointsMapping])

    @property
    def of_rewards(self) -> Mapping[str, PointsMapping]:
        return msgspec.convert(self.rewards, dict[str, PointsMapping])


class StandingRow(msgspec.Struct, frozen=True, kw_only=True):
    """The tier of a card, whose id it has."""

    id: str
    campaign_id: str
    customer_id: str
    tier_id: str
    start_date: date
    expiration_date: date | None = None
    created_at: datetime
    updated_at: datetime | None = None

    @property
    def standing(self) -> Standing:
        return Standing(self.tier_id, self.start_date, self.expiration_date)


LOYALTY_TIERS = Table("loyalty_tiers", LoyaltyTierRow)
STANDINGS = Table("loyalty_standings", StandingRow)
_TIERS = f"{LOYALTY_TIERS.select} AND campaign_id = $2 ORDER BY points_from, id"
_STANDING = ", ".join(StandingRow.__struct_fields__)
_SAVE = f"""
INSERT INTO loyalty_standings (project_id, {_STANDING}) SELECT n.* FROM unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::date[], $7::date[], $8::timestamptz[],
    $9::timestamptz[]) AS n (project_id, {_STANDING})
ON CONFLICT (project_id, id) DO UPDATE SET tier_id = excluded.tier_id,
    start_date = excluded.start_date, expiration_date = excluded.expiration_date,
    customer_id = excluded.customer_id, updated_at = excluded.updated_at
"""
_LEAVE = """
DELETE FROM loyalty_standings s USING unnest($1::text[], $2::text[]) AS n (project_id, id)
WHERE s.project_id = n.project_id AND s.id = n.id
"""
_POINTS = """
SELECT card.id, found.day, found.points
FROM unnest($1::text[], $2::text[], $3::timestamptz[]) AS card (project_id, id, since), LATERAL (
    SELECT (created_at AT TIME ZONE $4)::date AS day, sum(amount)::bigint AS points FROM (
        SELECT created_at, amount, type FROM voucher_transactions
        WHERE project_id = card.project_id AND voucher_id = card.id ORDER BY id DESC NULLS LAST OFFSET 0
    ) entry WHERE type = ANY($5) AND created_at >= card.since GROUP BY 1
) found
"""
_HELD = """
SELECT tier_id FROM loyalty_standings WHERE project_id = $1 AND campaign_id = $2 AND customer_id = $3
ORDER BY created_at LIMIT 1
"""
_HELD_BY = f"""
SELECT holder.id AS holder_id, tier.* FROM unnest($1::text[], $2::text[]) AS holder (project_id, id), LATERAL (
    SELECT project_id, tier_id FROM loyalty_standings
    WHERE project_id = holder.project_id AND campaign_id = $3 AND customer_id = holder.id ORDER BY created_at LIMIT 1
) standing, LATERAL (
    SELECT {LOYALTY_TIERS.columns} FROM loyalty_tiers
    WHERE project_id = standing.project_id AND id = standing.tier_id LIMIT 1
) tier
"""
_ENDED = """
SELECT id FROM loyalty_standings WHERE project_id = $1 AND expiration_date < $2 ORDER BY expiration_date, id LIMIT $3
"""
_FIRST_END = """
SELECT expiration_date FROM loyalty_standings WHERE project_id = $1 AND expiration_date IS NOT NULL
ORDER BY expiration_date LIMIT 1
"""
_TODAY = "((now() + p.clock_offset) AT TIME ZONE p.timezone)::date"
_ENDED_PROJECTS = f"""
SELECT p.id FROM projects p WHERE EXISTS (
    SELECT FROM loyalty_standings s WHERE s.project_id = p.id AND s.expiration_date < {_TODAY}
)
"""
_PERIOD_PROJECTS = f"""
SELECT p.id FROM projects p WHERE EXISTS (
    SELECT FROM loyalty_periods s WHERE s.project_id = p.id AND s.next_on <= {_TODAY}
)
"""
_FIRST_PERIOD = "SELECT next_on FROM loyalty_periods WHERE project_id = $1 ORDER BY next_on LIMIT 1"
_PERIODS = """
SELECT campaign_id FROM loyalty_periods WHERE project_id = $1 AND next_on <= $2 AND campaign_id >= $3
ORDER BY campaign_id LIMIT 1
"""
_PLAN = """
INSERT INTO loyalty_periods (project_id, campaign_id, next_on) VALUES ($1, $2, $3)
ON CONFLICT (project_id, campaign_id) DO UPDATE SET next_on = excluded.next_on
"""
_UNPLAN = "DELETE FROM loyalty_periods WHERE project_id = $1 AND campaign_id = $2"
_CARDS = """
SELECT id FROM vouchers WHERE project_id = $1 AND campaign_id = $2 AND id > $3 AND holder_id IS NOT NULL
ORDER BY id LIMIT $4
"""
_FORGET = "DELETE FROM loyalty_tiers WHERE project_id = $1 AND campaign_id = $2"


async def tiers_of(db: Transaction, project_id: str, campaign_id: str) -> list[LoyaltyTierRow]:
    """The tiers of a campaign, the lowest first."""
    return [LOYALTY_TIERS.read(row) for row in await db.rows(_TIERS, project_id, campaign_id)]


async def tier_of_card(db: Transaction, project_id: str, card_id: str) -> LoyaltyTierRow | None:
    """The tier that a card is in."""
    standing = await STANDINGS.get(db, project_id, id=card_id)
    return await LOYALTY_TIERS.get(db, project_id, id=standing.tier_id) if standing else None


async def tier_of_holder(db: Transaction, project_id: str, campaign_id: str, customer_id: str) -> LoyaltyTierRow | None:
    """The tier that a customer is in, of a campaign."""
    tier_id: str | None = await db.value(_HELD, project_id, campaign_id, customer_id)
    return await LOYALTY_TIERS.get(db, project_id, id=tier_id) if tier_id else None


async def tiers_of_holders(
    db: Transaction, project_id: str, campaign_id: str, customer_ids: Sequence[str]
) -> dict[str, LoyaltyTierRow]:
    """The tier of a campaign that each customer is in."""
    rows = await db.rows(_HELD_BY, [project_id] * len(customer_ids), customer_ids, campaign_id)
    return {row["holder_id"]: LOYALTY_TIERS.whole(row) for row in rows}


async def save(db: Transaction, project_id: str, rows: Sequence[StandingRow]) -> None:
    """The tiers of cards from now on. The caller holds the cards."""
    if rows:
        columns = zip(*(msgspec.structs.astuple(row) for row in rows), strict=True)
        await db.write(_SAVE, [project_id] * len(rows), *map(list, columns))


async def leave(db: Transaction, project_id: str, card_ids: Sequence[str]) -> None:
    """The cards are in no tier any more. The caller holds those that somebody holds."""
    if card_ids:
        await db.write(_LEAVE, [project_id] * len(card_ids), card_ids)


async def collected(
    db: Transaction, project_id: str, since: Mapping[str, datetime], timezone: str
) -> dict[str, dict[date, int]]:
    """The points that each card has collected since its moment, by day where the project is."""
    found: dict[str, dict[date, int]] = {card_id: {} for card_id in since}
    values = [project_id] * len(since), list(since), list(since.values())
    for row in await db.rows(_POINTS, *values, timezone, _COLLECTED) if since else ():
        found[row["id"]][row["day"]] = row["points"]
    return found


async def ended(db: Transaction, project_id: str, day: date, limit: int) -> list[str]:
    """Ids of cards whose tier ended before that day, the earliest first."""
    return [row["id"] for row in await db.rows(_ENDED, project_id, day, limit)]


async def projects_with_ended_tiers(db: Transaction) -> list[str]:
    return [row["id"] for row in await db.rows(_ENDED_PROJECTS)]


async def first_day_after_end(db: Transaction, project_id: str) -> date | None:
    """The next day at the beginning of which a tier has ended."""
    last: date | None = await db.value(_FIRST_END, project_id)
    return None if last is None or last == date.max else last + timedelta(days=1)


async def projects_with_new_periods(db: Transaction) -> list[str]:
    return [row["id"] for row in await db.rows(_PERIOD_PROJECTS)]


async def first_day_of_period(db: Transaction, project_id: str) -> date | None:
    """The next day on which a period begins that tiers start with."""
    return await db.value(_FIRST_PERIOD, project_id)


async def campaign_of_period(db: Transaction, project_id: str, day: date, first: str) -> str | None:
    """A campaign for which a period has begun by that day, from this id on."""
    return await db.value(_PERIODS, project_id, day, first)


async def plan(db: Transaction, project_id: str, campaign_id: str, next_on: date | None) -> None:
    """Notes when a period begins that the campaign's tiers start with; None for never."""
    if next_on is None:
        await db.write(_UNPLAN, project_id, campaign_id)
    else:
        await db.write(_PLAN, project_id, campaign_id, next_on)


async def cards_of(db: Transaction, project_id: str, campaign_id: str, after: str, limit: int) -> list[str]:
    """Ids of cards of a campaign that somebody holds, after this one."""
    return [row["id"] for row in await db.rows(_CARDS, project_id, campaign_id, after, limit)]


async def forget_campaign(db: Transaction, project_id: str, campaign_id: str) -> None:
    """Removes the tiers of a campaign that is gone."""
    await db.write(_FORGET, project_id, campaign_id)
    await db.write(_UNPLAN, project_id, campaign_id)
