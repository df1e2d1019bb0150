"""Campaigns over HTTP: what they are made of, their codes, and what becomes of both."""

import re
from typing import Any

import pytest

import make
import together
from installation import Installation, Project, eventually

DISCOUNT = {"type": "DISCOUNT_VOUCHER", "discount": {"type": "PERCENT", "percent_off": 10}}
CODES = "/v1/campaigns/Club/vouchers"
MORNINGS = {"start_time": "08:00", "expiration_time": "12:00", "days_of_week": [1]}


def codes_of(installation: Installation, campaign_id: str) -> list[str]:
    return [row["code"] for row in installation.sql("SELECT code FROM vouchers WHERE campaign_id = $1", campaign_id)]


def test_a_campaign_is_made_with_a_code_and_read_by_id_and_name(project: Project) -> None:
    made = make.campaign(project, "DISCOUNT_COUPONS", "50% / spring", description="d", metadata={"a": 1})
    assert made["object"] == "campaign"
    assert (made["creation_status"], made["vouchers_generation_status"]) == ("DONE", "DONE")
    assert (made["vouchers_count"], made["type"], made["join_once"]) == (1, "AUTO_UPDATE", False)
    assert made["category_id"] is None
    assert project.get(f"/v1/campaigns/{made['id']}") == made
    assert project.get("/v1/campaigns/50%25%20%2F%20spring") == made
    (voucher,) = project.get("/v1/vouchers", campaign="50% / spring")["vouchers"]
    assert voucher["discount"] == DISCOUNT["discount"]
    assert voucher["metadata"] == {"a": 1}
    assert voucher["campaign_id"] == made["id"]
    assert re.fullmatch("[0-9a-zA-Z]{8}", voucher["code"])


def test_defaults_are_an_auto_update_campaign_of_coupons(project: Project) -> None:
    made = project.post(
        "/v1/campaigns", {"name": "Plain", "voucher": {"discount": {"type": "AMOUNT", "amount_off": 5}}}
    )
    assert (made["campaign_type"], made["type"], made["vouchers_count"]) == ("DISCOUNT_COUPONS", "AUTO_UPDATE", 1)


def test_a_loyalty_program_is_joined_once_whatever_is_asked(project: Project) -> None:
    card = {"points": 7, "expiration_rules": {"period_type": "MONTH", "period_value": 3}}
    made = make.campaign(project, join_once=False, auto_join=True, voucher={"loyalty_card": card})
    assert (made["join_once"], made["auto_join"]) == (True, True)
    assert made["voucher"]["loyalty_card"] == card
    (voucher,) = project.get("/v1/vouchers")["vouchers"]
    assert voucher["loyalty_card"]["points"] == voucher["loyalty_card"]["balance"] == 7
    assert voucher["redemption"]["redeemed_points"] == 0


def test_codes_take_what_the_campaign_says(project: Project) -> None:
    times = {
        "start_date": "2026-01-01T00:00:00Z",
        "expiration_date": "2030-01-01T00:00:00+01:00",
        "validity_timeframe": {"interval": "P2D", "duration": "P1D"},
        "validity_day_of_week": [0, 6],
    }
    made = make.campaign(project, "GIFT_VOUCHERS", voucher={"redemption": {"quantity": 3}}, **times)
    (voucher,) = project.get("/v1/vouchers")["vouchers"]
    for shown in (made, made["voucher"], voucher):
        assert shown["start_date"] == "2026-01-01T00:00:00.000Z"
        assert shown["expiration_date"] == "2029-12-31T23:00:00.000Z"
        for name in ("validity_timeframe", "validity_day_of_week"):
            assert shown[name] == times[name]
    assert voucher["gift"] == {"amount": 10_000, "subtracted_amount": 0, "balance": 10_000, "effect": "APPLY_TO_ORDER"}
    assert (voucher["redemption"]["quantity"], voucher["redemption"]["redeemed_amount"]) == (3, 0)


