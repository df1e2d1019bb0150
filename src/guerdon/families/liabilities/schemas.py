"""What is owed to customers, on the wire."""

import msgspec


class Month(msgspec.Struct):
    """Points of which the last day of use, or the first, is in a month such as `2027-01`."""

    month: str
    points: int


class PointsOwed(msgspec.Struct, kw_only=True):
    """Points that can be used, by the month in which they end, and those that wait, by that in which they can be."""

    outstanding: int
    expiring: list[Month]
    never_expiring: int
    pending: int
    activating: list[Month]


class CreditsOwed(msgspec.Struct):
    """Cents that are left on gift cards."""

    outstanding: int


class Liability(msgspec.Struct, kw_only=True):
    """What was owed at a moment, in a campaign or in all of them."""

    at: str
    campaign_id: str | None
    points: PointsOwed
    credits: CreditsOwed
    object: str = "liability"
