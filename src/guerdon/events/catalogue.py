"""Every event there is: name, who may subscribe, what its id looks like, and what a distribution may do with it."""

from enum import StrEnum

import msgspec


class Scope(StrEnum):
    """Who may subscribe. The unlisted ones are documented but in neither of the reference's two lists.

    Those of the log are in the feed and in the logs of activity, and nobody can subscribe to them.
    """

    PROJECT = "project"
    DISTRIBUTION = "distribution"
    BOTH = "both"
    UNLISTED = "unlisted"
    LOG = "log"


class Purpose(StrEnum):
    """What a distribution sends: a plain message, a promotion, or freshly published codes."""

    MESSAGE = "MESSAGE"
    PROMOTION = "PROMOTION"
    PUBLICATION = "PUBLICATION"


class EventType(msgspec.Struct, frozen=True):
    """One catalogued event. `keys` are those of a trigger's data, `narrowed_by` and `required` what narrows it."""

    name: str
    scope: Scope
    purposes: frozenset[Purpose] = frozenset()
    narrowed_by: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()
    keys: tuple[str, ...] = ()

    @property
    def id_prefix(self) -> str:
        return _PREFIXES[self.name.partition(".")[0]]

    @property
    def category(self) -> str:
        """ACTION for what somebody did, EFFECT for what followed from it."""
        return "ACTION" if self.name in _ACTIONS or not self.name.startswith("customer.") else "EFFECT"


_PREFIXES = {
    "business_validation_rule": "evbvr_",
    "campaign": "evcam_",
    "customer": "evcus_",
    "manual_distribution_schedule": "evdis_",
    "publication": "evpub_",
    "redemption": "evred_",
    "voucher": "evvou_",
}
_ACTIONS = frozenset(
    {
        "customer.created",
        "customer.updated",
        "customer.deleted",
        "customer.custom_event",
        "customer.publication.succeeded",
        "customer.redemption.succeeded",
        "customer.redemption.rollback.succeeded",
    }
)

_PROJECT = """
business_validation_rule.assignment.created business_validation_rule.assignment.deleted
business_validation_rule.created business_validation_rule.deleted business_validation_rule.updated
campaign.created campaign.deleted campaign.disabled campaign.enabled campaign.updated
campaign.earning_rule.assigned campaign.earning_rule.deleted campaign.earning_rule.disabled
campaign.earning_rule.enabled campaign.earning_rule.updated
campaign.loyalty_tier.created campaign.loyalty_tier.deleted campaign.loyalty_tier.updated
campaign.promotion_stack.created campaign.promotion_stack.updated
campaign.promotion_tier.created campaign.promotion_tier.deleted campaign.promotion_tier.disabled
campaign.promotion_tier.enabled campaign.promotion_tier.updated
campaign.referral_tier.created campaign.referral_tier.deleted campaign.referral_tier.updated
campaign.reward.assignment.created campaign.reward.assignment.deleted campaign.reward.assignment.updated
campaign.vouchers.added campaign.vouchers.generation.completed campaign.vouchers.generation.failed
campaign.vouchers.generation.started
customer.confirmed customer.created customer.deleted customer.updated
publication.succeeded
redemption.failed redemption.rollback.failed redemption.rollback.succeeded redemption.succeeded
voucher.created voucher.deleted voucher.disabled voucher.enabled voucher.published voucher.updated
voucher.gift.balance_added voucher.gift.transaction.created
voucher.loyalty_card.pending_points.activated voucher.loyalty_card.pending_points.added
voucher.loyalty_card.pending_points.canceled voucher.loyalty_card.pending_points.updated
voucher.loyalty_card.points_added voucher.loyalty_card.points_expired voucher.loyalty_card.transaction.created
"""
_UNLISTED = """
customer.holder.assignment.created customer.holder.assignment.deleted
customer.reward_redemptions.created customer.reward_redemptions.pending
"""
_LOG = """
customer.loyalty.tier.expiration.changed customer.loyalty.updated customer.reward_redemptions.rolledback
customer.voucher.loyalty_card.points_transferred
"""
_MESSAGE = frozenset({Purpose.MESSAGE})
_ALL = frozenset(Purpose)
_CAMPAIGN = frozenset({"campaign_id"})
_TIER = frozenset({"campaign_id", "loyalty_tier_id"})
_ORDER = frozenset({"validation_rule_id"})
_SEGMENT = frozenset({"segment_id"})
_SCHEMA = frozenset({"custom_event_schema_id"})
_ORDER_KEYS = "customer referrer order redemption"
_PENDING_KEYS = "customer campaign voucher voucher_pending_points_balance order pending_points"
_TIER_KEYS = "customer campaign loyalty_tier created_at"
_TIER_CHANGE_KEYS = "customer campaign loyalty_tier_from loyalty_tier_to created_at"
# What a purpose adds to the data of the event.
ADDED_KEYS: dict[Purpose, tuple[str, ...]] = {
    Purpose.MESSAGE: (),
    Purpose.PROMOTION: ("campaign", "promotion_tier"),
    Purpose.PUBLICATION: ("campaign", "voucher", "publication"),
}


def _trigger(
    name: str,
    purposes: frozenset[Purpose],
    narrowed_by: frozenset[str],
    keys: str,
    required: frozenset[str] = frozenset(),
) -> EventType:
    scope = Scope.BOTH if name in {"customer.rewarded", "customer.rewarded.loyalty_points"} else Scope.DISTRIBUTION
    return EventType(name, scope, purposes, narrowed_by, required, tuple(keys.split()))


