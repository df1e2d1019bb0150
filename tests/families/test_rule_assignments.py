"""What rules are assigned to: by their own operations, and while something is made."""

from typing import Any

import pytest

import make
from installation import Project
from together import at_once

ALL = "/v1/validation-rules-assignments"
PERCENT = {"type": "PERCENT", "percent_off": 10}
COUPON = {"type": "DISCOUNT_VOUCHER", "discount": PERCENT}


def assignments(rule: dict[str, Any]) -> str:
    return f"/v1/validation-rules/{rule['id']}/assignments"


def ids_of(shown: dict[str, Any]) -> list[str]:
    listed = shown["validation_rules_assignments"]
    assert (listed["object"], listed["data_ref"], listed["total"]) == ("list", "data", len(listed["data"]))
    return [row["rule_id"] for row in listed["data"]]


def test_a_rule_binds_a_voucher_by_code_or_id(project: Project) -> None:
    rule, other = make.validation_rule(project), make.validation_rule(project, name="Other")
    voucher = project.post("/v1/vouchers/TEN", COUPON)
    made = make.bound(project, rule, "voucher", "TEN")
    assert made["id"].startswith("asgm_")
    assert made == {
        "id": made["id"],
        "rule_id": rule["id"],
        "related_object_id": voucher["id"],
        "related_object_type": "voucher",
        "created_at": made["created_at"],
        "object": "validation_rules_assignment",
    }
    second = make.bound(project, other, "voucher", voucher["id"])
    assert project.get("/v1/vouchers/TEN")["validation_rules_assignments"]["data"] == [made, second]
    assert ids_of(project.get("/v1/vouchers")["vouchers"][0]) == [rule["id"], other["id"]]
    assert project.get(f"/v1/validation-rules/{rule['id']}")["assignments_count"] == 1
    assert project.get(assignments(rule)) == {"object": "list", "data_ref": "data", "data": [made], "total": 1}
    assert project.get(ALL)["data"] == [second, made]
    assert project.get(ALL, rule=other["id"])["data"] == [second]
    assert project.get(ALL, related_object_id=voucher["id"])["total"] == 2


def test_the_same_assignment_twice_is_refused(project: Project) -> None:
    rule = make.validation_rule(project)
    project.post("/v1/vouchers/TEN", COUPON)
    made = make.bound(project, rule, "voucher", "TEN")
    body = {"related_object_type": "voucher", "related_object_id": "TEN"}
    refusal = project.refuse("POST", assignments(rule), body, status=409, key="duplicate_found")
    assert refusal["details"] == f"Duplicated validation_rules_assignment exists with id {made['id']}"
    assert project.get(ALL)["total"] == 1
    again = project.post(assignments(rule), body, force="true")
    assert again["id"] != made["id"]
    assert project.get(ALL)["data"] == [again]


def test_campaigns_and_vouchers_are_made_with_rules(project: Project) -> None:
    rule = make.validation_rule(project)
    campaign = make.campaign(project, "DISCOUNT_COUPONS", "Sale", validation_rules=[rule["id"]])
    assert ids_of(campaign) == [rule["id"]]
    assert ids_of(project.get("/v1/campaigns/Sale")) == ids_of(project.get("/v1/campaigns")["campaigns"][0])
    voucher = project.post("/v1/vouchers/TEN", {**COUPON, "validation_rules": [rule["id"], rule["id"]]})
    assert ids_of(voucher) == [rule["id"]]
    coupon = project.post("/v1/vouchers/ELEVEN", {"campaign": "Sale", "validation_rules": [rule["id"]]})
    assert ids_of(coupon) == [rule["id"]]
    told = [event["data"] for event in project.recorded("business_validation_rule.assignment.created", count=3)]
    assert [data["rule"]["id"] for data in told] == [rule["id"]] * 3
    assert [data["rule"]["assignments_count"] for data in told] == [1, 2, 3]
    assert [data["assignment"]["related_object_id"] for data in told] == [campaign["id"], voucher["id"], coupon["id"]]
    assert ("voucher" in told[0], told[0]["campaign"]["id"]) == (False, campaign["id"])
    assert (told[1]["voucher"]["code"], told[1]["campaign"], told[1]["earning_rule"]) == ("TEN", None, None)
    assert (told[2]["voucher"]["code"], told[2]["campaign"]["name"]) == ("ELEVEN", "Sale")


