"""Rewards on the wire, and their offers in campaigns."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from guerdon.engine.money import GREATEST, Amount
from guerdon.families.vouchers.schemas import SimpleVoucher
from guerdon.http.wire import Text

Metadata = dict[str, Any]
Points = Annotated[int, Meta(ge=1, le=GREATEST)]
PointsText = Annotated[str, Meta(pattern=r"^[1-9][0-9]{0,14}$")]
Ratio = Annotated[float, Meta(ge=0.000001, le=1_000_000_000)]
RatioText = Annotated[str, Meta(pattern=r"^[0-9]{1,9}(\.[0-9]{1,6})?$")]


class MaterialProduct(msgspec.Struct, kw_only=True):
    """The product that a material reward hands out, perhaps in one variant."""

    id: str
    sku_id: str | None = None


class RewardCampaign(msgspec.Struct, kw_only=True):
    """The campaign whose code is given: a coupon, or a card with so many credits (minor units) or points more."""

    id: str
    balance: int | None = None


class NewCoin(msgspec.Struct, kw_only=True):
    """What points are worth: `exchange_ratio` of the currency's major unit for `points_ratio` points."""

    exchange_ratio: Ratio | RatioText
    points_ratio: Points | PointsText | None = None


class NewParameters(msgspec.Struct, kw_only=True):
    """What a reward gives. Exactly one is sent."""

    product: MaterialProduct | None = None
    campaign: RewardCampaign | None = None
    coin: NewCoin | None = None


class Attributes(msgspec.Struct, kw_only=True, omit_defaults=True):
    """How a shop may present the reward."""

    image_url: Text | None = None
    description: Text | None = None


class NewReward(msgspec.Struct, kw_only=True):
    """Body of creating a reward. `stock` null is without end."""

    name: Text | None = None
    parameters: NewParameters
    stock: Amount | None = None
    attributes: Attributes | None = None
    metadata: Metadata | None = None


class RewardPatch(msgspec.Struct, kw_only=True):
    """What can be changed about a reward. What is not sent stays; a stock of null is without end."""

    name: Text | None = None
    parameters: NewParameters | None = None
    stock: Amount | UnsetType | None = UNSET
    attributes: Attributes | None = None
    metadata: Metadata | None = None


class Reward(msgspec.Struct, kw_only=True):
    """A reward; `redeemed` of its `stock` are gone."""

    id: str
    name: str
    stock: int | None
    redeemed: int
    attributes: dict[str, Any] | UnsetType = UNSET
    metadata: Metadata
    type: str
    parameters: dict[str, Any]
    created_at: str
    updated_at: str | None
    object: str = "reward"


class RewardsList(msgspec.Struct):
    """A page of rewards."""

    data: list[Reward]
    total: int
    object: str = "list"
    data_ref: str = "data"


class Price(msgspec.Struct, kw_only=True):
    """What a reward costs in points."""

    points: Points | None = None
    auto_redeem: bool | None = None


class AssignmentParameters(msgspec.Struct, kw_only=True):
    """The price of an offer."""

    loyalty: Price | None = None


class NewAssignment(msgspec.Struct, kw_only=True):
    """The part of an offer that both of its operations take."""

    parameters: AssignmentParameters | None = None
    validation_rules: list[str] | None = None


class ShownPrice(msgspec.Struct):
    """What a reward costs in points, and whether the engine redeems it by itself."""

    points: int
    auto_redeem: bool | UnsetType = UNSET


class ShownParameters(msgspec.Struct):
    """The price of an offer."""

    loyalty: ShownPrice


class Assignment(msgspec.Struct, kw_only=True):
    """The offer of a reward in a campaign."""

    id: str
    reward_id: str
    related_object_id: str
    related_object_type: str = "campaign"
    parameters: ShownParameters | UnsetType = UNSET
    created_at: str
    updated_at: str | None
    object: str = "reward_assignment"


class AssignmentsList(msgspec.Struct):
    """A page of offers."""

    data: list[Assignment]
    total: int
    object: str = "list"
    data_ref: str = "data"


class SimpleProduct(msgspec.Struct):
    """A product inside an event."""

    id: str
    source_id: str | UnsetType = UNSET
    name: str | UnsetType = UNSET


class SimpleSku(msgspec.Struct):
    """A variant inside an event."""

    id: str
    source_id: str | UnsetType = UNSET
    sku: str | UnsetType = UNSET


class SimpleRewardResult(msgspec.Struct, kw_only=True):
    """A reward that somebody gets, inside an event: with the code or the goods that it is."""

    assignment_id: str
    voucher: SimpleVoucher | UnsetType = UNSET
    product: SimpleProduct | UnsetType = UNSET
    sku: SimpleSku | UnsetType = UNSET
    id: str
    object: str = "reward"
    name: str
    type: str
