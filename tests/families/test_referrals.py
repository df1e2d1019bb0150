"""Referral codes: who holds them, what counts as a referral, and what both sides get for it."""

from typing import Any

import pytest

import make
import together
from installation import Project, eventually

HELD = "customer.holder.assignment.created"


def holders(project: Project, code: Any, **query: Any) -> list[Any]:
    return project.get(f"/v1/referrals/members/{code['code']}/holders", **query)["data"]


def use(project: Project, code: Any, customer: str = "bob") -> Any:
    body = {
        "redeemables": [{"object": "voucher", "id": code["code"]}],
        "customer": {"source_id": customer},
        "order": {"amount": 1_000},
    }
    return project.post("/v1/redemptions", body)["redemptions"][0]


def referrals(project: Project, customer: str = "bob") -> Any:
    return project.get(f"/v1/customers/{customer}")["referrals"]


def referred(project: Project, customer: str = "ann") -> int:
    return project.get(f"/v1/customers/{customer}")["loyalty"]["referred_customers"]


def tier(project: Project, reward: Any, **more: Any) -> Any:
    return project.post("/v1/campaigns/Friends/referral-tiers", {"reward": reward["id"], **more})


def plain_reward(project: Project, parameters: dict[str, Any], **more: Any) -> Any:
    return project.post("/v1/rewards", {"name": "Thanks", "parameters": parameters, **more})


def idle(project: Project) -> bool:
    sql = "SELECT FROM jobs WHERE project_id = $1 UNION ALL SELECT FROM outbox WHERE project_id = $1"
    return not project.installation.sql(sql, project.id)


def test_a_campaign_says_what_a_referral_is(project: Project) -> None:
    club = make.campaign(project)
    schema = make.event_schema(project, "subscribed")
    program = {
        "conversion_event_type": "custom_event",
        "custom_event": {"name": "subscribed"},
        "referee_reward": {"type": "LOYALTY_CARD", "amount": 5, "related_object_parent": {"id": "Club"}},
    }
    made = make.campaign(project, "REFERRAL_PROGRAM", "Friends", referral_program=program)
    assert made["campaign_type"] == "REFERRAL_PROGRAM"
    assert made["voucher"]["is_referral_code"] is True
    assert made["referral_program"] == {
        "conversion_event_type": "custom_event",
        "custom_event": {"id": schema["id"], "name": "subscribed"},
        "referee_reward": {
            "type": "LOYALTY_CARD",
            "amount": 5,
            "related_object_parent": {"id": club["id"], "name": "Club", "object": "CAMPAIGN"},
        },
    }
    assert project.get("/v1/campaigns/Friends") == made


@pytest.mark.parametrize(
    ("program", "status", "key"),
    [
        (None, 400, "invalid_campaign"),
        ({}, 400, "invalid_payload"),
        ({"conversion_event_type": "a visit"}, 400, "invalid_payload"),
        ({"conversion_event_type": "custom_event"}, 400, "invalid_campaign"),
        ({"conversion_event_type": "custom_event", "custom_event": {"name": "nothing"}}, 404, "not_found"),
        ({"conversion_event_type": "redemption", "referee_reward": {"type": "LOYALTY_CARD"}}, 400, "invalid_payload"),
    ],
)
def test_what_is_no_referral_program_is_refused(project: Project, program: Any, status: int, key: str) -> None:
    voucher = {"type": "DISCOUNT_VOUCHER", "discount": {"type": "PERCENT", "percent_off": 10}}
    body = {"name": "Friends", "campaign_type": "REFERRAL_PROGRAM", "voucher": voucher, "referral_program": program}
    project.refuse("POST", "/v1/campaigns", body, status=status, key=key)
    assert project.get("/v1/campaigns")["total"] == 0


def test_the_referee_reward_is_of_the_campaigns_type(project: Project) -> None:
    make.campaign(project)
    voucher = {"type": "DISCOUNT_VOUCHER", "discount": {"type": "PERCENT", "percent_off": 10}}
    reward = {"type": "GIFT_VOUCHER", "amount": 5, "related_object_parent": {"id": "Club"}}
    program = {"conversion_event_type": "redemption", "referee_reward": reward}
    body = {"name": "Friends", "campaign_type": "REFERRAL_PROGRAM", "voucher": voucher, "referral_program": program}
    project.refuse("POST", "/v1/campaigns", body, status=400, key="invalid_campaign")
    reward["related_object_parent"]["id"] = "Nothing"
    project.refuse("POST", "/v1/campaigns", body, status=404, key="not_found")


