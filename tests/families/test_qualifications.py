"""Qualifications over HTTP: what a customer could use, page by page, and nothing is written."""

from typing import Any

import pytest

import make
import till
from installation import Project


def names(found: dict[str, Any]) -> list[str]:
    return [one["id"] for one in found["redeemables"]["data"]]


def ask(project: Project, scenario: str | None = None, **fields: Any) -> dict[str, Any]:
    body = {"order": {"amount": 1_000}, **({"scenario": scenario} if scenario else {}), **fields}
    return project.post("/v1/qualifications", body)


def test_codes_of_everybody_tiers_and_ones_own(project: Project) -> None:
    till.discount(project)
    made = till.tier(project)
    make.campaign(project, "GIFT_VOUCHERS", "Gifts", vouchers_count=2)
    card = make.published(project, "Gifts")["voucher"]["code"]
    options = {"limit": 50}
    assert set(names(ask(project, options=options))) == {"TEN", made["id"]}
    mine = ask(project, customer={"source_id": "ann"}, options=options)
    assert set(names(mine)) == {"TEN", made["id"], card}
    assert mine["redeemables"]["total"] == 3
    assert mine["redeemables"]["has_more"] is False
    wallet = ask(project, "CUSTOMER_WALLET", customer={"source_id": "ann"}, options=options)
    assert names(wallet) == [card]


def test_what_does_not_apply_is_left_out(project: Project) -> None:
    till.discount(project, "GONE", active=False)
    till.discount(project, "PAST", expiration_date="2020-01-01T00:00:00Z")
    large = till.discount(project, "LARGE")
    rules = {"1": {"name": "order.items.count", "conditions": {"$more_than": [3]}}, "logic": "1"}
    make.bound(project, make.validation_rule(project, rules=rules), "voucher", large["id"])
    assert names(ask(project)) == []


def test_each_is_calculated_alone(project: Project) -> None:
    for code in "AB":
        till.discount(project, code)
    for one in ask(project)["redeemables"]["data"]:
        assert one["order"]["total_amount"] == 900
        assert one["result"]["discount"]["amount_off"] == 100


def test_pages(project: Project) -> None:
    for number in range(7):
        till.discount(project, f"C{number}")
        project.advance("PT1S")
    first = ask(project)["redeemables"]
    assert (len(first["data"]), first["has_more"]) == (5, True)
    options = {"starting_after": first["more_starting_after"]}
    second = ask(project, options=options)["redeemables"]
    assert (len(second["data"]), second["has_more"]) == (2, False)
    found = [one["id"] for one in (*first["data"], *second["data"])]
    assert found == [f"C{number}" for number in reversed(range(7))]


@pytest.mark.parametrize(
    ("rule", "expected"), [("BEST_DEAL", ["MUCH", "SOME", "BIT"]), ("LEAST_DEAL", ["BIT", "SOME", "MUCH"])]
)
def test_deals(project: Project, rule: str, expected: list[str]) -> None:
    for code, amount in (("SOME", 200), ("MUCH", 300), ("BIT", 100)):
        till.discount(project, code, discount={"type": "AMOUNT", "amount_off": amount})
    assert names(ask(project, options={"sorting_rule": rule})) == expected


def test_filters(project: Project) -> None:
    for code in "AB":
        till.discount(project, code)
    made = till.tier(project)
    only = {"code": {"conditions": {"$is": ["A"]}}}
    assert names(ask(project, options={"filters": only})) == ["A"]
    kind = {"resource_type": {"conditions": {"$is": ["promotion_tier"]}}}
    assert names(ask(project, options={"filters": kind})) == [made["id"]]
    either = {"junction": "or", **only, "resource_id": {"conditions": {"$is": [made["id"]]}}}
    assert set(names(ask(project, options={"filters": either}))) == {"A", made["id"]}


def test_stacks(project: Project) -> None:
    tiers = [one["id"] for one in make.promotion(project, tiers=[{}, {}])["promotion"]["tiers"]]
    stack = till.stack(project, tiers)
    (found,) = ask(project, "PROMOTION_STACKS")["redeemables"]["data"]
    assert (found["id"], found["object"], found["order"]["total_amount"]) == (stack["id"], "promotion_stack", 810)


@pytest.mark.parametrize(
    "scenario",
    [
        "ALL",
        "CUSTOMER_WALLET",
        "AUDIENCE_ONLY",
        "PRODUCTS",
        "PRODUCTS_DISCOUNT",
        "PRODUCTS_BY_CUSTOMER",
        "PRODUCTS_DISCOUNT_BY_CUSTOMER",
        "PROMOTION_STACKS",
    ],
)
def test_every_scenario_is_taken_by_strangers_and_writes_nothing(project: Project, scenario: str) -> None:
    till.discount(project)
    till.tier(project)
    items = [{"product_id": "p", "quantity": 1, "price": 500}]
    for fields in ({}, {"customer": {"source_id": "new"}}, {"order": {"items": items}}, {"order": {}}):
        assert ask(project, scenario, **fields)["redeemables"]["object"] == "list"
    assert project.get("/v1/customers")["total"] == 0
    assert project.get("/v1/orders")["total"] == 0


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"scenario": "SOME"},
        {"options": {"limit": 0}},
        {"options": {"limit": 51}},
        {"options": {"starting_after": "yesterday"}},
        {"options": {"filters": {"code": {"conditions": []}}}},
        {"options": {"filters": {"code": {"conditions": {"$near": ["A"]}}}}},
        {"options": {"expand": ["everything"]}},
        {"options": {"sorting_rule": "ANY"}},
        {"order": {"amount": -1}},
        {"order": {"items": [{"quantity": "many"}]}},
        {"customer": []},
    ],
)
def test_questions_that_make_no_sense(project: Project, body: Any) -> None:
    till.discount(project)
    project.refuse("POST", "/v1/qualifications", body, status=400, key="invalid_payload")


def test_the_rules_that_bind(project: Project) -> None:
    ten = till.discount(project)
    rule = make.validation_rule(project)
    made = make.bound(project, rule, "voucher", ten["id"])
    (one,) = ask(project, options={"expand": ["validation_rules"]})["redeemables"]["data"]
    (told,) = one["validation_rules_assignments"]["data"]
    assert (told["id"], told["rule_id"], told["related_object_id"]) == (made["id"], rule["id"], ten["id"])
    assert (told["related_object_type"], told["validation_status"]) == ("voucher", "PARTIALLY_VALID")


def test_an_order_that_does_not_exist(project: Project) -> None:
    project.refuse("POST", "/v1/qualifications", {"order": {"id": "ord_0"}}, status=404, key="not_found")
