"""What the data of every event holds: its keys, in no order that matters, with what each is.

`key` is a thing of the kind that `_KINDS` gives it, `key:Kind` one of another kind. `?` says that it may be null, `*`
that it may be left out. Kinds have the reference's names: they are shapes, which are made and checked elsewhere.
"""

import msgspec


class Key(msgspec.Struct, frozen=True):
    """One key of an event's data. A kind ending in [] is a list of such."""

    name: str
    kind: str
    nullable: bool = False
    optional: bool = False


_KINDS = {
    "assignment": "BusValRuleAssignment",
    "buckets": "LoyaltyPointsBucket[]",
    "campaign": "SimpleCampaign",
    "completed_at": "date-time",
    "count": "integer",
    "created_at": "date-time",
    "custom_event": "CustomEvent",
    "customer": "SimpleCustomer",
    "customer_event": "object",
    "deleted_at": "date-time",
    "destination_voucher": "SimpleVoucher",
    "distribution": "BusValRuleAssignmentDistribution",
    "earning_rule": "EarningRule",
    "error": "object",
    "event": "SimpleEvent",
    "event_schema": "SimpleCustomEvent",
    "expiration_date": "date",
    "failed_at": "date-time",
    "holder": "SimpleCustomer",
    "holder_loyalty_tier": "LoyaltyTier",
    "loyalty": "object",
    "loyalty_tier": "LoyaltyTier",
    "loyalty_tier_from": "LoyaltyTier",
    "loyalty_tier_to": "LoyaltyTier",
    "order": "SimpleOrder",
    "pending_points": "LoyaltyPendingPoints",
    "points": "integer",
    "promotion_stack": "SimplePromotionStack",
    "promotion_tier": "SimplePromotionTier",
    "publication": "PublicationsVoucher",
    "redemption": "SimpleRedemption",
    "redemption_rollback": "SimpleRedemption",
    "referral": "object",
    "referral_tier": "SimpleReferralTier",
    "referrer": "SimpleCustomer",
    "reward": "Reward",
    "reward_assignment": "RewardAssignment",
    "reward_redemption": "RewardRedemption",
    "rollback": "SimpleRedemption",
    "rule": "ValidationRule",
    "segment": "SimpleSegment",
    "source": "object",
    "source_voucher": "SimpleVoucher",
    "started_at": "date-time",
    "transaction": "VoucherTransaction",
    "unconfirmed_customer": "object",
    "updated_at": "date-time",
    "user": "object",
    "voucher": "SimpleVoucher",
    "voucher_pending_points_balance": "VoucherBalance",
    "vouchers": "SimpleVoucher[]",
}

_RULE_ASSIGNMENT = "rule assignment voucher* campaign? distribution? promotion_tier? earning_rule:SimpleEarningRule?"
_CAMPAIGN = "campaign:Campaign"
_EARNING_RULE = "campaign earning_rule"
_LOYALTY_TIER = "campaign loyalty_tier"
_PROMOTION_TIER = "campaign promotion_tier:PromotionTier"
_PROMOTION_STACK = "campaign promotion_stack"
_REFERRAL_TIER = "campaign referral_tier"
_REWARD_ASSIGNMENT = "campaign reward reward_assignment"
_WHOLE_CUSTOMER = "customer:CustomerWithSummaryLoyaltyReferrals"
_SEGMENT = f"{_WHOLE_CUSTOMER} segment"
_ORDER = "customer referrer? order:OrderCalculated redemption:RedemptionInternal?"
_ASSIGNED_HOLDER = "holder:SimpleRedeemableHolder voucher campaign customer"
_TIER = "customer campaign loyalty_tier created_at"
_OTHER_TIER = "customer campaign loyalty_tier_from loyalty_tier_to created_at"
_REWARD_REDEMPTION = (
    "customer holder voucher campaign reward_redemption reward:SimpleRedemptionRewardResult reward_assignment source "
    "balance:object?"
)
_ABOUT_REDEMPTION = "order? campaign? voucher? holder? promotion_tier? promotion_stack? redemption"
_VOUCHER = "voucher:Voucher campaign?"
_CREDITS_ADDED = "voucher balance:VouchersBalanceUpdateResponseBody transaction"
_POINTS_ADDED = "voucher balance:LoyaltiesMembersBalanceUpdateResponseBody campaign customer transaction"
_POINTS_EXPIRED = "voucher points campaign customer buckets transaction"
_PENDING = "customer campaign voucher voucher_pending_points_balance order pending_points"
_ACTIVATED = "customer campaign voucher balance:VoucherBalance order transaction pending_points"