def test_the_customer_to_whom_a_code_is_published_is_its_referrer(project: Project) -> None:
    code = make.referral_code(project)
    assert (code["is_referral_code"], code["holder_id"]) == (True, code["referrer_id"])
    (held,) = holders(project, code)
    assert (held["holder_role"], held["customer_id"], held["object"]) == (
        "REFERRER",
        code["holder_id"],
        "redeemable_holder",
    )
    assert (held["campaign_type"], held["voucher_type"]) == ("REFERRAL_PROGRAM", "DISCOUNT_VOUCHER")
    (event,) = project.recorded(HELD)
    assert event["data"]["holder"]["id"] == held["id"]
    assert event["data"]["holder"]["publication_id"] == project.get("/v1/publications")["publications"][0]["id"]


def test_referees_are_added_and_removed_by_hand(project: Project) -> None:
    code = make.referral_code(project)
    path = f"/v1/referrals/members/{code['code']}/holders"
    within = f"/v1/referrals/Friends/members/{code['id']}/holders"
    known = make.customer(project, "bob")
    wanted = [{"source_id": "carl"}, {"id": known["id"]}]
    added = project.post(path, {"holders": wanted, "metadata": {"a": 1}})["holders"]
    assert [one["holder_role"] for one in added] == ["REFEREE"] * 2
    assert [one["metadata"] for one in added] == [{"a": 1}] * 2
    assert added[1]["customer_id"] == known["id"]
    (one,) = project.post(within, {"holders": [{"source_id": "dora"}]})["holders"]
    assert [row["id"] for row in holders(project, code)][:1] == [one["id"]]
    assert project.get(within)["total"] == 4
    roles = {"filters[holder_role][conditions][$is]": "REFERRER"}
    assert [row["customer_id"] for row in holders(project, code, **roles)] == [code["holder_id"]]
    first = project.get(path, limit=3, order="id")
    assert (first["has_more"], first["more_starting_after"]) == (True, first["data"][-1]["id"])
    rest = project.get(path, order="id", starting_after_id=first["more_starting_after"])
    assert ([row["id"] for row in rest["data"]], rest["has_more"]) == ([one["id"]], False)
    assert project.delete(f"{path}/{one['id']}") is None
    project.refuse("DELETE", f"{path}/{one['id']}", status=404, key="not_found")
    referrer = next(row for row in holders(project, code) if row["holder_role"] == "REFERRER")
    project.refuse("DELETE", f"{within}/{referrer['id']}", status=403, key="forbidden")
    (gone,) = project.recorded("customer.holder.assignment.deleted")
    assert gone["data"]["holder"]["id"] == one["id"]
    assert referrals(project)["total"] == 0


@pytest.mark.parametrize(
    ("wanted", "status", "key"),
    [
        ([], 400, "invalid_payload"),
        ("bob", 400, "invalid_payload"),
        ([{"id": "cust_nobody"}], 404, "not_found"),
        ([{"source_id": "bob"}, {"source_id": "bob"}], 409, "duplicate_found"),
        ([{"source_id": "new"}, {"source_id": "ann"}], 409, "holder_assignement_duplication"),
        ([{"source_id": "new"}, {"source_id": "carl"}], 409, "holder_assignement_duplication"),
    ],
)
def test_all_referees_are_added_or_none(project: Project, wanted: Any, status: int, key: str) -> None:
    code = make.referral_code(project)
    path = f"/v1/referrals/members/{code['code']}/holders"
    project.post(path, {"holders": [{"source_id": "carl"}]})
    project.refuse("POST", path, {"holders": wanted}, status=status, key=key)
    assert len(holders(project, code)) == 2
    assert project.get("/v1/customers")["total"] == 2


def test_only_a_published_referral_code_has_referees(project: Project) -> None:
    make.campaign(project, "DISCOUNT_COUPONS", "Coupons")
    coupon = make.published(project, "Coupons")["voucher"]
    body = {"holders": [{"source_id": "bob"}]}
    project.refuse("POST", f"/v1/referrals/members/{coupon['code']}/holders", body, status=404, key="not_found")
    make.referral_code(project)
    project.post("/v1/campaigns/Friends/vouchers/FREE", {})
    project.refuse("POST", "/v1/referrals/members/FREE/holders", body, status=400, key="not_published")
    wish = {"redeemables": [{"object": "voucher", "id": "FREE"}], "order": {"amount": 100}}
    project.refuse("POST", "/v1/redemptions", wish, status=400, key="not_published")


