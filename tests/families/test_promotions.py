"""Promotion tiers and stacks over HTTP."""

from typing import Any

import pytest

import make
from installation import Project
from together import at_once

TIERS = "/v1/promotions/tiers"
PERCENT = {"type": "PERCENT", "percent_off": 10}
AMOUNT = {"type": "AMOUNT", "amount_off": 500, "effect": "APPLY_TO_ORDER"}
STACKS = "/v1/promotions/Promo/stacks"


def test_a_promotion_is_made_with_its_tiers(project: Project) -> None:
    rule, category = make.validation_rule(project), make.category(project)
    given = [{"hierarchy": 7, "banner": "Hi"}, {"validation_rules": [rule["id"]], "category": "First"}]
    campaign = make.promotion(project, tiers=given, category_id=category["id"], start_date="2020-01-01T00:00:00Z")
    assert (campaign["campaign_type"], campaign["vouchers_count"], campaign["creation_status"]) == (
        "PROMOTION",
        0,
        "DONE",
    )
    assert "voucher" not in campaign
    tiers = campaign["promotion"]["tiers"]
    assert (campaign["promotion"]["object"], campaign["promotion"]["data_ref"]) == ("list", "tiers")
    assert (campaign["promotion"]["total"], campaign["promotion"]["has_more"]) == (2, False)
    first, second = tiers
    assert first["id"].startswith("promo_")
    assert first == {
        "id": first["id"],
        "created_at": campaign["created_at"],
        "name": "Tier 1",
        "banner": "Hi",
        "action": {"discount": PERCENT},
        "metadata": {},
        "hierarchy": 7,
        "promotion_id": campaign["id"],
        "campaign": {
            "id": campaign["id"],
            "start_date": "2020-01-01T00:00:00.000Z",
            "active": True,
            "category_id": category["id"],
            "object": "campaign",
        },
        "campaign_id": campaign["id"],
        "active": True,
        "summary": {"redemptions": {"total_redeemed": 0}, "orders": {"total_amount": 0, "total_discount_amount": 0}},
        "object": "promotion_tier",
        "validation_rule_assignments": {"object": "list", "data_ref": "data", "data": [], "total": 0},
        "categories": [],
    }
    assert (second["hierarchy"], second["categories"]) == (8, [category])
    assert second["validation_rule_assignments"]["data"][0]["rule_id"] == rule["id"]
    assert project.get("/v1/campaigns/Promo") == campaign
    assert project.get("/v1/campaigns", campaign_type="PROMOTION")["campaigns"] == [campaign]
    assert project.get("/v1/promotions/Promo/tiers") == campaign["promotion"]
    told = project.recorded("campaign.created", "campaign.promotion_tier.created", count=3)
    assert [event["type"].partition(".")[2] for event in told] == ["created", *["promotion_tier.created"] * 2]
    assert [event["data"]["promotion_tier"] for event in told[1:]] == tiers
    assert "voucher" not in told[1]["data"]["campaign"]


def test_tiers_are_added_and_listed(project: Project) -> None:
    campaign = make.promotion(project)
    first = make.tier(project, name="First")
    second = make.tier(project, campaign["id"], hierarchy=5, action={"discount": AMOUNT})
    third = make.tier(project, hierarchy=0)
    fourth = make.tier(project)
    assert [tier["hierarchy"] for tier in (first, second, third, fourth)] == [1, 5, 0, 6]
    assert project.get("/v1/promotions/Promo/tiers")["tiers"] == [third, first, second, fourth]
    listed = project.get(TIERS, limit=3)
    assert (listed["data_ref"], listed["total"], listed["has_more"]) == ("tiers", 4, True)
    assert listed["tiers"] == [fourth, third, second]
    assert project.get(TIERS, order="created_at", page=2, limit=3)["tiers"] == [fourth]
    assert project.get(f"{TIERS}/{second['id']}") == second