_DATA = {
    "business_validation_rule.assignment.created": _RULE_ASSIGNMENT,
    "business_validation_rule.assignment.deleted": _RULE_ASSIGNMENT,
    "business_validation_rule.created": "rule created_at",
    "business_validation_rule.deleted": "rule deleted_at",
    "business_validation_rule.updated": "rule updated_at",
    "campaign.created": f"{_CAMPAIGN} created_at",
    "campaign.deleted": f"{_CAMPAIGN} deleted_at",
    "campaign.disabled": _CAMPAIGN,
    "campaign.earning_rule.assigned": _EARNING_RULE,
    "campaign.earning_rule.deleted": _EARNING_RULE,
    "campaign.earning_rule.disabled": _EARNING_RULE,
    "campaign.earning_rule.enabled": _EARNING_RULE,
    "campaign.earning_rule.updated": _EARNING_RULE,
    "campaign.enabled": _CAMPAIGN,
    "campaign.loyalty_tier.created": _LOYALTY_TIER,
    "campaign.loyalty_tier.deleted": _LOYALTY_TIER,
    "campaign.loyalty_tier.updated": _LOYALTY_TIER,
    "campaign.promotion_stack.created": _PROMOTION_STACK,
    "campaign.promotion_stack.updated": _PROMOTION_STACK,
    "campaign.promotion_tier.created": _PROMOTION_TIER,
    "campaign.promotion_tier.deleted": _PROMOTION_TIER,
    "campaign.promotion_tier.disabled": _PROMOTION_TIER,
    "campaign.promotion_tier.enabled": _PROMOTION_TIER,
    "campaign.promotion_tier.updated": _PROMOTION_TIER,
    "campaign.referral_tier.created": _REFERRAL_TIER,
    "campaign.referral_tier.deleted": _REFERRAL_TIER,
    "campaign.referral_tier.updated": _REFERRAL_TIER,
    "campaign.reward.assignment.created": _REWARD_ASSIGNMENT,
    "campaign.reward.assignment.deleted": _REWARD_ASSIGNMENT,
    "campaign.reward.assignment.updated": _REWARD_ASSIGNMENT,
    "campaign.updated": _CAMPAIGN,
    "campaign.vouchers.added": "campaign count created_at",
    "campaign.vouchers.generation.completed": "campaign count completed_at",
    "campaign.vouchers.generation.failed": "campaign count failed_at error",
    "campaign.vouchers.generation.started": "campaign count started_at",
    "customer.confirmed": f"{_WHOLE_CUSTOMER} unconfirmed_customer",
    "customer.created": _WHOLE_CUSTOMER,
    "customer.custom_event": "event:CustomEvent event_schema customer referral? loyalty?",
    "customer.deleted": _WHOLE_CUSTOMER,
    "customer.holder.assignment.created": _ASSIGNED_HOLDER,
    "customer.holder.assignment.deleted": _ASSIGNED_HOLDER,
    "customer.loyalty.tier.downgraded": _OTHER_TIER,
    "customer.loyalty.tier.expiration.changed": f"{_TIER} expiration_date*",
    "customer.loyalty.tier.joined": _TIER,
    "customer.loyalty.tier.left": _TIER,
    "customer.loyalty.tier.prolonged": _TIER,
    "customer.loyalty.tier.upgraded": _OTHER_TIER,
    "customer.loyalty.updated": "customer campaign loyalty created_at",
    "customer.order.canceled": _ORDER,
    "customer.order.created": _ORDER,
    "customer.order.fulfilled": _ORDER,
    "customer.order.paid": _ORDER,
    "customer.order.updated": _ORDER,
    "customer.publication.succeeded": "customer campaign? publication voucher vouchers",
    "customer.redemption.failed": f"customer {_ABOUT_REDEMPTION}",
    "customer.redemption.rollback.failed": f"customer {_ABOUT_REDEMPTION} redemption_rollback",
    "customer.redemption.rollback.succeeded": f"customer {_ABOUT_REDEMPTION} redemption_rollback",
    "customer.redemption.succeeded": f"customer {_ABOUT_REDEMPTION}",
    "customer.referred": "customer referrer campaign voucher custom_event? redemption:RedemptionInternal*",
    "customer.reward_redemptions.completed": f"{_REWARD_REDEMPTION} publication*",
    "customer.reward_redemptions.created": _REWARD_REDEMPTION,
    "customer.reward_redemptions.pending": _REWARD_REDEMPTION,
    "customer.reward_redemptions.rolledback": _REWARD_REDEMPTION,
    "customer.rewarded": (
        "customer holder voucher campaign redemption:RedemptionInternal? reward:SimpleRedemptionRewardResult "
        "referral_tier? balance:object? custom_event? customer_event?"
    ),
    "customer.rewarded.loyalty_points": (
        "customer holder voucher campaign loyalty_tier? earning_rule balance:VoucherBalance order:OrderCalculated? "
        "event publication*"
    ),
    "customer.segment.entered": _SEGMENT,
    "customer.segment.left": _SEGMENT,
    "customer.updated": _WHOLE_CUSTOMER,
    "customer.validation.failed": "customer validation:ValidationEntity",
    "customer.validation.succeeded": "customer validation:ValidationEntity",
    "customer.voucher.deleted": "customer campaign? voucher",
    "customer.voucher.gift.balance_added": f"customer campaign {_CREDITS_ADDED}",
    "customer.voucher.loyalty_card.pending_points.activated": _ACTIVATED,
    "customer.voucher.loyalty_card.pending_points.added": _PENDING,
    "customer.voucher.loyalty_card.pending_points.canceled": _PENDING,
    "customer.voucher.loyalty_card.pending_points.updated": _PENDING,
    "customer.voucher.loyalty_card.points_added": _POINTS_ADDED,
    "customer.voucher.loyalty_card.points_expired": _POINTS_EXPIRED,
    "customer.voucher.loyalty_card.points_transferred": f"{_POINTS_ADDED} source_voucher destination_voucher",
    "manual_distribution_schedule": "distribution:SimpleDistribution customer segment*",
    "publication.succeeded": "customer campaign? publication:ListPublicationsItemBase voucher* vouchers user?",
    "redemption.failed": f"customer* {_ABOUT_REDEMPTION} created_at",
    "redemption.rollback.failed": f"customer* {_ABOUT_REDEMPTION} redemption_rollback",
    "redemption.rollback.succeeded": f"customer* {_ABOUT_REDEMPTION} redemption_rollback",
    "redemption.succeeded": f"customer* {_ABOUT_REDEMPTION} created_at",
    "voucher.created": _VOUCHER,
    "voucher.deleted": _VOUCHER,
    "voucher.disabled": _VOUCHER,
    "voucher.enabled": _VOUCHER,
    "voucher.gift.balance_added": f"{_CREDITS_ADDED} campaign?",
    "voucher.gift.transaction.created": (
        "transaction voucher:Voucher campaign? holder? balance:VouchersBalanceUpdateResponseBody order? redemption? "
        "rollback?"
    ),
    "voucher.loyalty_card.pending_points.activated": _ACTIVATED,
    "voucher.loyalty_card.pending_points.added": _PENDING,
    "voucher.loyalty_card.pending_points.canceled": _PENDING,
    "voucher.loyalty_card.pending_points.updated": _PENDING,
    "voucher.loyalty_card.points_added": _POINTS_ADDED,
    "voucher.loyalty_card.points_expired": _POINTS_EXPIRED,
    "voucher.loyalty_card.transaction.created": (
        "transaction voucher:Voucher campaign holder holder_loyalty_tier? "
        "balance:LoyaltiesMembersBalanceUpdateResponseBody order? event? earning_rule:SimpleEarningRule? segment? "
        "loyalty_tier? redemption? rollback? reward? custom_event? source_voucher? destination_voucher?"
    ),
    "voucher.published": "customer campaign? publication:ListPublicationsItemBase voucher created_at",
    "voucher.updated": _VOUCHER,
}


def keys(text: str) -> tuple[Key, ...]:
    """The keys that a line of the table names."""
    return tuple(_key(part) for part in text.split())


def _key(part: str) -> Key:
    name, _, kind = part.rstrip("?*").partition(":")
    return Key(name, kind or _KINDS[name], nullable="?" in part, optional="*" in part)


DATA: dict[str, tuple[Key, ...]] = {name: keys(text) for name, text in _DATA.items()}