def test_a_standalone_campaign_has_one_generic_code(project: Project) -> None:
    body = {"name": "All", "type": "STANDALONE", "join_once": True, "voucher": {**DISCOUNT, "code": "BLACK FRIDAY"}}
    made = project.post("/v1/campaigns", body)
    assert (made["vouchers_count"], made["join_once"]) == (1, False)
    assert project.get("/v1/vouchers/BLACK%20FRIDAY")["campaign"] == "All"
    project.post("/v1/campaigns", {"name": "Generated", "type": "STANDALONE", "voucher": DISCOUNT})
    assert project.get("/v1/vouchers", campaign="Generated")["total"] == 1
    refusal = project.refuse("POST", "/v1/campaigns/All/vouchers", {}, status=400, key="invalid_campaign")
    assert refusal["details"] == "You can not generate vouchers for STANDALONE type campaign."


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"campaign_type": "PROMOTION"}, "invalid_campaign"),
        ({"campaign_type": "REFERRAL_PROGRAM"}, "invalid_campaign"),
        ({"referral_program": {"conversion_event_type": "redemption"}}, "invalid_campaign"),
        ({"campaign_type": "LOYALTY_PROGRAM"}, "invalid_campaign"),
        ({"voucher": None}, "invalid_campaign"),
        ({"voucher": {"type": "GIFT_VOUCHER", "discount": DISCOUNT["discount"]}}, "invalid_campaign"),
        ({"voucher": {**DISCOUNT, "code": "X"}}, "invalid_campaign"),
        ({"type": "STANDALONE", "vouchers_count": 2}, "invalid_campaign"),
        ({"type": "STANDALONE", "voucher": {**DISCOUNT, "code": "a/b"}}, "invalid_voucher"),
        ({"type": "STANDALONE", "voucher": {**DISCOUNT, "code": ""}}, "invalid_voucher"),
        ({"voucher": {**DISCOUNT, "code_config": {"length": 0}}}, "invalid_code_config"),
        ({"voucher": {**DISCOUNT, "code_config": {"prefix": "a/"}}}, "invalid_code_config"),
        ({"vouchers_count": 101, "voucher": {**DISCOUNT, "code_config": {"pattern": "##", "charset": "0123456789"}}},
         "invalid_code_config"),
        ({"vouchers_count": 10_000_001}, "invalid_payload"),
        ({"vouchers_count": -1}, "invalid_payload"),
        ({"name": ""}, "invalid_payload"),
        ({"name": None}, "invalid_payload"),
        ({"name": ["x"]}, "invalid_payload"),
        ({"start_date": "soon"}, "invalid_payload"),
        ({"activity_duration_after_publishing": "24 days"}, "invalid_payload"),
        ({"activity_duration_after_publishing": "P9999Y"}, "invalid_payload"),
        ({"validity_timeframe": {"interval": "P2D", "duration": "P1D"}}, "invalid_payload"),
        ({"validity_timeframe": {"interval": "P0D", "duration": "P1D"}, "start_date": "2026-01-01"}, "invalid_payload"),
        ({"validity_day_of_week": [7]}, "invalid_payload"),
        ({"validity_hours": {"daily": [{"start_time": "25:00", "days_of_week": [1]}]}}, "invalid_payload"),
        ({"validity_day_of_week": [1], "validity_hours": {"daily": [MORNINGS]}}, "invalid_payload"),
        ({"validity_hours": {"daily": [MORNINGS, {**MORNINGS, "start_time": "10:00"}]}}, "invalid_payload"),
        ({"validation_rules": ["val_a", "val_b"]}, "invalid_payload"),
        ({"voucher": {"discount": {"type": "PERCENT", "percent_off": 101}}}, "invalid_payload"),
        ({"voucher": {"discount": {"type": "AMOUNT", "amount_off": 10**19}}}, "invalid_payload"),
        ({"voucher": {"discount": {"type": "UNIT", "unit_off": 1}}}, "invalid_payload"),
        ({"voucher": {"discount": []}}, "invalid_payload"),
        ({"metadata": []}, "invalid_payload"),
        ({"name": "a\x00b"}, "invalid_payload"),
    ],
)  # fmt: skip
def test_what_is_no_campaign_is_refused_and_leaves_nothing(project: Project, change: dict[str, Any], key: str) -> None:
    project.refuse("POST", "/v1/campaigns", {"name": "No", "voucher": DISCOUNT, **change}, status=400, key=key)
    assert project.get("/v1/campaigns")["total"] == 0
    assert project.get("/v1/vouchers")["total"] == 0


@pytest.mark.parametrize(
    ("rules", "missing"),
    [
        ({"period_type": "MONTH"}, "period_value"),
        ({"period_type": "FIXED_DAY_OF_YEAR", "fixed_month": 2}, "fixed_day"),
        ({"period_type": "MONTH", "period_value": 1, "rounding_type": "PARTICULAR_MONTH"}, "rounding_value"),
    ],
)
def test_rules_of_expiration_must_be_whole(project: Project, rules: dict[str, Any], missing: str) -> None:
    voucher = {"loyalty_card": {"points": 0, "expiration_rules": rules}}
    body = {"name": "Club", "campaign_type": "LOYALTY_PROGRAM", "voucher": voucher}
    refusal = project.refuse("POST", "/v1/campaigns", body, status=400, key="invalid_payload")
    assert f"expiration_rules.{missing} must be" in refusal["details"]