def test_a_tier_is_changed(project: Project) -> None:
    category, rule, other = make.category(project), make.validation_rule(project), make.validation_rule(project)
    make.promotion(project)
    made = make.tier(project, metadata={"a": 1}, banner="x", validation_rules=[rule["id"]])
    path = f"{TIERS}/{made['id']}"
    assert project.put(path, {"name": "Tier", "validation_rules": [rule["id"]]}) == made
    body = {
        "name": "New",
        "banner": None,
        "action": {"discount": AMOUNT},
        "metadata": {"b": 2},
        "hierarchy": 9,
        "category_id": category["id"],
        "validity_day_of_week": [1],
        "expiration_date": "2099-01-01T00:00:00Z",
        "validation_rules": [other["id"]],
    }
    changed = project.put(path, body)
    assert project.get(path) == changed
    assert (changed["name"], "banner" in changed, changed["action"]) == ("New", False, {"discount": AMOUNT})
    assert (changed["metadata"], changed["hierarchy"], changed["categories"]) == ({"a": 1, "b": 2}, 9, [category])
    assert (changed["validity_day_of_week"], changed["expiration_date"]) == ([1], "2099-01-01T00:00:00.000Z")
    assert [row["rule_id"] for row in changed["validation_rule_assignments"]["data"]] == [other["id"]]
    cleared = project.put(path, {"category_id": None, "validity_day_of_week": None, "validation_rules": []})
    assert (cleared["categories"], cleared["validation_rule_assignments"]["total"]) == ([], 0)
    assert "validity_day_of_week" not in cleared
    told = project.recorded("campaign.promotion_tier.updated", count=2)
    assert [event["data"]["promotion_tier"] for event in told] == [changed, cleared]


def test_a_tier_is_switched(project: Project) -> None:
    make.promotion(project)
    made = make.tier(project)
    path = f"{TIERS}/{made['id']}"
    off = project.post(f"{path}/disable")
    assert (off["active"], off["id"]) == (False, made["id"])
    assert project.post(f"{path}/disable") == off
    on = project.post(f"{path}/enable")
    assert on["active"] is True
    told = project.recorded("campaign.promotion_tier.disabled", "campaign.promotion_tier.enabled", count=2)
    assert [event["data"]["promotion_tier"] for event in told] == [off, on]


def test_tiers_that_can_be_redeemed_now(project: Project) -> None:
    make.promotion(project)
    plain = make.tier(project)
    make.tier(project, active=False)
    make.tier(project, expiration_date="2020-01-01T00:00:00Z")
    later = make.tier(project, start_date="2099-01-01T00:00:00Z")
    make.promotion(project, "Old", [{}], expiration_date="2020-01-01T00:00:00Z")
    make.promotion(project, "Off", [{}])
    project.post("/v1/campaigns/Off/disable")
    assert [tier["id"] for tier in project.get(TIERS, is_available="true")["tiers"]] == [plain["id"]]
    assert project.get(TIERS, is_available="false")["total"] == 6
    project.put(f"{TIERS}/{later['id']}", {"start_date": None})
    found = project.get(TIERS, is_available="true", limit=1)
    assert ([tier["id"] for tier in found["tiers"]], found["total"], found["has_more"]) == ([later["id"]], 2, True)


def test_a_deleted_tier_leaves_its_stacks(project: Project) -> None:
    rule = make.validation_rule(project)
    make.promotion(project)
    first, second = make.tier(project, validation_rules=[rule["id"]]), make.tier(project)
    stack = project.post(STACKS, {"name": "Both", "tiers": {"ids": [first["id"], second["id"]]}})
    assert project.delete(f"{TIERS}/{first['id']}") is None
    for method, suffix in (("GET", ""), ("DELETE", ""), ("POST", "/enable"), ("POST", "/disable")):
        refusal = project.refuse(method, f"{TIERS}/{first['id']}{suffix}", status=404, key="not_found")
        assert refusal["details"] == f"Cannot find promotion_tier with id {first['id']}"
    assert project.get(f"{STACKS}/{stack['id']}")["tiers"]["ids"] == [second["id"]]
    assert project.get("/v1/validation-rules-assignments")["total"] == 0
    deleted, updated = project.recorded("campaign.promotion_tier.deleted", "campaign.promotion_stack.updated", count=2)
    assert deleted["data"]["promotion_tier"]["promotion_id"] == first["campaign_id"]
    assert not {"campaign", "campaign_id"} & deleted["data"]["promotion_tier"].keys()
    assert updated["data"]["promotion_stack"]["tiers"]["ids"] == [second["id"]]


