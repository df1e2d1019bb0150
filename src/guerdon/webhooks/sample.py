"""Example data of every project event, with ids of zeros: what a webhook is tried out with. Pure."""

from typing import Any

from guerdon.ids import FORMS

_HEX_LENGTH = 18
_WHEN = "2026-01-01T12:00:00.000Z"


def zero(prefix: str) -> str:
    """An identifier of zeros, as long as a real one."""
    return prefix + "0" * (FORMS.get(prefix) or _HEX_LENGTH)


_CUSTOMER: dict[str, Any] = {
    "id": zero("cust_"),
    "source_id": "sample",
    "name": "Sample Customer",
    "summary": {
        "redemptions": {
            "total_redeemed": 0,
            "total_failed": 0,
            "total_succeeded": 0,
            "total_rolled_back": 0,
            "total_rollback_failed": 0,
            "total_rollback_succeeded": 0,
            "gift": {"redeemed_amount": 0, "amount_to_go": 0},
            "loyalty_card": {"redeemed_points": 0, "points_to_go": 0},
        },
        "orders": {"total_amount": 0, "total_count": 0, "average_amount": 0, "last_order_amount": 0},
    },
    "loyalty": {"points": 0, "referred_customers": 0, "campaigns": {}},
    "referrals": {"total": 0, "campaigns": []},
    "metadata": {},
    "object": "customer",
}
_CAMPAIGN: dict[str, Any] = {
    "id": zero("camp_"),
    "name": "Sample Campaign",
    "campaign_type": "LOYALTY_PROGRAM",
    "type": "AUTO_UPDATE",
    "is_referral_code": False,
    "auto_join": False,
    "join_once": True,
    "use_voucher_metadata_schema": False,
    "protected": False,
    "category_id": None,
    "categories": [],
    "creation_status": "DONE",
    "vouchers_generation_status": "DONE",
    "vouchers_count": 1,
    "active": True,
    "metadata": {},
    "created_at": _WHEN,
    "object": "campaign",
}
_CARD = {"points": 100, "balance": 100}
_VOUCHER: dict[str, Any] = {
    "id": zero("v_"),
    "code": "SAMPLE-0000",
    "type": "LOYALTY_CARD",
    "loyalty_card": _CARD,
    "campaign": "Sample Campaign",
    "campaign_id": zero("camp_"),
    "created_at": _WHEN,
    "object": "voucher",
}
_ORDER = {
    "id": zero("ord_"),
    "source_id": "sample",
    "customer_id": zero("cust_"),
    "referrer_id": None,
    "status": "PAID",
    "amount": 1000,
    "total_amount": 1000,
    "object": "order",
}
_REWARD = {"id": zero("rew_"), "name": "Sample Reward", "object": "reward"}
_ASSIGNMENT = {"id": zero("rewa_"), "reward_id": zero("rew_"), "object": "reward_assignment"}
_TIER: dict[str, Any] = {
    "id": "lt_" + "0" * 18,
    "name": "Sample Tier",
    "campaign_id": zero("camp_"),
    "points": {"from": 0, "to": 100},
    "earning_rules": {},
    "rewards": {},
    "config": {"points": {"from": 0, "to": 100}},
    "metadata": {},
    "created_at": _WHEN,
    "updated_at": None,
    "object": "loyalty_tier",
}
_REDEMPTION: dict[str, Any] = {
    "id": zero("r_"),
    "customer_id": zero("cust_"),
    "date": _WHEN,
    "result": "SUCCESS",
    "status": "SUCCEEDED",
    "metadata": {},
    "object": "redemption",
}
_ABOUT_VOUCHER = {"related_object": {"type": "voucher", "id": zero("v_")}, "object": "balance"}
_POINTS = {"points": 10, "total": 100, "balance": 100, "type": "loyalty_card", **_ABOUT_VOUCHER}
_GIFT = {"amount": 10, "total": 100, "balance": 100, "type": "gift_voucher", **_ABOUT_VOUCHER}
_ROLLBACK = {**_REDEMPTION, "id": "rr_" + "0" * 18, "redemption": zero("r_"), "object": "redemption_rollback"}
_OBJECTS: dict[str, Any] = {
    "assigned_holder": {
        "id": "rdhl_" + "0" * 18,
        "customer_id": zero("cust_"),
        "redeemable_id": zero("v_"),
        "redeemable_object": "voucher",
        "campaign_id": zero("camp_"),
        "campaign_type": "REFERRAL_PROGRAM",
        "voucher_type": "DISCOUNT_VOUCHER",
        "publication_id": zero("pub_"),
        "holder_role": "REFERRER",
        "created_at": _WHEN,
        "object": "redeemable_holder",
    },
    "assignment": {
        "id": "asgm_" + "0" * 18,
        "rule_id": "val_" + "0" * 12,
        "related_object_id": zero("v_"),
        "related_object_type": "voucher",
        "created_at": _WHEN,
        "object": "validation_rules_assignment",
    },
    "balance": _POINTS,
    "buckets": [{"id": zero("lopb_"), "voucher_id": zero("v_"), "object": "loyalty_points_bucket"}],
    "campaign": _CAMPAIGN,
    "completed_at": _WHEN,
    "count": 1,
    "created_at": _WHEN,
    "customer": _CUSTOMER,
    "deleted_at": _WHEN,
    "earning_rule": {
        "id": zero("ern_"),
        "event": "order.paid",
        "loyalty": {"type": "FIXED", "points": 10},
        "source": {"banner": "Sample", "object_id": zero("camp_"), "object_type": "campaign"},
        "validation_rule_id": None,
        "automation_id": zero("auto_"),
        "active": True,
        "metadata": {},
        "created_at": _WHEN,
        "updated_at": None,
        "object": "earning_rule",
    },
    "error": {"message": "Sample error"},
    "failed_at": _WHEN,
    "gift_balance": _GIFT,
    "holder": _CUSTOMER,
    "loyalty_tier": _TIER,
    "nothing": None,
    "order": _ORDER,
    "pending_points": {
        "id": "lopp_" + "0" * 18,
        "voucher_id": zero("v_"),
        "campaign_id": zero("camp_"),
        "customer_id": zero("cust_"),
        "order_id": zero("ord_"),
        "points": 10,
        "activates_at": "2026-01-01",
        "details": {
            "event": {"id": zero("evcus_"), "type": "customer.order.paid"},
            "earning_rule": {"id": zero("ern_"), "source": {"banner": "Sample"}},
            "order": {"id": zero("ord_"), "source_id": "sample"},
        },
        "created_at": _WHEN,
        "object": "loyalty_pending_points",
    },
    "points": 10,
    "promotion_stack": {"id": "stack_" + "0" * 24, "name": "Sample Stack", "object": "promotion_stack"},
    "promotion_tier": {"id": "promo_" + "0" * 24, "name": "Sample Tier", "object": "promotion_tier"},
    "publication": {
        "id": zero("pub_"),
        "customer_id": zero("cust_"),
        "customer": _CUSTOMER,
        "channel": "API",
        "source_id": None,
        "vouchers_id": [zero("v_")],
        "result": "SUCCESS",
        "metadata": {},
        "created_at": _WHEN,
        "object": "publication",
    },
    "redemption": _REDEMPTION,
    "redemption_rollback": _ROLLBACK,
    "referral_tier": {"id": "rft_" + "0" * 18, "name": "Sample Tier", "object": "referral_tier"},
    "reward": _REWARD,
    "reward_assignment": _ASSIGNMENT,
    "reward_redemption": {"id": zero("rewr_"), "customer_id": zero("cust_"), "object": "reward_redemption"},
    "rule": {
        "id": "val_" + "0" * 12,
        "name": "Sample Rule",
        "type": "expression",
        "context_type": "global",
        "rules": {"logic": ""},
        "applicable_to": {"included": [], "excluded": [], "included_all": True},
        "created_at": _WHEN,
        "object": "validation_rules",
    },
    "source": {"id": zero("r_"), "type": "redemption"},
    "started_at": _WHEN,
    "transaction": {
        "id": zero("vtx_"),
        "source_id": None,
        "voucher_id": zero("v_"),
        "campaign_id": zero("camp_"),
        "source": "API",
        "reason": None,
        "type": "POINTS_ADDITION",
        "details": {"balance": _POINTS},
        "related_transaction_id": None,
        "created_at": _WHEN,
    },
    "unconfirmed_customer": {"id": zero("cust_")},
    "updated_at": _WHEN,
    "voucher": _VOUCHER,
    "voucher_pending_points_balance": _POINTS,
    "vouchers": [_VOUCHER],
}
_OF_REDEMPTION = "customer order campaign voucher holder promotion_tier promotion_stack redemption"
# What the data of an event holds, with `key=object` where they differ. An event is of the longest name it begins with.
_KEYS = {
    "business_validation_rule.assignment": "rule assignment voucher campaign",
    "business_validation_rule.created": "rule created_at",
    "business_validation_rule.deleted": "rule deleted_at",
    "business_validation_rule.updated": "rule updated_at",
    "campaign": "campaign",
    "campaign.created": "campaign created_at",
    "campaign.deleted": "campaign deleted_at",
    "campaign.earning_rule": "campaign earning_rule",
    "campaign.loyalty_tier": "campaign loyalty_tier",
    "campaign.promotion_stack": "campaign promotion_stack",
    "campaign.promotion_tier": "campaign promotion_tier",
    "campaign.referral_tier": "campaign referral_tier",
    "campaign.reward.assignment": "campaign reward reward_assignment",
    "campaign.vouchers.added": "campaign count created_at",
    "campaign.vouchers.generation.completed": "campaign count completed_at",
    "campaign.vouchers.generation.failed": "campaign count failed_at error",
    "campaign.vouchers.generation.started": "campaign count started_at",
    "customer": "customer",
    "customer.confirmed": "customer unconfirmed_customer",
    "customer.holder.assignment": "holder=assigned_holder voucher campaign customer",
    "customer.reward_redemptions": (
        "customer holder voucher campaign reward_redemption reward reward_assignment source balance"
    ),
    "customer.rewarded": "customer holder voucher campaign redemption reward balance",
    "customer.rewarded.loyalty_points": "customer holder voucher campaign earning_rule balance order",
    "publication.succeeded": "customer campaign publication voucher vouchers",
    "redemption": f"{_OF_REDEMPTION} created_at",
    "redemption.rollback": f"{_OF_REDEMPTION} redemption_rollback",
    "voucher": "voucher campaign",
    "voucher.gift.balance_added": "voucher balance=gift_balance campaign transaction",
    "voucher.gift.transaction.created": "transaction voucher campaign holder balance=gift_balance",
    "voucher.loyalty_card.pending_points": (
        "customer campaign voucher voucher_pending_points_balance order pending_points"
    ),
    "voucher.loyalty_card.pending_points.activated": (
        "customer campaign voucher balance order transaction pending_points"
    ),
    "voucher.loyalty_card.points_added": "voucher balance campaign customer transaction",
    "voucher.loyalty_card.points_expired": "voucher points campaign customer buckets transaction",
    "voucher.loyalty_card.transaction.created": (
        "transaction voucher campaign holder balance holder_loyalty_tier=nothing order=nothing event=nothing "
        "earning_rule=nothing segment=nothing loyalty_tier=nothing redemption=nothing rollback=nothing reward=nothing "
        "custom_event=nothing source_voucher=nothing destination_voucher=nothing"
    ),
    "voucher.published": "customer campaign publication voucher created_at",
}


def data(event_type: str) -> dict[str, Any]:
    """Example data of an event; LookupError for one that no webhook can subscribe to."""
    name = event_type
    while name not in _KEYS:
        name, dot, _ = name.rpartition(".")
        if not dot:
            raise LookupError(event_type)
    pairs = (part.partition("=") for part in _KEYS[name].split())
    return {key: _OBJECTS[object_ or key] for key, _, object_ in pairs}


_ENTITIES = {
    "business_validation_rule": _OBJECTS["rule"]["id"],
    "campaign": _CAMPAIGN["id"],
    "customer": _CUSTOMER["id"],
    "publication": _OBJECTS["publication"]["id"],
    "redemption": _REDEMPTION["id"],
    "voucher": _VOUCHER["id"],
}


def entity_id(event_type: str) -> str:
    """The id of what an example event is about."""
    return _ENTITIES[event_type.partition(".")[0]]