def test_an_unknown_category_or_rule_is_not_found(project: Project) -> None:
    for more, resource in (
        ({"category_id": "cat_1"}, "category"),
        ({"validation_rules": ["val_1"]}, "validation_rules"),
    ):
        body = {"name": "No", "voucher": DISCOUNT, **more}
        assert project.refuse("POST", "/v1/campaigns", body, status=404, key="not_found")["resource_type"] == resource


def test_a_name_is_taken_by_exactly_one_of_many_at_once(project: Project) -> None:
    body = {"name": "Club", "voucher": DISCOUNT}
    found = together.answers(project, [("POST", "/v1/campaigns", body)] * 10)
    assert together.statuses(found) == [200] + [409] * 9
    refusal = next(answer.json() for answer in found if answer.status_code == 409)
    assert refusal["details"] == "Duplicated campaign exists with name Club"
    assert (refusal["resource_id"], refusal["resource_type"]) == ("Club", "campaign")
    assert project.get("/v1/vouchers")["total"] == 1


def test_exactly_as_many_codes_are_made_as_asked(project: Project, installation: Installation) -> None:
    path = project.webhook("*")
    config = {"prefix": "IN-", "pattern": "##-####", "postfix": "-X", "charset": "ABCDEF0123456789"}
    body = {"name": "Many", "type": "STATIC", "vouchers_count": 3_000, "voucher": {**DISCOUNT, "code_config": config}}
    begun = project.post("/v1/campaigns", body)
    assert (begun["creation_status"], begun["vouchers_count"]) == ("IN_PROGRESS", 0)
    told = project.receiver.wait(path, 3, patience_s=40)
    assert [event.type for event in told] == [
        "campaign.created",
        "campaign.vouchers.generation.started",
        "campaign.vouchers.generation.completed",
    ]
    assert told[0].data["campaign"] == begun
    assert told[2].data["count"] == 3_000
    assert told[2].data["campaign"]["voucher"]["gift"] is None
    made = codes_of(installation, begun["id"])
    assert len(made) == len(set(made)) == 3_000
    assert all(re.fullmatch("IN-[A-F0-9]{2}-[A-F0-9]{4}-X", code) for code in made)
    done = project.get("/v1/campaigns/Many")
    assert (done["creation_status"], done["vouchers_count"]) == ("DONE", 3_000)
    (listed,) = project.get("/v1/async-actions")["async_actions"]
    action = project.get(f"/v1/async-actions/{listed['id']}")
    assert (action["type"], action["status"], action["progress"]) == ("CAMPAIGN.VOUCHERS_GENERATE", "DONE", 100)
    assert action["result"] == {"message": "Generated 3000 vouchers.", "done_count": 3_000}


def test_generations_of_one_campaign_in_several_slices_add_up(project: Project, installation: Installation) -> None:
    campaign = make.campaign(project, "DISCOUNT_COUPONS", vouchers_count=0)
    assert campaign["vouchers_count"] == 0
    found = together.answers(
        project, [("POST", f"{CODES}?vouchers_count=6000", {}), ("POST", f"{CODES}?vouchers_count=2", {})]
    )
    assert together.statuses(found) == [202, 202]
    for answer in found:
        assert project.finished(answer.json()["async_action_id"], patience_s=40)["operation_status"] == "SUCCESS"
    done = project.get("/v1/campaigns/Club")
    assert (done["vouchers_count"], done["vouchers_generation_status"]) == (6_002, "DONE")
    assert len(set(codes_of(installation, campaign["id"]))) == 6_002
    assert {event["data"]["count"] for event in project.recorded("campaign.vouchers.added", count=2)} == {6_000, 2}


def test_a_form_is_used_up_and_then_refused(project: Project, installation: Installation) -> None:
    config = {"length": 1, "charset": "0123456789"}
    campaign = make.campaign(project, "DISCOUNT_COUPONS", vouchers_count=8, voucher={"code_config": config})
    action = project.finished(project.post(CODES, {}, vouchers_count=4)["async_action_id"])
    assert (action["operation_status"], action["result"]["done_count"]) == ("FAILED", 2)
    assert sorted(codes_of(installation, campaign["id"])) == list("0123456789")
    (failed,) = project.recorded("campaign.vouchers.generation.failed")
    assert (failed["data"]["count"], failed["data"]["error"]["key"]) == (2, "invalid_code_config")
    assert project.get("/v1/campaigns/Club")["vouchers_generation_status"] == "FAILED"
    project.refuse("POST", CODES, {}, status=400, key="invalid_code_config")
    project.refuse("POST", f"{CODES}?vouchers_count=11", {}, status=400, key="invalid_code_config")
    assert project.post(CODES, {"code_config": {"length": 9}})["code"].isalnum()