def test_a_campaign_is_created_with_its_rules_in_the_event(project: Project) -> None:
    path = project.webhook("campaign.created")
    rule = make.validation_rule(project)
    make.campaign(project, "DISCOUNT_COUPONS", "Sale", validation_rules=[rule["id"]])
    (created,) = project.receiver.wait(path)
    assert ids_of(created.data["campaign"]) == [rule["id"]]


@pytest.mark.parametrize(
    ("path", "body", "count"),
    [
        ("/v1/campaigns", {"name": "Sale", "voucher": COUPON}, 1),
        ("/v1/vouchers/TEN", COUPON, 2),
        ("/v1/vouchers", {"campaign": "Club"}, 2),
    ],
)
def test_nothing_is_made_with_an_unknown_rule(project: Project, path: str, body: dict[str, Any], count: int) -> None:
    make.campaign(project)
    known = make.validation_rule(project)["id"]
    before = project.get("/v1/vouchers")["total"], project.get("/v1/campaigns")["total"]
    rules = [known, "val_x"][-count:]
    refusal = project.refuse("POST", path, {**body, "validation_rules": rules}, status=404, key="not_found")
    assert (refusal["resource_type"], refusal["resource_id"]) == ("validation_rules", "val_x")
    assert (project.get("/v1/vouchers")["total"], project.get("/v1/campaigns")["total"]) == before
    assert project.get(ALL)["total"] == 0


def test_an_earning_rule_shows_the_rule_that_binds_it(project: Project) -> None:
    make.campaign(project)
    first, second = make.validation_rule(project), make.validation_rule(project)
    made = make.rule(project, validation_rule_id=first["id"])
    one = f"/v1/loyalties/Club/earning-rules/{made['id']}"
    assert made["validation_rule_id"] == first["id"]
    assert project.put(one, {"validation_rule_id": second["id"]})["validation_rule_id"] == second["id"]
    assert [project.get(assignments(rule))["total"] for rule in (first, second)] == [0, 1]
    assert project.put(one, {"validation_rule_id": None})["validation_rule_id"] is None
    third = make.bound(project, first, "earning_rule", made["id"])
    assert project.get(one)["validation_rule_id"] == first["id"]
    project.delete(f"{assignments(first)}/{third['id']}")
    assert project.get(one)["validation_rule_id"] is None
    created, deleted = (f"business_validation_rule.assignment.{what}" for what in ("created", "deleted"))
    told = project.recorded(created, deleted, count=6)
    assert [event["type"] for event in told] == [created, deleted] * 3
    shown = [event["data"]["earning_rule"]["validation_rule_id"] for event in told]
    assert shown == [first["id"], second["id"], second["id"], None, first["id"], None]
    make.bound(project, first, "earning_rule", made["id"])
    project.delete(f"/v1/validation-rules/{first['id']}")
    assert project.get(one)["validation_rule_id"] is None
    for method, where, body in (
        ("PUT", one, {"validation_rule_id": "val_x"}),
        ("POST", "/v1/loyalties/Club/earning-rules", [{**made, "validation_rule_id": "val_x"}]),
    ):
        assert project.refuse(method, where, body, status=404, key="not_found")["resource_type"] == "validation_rules"


def test_an_offer_of_a_reward_is_made_with_rules(project: Project) -> None:
    make.campaign(project)
    rule = make.validation_rule(project)
    reward = make.reward(project)
    make.bound(project, rule, "reward_assignment", reward["assignment"]["id"])
    project.delete(f"/v1/rewards/{reward['id']}/assignments/{reward['assignment']['id']}")
    assert project.get(ALL)["total"] == 0
    offer = {"campaign": "Club", "parameters": {"loyalty": {"points": 5}}, "validation_rules": [rule["id"]]}
    made = project.post(f"/v1/rewards/{reward['id']}/assignments", offer)
    assert project.get(ALL)["data"][0]["related_object_id"] == made["id"]


def test_what_is_deleted_is_no_longer_bound(project: Project) -> None:
    rule = make.validation_rule(project)
    campaign = make.campaign(project, "DISCOUNT_COUPONS", "Sale", vouchers_count=3, validation_rules=[rule["id"]])
    (code,) = [row["code"] for row in project.get("/v1/vouchers", limit=1)["vouchers"]]
    make.bound(project, rule, "voucher", code)
    project.post("/v1/vouchers/TEN", {**COUPON, "validation_rules": [rule["id"]]})
    make.campaign(project)
    make.bound(project, rule, "earning_rule", make.rule(project)["id"])
    assert project.get(ALL)["total"] == 4
    project.delete("/v1/vouchers/TEN")
    project.finished(project.delete(f"/v1/campaigns/{campaign['id']}")["async_action_id"])
    assert [row["related_object_type"] for row in project.get(ALL)["data"]] == ["earning_rule"]
    project.delete(f"/v1/validation-rules/{rule['id']}")
    assert project.get(ALL)["total"] == 0


