"""Which paths of a designed payload lead somewhere in the data of an event."""

from collections.abc import Sequence
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec

from guerdon.events.data_keys import Key
from guerdon.families.campaigns.schemas import SimpleCampaign
from guerdon.families.custom_events.schemas import CustomEvent, SimpleEventSchema
from guerdon.families.customers.schemas import Customer, SimpleCustomer
from guerdon.families.distributions.schemas import SimpleDistribution
from guerdon.families.grants.schemas import RewardRedemption, SimpleReferralTier
from guerdon.families.loyalties.earning_schemas import EarningRule
from guerdon.families.loyalties.schemas import PendingPointsView, Transaction
from guerdon.families.loyalties.tier_schemas import LoyaltyTier
from guerdon.families.orders.schemas import CalculatedOrder, SimpleOrder
from guerdon.families.promotion_tiers.schemas import SimpleTier
from guerdon.families.publications.schemas import CustomerEventPublication, EventPublication
from guerdon.families.segments.schemas import SimpleSegment
from guerdon.families.vouchers.schemas import SimpleVoucher

# What is of these kinds has the fields of these structs and no other; of other kinds nothing is known here.
_STRUCTS: dict[str, type[msgspec.Struct]] = {
    "CustomEvent": CustomEvent,
    "CustomerWithSummaryLoyaltyReferrals": Customer,
    "EarningRule": EarningRule,
    "LoyaltyPendingPoints": PendingPointsView,
    "LoyaltyTier": LoyaltyTier,
    "OrderCalculated": CalculatedOrder,
    "PublicationsDistributionItemBase": EventPublication,
    "PublicationsVoucher": CustomerEventPublication,
    "RewardRedemption": RewardRedemption,
    "SimpleCampaign": SimpleCampaign,
    "SimpleCustomEvent": SimpleEventSchema,
    "SimpleCustomer": SimpleCustomer,
    "SimpleDistribution": SimpleDistribution,
    "SimpleOrder": SimpleOrder,
    "SimplePromotionTier": SimpleTier,
    "SimpleReferralTier": SimpleReferralTier,
    "SimpleSegment": SimpleSegment,
    "SimpleVoucher": SimpleVoucher,
    "VoucherTransaction": Transaction,
}
_FLAT = {"date", "date-time", "integer"}


def leads_somewhere(keys: Sequence[Key], path: str) -> bool:
    """Whether a path begins with one of the keys, and goes on with fields that it has."""
    name, _, rest = path.partition(".")
    return any(_leads(key.kind, rest.split(".") if rest else []) for key in keys if key.name == name)


def _leads(kind: str, names: list[str]) -> bool:
    if not names:
        return True
    if kind in _FLAT or kind.endswith("[]"):
        return False
    return kind not in _STRUCTS or _among(_STRUCTS[kind], names)


def _among(kind: Any, names: list[str]) -> bool:  # noqa: ANN401 - an annotation
    """Whether something of this type may have such fields; a mapping may have any."""
    if not names:
        return True
    if get_origin(kind) in {Union, UnionType}:
        return any(_among(one, names) for one in get_args(kind))
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        hints = get_type_hints(kind)
        return any(
            field == names[0] and _among(hints[name], names[1:])
            for name, field in zip(kind.__struct_fields__, kind.__struct_encode_fields__, strict=True)
        )
    return kind is Any or kind is object or (get_origin(kind) or kind) is dict