def test_a_code_is_added_with_differences(project: Project) -> None:
    make.campaign(project, "DISCOUNT_COUPONS", metadata={"a": 1, "b": 1}, voucher={"redemption": {"quantity": 1}})
    body = {
        "redemption": {"quantity": None},
        "additional_info": "by hand",
        "metadata": {"b": 2},
        "active": False,
        "expiration_date": "2030-01-01",
    }
    added = project.post(f"{CODES}/Own%20code", body)
    assert (added["code"], added["active"], added["additional_info"]) == ("Own code", False, "by hand")
    assert added["metadata"] == {"a": 1, "b": 2}
    assert "quantity" not in added["redemption"]
    assert added["expiration_date"] == "2030-01-01T00:00:00.000Z"
    assert project.post(CODES)["redemption"]["quantity"] == 1
    assert project.post(CODES, {"code": "Second"})["code"] == "Second"
    assert project.get("/v1/campaigns/Club")["vouchers_count"] == 4
    created = project.recorded("voucher.created", count=2)
    assert [event["data"]["voucher"]["code"] for event in created] == ["Own code", "Second"]
    assert created[0]["data"]["voucher"]["gift"] is None
    assert len(project.recorded("campaign.vouchers.added", count=3)) == 3


def test_a_code_is_taken_by_exactly_one_of_many_at_once(installation: Installation) -> None:
    project = make.project(installation, case_sensitive_codes=False)
    make.campaign(project, "DISCOUNT_COUPONS")
    spellings = ["SUMMER", "summer", "Summer", "sUMMER"]
    found = together.answers(project, [("POST", f"{CODES}/{code}", {}) for code in spellings])
    assert together.statuses(found) == [200, 409, 409, 409]
    refusal = next(answer.json() for answer in found if answer.status_code == 409)
    assert (refusal["key"], refusal["resource_type"]) == ("duplicate_found", "voucher")
    assert project.get("/v1/campaigns/Club")["vouchers_count"] == 2
    assert project.get("/v1/vouchers/sUmMeR")["code"] in spellings


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "key"),
    [
        ("POST", f"{CODES}/a%2Fb", {}, 400, "invalid_voucher"),
        ("POST", f"{CODES}/{'x' * 201}", {}, 400, "invalid_voucher"),
        ("POST", f"{CODES}/a%00b", {}, 404, "not_found"),
        ("POST", CODES, {"redemption": {"quantity": -1}}, 400, "invalid_payload"),
        ("POST", CODES, {"category": "x"}, 404, "not_found"),
        ("POST", CODES, [], 400, "invalid_payload"),
        ("POST", f"{CODES}?vouchers_count=0", {}, 400, "invalid_query_params"),
        ("POST", f"{CODES}?vouchers_count=10000001", {}, 400, "invalid_query_params"),
        ("POST", f"{CODES}?vouchers_count=2", {"code": "x"}, 400, "invalid_payload"),
        ("POST", "/v1/campaigns/nope/vouchers", {}, 404, "not_found"),
        ("POST", "/v1/campaigns/nope/vouchers/x", {}, 404, "not_found"),
        ("GET", "/v1/campaigns/nope", None, 404, "not_found"),
        ("DELETE", "/v1/campaigns/nope", None, 404, "not_found"),
        ("GET", "/v1/campaigns?campaign_type=x", None, 400, "invalid_query_params"),
        ("GET", "/v1/campaigns?order=name", None, 400, "invalid_query_params"),
        ("GET", "/v1/campaigns?page=101", None, 400, "page_over_limit"),
    ],
)
def test_bad_requests_change_nothing(
    project: Project, method: str, path: str, body: Any, status: int, key: str
) -> None:
    make.campaign(project, "DISCOUNT_COUPONS")
    project.refuse(method, path, body, status=status, key=key)
    assert project.get("/v1/vouchers")["total"] == 1
    assert project.get("/v1/campaigns/Club")["vouchers_count"] == 1