def test_a_deleted_promotion_takes_everything_along(project: Project) -> None:
    rule = make.validation_rule(project)
    campaign = make.promotion(project, tiers=[{"validation_rules": [rule["id"]]}])
    (tier,) = campaign["promotion"]["tiers"]
    project.post(STACKS, {"name": "One", "tiers": {"ids": [tier["id"]]}})
    project.finished(project.delete("/v1/campaigns/Promo")["async_action_id"])
    assert project.get(TIERS)["total"] == project.get("/v1/promotions/stacks")["total"] == 0
    assert project.get("/v1/validation-rules-assignments")["total"] == 0
    (told,) = project.recorded("campaign.deleted")
    assert [row["id"] for row in told["data"]["campaign"]["promotion"]["tiers"]] == [tier["id"]]


def test_a_stack_is_made_changed_listed_and_deleted(project: Project) -> None:
    category = make.category(project)
    campaign = make.promotion(project, tiers=[{}, {}])
    first, second = (tier["id"] for tier in campaign["promotion"]["tiers"])
    made = project.post(STACKS, {"name": "B", "tiers": {"ids": [second, first]}, "category_id": category["id"]})
    assert made["id"].startswith("stack_")
    assert made == {
        "id": made["id"],
        "name": "B",
        "created_at": made["created_at"],
        "campaign_id": campaign["id"],
        "tiers": {"ids": [second, first], "hierarchy_mode": "MANUAL"},
        "category_id": category["id"],
        "categories": [category],
        "object": "promotion_stack",
    }
    path = f"{STACKS}/{made['id']}"
    assert project.get(path) == made
    changed = project.put(path, {"name": "C", "tiers": {"ids": [first]}, "category_id": None})
    assert (changed["name"], changed["tiers"]["ids"], changed["category_id"]) == ("C", [first], None)
    assert (changed["categories"], "updated_at" in changed) == ([], True)
    other = project.post(STACKS, {"name": "A", "tiers": {"ids": [second]}})
    assert project.get(STACKS)["data"] == project.get("/v1/promotions/stacks")["data"] == [other, changed]
    assert [row["name"] for row in project.get("/v1/promotions/stacks", order="name", limit=1)["data"]] == ["A"]
    told = project.recorded("campaign.promotion_stack.created", "campaign.promotion_stack.updated", count=3)
    assert told[1]["data"]["promotion_stack"] == {
        "id": made["id"],
        "name": "C",
        "campaign": {"id": campaign["id"]},
        "tiers": {"ids": [first], "hierarchy_mode": "MANUAL"},
    }
    assert project.delete(path) is None
    refusal = project.refuse("GET", path, status=404, key="not_found")
    assert refusal["details"] == f"Cannot find promotion_stack with id {made['id']}"


def test_a_promotion_has_no_codes(project: Project) -> None:
    make.promotion(project)
    for path, body in (
        ("/v1/campaigns/Promo/vouchers", {}),
        ("/v1/campaigns/Promo/vouchers/OWN", {}),
        ("/v1/vouchers", {"campaign": "Promo"}),
    ):
        project.refuse("POST", path, body, status=400, key="invalid_campaign")
    body = {"campaign": {"name": "Promo"}, "customer": {"source_id": "ann"}}
    project.refuse("POST", "/v1/publications", body, status=400, key="no_voucher_suitable_for_publication")