_TRIGGERS = (
    _trigger("customer.segment.entered", _ALL, _SEGMENT, "customer segment", _SEGMENT),
    _trigger("customer.segment.left", _ALL, _SEGMENT, "customer segment", _SEGMENT),
    _trigger("customer.order.created", _ALL, _ORDER, _ORDER_KEYS),
    _trigger("customer.order.updated", _ALL, _ORDER, _ORDER_KEYS),
    _trigger("customer.order.paid", _ALL, _ORDER, _ORDER_KEYS),
    _trigger("customer.order.canceled", _ALL, _ORDER, _ORDER_KEYS),
    _trigger("customer.custom_event", _ALL, _ORDER | _SCHEMA, "event event_schema customer referral loyalty", _SCHEMA),
    _trigger("manual_distribution_schedule", _ALL - _MESSAGE, _SEGMENT | {"customer_id"}, "distribution customer"),
    _trigger("customer.publication.succeeded", _MESSAGE, _CAMPAIGN, "customer campaign publication voucher"),
    _trigger(
        "customer.redemption.succeeded",
        _MESSAGE,
        _CAMPAIGN,
        "customer order campaign voucher holder promotion_tier promotion_stack redemption",
    ),
    _trigger(
        "customer.redemption.rollback.succeeded",
        _MESSAGE,
        _CAMPAIGN,
        "customer order campaign voucher holder promotion_tier promotion_stack redemption redemption_rollback",
    ),
    _trigger(
        "customer.voucher.gift.balance_added", _MESSAGE, _CAMPAIGN, "customer campaign voucher balance transaction"
    ),
    _trigger(
        "customer.voucher.loyalty_card.points_added",
        _MESSAGE,
        _CAMPAIGN,
        "customer campaign voucher balance transaction",
    ),
    _trigger(
        "customer.voucher.loyalty_card.points_expired",
        _MESSAGE,
        _CAMPAIGN,
        "customer campaign voucher points buckets transaction",
    ),
    _trigger("customer.voucher.loyalty_card.pending_points.added", _MESSAGE, _CAMPAIGN, _PENDING_KEYS),
    _trigger("customer.voucher.loyalty_card.pending_points.updated", _MESSAGE, _CAMPAIGN, _PENDING_KEYS),
    _trigger(
        "customer.voucher.loyalty_card.pending_points.activated",
        _MESSAGE,
        _CAMPAIGN,
        "customer campaign voucher balance order transaction pending_points",
    ),
    _trigger("customer.voucher.loyalty_card.pending_points.canceled", _MESSAGE, _CAMPAIGN, _PENDING_KEYS),
    _trigger(
        "customer.rewarded",
        _MESSAGE,
        _CAMPAIGN,
        "customer holder voucher campaign redemption reward referral_tier balance custom_event customer_event",
    ),
    _trigger(
        "customer.rewarded.loyalty_points",
        _MESSAGE,
        _CAMPAIGN,
        "customer holder voucher campaign loyalty_tier earning_rule balance order event publication",
    ),
    _trigger(
        "customer.reward_redemptions.completed",
        _MESSAGE,
        _CAMPAIGN,
        "customer holder voucher campaign reward_redemption reward reward_assignment source balance publication",
    ),
    _trigger("customer.loyalty.tier.joined", _MESSAGE, _TIER, _TIER_KEYS),
    _trigger("customer.loyalty.tier.left", _MESSAGE, _TIER, _TIER_KEYS),
    _trigger("customer.loyalty.tier.upgraded", _MESSAGE, _TIER, _TIER_CHANGE_KEYS),
    _trigger("customer.loyalty.tier.downgraded", _MESSAGE, _TIER, _TIER_CHANGE_KEYS),
    _trigger("customer.loyalty.tier.prolonged", _MESSAGE, _TIER, _TIER_KEYS),
    _trigger("customer.referred", _MESSAGE, _CAMPAIGN, "customer referrer campaign voucher custom_event redemption"),
)

EVENTS: dict[str, EventType] = {
    event.name: event
    for event in (
        *(EventType(name, Scope.PROJECT) for name in _PROJECT.split()),
        *(EventType(name, Scope.UNLISTED) for name in _UNLISTED.split()),
        *(EventType(name, Scope.LOG) for name in _LOG.split()),
        *_TRIGGERS,
    )
}

# "Send me everything": the listed project events; the four unlisted ones have to be asked for by name.
PROJECT_EVENTS: tuple[str, ...] = tuple(
    sorted(event.name for event in EVENTS.values() if event.scope in {Scope.PROJECT, Scope.BOTH})
)
_SUBSCRIBABLE = frozenset(PROJECT_EVENTS) | frozenset(_UNLISTED.split())
# The reference's own enumeration spells these four without one d; its examples spell them right.
SPELT_RIGHT = {
    "campaign.vouchers.aded": "campaign.vouchers.added",
    "voucher.gift.balance_aded": "voucher.gift.balance_added",
    "voucher.loyalty_card.pending_points.aded": "voucher.loyalty_card.pending_points.added",
    "voucher.loyalty_card.points_aded": "voucher.loyalty_card.points_added",
}


def project_event(name: str) -> str | None:
    """The right spelling of an event that a project webhook may subscribe to, or None."""
    right = SPELT_RIGHT.get(name, name)
    return right if right in _SUBSCRIBABLE else None