def test_campaigns_are_listed_newest_first_and_narrowed(project: Project) -> None:
    make.campaign(project, "DISCOUNT_COUPONS", "a")
    make.campaign(project, "GIFT_VOUCHERS", "b")
    make.campaign(project, "LOYALTY_PROGRAM", "c")
    make.published(project, "c", "x")
    make.published(project, "c", "y")
    page = project.get("/v1/campaigns", limit=2)
    assert (page["object"], page["data_ref"], page["total"]) == ("list", "campaigns", 3)
    assert [(row["name"], row["vouchers_count"]) for row in page["campaigns"]] == [("c", 2), ("b", 1)]
    assert [row["name"] for row in project.get("/v1/campaigns", campaign_type="GIFT_VOUCHERS")["campaigns"]] == ["b"]
    assert project.get("/v1/campaigns", campaign_status="FAILED")["total"] == 0
    assert project.get("/v1/campaigns", is_referral_code="true")["total"] == 0


def test_a_deleted_campaign_takes_its_codes_and_frees_its_name(project: Project, installation: Installation) -> None:
    campaign = make.campaign(project, "GIFT_VOUCHERS", vouchers_count=3)
    make.campaign(project, "GIFT_VOUCHERS", "Other")
    publication = make.published(project, "Club")
    make.published(project, "Other")
    assert amount_to_go(project) == 20_000
    action = project.finished(project.delete(f"/v1/campaigns/{campaign['id']}", force="true")["async_action_id"])
    assert (action["type"], action["result"]["done_count"]) == ("CAMPAIGN.VOUCHERS_DELETE", 3)
    project.refuse("GET", "/v1/campaigns/Club", status=404, key="not_found")
    project.refuse("GET", f"/v1/vouchers/{publication['voucher']['code']}", status=404, key="not_found")
    assert codes_of(installation, campaign["id"]) == []
    assert amount_to_go(project) == 10_000
    (deleted,) = project.recorded("campaign.deleted")
    assert (deleted["data"]["campaign"]["vouchers_count"], deleted["campaign_id"]) == (3, campaign["id"])
    again = make.campaign(project, "GIFT_VOUCHERS")
    assert again["id"] != campaign["id"]
    listed = project.get("/v1/publications")["publications"]
    assert [row["voucher"]["campaign"] for row in listed] == ["Other", "Club"]
    assert project.get("/v1/publications", campaign="Club")["total"] == 0


def amount_to_go(project: Project) -> int:
    return project.get("/v1/customers/ann")["summary"]["redemptions"]["gift"]["amount_to_go"]


def test_a_customer_leaves_a_deleted_program(project: Project) -> None:
    make.campaign(project, voucher={"loyalty_card": {"points": 5}})
    make.campaign(project, name="Stays", voucher={"loyalty_card": {"points": 7}})
    make.published(project, "Club")
    make.published(project, "Stays")
    assert project.get("/v1/customers/ann")["loyalty"]["points"] == 12
    project.finished(project.delete("/v1/campaigns/Club")["async_action_id"])
    loyalty = project.get("/v1/customers/ann")["loyalty"]
    assert (loyalty["points"], list(loyalty["campaigns"])) == (7, ["Stays"])


def test_a_campaign_is_deleted_by_exactly_one_of_many_at_once(project: Project) -> None:
    make.campaign(project)
    found = together.answers(project, [("DELETE", "/v1/campaigns/Club", None)] * 5)
    assert together.statuses(found) == [202] + [404] * 4
    assert len(project.recorded("campaign.deleted")) == 1


def test_codes_of_a_campaign_that_is_deleted_meanwhile_do_not_stay(
    project: Project, installation: Installation
) -> None:
    body = {"name": "Club", "vouchers_count": 30_000, "voucher": DISCOUNT}
    campaign = project.post("/v1/campaigns", body)
    (making,) = project.get("/v1/async-actions")["async_actions"]
    eventually(lambda: project.get("/v1/campaigns/Club")["vouchers_count"])
    removal = project.delete("/v1/campaigns/Club")["async_action_id"]
    assert project.finished(making["id"])["operation_status"] == "FAILED"
    project.finished(removal)
    assert codes_of(installation, campaign["id"]) == []
    assert project.recorded("campaign.deleted")


def test_hours_that_only_meet_do_not_overlap(project: Project) -> None:
    hours = {
        "daily": [
            {"start_time": "10:00", "expiration_time": "12:00", "days_of_week": [1, 2]},
            {"start_time": "08:00", "expiration_time": "10:00", "days_of_week": [1]},
            {"start_time": "09:00", "days_of_week": [3]},
        ]
    }
    made = make.campaign(project, "GIFT_VOUCHERS", validity_hours=hours)
    (voucher,) = project.get("/v1/vouchers")["vouchers"]
    assert made["validity_hours"] == voucher["validity_hours"] == hours
