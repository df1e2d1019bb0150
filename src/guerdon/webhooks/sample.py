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
    "object": "customer",
}
_CAMPAIGN: dict[str, Any] = {
    "id": zero("camp_"),
    "name": "Sample Campaign",
    "campaign_type": "LOYALTY_PROGRAM",
    "type": "AUTO_UPDATE",
    "is_referral_code": False,
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
_ORDER = {"id": zero("ord_"), "status": "PAID", "amount": 1000, "total_amount": 1000, "object": "order"}
_REWARD = {"id": zero("rew_"), "name": "Sample Reward", "object": "reward"}
_ASSIGNMENT = {"id": zero("rewa_"), "reward_id": zero("rew_"), "object": "reward_assignment"}
_TIER = {"id": "lt_" + "0" * 18, "name": "Sample Tier", "object": "loyalty_tier"}
_REDEMPTION: dict[str, Any] = {
    "id": zero("r_"),
    "customer_id": zero("cust_"),
    "date": _WHEN,
    "result": "SUCCESS",
    "status": "SUCCEEDED",
    "object": "redemption",
}
_POINTS = {"points": 10, "total": 100, "balance": 100, "type": "loyalty_card", "object": "balance"}
_ROLLBACK = {**_REDEMPTION, "id": "rr_" + "0" * 18, "redemption": zero("r_"), "object": "redemption_rollback"}
_OBJECTS: dict[str, Any] = {
    "assignment": {"id": "asgm_" + "0" * 18, "rule_id": "val_" + "0" * 12, "object": "validation_rules_assignment"},
    "balance": _POINTS,
    "buckets": [{"id": zero("lopb_"), "voucher_id": zero("v_"), "object": "loyalty_points_bucket"}],
    "campaign": _CAMPAIGN,
    "completed_at": _WHEN,
    "count": 1,
    "created_at": _WHEN,
    "customer": _CUSTOMER,
    "deleted_at": _WHEN,
    "earning_rule": {"id": zero("ern_"), "event": "order.paid", "object": "earning_rule"},
    "error": {"message": "Sample error"},
    "failed_at": _WHEN,
    "holder": _CUSTOMER,
    "loyalty_tier": _TIER,
    "order": _ORDER,
    "pending_points": {"id": "lopp_" + "0" * 18, "voucher_id": zero("v_"), "points": 10, "order_id": zero("ord_")},
    "points": 10,
    "promotion_stack": {"id": "stack_" + "0" * 24, "name": "Sample Stack", "object": "promotion_stack"},
    "promotion_tier": {"id": "promo_" + "0" * 24, "name": "Sample Tier", "object": "promotion_tier"},
    "publication": {"id": zero("pub_"), "customer_id": zero("cust_"), "result": "SUCCESS", "object": "publication"},
    "redemption": _REDEMPTION,
    "redemption_rollback": _ROLLBACK,
    "referral_tier": {"id": "rft_" + "0" * 18, "name": "Sample Tier", "object": "referral_tier"},
    "reward": _REWARD,
    "reward_assignment": _ASSIGNMENT,
    "reward_redemption": {"id": zero("rewr_"), "customer_id": zero("cust_"), "object": "reward_redemption"},
    "rule": {"id": "val_" + "0" * 12, "name": "Sample Rule", "rules": {"logic": ""}, "object": "validation_rules"},
    "source": {"id": zero("r_"), "type": "redemption"},
    "started_at": _WHEN,
    "transaction": {"id": zero("vtx_"), "type": "POINTS_ADDITION", "details": {"balance": _POINTS}},
    "unconfirmed_customer": {"id": zero("cust_")},
    "updated_at": _WHEN,
    "voucher": _VOUCHER,
    "voucher_pending_points_balance": _POINTS,
    "vouchers": [_VOUCHER],
}
_OF_REDEMPTION = "customer order campaign voucher holder promotion_tier promotion_stack redemption"
# What the data of an event holds; an event is of the longest name that it begins with.
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
    "customer.holder.assignment": "holder voucher campaign customer",
    "customer.reward_redemptions": (
        "customer holder voucher campaign reward_redemption reward reward_assignment source balance"
    ),
    "customer.rewarded": "customer holder voucher campaign redemption reward balance",
    "customer.rewarded.loyalty_points": "customer holder voucher campaign earning_rule balance order",
    "publication.succeeded": "customer campaign publication voucher vouchers",
    "redemption": f"{_OF_REDEMPTION} created_at",
    "redemption.rollback": f"{_OF_REDEMPTION} redemption_rollback",
    "voucher": "voucher campaign",
    "voucher.gift.balance_added": "voucher balance campaign transaction",
    "voucher.gift.transaction.created": "transaction voucher campaign holder balance",
    "voucher.loyalty_card.pending_points": (
        "customer campaign voucher voucher_pending_points_balance order pending_points"
    ),
    "voucher.loyalty_card.pending_points.activated": (
        "customer campaign voucher balance order transaction pending_points"
    ),
    "voucher.loyalty_card.points_added": "voucher balance campaign customer transaction",
    "voucher.loyalty_card.points_expired": "voucher points campaign customer buckets transaction",
    "voucher.loyalty_card.transaction.created": "transaction voucher campaign holder balance",
    "voucher.published": "customer campaign publication voucher created_at",
}


def data(event_type: str) -> dict[str, Any]:
    """Example data of an event; LookupError for one that no webhook can subscribe to."""
    name = event_type
    while name not in _KEYS:
        name, dot, _ = name.rpartition(".")
        if not dot:
            raise LookupError(event_type)
    return {key: _OBJECTS[key] for key in _KEYS[name].split()}


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