def test_a_customer_is_referred_by_redeeming_the_code(project: Project) -> None:
    code = make.referral_code(project)
    done = use(project, code)
    entry = eventually(lambda: referrals(project)["campaigns"])[0]
    assert entry["referrer_id"] == code["holder_id"]
    assert (entry["related_object_id"], entry["related_object_type"]) == (done["id"], "redemption")
    assert referrals(project)["total"] == 1
    ann = project.get("/v1/customers/ann")
    assert ann["loyalty"]["campaigns"]["Friends"]["referred_customers"] == 1
    (event,) = project.recorded("customer.referred")
    assert event["entity_id"] == done["customer_id"]
    assert event["data"]["referrer"]["id"] == code["holder_id"]
    assert event["data"]["redemption"]["id"] == done["id"]
    assert {row["holder_role"] for row in holders(project, code)} == {"REFERRER", "REFEREE"}
    use(project, code)
    project.recorded("customer.referred", count=2)
    assert (referrals(project)["total"], referred(project)) == (1, 1)


def test_the_referrer_cannot_use_the_own_code(project: Project) -> None:
    code = make.referral_code(project)
    wish = {"redeemables": [{"object": "voucher", "id": code["code"]}], "customer": {"source_id": "ann"}}
    project.refuse("POST", "/v1/redemptions", wish, status=400, key="referrer_not_permitted_to_redeem")
    eventually(lambda: idle(project))
    assert (referrals(project, "ann")["total"], referred(project)) == (0, 0)


@pytest.mark.parametrize("active", [True, False])
def test_a_customer_is_referred_by_a_custom_event(project: Project, *, active: bool) -> None:
    make.campaign(project, voucher={"loyalty_card": {"points": 3}})
    schema = make.event_schema(project, "subscribed")
    reward = {"type": "LOYALTY_CARD", "amount": 50, "related_object_parent": {"id": "Club"}}
    kind = {"conversion_event_type": "custom_event", "custom_event": {"id": schema["id"]}, "referee_reward": reward}
    code = make.referral_code(project, **kind)
    if not active:
        project.post("/v1/campaigns/Friends/disable")
    make.event_schema(project, "visited")
    said = {"customer": {"source_id": "bob"}, "referral": {"code": code["code"]}}
    project.post("/v1/events", {"event": "visited", **said})
    project.post("/v1/events", {"event": "subscribed", **said})
    project.post("/v1/events", {"event": "subscribed", "customer": {"source_id": "bob"}, "referral": {"code": "none"}})
    if not active:
        eventually(lambda: idle(project))
        assert referrals(project)["total"] == 0
        return
    eventually(lambda: project.get("/v1/customers/bob")["loyalty"]["points"] == 53)
    assert referrals(project)["campaigns"][0]["related_object_type"] == "custom_event"
    (event,) = project.recorded("customer.referred")
    assert event["data"]["custom_event"]["type"] == "subscribed"
    assert "redemption" not in event["data"]


def test_a_referrer_gets_something_for_each_and_for_many(project: Project) -> None:
    make.campaign(project, "GIFT_VOUCHERS", "Gifts", voucher={"gift": {"amount": 100}})
    make.campaign(project, "DISCOUNT_COUPONS", "Coupons")
    code = make.referral_code(project)
    credit = plain_reward(project, {"campaign": {"id": "Gifts", "balance": 10}})
    coupon = plain_reward(project, {"campaign": {"id": "Coupons"}})
    each = tier(project, credit, banner="Ten cents each")
    many = tier(project, coupon, type="MINIMUM_REFEREES", minimum=2)
    for name in ("bob", "carl", "bob", "dora"):
        use(project, code, name)
    summary = eventually(
        lambda: (s := project.get("/v1/customers/ann")["summary"]["redemptions"]["gift"])["amount_to_go"] == 130 and s
    )
    assert summary["amount_to_go"] == 130
    assert referred(project) == 3
    eventually(lambda: idle(project))
    coupons = [v for v in project.get("/v1/vouchers", customer="ann")["vouchers"] if v.get("campaign") == "Coupons"]
    assert len(coupons) == 1
    events = project.recorded("customer.rewarded", count=4)
    found = [event["data"]["referral_tier"]["id"] for event in events]
    assert sorted(found) == sorted([each["id"]] * 3 + [many["id"]])
    one = next(event["data"] for event in events if event["data"]["referral_tier"]["id"] == each["id"])
    assert one["reward"]["assignment_id"] == each["reward_assignment_id"]
    assert one["referral_tier"]["banner"] == "Ten cents each"
    assert one["balance"] == {"amount": 10}
    assert project.get(f"/v1/rewards/{credit['id']}")["redeemed"] == 3


