"""The older operations that ask what a customer could use."""

from typing import Any

import pytest

import make
from installation import Project

OFF = {"type": "DISCOUNT_VOUCHER", "discount": {"type": "AMOUNT", "amount_off": 100}}
ORDER = {"amount": 1_500}
PATHS = ("/v1/vouchers/qualification", "/v1/campaigns/qualification", "/v1/promotions/validation")


def names(listed: list[dict[str, Any]], key: str) -> list[str]:
    return [one[key] for one in listed]


def phone_only(project: Project, kind: str, of: str) -> None:
    rules = {"1": {"name": "order.metadata", "property": "via", "conditions": {"$is": ["phone"]}}, "logic": "1"}
    make.bound(project, make.validation_rule(project, rules=rules), kind, of)


def test_codes_of_no_campaign_that_can_be_used(project: Project) -> None:
    make.campaign(project, "DISCOUNT_COUPONS", "Coupons", vouchers_count=1)
    for code in ("ONE", "TWO", "PHONE"):
        made = project.post(f"/v1/vouchers/{code}", OFF)
    phone_only(project, "voucher", made["id"])
    project.post("/v1/vouchers/GONE", {**OFF, "active": False})

    found = project.post(PATHS[0], {"order": ORDER})
    assert (names(found["data"], "code"), found["total"]) == (["TWO", "ONE"], 2)
    assert found["data"][0]["applicable_to"]["total"] == 0
    assert names(project.post(PATHS[0], {"order": ORDER}, order="code")["data"], "code") == ["ONE", "TWO"]
    assert names(project.post(PATHS[0], {"order": ORDER}, order="code", limit=1)["data"], "code") == ["TWO"]
    assert names(
        project.post(PATHS[0], {"order": {**ORDER, "metadata": {"via": "phone"}}}, order="code")["data"], "code"
    ) == [
        "ONE",
        "PHONE",
        "TWO",
    ]
    everyone = project.post(PATHS[0], {"order": ORDER}, audienceRulesOnly="true")
    assert everyone["total"] == 3


def test_campaigns_of_which_a_code_could_be_used(project: Project) -> None:
    make.campaign(project, "DISCOUNT_COUPONS", "Coupons")
    phone = make.campaign(project, "DISCOUNT_COUPONS", "Phone")
    phone_only(project, "campaign", phone["id"])
    make.promotion(project, "Promo", [{}])

    found = project.post(PATHS[1], {"order": ORDER})
    assert names(found["data"], "name") == ["Coupons"]
    both = project.post(PATHS[1], {"order": ORDER}, audienceRulesOnly="true", order="campaign")
    assert names(both["data"], "name") == ["Coupons", "Phone"]


def test_tiers_that_apply(project: Project) -> None:
    made = make.promotion(project, "Promo", [{"metadata": {"kind": "a"}}, {"metadata": {"kind": "b"}}])
    phone_only(project, "promotion_tier", made["promotion"]["tiers"][1]["id"])
    make.customer(project, "ann")

    body = {"order": ORDER, "customer": {"source_id": "ann"}}
    found = project.post(PATHS[2], body)
    (first,) = found["promotions"]
    assert found["valid"]
    assert (first["name"], first["valid"], first["tracking_id"]) == ("Tier 1", True, found["tracking_id"])
    assert (first["applied_discount_amount"], first["order"]["total_amount"]) == (150, 1_350)
    assert first["campaign"]["id"] == made["id"]
    assert len(project.post(PATHS[2], body, audienceRulesOnly="true")["promotions"]) == 2
    assert project.post(PATHS[2], body, **{"filters[metadata.kind][conditions][$is]": "b"}) == {
        "valid": False,
        "promotions": [],
        "tracking_id": found["tracking_id"],
    }
    by_promotion = {"filters[promotion_id][conditions][$is]": made["id"]}
    assert len(project.post(PATHS[2], body, **by_promotion)["promotions"]) == 1


@pytest.mark.parametrize("path", PATHS)
def test_bad_questions(project: Project, path: str) -> None:
    project.refuse("POST", path, {"order": []}, status=400, key="invalid_payload")
    project.refuse("POST", path, {"order": {"amount": -1}}, status=400, key="invalid_payload")
    project.refuse("POST", f"{path}?audienceRulesOnly=x", {}, status=400, key="invalid_query_params")
    project.refuse("POST", path, {"order": {"id": "ord_none"}}, status=404, key="not_found")


def test_publishing_by_query_needs_a_key_that_nobody_has(project: Project) -> None:
    answer = project.request("GET", "/v1/publications/create", params={"voucher": "A", "customer": "ann"})
    assert (answer.status_code, answer.json()["key"]) == (403, "integration_api_key_required")