@pytest.mark.parametrize(
    ("body", "status", "key"),
    [
        ({"action": {"discount": PERCENT}}, 400, "invalid_payload"),
        ({"name": "x"}, 400, "invalid_payload"),
        ({"name": "x", "action": {}}, 400, "invalid_payload"),
        ({"name": "x", "action": {"discount": {"type": "OTHER"}}}, 400, "invalid_payload"),
        ({"name": "x", "action": {"discount": {"type": "UNIT", "unit_off": 1}}}, 400, "invalid_payload"),
        ({"name": "x", "action": {"discount": PERCENT}, "hierarchy": -1}, 400, "invalid_payload"),
        ({"name": "x", "action": {"discount": PERCENT}, "category_id": "cat_x"}, 404, "not_found"),
        ({"name": "x", "action": {"discount": PERCENT}, "validation_rules": ["val_x"]}, 404, "not_found"),
        (
            {
                "name": "x",
                "action": {"discount": PERCENT},
                "validity_timeframe": {"interval": "P1D", "duration": "PT1H"},
            },
            400,
            "invalid_payload",
        ),
    ],
)
def test_bad_tiers(project: Project, body: dict[str, Any], status: int, key: str) -> None:
    make.promotion(project)
    project.refuse("POST", "/v1/promotions/Promo/tiers", body, status=status, key=key)
    campaign = {"name": "Other", "campaign_type": "PROMOTION", "promotion": {"tiers": [body]}}
    project.refuse("POST", "/v1/campaigns", campaign, status=status, key=key)
    assert project.get(TIERS)["total"] == 0
    assert project.get("/v1/campaigns")["total"] == 1


def test_tiers_and_stacks_need_a_promotion(project: Project) -> None:
    make.campaign(project)
    make.promotion(project, tiers=[{}])
    make.promotion(project, "Other", tiers=[{}])
    for name in ("Club", "none"):
        for method, path in (("GET", "tiers"), ("POST", "tiers"), ("GET", "stacks"), ("POST", "stacks")):
            body = {"name": "x", "action": {"discount": PERCENT}, "tiers": {"ids": ["x"]}} if method == "POST" else None
            project.refuse(method, f"/v1/promotions/{name}/{path}", body, status=404, key="not_found")
    other = project.get("/v1/promotions/Other/tiers")["tiers"][0]["id"]
    for ids, status, key in (
        (["promo_x"], 404, "not_found"),
        ([other], 404, "not_found"),
        ([other, other], 400, "invalid_payload"),
        ([], 400, "invalid_payload"),
        ("x", 400, "invalid_payload"),
    ):
        project.refuse("POST", STACKS, {"name": "x", "tiers": {"ids": ids}}, status=status, key=key)
    assert project.get("/v1/promotions/stacks")["total"] == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"voucher": {"discount": PERCENT}},
        {"type": "STANDALONE"},
        {"campaign_type": "DISCOUNT_COUPONS", "voucher": {"discount": PERCENT}},
    ],
)
def test_campaigns_with_what_they_cannot_have(project: Project, fields: dict[str, Any]) -> None:
    body = {"name": "x", "campaign_type": "PROMOTION", "promotion": {"tiers": []}, **fields}
    project.refuse("POST", "/v1/campaigns", body, status=400, key="invalid_campaign")


def test_callers_at_once_get_one_hierarchy_each(project: Project) -> None:
    make.promotion(project)
    made = at_once(*[lambda: make.tier(project) for _ in range(6)])
    assert sorted(tier["hierarchy"] for tier in made) == [1, 2, 3, 4, 5, 6]


def test_a_tier_is_deleted_while_it_is_to_be_stacked(project: Project) -> None:
    make.promotion(project)
    for number in range(8):
        tier = make.tier(project)["id"]
        body = {"name": str(number), "tiers": {"ids": [tier]}}
        deleted, stacked = at_once(
            lambda tier=tier: project.request("DELETE", f"{TIERS}/{tier}"),
            lambda body=body: project.request("POST", STACKS, json=body),
        )
        assert (deleted.status_code, stacked.status_code) in {(204, 404), (204, 200)}
    assert all(row["tiers"]["ids"] == [] for row in project.get("/v1/promotions/stacks")["data"])


def test_a_promotion_is_deleted_while_it_gets_tiers(project: Project) -> None:
    for number in range(6):
        name = f"P{number}"
        make.promotion(project, name)
        deleted, *_ = at_once(
            lambda name=name: project.request("DELETE", f"/v1/campaigns/{name}"),
            *[
                lambda name=name: project.request(
                    "POST",
                    f"/v1/promotions/{name}/tiers",
                    json={"name": "x", "action": {"discount": PERCENT}},
                )
                for _ in range(3)
            ],
        )
        assert deleted.status_code == 202
    assert project.get(TIERS)["total"] == 0
