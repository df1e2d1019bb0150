"""Why something cannot be redeemed: keys and messages as documented, what was expected and what was found. Pure."""

from typing import Any, Literal

import msgspec

from guerdon.engine.bundles import Bundles
from guerdon.engine.validity import Invalid

BAD_REQUEST = 400
NOT_FOUND = 404


class Reason(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What exactly was not so: the check, the rule's node if it was a rule, what it wants and what there is."""

    check: str
    rule_id: str | None = None
    node: str | None = None
    expected: Any = None
    actual: Any = None


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """A reason against one redeemable. `text` is what the merchant wants to be said, `bundle` what there was of one."""

    key: str
    message: str
    details: str | None = None
    code: int = BAD_REQUEST
    text: str | None = None
    resource_type: str | None = None
    resource_id: str | None = None
    reason: Reason | None = None
    bundle: Bundles | None = None


class Skip(msgspec.Struct, frozen=True):
    """Why a redeemable that may be good by itself is left out, and what setting of the project says so."""

    key: str
    message: str
    reason: Reason


TIMES: dict[Invalid, tuple[str, str]] = {
    "NOT_YET": ("voucher_not_active", "voucher not active yet"),
    "EXPIRED": ("voucher_expired", "voucher expired"),
    "NOT_NOW": ("voucher_not_active_now", "voucher not active now"),
}
TIER_NOT_NOW = ("promotion_not_active_now", "promotion is not active now")
Setting = Literal[
    "applicable_redeemables_limit",
    "applicable_redeemables_per_category_limit",
    "applicable_redeemables_category_limits",
    "applicable_exclusive_redeemables_limit",
    "applicable_exclusive_redeemables_per_category_limit",
]
_PER_CATEGORY = (
    "applicable_redeemables_per_category_limit_exceeded",
    "Applicable redeemables limit per category exceeded",
)
_LIMITS: dict[Setting, tuple[str, str]] = {
    "applicable_redeemables_limit": ("applicable_redeemables_limit_exceeded", "Applicable redeemables limit exceeded"),
    "applicable_redeemables_per_category_limit": _PER_CATEGORY,
    "applicable_redeemables_category_limits": _PER_CATEGORY,
    "applicable_exclusive_redeemables_limit": (
        "applicable_exclusive_redeemables_limit_exceeded",
        "Applicable exclusive redeemables limit exceeded",
    ),
    "applicable_exclusive_redeemables_per_category_limit": (
        "applicable_exclusive_redeemables_per_category_limit_exceeded",
        "Applicable exclusive redeemables limit per category exceeded",
    ),
}
_NO_AMOUNT = Reason(check="amount", expected="an amount of the order")
_INACTIVE = Reason(check="active", expected=True, actual=False)
VIOLATED = {
    "customer": ("customer_rules_violated", "customer does not match validation rules"),
    "order": ("order_rules_violated", "order does not match validation rules"),
    "redemption": ("redemption_rules_violated", "redemption does not match validation rules"),
}


def not_found(resource_type: str, name: str) -> Refusal:
    details = f"Cannot find {resource_type} with id {name}"
    return Refusal(
        key="not_found",
        message="Resource not found",
        details=details,
        code=NOT_FOUND,
        resource_type=resource_type,
        resource_id=name,
        reason=Reason(check="existence", expected=resource_type, actual=name),
    )


def preceding(failed: str) -> Skip:
    """Everything must apply, and the redeemable of that id does not."""
    return Skip(
        "preceding_validation_failed",
        "Redeemable cannot be applied due to preceding validation failure",
        Reason(check="redeemables_application_mode", expected="ALL", actual=failed),
    )


def no_effect(category_id: str | None) -> Skip:
    """What changes nothing is left out, by the project's rule or by the category's."""
    reason = Reason(check="redeemables_no_effect_rule", expected="SKIP", actual=0)
    if category_id is not None:
        reason = Reason(check="no_effect_skip_categories", expected=category_id, actual=0)
    return Skip("no_effect", "Redeemable cannot be applied due to no effect", reason)


def excluded(by: str) -> Skip:
    """A redeemable of that id is valid and exclusive, and this one is neither exclusive nor joint."""
    reason = Reason(check="exclusive_categories", expected="no valid exclusive redeemable", actual=by)
    return Skip("exclusion_rules_not_met", "Redeemable cannot be applied due to exclusion rules", reason)


def over_limit(setting: Setting, limit: int, applied: int, category_id: str | None = None) -> Skip:
    """So many apply already; of the category if there is one."""
    expected = {"at_most": limit} if category_id is None else {"at_most": limit, "category_id": category_id}
    reason = Reason(check=setting, expected=expected, actual=applied)
    return Skip(*_LIMITS[setting], reason)


def disabled(code: str) -> Refusal:
    return Refusal(key="voucher_disabled", message="voucher is disabled", details=code, reason=_INACTIVE)


def tier_disabled(tier_id: str) -> Refusal:
    details = f"Promotion Tier with id: {tier_id} is disabled."
    return Refusal(key="promotion_inactive", message="Inactive Promotion", details=details, reason=_INACTIVE)


def untimely(problem: Invalid, code: str, *, tier: bool, expected: Any, actual: str) -> Refusal:  # noqa: ANN401
    """Outside its dates or windows; `expected` are those."""
    key, message = TIMES[problem]
    if tier and problem == "NOT_NOW":
        key, message = TIER_NOT_NOW
    reason = Reason(check="validity", expected=expected, actual=actual)
    return Refusal(key=key, message=message, details=code, reason=reason)


def quantity_exceeded(code: str, left: int) -> Refusal:
    reason = Reason(check="quantity", expected="at least 1 redemption left", actual=left)
    return Refusal(key="quantity_exceeded", message="quantity exceeded", details=code, reason=reason)


def gift_amount_exceeded(code: str, balance: int, asked: int) -> Refusal:
    reason = Reason(check="balance", expected=balance, actual=asked)
    return Refusal(key="gift_amount_exceeded", message="gift amount exceeded", details=code, reason=reason)


def points_exceeded(code: str, balance: int, asked: int) -> Refusal:
    reason = Reason(check="balance", expected=balance, actual=asked)
    message = "loyalty card points exceeded"
    return Refusal(key="loyalty_card_points_exceeded", message=message, details=code, reason=reason)


def not_the_holder(code: str, holder_id: str | None, customer_id: str | None) -> Refusal:
    message = "Customer must be a holder of a loyalty card."
    reason = Reason(check="holder", expected=holder_id, actual=customer_id)
    return Refusal(key="invalid_customer", message=message, details=code, reason=reason)


def not_published(code: str) -> Refusal:
    reason = Reason(check="publication")
    return Refusal(key="not_published", message="Voucher is not published", details=code, reason=reason)


def by_referrer(code: str, customer_id: str) -> Refusal:
    message = "voucher cannot be redeemed by referrer"
    reason = Reason(check="referrer", expected="another customer", actual=customer_id)
    return Refusal(key="referrer_not_permitted_to_redeem", message=message, details=code, reason=reason)


def missing_amount() -> Refusal:
    details = "Amount is required when redeeming a GIFT_VOUCHER"
    return Refusal(key="missing_amount", message="Missing amount", details=details, reason=_NO_AMOUNT)


def missing_order_for_points() -> Refusal:
    details = "An order is required when redeeming a LOYALTY_CARD"
    reason = Reason(check="order", expected="an order")
    return Refusal(key="missing_order", message="Missing order", details=details, reason=reason)


def missing_amount_for_points() -> Refusal:
    details = "Amount is required when paying with the points of a LOYALTY_CARD"
    return Refusal(key="missing_amount", message="Missing amount", details=details, reason=_NO_AMOUNT)


def missing_items_amount() -> Refusal:
    return Refusal(
        key="missing_order_items_amount",
        message="Missing applicable order items",
        details="At least one applicable order item with amount is required to redeem this GIFT_VOUCHER",
        reason=Reason(check="items_amount", expected="at least 1 applicable item with an amount", actual=0),
    )


def out_of_stock(reward_id: str, left: int) -> Refusal:
    details = f"Nothing is left of reward '{reward_id}'"
    reason = Reason(check="stock", expected="at least 1", actual=left)
    return Refusal(key="reward_out_of_stock", message="Reward out of stock", details=details, reason=reason)


def missing_reward() -> Refusal:
    details = "A reward is required when redeeming a LOYALTY_CARD"
    reason = Reason(check="reward", expected="a reward")
    return Refusal(key="missing_reward", message="Missing reward", details=details, reason=reason)


def missing_customer(reason: Reason) -> Refusal:
    """The reason tells the rule that asks for one."""
    details = "Customer is required to validate rules"
    return Refusal(key="missing_customer", message="Missing customer", details=details, reason=reason)


def violated(kind: str, label: str, *, reason: Reason, text: str | None) -> Refusal:
    """A rule that does not hold: of the customer, the order or the redemption. `label` says what cannot be redeemed."""
    key, message = VIOLATED[kind]
    details = f"{label} cannot be redeemed because of violated validation rules: {reason.rule_id}"
    return Refusal(key=key, message=message, details=details, text=text, reason=reason)
