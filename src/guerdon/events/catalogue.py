"""Every event there is: name, who may subscribe, what its id looks like, and what a distribution may do with it."""

from enum import StrEnum

import msgspec

from guerdon.events.data_keys import DATA, Key, keys

# The event that starts a distribution by hand, which is called `manual` where its trigger is named.
MANUAL = "manual_distribution_schedule"


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
    """One catalogued event. `keys` are those of its data, `narrowed_by` and `required` what narrows a trigger."""

    name: str
    scope: Scope
    purposes: frozenset[Purpose] = frozenset()
    narrowed_by: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()

    @property
    def keys(self) -> tuple[Key, ...]:
        return DATA[self.name]

    @property
    def id_prefix(self) -> str:
        return _PREFIXES[self.name.partition(".")[0]]

    @property
    def entity(self) -> str:
        """How the id begins of what the event is about."""
        return _ENTITIES.get(self.name) or _ENTITIES[self.name.partition(".")[0]]

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
# A rollback is of a redemption and has an id of its own, which is what it is about (decision 0066).
_ENTITIES = {
    "business_validation_rule": "val_",
    "campaign": "camp_",
    "customer": "cust_",
    "manual_distribution_schedule": "distr_",
    "publication": "pub_",
    "redemption.failed": "rf_",
    "redemption.rollback.failed": "rrf_",
    "redemption.rollback.succeeded": "rr_",
    "redemption.succeeded": "r_",
    "voucher": "v_",
}
_ACTIONS = frozenset(
    {
        "customer.created",
        "customer.updated",
        "customer.deleted",
        "customer.custom_event",
        "customer.publication.succeeded",
        "customer.redemption.succeeded",
        "customer.redemption.failed",
        "customer.redemption.rollback.succeeded",
        "customer.redemption.rollback.failed",
        "customer.validation.failed",
        "customer.validation.succeeded",
        "customer.voucher.deleted",
    }
)

_UNLISTED = (
    "customer.holder.assignment.created",
    "customer.holder.assignment.deleted",
    "customer.reward_redemptions.created",
    "customer.reward_redemptions.pending",
)
_LOG = (
    "customer.loyalty.tier.expiration.changed",
    "customer.loyalty.updated",
    "customer.order.fulfilled",
    "customer.redemption.failed",
    "customer.redemption.rollback.failed",
    "customer.reward_redemptions.rolledback",
    "customer.validation.failed",
    "customer.validation.succeeded",
    "customer.voucher.deleted",
    "customer.voucher.loyalty_card.points_transferred",
)
_BOTH = frozenset({"customer.rewarded", "customer.rewarded.loyalty_points"})
_MESSAGE = frozenset({Purpose.MESSAGE})
_ALL = frozenset(Purpose)
_CAMPAIGN = frozenset({"campaign_id"})
_RULE = frozenset({"validation_rule_id"})
_SEGMENT = frozenset({"segment_id"})
_SCHEMA = frozenset({"custom_event_schema_id"})
# What a purpose adds to the data of the event.
ADDED_KEYS: dict[Purpose, tuple[Key, ...]] = {
    Purpose.MESSAGE: (),
    Purpose.PROMOTION: keys("campaign promotion_tier"),
    Purpose.PUBLICATION: keys("campaign voucher publication:PublicationsDistributionItemBase"),
}


def _triggers(
    *names: str,
    purposes: frozenset[Purpose] = _MESSAGE,
    narrowed_by: frozenset[str] = _CAMPAIGN,
    required: frozenset[str] = frozenset(),
) -> dict[str, EventType]:
    """Events that start distributions: for which purposes, and what may and what must narrow them."""
    return {
        name: EventType(name, Scope.BOTH if name in _BOTH else Scope.DISTRIBUTION, purposes, narrowed_by, required)
        for name in names
    }


_TRIGGERS = {
    **_triggers(
        "customer.segment.entered", "customer.segment.left", purposes=_ALL, narrowed_by=_SEGMENT, required=_SEGMENT
    ),
    **_triggers(
        "customer.order.created",
        "customer.order.updated",
        "customer.order.paid",
        "customer.order.canceled",
        purposes=_ALL,
        narrowed_by=_RULE,
    ),
    **_triggers("customer.custom_event", purposes=_ALL, narrowed_by=_RULE | _SCHEMA, required=_SCHEMA),
    **_triggers(MANUAL, purposes=_ALL - _MESSAGE, narrowed_by=_SEGMENT | {"customer_id"}),
    **_triggers(
        "customer.publication.succeeded",
        "customer.redemption.succeeded",
        "customer.redemption.rollback.succeeded",
        "customer.voucher.gift.balance_added",
        "customer.voucher.loyalty_card.points_added",
        "customer.voucher.loyalty_card.points_expired",
        "customer.voucher.loyalty_card.pending_points.added",
        "customer.voucher.loyalty_card.pending_points.updated",
        "customer.voucher.loyalty_card.pending_points.activated",
        "customer.voucher.loyalty_card.pending_points.canceled",
        "customer.rewarded",
        "customer.rewarded.loyalty_points",
        "customer.reward_redemptions.completed",
        "customer.referred",
    ),
    **_triggers(
        "customer.loyalty.tier.joined",
        "customer.loyalty.tier.left",
        "customer.loyalty.tier.upgraded",
        "customer.loyalty.tier.downgraded",
        "customer.loyalty.tier.prolonged",
        narrowed_by=_CAMPAIGN | {"loyalty_tier_id"},
    ),
}
_OTHERS = {**dict.fromkeys(_UNLISTED, Scope.UNLISTED), **dict.fromkeys(_LOG, Scope.LOG)}

EVENTS: dict[str, EventType] = {
    name: _TRIGGERS.get(name) or EventType(name, _OTHERS.get(name, Scope.PROJECT)) for name in DATA
}

# "Send me everything": the listed project events; the four unlisted ones have to be asked for by name.
PROJECT_EVENTS: tuple[str, ...] = tuple(
    sorted(event.name for event in EVENTS.values() if event.scope in {Scope.PROJECT, Scope.BOTH})
)
_SUBSCRIBABLE = frozenset(PROJECT_EVENTS) | frozenset(_UNLISTED)
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
