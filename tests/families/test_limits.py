"""Limits count what was redeemed, of whom and since when; what is undone counts no more."""

from typing import Any

import pytest

import audit
import make
from installation import Project

OFF = {"type": "AMOUNT", "amount_off": 100}
VIOLATED = "redemption_rules_violated"


def balanced(project: Project) -> None:
    assert audit.imbalance(project.installation.sql, project.id) == []


def voucher(project: Project, code: str = "TEN", **fields: Any) -> dict[str, Any]:
    return project.post(f"/v1/vouchers/{code}", {"type": "DISCOUNT_VOUCHER", "discount": OFF, **fields})


def limited(project: Project, limit: str, most: int, related: dict[str, Any], kind: str = "voucher") -> None:
    rules = {"1": {"name": limit, "conditions": {"$less_than_or_equal": [most]}}, "logic": "1"}
    make.bound(project, make.validation_rule(project, rules=rules), kind, related["id"])


def redeem(project: Project, code: str = "TEN", customer: str | None = None, amount: int = 1_000) -> str | None:
    """The key of the refusal, None for success."""
    body: dict[str, Any] = {"redeemables": [{"object": "voucher", "id": code}], "order": {"amount": amount}}
    if customer:
        body["customer"] = {"source_id": customer}
    answer = project.request("POST", "/v1/redemptions", json=body)
    return None if answer.is_success else answer.json()["key"]


def last(project: Project) -> str:
    return project.get("/v1/redemptions", result="SUCCESS")["redemptions"][0]["id"]


def undo(project: Project, redemption_id: str) -> None:
    project.post(f"/v1/redemptions/{redemption_id}/rollback")


def test_the_quantity_of_a_code(project: Project) -> None:
    voucher(project, redemption={"quantity": 2})
    assert [redeem(project) for _ in range(3)] == [None, None, "quantity_exceeded"]
    undo(project, last(project))
    assert [redeem(project) for _ in range(2)] == [None, "quantity_exceeded"]


def test_a_limit_gives_back_what_is_undone(project: Project) -> None:
    limited(project, "redemption.count", 1, voucher(project))
    assert [redeem(project), redeem(project)] == [None, VIOLATED]
    undo(project, last(project))
    assert [redeem(project), redeem(project)] == [None, VIOLATED]
    balanced(project)


@pytest.mark.parametrize("customer", [None, "ann"])
def test_a_new_limit_counts_what_was_before_and_forgets_what_of_that_is_undone(
    project: Project, customer: str | None
) -> None:
    ten = voucher(project)
    assert [redeem(project, customer=customer) for _ in range(2)] == [None, None]
    older = last(project)
    limited(project, "redemption.count.per_customer" if customer else "redemption.count", 3, ten)
    assert [redeem(project, customer=customer) for _ in range(2)] == [None, VIOLATED]
    undo(project, older)
    assert [redeem(project, customer=customer) for _ in range(2)] == [None, VIOLATED]
    undo(project, last(project))
    assert [redeem(project, customer=customer) for _ in range(2)] == [None, VIOLATED]


def test_a_limit_that_was_changed_counts_everything(project: Project) -> None:
    ten = voucher(project)
    rules = {"1": {"name": "redemption.count", "conditions": {"$less_than_or_equal": [1]}}, "logic": "1"}
    rule = make.validation_rule(project, rules=rules)
    make.bound(project, rule, "voucher", ten["id"])
    assert [redeem(project), redeem(project)] == [None, VIOLATED]
    rules["1"]["conditions"] = {"$less_than_or_equal": [2]}
    project.put(f"/v1/validation-rules/{rule['id']}", {"rules": rules})
    first = last(project)
    assert [redeem(project), redeem(project)] == [None, VIOLATED]
    undo(project, first)
    assert [redeem(project), redeem(project)] == [None, VIOLATED]


def test_each_customer_has_a_limit_of_their_own(project: Project) -> None:
    limited(project, "redemption.count.per_customer", 1, voucher(project))
    assert [redeem(project, customer=name) for name in ("ann", "ann", "bob", "bob")] == [None, VIOLATED] * 2
    assert redeem(project) == "missing_customer"
    balanced(project)


@pytest.mark.parametrize(("period", "until"), [("daily", "P1D"), ("weekly", "P7D"), ("monthly", "P31D")])
def test_periods_begin_anew(project: Project, period: str, until: str) -> None:
    limited(project, f"redemption.count.{period}", 1, voucher(project))
    assert [redeem(project), redeem(project)] == [None, VIOLATED]
    project.advance(until)
    assert [redeem(project), redeem(project)] == [None, VIOLATED]


def test_a_budget_is_the_campaigns(project: Project) -> None:
    made = make.campaign(project, "DISCOUNT_COUPONS", "Sale", vouchers_count=4, voucher={"discount": OFF})
    codes = [one["code"] for one in project.get("/v1/vouchers", campaign="Sale", limit=10)["vouchers"]]
    limited(project, "campaign.orders.amount_discounted", 250, made, "campaign")
    assert [redeem(project, code) for code in codes] == [None, None, VIOLATED, VIOLATED]
    undo(project, last(project))
    assert [redeem(project, code, amount=50) for code in codes[2:]] == [None, None]
    balanced(project)


def test_a_validation_sees_the_limit_and_uses_nothing_of_it(project: Project) -> None:
    limited(project, "redemption.count", 1, voucher(project))
    body = {"redeemables": [{"object": "voucher", "id": "TEN"}], "order": {"amount": 1_000}}
    assert [project.post("/v1/validations", body)["valid"] for _ in range(3)] == [True] * 3
    assert redeem(project) is None
    refused = project.post("/v1/validations", body)
    assert refused["valid"] is False
    assert refused["redeemables"][0]["result"]["error"]["key"] == VIOLATED


def test_a_stack_counts_once_for_each_of_its_redeemables(project: Project) -> None:
    made = make.campaign(project, "DISCOUNT_COUPONS", "Sale", vouchers_count=3, voucher={"discount": OFF})
    codes = [one["code"] for one in project.get("/v1/vouchers", campaign="Sale", limit=10)["vouchers"]]
    limited(project, "campaign.redemptions.count", 2, made, "campaign")
    wanted = [{"object": "voucher", "id": code} for code in codes]
    body = {"redeemables": wanted, "order": {"amount": 1_000}}
    assert project.refuse("POST", "/v1/redemptions", body, status=400, key=VIOLATED)["redeemable_id"] == codes[2]
    assert project.post("/v1/redemptions", {**body, "redeemables": wanted[:2]})["order"]["total_amount"] == 800
    assert redeem(project, codes[2]) == VIOLATED
    balanced(project)
