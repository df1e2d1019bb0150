"""Example data of every project event, with ids of zeros: what a webhook is tried out with. Pure."""

from typing import Any

from guerdon.events.catalogue import EVENTS, project_event
from guerdon.events.data_keys import Key
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
_HOLDER: dict[str, Any] = {
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
}
_OBJECTS: dict[str, Any] = {
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
    "event": {
        "id": zero("evcus_"),
        "type": "customer.order.paid",
        "category": "EFFECT",
        "entity_id": zero("cust_"),
        "group_id": zero("v-"),
        "created_at": _WHEN,
    },
    "failed_at": _WHEN,
    "holder": _CUSTOMER,
    "loyalty_tier": _TIER,
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
# Of these kinds an example is another than the key has elsewhere.
_OF_KIND: dict[str, Any] = {
    "PublicationsVoucher": {**_OBJECTS["publication"], "voucher": _VOUCHER},
    "SimpleRedeemableHolder": _HOLDER,
    "VouchersBalanceUpdateResponseBody": _GIFT,
}
# What may be null is null in an example, but for what most events of the kind are about.
_SHOWN = {"campaign", "holder", "order", "voucher"}


def data(event_type: str) -> dict[str, Any]:
    """Example data of an event; LookupError for one that no webhook can subscribe to."""
    if project_event(event_type) is None:
        raise LookupError(event_type)
    return {key.name: _example(key) for key in EVENTS[event_type].keys}


def _example(key: Key) -> Any:  # noqa: ANN401 - any JSON value
    if key.nullable and key.name not in _SHOWN:
        return None
    return _OF_KIND.get(key.kind) or _OBJECTS[key.name]


def entity_id(event_type: str) -> str:
    """The id of what an example event is about."""
    return zero(EVENTS[event_type].entity)