def test_releasing_something_is_told(project: Project) -> None:
    path = project.webhook("business_validation_rule.assignment.deleted")
    rule = make.validation_rule(project)
    campaign = make.campaign(project, "DISCOUNT_COUPONS", "Sale")
    made = make.bound(project, rule, "campaign", "Sale")
    one = f"{assignments(rule)}/{made['id']}"
    assert project.delete(one) is None
    (told,) = project.receiver.wait(path)
    assert (told.data["assignment"], told.data["campaign"]["id"]) == (made, campaign["id"])
    refusal = project.refuse("DELETE", one, status=404, key="not_found")
    assert refusal["details"] == f"Cannot find validation_rules_assignment with id {made['id']}"
    assert ids_of(project.get("/v1/campaigns/Sale")) == []


@pytest.mark.parametrize(
    ("body", "status", "details"),
    [
        ({}, 400, "should have required property"),
        ({"related_object_type": "order", "related_object_id": "x"}, 400, "allowed values"),
        ({"related_object_type": "voucher", "related_object_id": ""}, 400, "fewer than 1"),
        ({"related_object_type": "voucher", "related_object_id": "x"}, 404, "Cannot find voucher with id x"),
        ({"related_object_type": "campaign", "related_object_id": "x"}, 404, "Cannot find campaign with id x"),
        (
            {"related_object_type": "promotion_tier", "related_object_id": "x"},
            404,
            "Cannot find promotion_tier with id x",
        ),
        ({"related_object_type": "earning_rule", "related_object_id": "x"}, 404, "Cannot find earning_rule with id x"),
        ({"related_object_type": "reward_assignment", "related_object_id": "x"}, 404, "reward_assignment with id x"),
        ({"related_object_type": "distribution", "related_object_id": "x"}, 400, "its own trigger"),
    ],
)
def test_bad_assignments(project: Project, body: dict[str, Any], status: int, details: str) -> None:
    rule = make.validation_rule(project)
    key = "not_found" if status == 404 else "invalid_payload"
    assert details in project.refuse("POST", assignments(rule), body, status=status, key=key)["details"]
    assert project.get(ALL)["total"] == 0


def test_callers_at_once_make_one_assignment(project: Project) -> None:
    rule = make.validation_rule(project)
    voucher = project.post("/v1/vouchers/TEN", COUPON)
    body = {"related_object_type": "voucher", "related_object_id": voucher["id"]}
    found = at_once(*[lambda: project.request("POST", assignments(rule), json=body) for _ in range(6)])
    assert sorted(answer.status_code for answer in found) == [200, 409, 409, 409, 409, 409]
    assert project.get(ALL)["total"] == 1


def test_something_is_deleted_while_it_is_to_be_bound(project: Project) -> None:
    rule = make.validation_rule(project)
    for number in range(6):
        voucher = project.post(f"/v1/vouchers/V{number}", COUPON)
        body = {"related_object_type": "voucher", "related_object_id": voucher["id"]}
        deleted, bound = at_once(
            lambda n=number: project.request("DELETE", f"/v1/vouchers/V{n}"),
            lambda body=body: project.request("POST", assignments(rule), json=body),
        )
        assert (deleted.status_code, bound.status_code) in {(204, 200), (204, 404)}
    assert project.get(ALL)["total"] == 0


def test_a_rule_is_deleted_while_it_is_to_bind_something(project: Project) -> None:
    for number in range(6):
        rule = make.validation_rule(project)
        body = {**COUPON, "validation_rules": [rule["id"]]}
        deleted, made = at_once(
            lambda rule=rule: project.request("DELETE", f"/v1/validation-rules/{rule['id']}"),
            lambda n=number, body=body: project.request("POST", f"/v1/vouchers/W{n}", json=body),
        )
        assert (deleted.status_code, made.status_code) in {(204, 200), (204, 404)}
    assert project.get(ALL)["total"] == 0