def test_referral_tiers_are_made_changed_and_deleted(project: Project) -> None:
    make.referral_code(project)
    bottle = make.product(project)
    reward = plain_reward(project, {"product": {"id": bottle["id"]}})
    path = "/v1/campaigns/Friends/referral-tiers"
    made = tier(project, reward, type="MINIMUM_REFEREES", minimum=3, banner="Three")
    assert project.get(path)["data"] == [made]
    assert project.get(f"{path}/{made['id']}") == made
    changed = project.put(f"{path}/{made['id']}", {"minimum": 4})
    assert (changed["minimum"], changed["banner"]) == (4, "Three")
    project.refuse("DELETE", f"/v1/rewards/{reward['id']}", status=400, key="resource_in_use")
    project.refuse("POST", path, {"reward": reward["id"], "minimum": 2}, status=400, key="invalid_payload")
    project.refuse("POST", path, {"reward": "rew_nothing"}, status=404, key="not_found")
    make.campaign(project)
    project.refuse("POST", "/v1/campaigns/Club/referral-tiers", {"reward": reward["id"]}, status=404, key="not_found")
    assert project.delete(f"{path}/{made['id']}") is None
    project.refuse("GET", f"{path}/{made['id']}", status=404, key="not_found")
    names = [f"campaign.referral_tier.{name}" for name in ("created", "updated", "deleted")]
    assert [event["type"] for event in project.recorded(*names, count=3)] == names


def test_many_referees_at_once_are_counted_each_once(project: Project) -> None:
    code = make.referral_code(project)
    bottle = make.product(project)
    reward = plain_reward(project, {"product": {"id": bottle["id"]}}, stock=2)
    tier(project, reward, type="MINIMUM_REFEREES", minimum=3)
    wish = {"redeemables": [{"object": "voucher", "id": code["code"]}], "order": {"amount": 100}}
    names = ["bob", "carl", "dora", "bob", "carl", "dora"]
    requests = [("POST", "/v1/redemptions", {**wish, "customer": {"source_id": name}}) for name in names]
    assert together.statuses(together.answers(project, requests)) == [200] * 6
    project.recorded("customer.referred", count=6)
    eventually(lambda: idle(project))
    assert referred(project) == 3
    assert [referrals(project, name)["total"] for name in names[:3]] == [1] * 3
    assert project.get(f"/v1/rewards/{reward['id']}")["redeemed"] == 1


def test_everything_that_a_customer_holds_is_listed(project: Project) -> None:
    code = make.referral_code(project)
    make.campaign(project, "GIFT_VOUCHERS", "Gifts")
    gift = make.published(project, "Gifts")["voucher"]
    found = project.get("/v1/customers/ann/redeemables")
    assert [(one["holder_role"], one["redeemable_id"]) for one in found["data"]] == [
        ("OWNER", gift["id"]),
        ("REFERRER", code["id"]),
    ]
    shown = found["data"][1]["redeemable"]
    assert (shown["type"], shown["status"]) == ("voucher", "ACTIVE")
    assert shown["voucher"]["holder_id"] == shown["voucher"]["referrer_id"] == code["holder_id"]
    project.post(f"/v1/vouchers/{gift['code']}/balance", {"amount": -10_000})
    project.post(f"/v1/vouchers/{code['code']}/disable")
    found = project.get("/v1/customers/ann/redeemables")["data"]
    assert [one["redeemable"]["status"] for one in found] == ["NO_BALANCE", "DISABLED"]
    owned = {"filters[holder_role][conditions][$in][0]": "OWNER"}
    assert [one["redeemable_id"] for one in project.get("/v1/customers/ann/redeemables", **owned)["data"]] == [
        gift["id"]
    ]
    project.delete(f"/v1/vouchers/{gift['code']}")
    assert project.get("/v1/customers/ann/redeemables")["total"] == 1
