"""Rows of loyalty tiers as answers and events show them."""

from typing import Any, cast

from msgspec import UNSET
from msgspec.structs import replace

from guerdon.clock import iso, iso_or_none
from guerdon.engine.mapping import PointsMapping, mapped, scaled
from guerdon.families.loyalties import views
from guerdon.families.loyalties.earning_schemas import EarningRule
from guerdon.families.loyalties.store import EarningRuleRow
from guerdon.families.loyalties.tier_schemas import LoyaltyTier, ShownLoyaltyTierPoints, TierConfig, TierExpiration
from guerdon.families.loyalties.tier_store import LoyaltyTierRow, StandingRow
from guerdon.families.rewards import views as reward_views
from guerdon.families.rewards.schemas import Assignment
from guerdon.families.rewards.store import AssignmentRow, RewardRow


def tier(row: LoyaltyTierRow, standing: StandingRow | None = None) -> LoyaltyTier:
    """The tier, and since when it is whose."""
    points = ShownLoyaltyTierPoints(from_=row.points_from, to=UNSET if row.points_to is None else row.points_to)
    return LoyaltyTier(
        id=row.id,
        name=row.name,
        campaign_id=row.campaign_id,
        points=points,
        config=TierConfig(points),
        earning_rules=row.earning_rules,
        rewards=row.rewards,
        metadata=row.metadata,
        created_at=iso(row.created_at),
        updated_at=iso_or_none(row.updated_at),
        expiration=_expiration(standing) if standing else UNSET,
    )


def earning_rule(row: EarningRuleRow, mapping: PointsMapping | None) -> EarningRule:
    """The rule with the points that it gives in a tier."""
    shown = views.earning_rule(row)
    return replace(shown, loyalty=_mapped(row.loyalty, mapping)) if mapping else shown


def assignment(row: AssignmentRow, mapping: PointsMapping | None) -> Assignment:
    """The offer at its price in a tier. That of coins is in their ratio."""
    if row.points is None:
        return reward_views.assignment(row)
    return reward_views.assignment(replace(row, points=mapped(row.points, mapping) or row.points))


def reward(row: RewardRow, mapping: PointsMapping | None) -> RewardRow:
    """The reward; of coins, a tier changes how many points they cost."""
    coin: dict[str, Any] | None = row.parameters.get("coin")
    if coin is None:
        return row
    return replace(row, parameters={"coin": {**coin, "points_ratio": max(1, scaled(coin["points_ratio"], mapping))}})


def _expiration(row: StandingRow) -> TierExpiration:
    return TierExpiration(
        customer_id=row.customer_id,
        campaign_id=row.campaign_id,
        tier_id=row.tier_id,
        start_date=row.start_date.isoformat(),
        expiration_date=row.expiration_date.isoformat() if row.expiration_date else UNSET,
        created_at=iso(row.created_at),
        updated_at=iso_or_none(row.updated_at) or UNSET,
    )


def _mapped(loyalty: dict[str, Any], mapping: PointsMapping) -> dict[str, Any]:
    """Points wherever they stand in what a rule gives."""
    found: dict[str, Any] = {}
    for name, value in loyalty.items():
        if isinstance(value, dict):
            found[name] = _mapped(cast("dict[str, Any]", value), mapping)
        elif name == "points":
            found[name] = mapped(value, mapping)
        else:
            found[name] = value
    return found
