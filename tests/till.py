"""A till: makes codes and redeems them, with as little said as possible."""

from typing import Any

import audit
import make
from installation import Project

OFF = {"type": "AMOUNT", "amount_off": 100}


def discount(project: Project, code: str = "TEN", **fields: Any) -> dict[str, Any]:
    """A code that takes 1.00 off."""
    return project.post(f"/v1/vouchers/{code}", {"type": "DISCOUNT_VOUCHER", "discount": OFF, **fields})


def gift(project: Project, code: str = "CARD", amount: int = 1_000, **fields: Any) -> dict[str, Any]:
    return project.post(f"/v1/vouchers/{code}", {"type": "GIFT_VOUCHER", "gift": {"amount": amount}, **fields})


def tier(project: Project, **fields: Any) -> dict[str, Any]:
    """A tier that takes 1.00 off, in a campaign of its own."""
    return make.promotion(project, tiers=[{"action": {"discount": OFF}, **fields}])["promotion"]["tiers"][0]


def stack(project: Project, tiers: list[str], name: str = "Stack") -> dict[str, Any]:
    path = f"/v1/promotions/{_campaign(project, tiers[0])}/stacks"
    return project.post(path, {"name": name, "tiers": {"ids": tiers, "hierarchy_mode": "MANUAL"}})


def _campaign(project: Project, tier_id: str) -> str:
    return project.get(f"/v1/promotions/tiers/{tier_id}")["campaign"]["id"]


def limited(project: Project, limit: str, most: int, related_id: str, kind: str = "voucher") -> None:
    """Binds a rule that allows so much of what is counted."""
    rules = {"1": {"name": limit, "conditions": {"$less_than_or_equal": [most]}}, "logic": "1"}
    make.bound(project, make.validation_rule(project, rules=rules), kind, related_id)


def wanted(*names: str, amount: int | None = 1_000, customer: str | None = None, **fields: Any) -> dict[str, Any]:
    """The body that asks for these codes, tiers and stacks."""
    kinds = {"promo": "promotion_tier", "stack": "promotion_stack"}
    body: dict[str, Any] = {
        "redeemables": [{"object": kinds.get(name.partition("_")[0], "voucher"), "id": name} for name in names]
    }
    if amount is not None:
        body["order"] = {"amount": amount}
    if customer is not None:
        body["customer"] = {"source_id": customer}
    return {**body, **fields}


def redeem(project: Project, *names: str, **fields: Any) -> dict[str, Any]:
    return project.post("/v1/redemptions", wanted(*names, **fields))


def validate(project: Project, *names: str, **fields: Any) -> dict[str, Any]:
    return project.post("/v1/validations", wanted(*names, **fields))


def undo(project: Project, redemption_id: str, body: Any = None) -> dict[str, Any]:
    return project.post(f"/v1/redemptions/{redemption_id}/rollback", body)


def partial(project: Project, **fields: Any) -> None:
    """Sets the stacking rules: what can be redeemed is, unless the fields say otherwise."""
    rules = {"redeemables_application_mode": "PARTIAL", **fields}
    project.management.post(f"{project.path}/stacking-rules", rules)


def redeemed(project: Project, code: str = "TEN") -> int:
    return project.get(f"/v1/vouchers/{code}")["redemption"]["redeemed_quantity"]


def balanced(project: Project) -> None:
    assert audit.imbalance(project.installation.sql, project.id) == []
