"""Loyalty tiers on the wire."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from guerdon.engine.money import GREATEST, Amount
from guerdon.families.campaigns.schemas import CampaignPatch, SimpleCampaign
from guerdon.families.customers.schemas import Loyalty, SimpleCustomer
from guerdon.families.loyalties.earning_schemas import EarningRule
from guerdon.families.rewards.schemas import Assignment, Reward

MOST_TIERS = 100


class LoyaltyTierPoints(msgspec.Struct, kw_only=True):
    """From how many points on, and up to how many; both are included."""

    from_: Amount = msgspec.field(name="from", default=0)
    to: Amount | UnsetType | None = UNSET


class ShownLoyaltyTierPoints(msgspec.Struct, kw_only=True):
    """The same in answers."""

    from_: int = msgspec.field(name="from")
    to: int | UnsetType = UNSET


class NewMapping(msgspec.Struct, kw_only=True):
    """How a tier changes points. CUSTOM without points takes a reward away; NOT_AVAILABLE is another word for that."""

    type: Literal["MULTIPLY", "CUSTOM", "NOT_AVAILABLE"]
    multiplier: Annotated[float, Meta(gt=0, le=1_000_000)] | None = None
    points: Annotated[int, Meta(ge=0, le=GREATEST)] | None = None


class NewLoyaltyTier(msgspec.Struct, kw_only=True):
    """A tier to be made. `earning_rules` are by id, `rewards` by the id of the assignment or of the reward."""

    name: Annotated[str, Meta(min_length=1, max_length=500)]
    points: LoyaltyTierPoints
    earning_rules: dict[str, NewMapping] | None = None
    rewards: dict[str, NewMapping] | None = None
    metadata: dict[str, Any] | None = None


NewLoyaltyTiers = Annotated[list[NewLoyaltyTier], Meta(min_length=1, max_length=MOST_TIERS)]


class TierConfig(msgspec.Struct):
    """What the tier asks for."""

    points: ShownLoyaltyTierPoints


class TierExpiration(msgspec.Struct, kw_only=True):
    """Since when somebody is in a tier, and through which day."""

    customer_id: str
    campaign_id: str
    tier_id: str
    start_date: str
    expiration_date: str | UnsetType = UNSET
    created_at: str
    updated_at: str | UnsetType = UNSET


class LoyaltyTier(msgspec.Struct, kw_only=True):
    """A tier; with `expiration` as it is somebody's."""

    id: str
    name: str
    campaign_id: str
    points: ShownLoyaltyTierPoints
    config: TierConfig
    earning_rules: dict[str, Any]
    rewards: dict[str, Any]
    metadata: dict[str, Any]
    created_at: str
    updated_at: str | None
    expiration: TierExpiration | UnsetType = UNSET
    object: str = "loyalty_tier"


class LoyaltyTiersList(msgspec.Struct):
    """A page of tiers."""

    data: list[LoyaltyTier]
    total: int
    object: str = "list"
    data_ref: str = "data"


class TierReward(msgspec.Struct):
    """A reward that a tier has, at its price there."""

    reward: Reward
    assignment: Assignment
    object: str = "loyalty_tier_reward"


class TierRewards(msgspec.Struct):
    """Everything that a tier's members can get."""

    data: list[TierReward]
    total: int
    object: str = "list"
    data_ref: str = "data"


class TierEarningRules(msgspec.Struct):
    """The earning rules of a campaign as they count in a tier."""

    data: list[EarningRule]
    total: int
    object: str = "list"
    data_ref: str = "data"


class ProgrammeOptions(msgspec.Struct, kw_only=True):
    """Whether a changed policy is applied to those who are in a tier already."""

    recalculate_tiers: bool | None = None


class ProgrammePatch(CampaignPatch, kw_only=True):
    """What can be changed about a loyalty campaign."""

    options: ProgrammeOptions | None = None


class TierEvent(msgspec.Struct):
    """Data of campaign.loyalty_tier.created."""

    campaign: SimpleCampaign
    loyalty_tier: LoyaltyTier


class TierMoved(msgspec.Struct, kw_only=True):
    """Data of customer.loyalty.tier.joined, .left and .prolonged; with a date of .expiration.changed."""

    customer: SimpleCustomer
    campaign: SimpleCampaign
    loyalty_tier: LoyaltyTier
    expiration_date: str | UnsetType = UNSET
    created_at: str


class TierChanged(msgspec.Struct, kw_only=True):
    """Data of customer.loyalty.tier.upgraded and .downgraded."""

    customer: SimpleCustomer
    campaign: SimpleCampaign
    loyalty_tier_from: LoyaltyTier
    loyalty_tier_to: LoyaltyTier
    created_at: str


class LoyaltyUpdated(msgspec.Struct, kw_only=True):
    """Data of customer.loyalty.updated."""

    customer: SimpleCustomer
    campaign: SimpleCampaign
    loyalty: Loyalty
    created_at: str
