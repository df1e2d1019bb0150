"""Rewards that are codes, credits or points, those that pay for an order, and those that the engine redeems itself."""

from typing import Any

import pytest

import make
import together
from installation import Project, eventually

STATES = "customer.reward_redemptions"


def digital(project: Project, campaign: str, balance: int | None = None, points: int = 10, **more: Any) -> Any:
    """A reward of that campaign, offered in the club."""
    given = {"id": campaign, **({} if balance is None else {"balance": balance})}
    return make.reward(project, points, parameters={"campaign": given}, **more)


def coin(project: Project, exchange_ratio: Any = 20, points_ratio: Any = 100, **more: Any) -> Any:
    ratio = {"exchange_ratio": exchange_ratio, "points_ratio": points_ratio}
    return make.reward(project, parameters={"coin": ratio}, **more)


def redeem(project: Project, card: Any, reward: Any, points: int | None = None, **more: Any) -> Any:
    wanted = {"id": reward["id"], **({} if points is None else {"points": points})}
    return project.post(f"/v1/loyalties/members/{card['code']}/redemption", {"reward": wanted, **more})


def refused(project: Project, card: Any, reward: Any, key: str, *, status: int = 400, **more: Any) -> Any:
    path = f"/v1/loyalties/members/{card['code']}/redemption"
    return project.refuse("POST", path, {"reward": {"id": reward["id"]}, **more}, status=status, key=key)


def balance(project: Project, card: Any) -> int:
    return project.get(f"/v1/loyalties/members/{card['code']}")["loyalty_card"]["balance"]


def cards_of(project: Project, campaign: str, customer: str = "ann") -> list[Any]:
    return [v for v in project.get("/v1/vouchers", customer=customer)["vouchers"] if v.get("campaign") == campaign]


def test_coins_are_worth_what_they_say(project: Project) -> None:
    make.campaign(project)
    made = coin(project, "0.5", "3")
    assert (made["type"], made["parameters"]) == ("COIN", {"coin": {"exchange_ratio": 0.5, "points_ratio": 3}})
    assert "parameters" not in made["assignment"]
    assert project.get(f"/v1/rewards/{made['id']}")["parameters"]["coin"]["points_ratio"] == 3
    changed = project.put(f"/v1/rewards/{made['id']}", {"parameters": {"coin": {"exchange_ratio": 2}}})
    assert changed["parameters"] == {"coin": {"exchange_ratio": 2, "points_ratio": 1}}
    project.refuse(
        "PUT",
        f"/v1/rewards/{made['id']}",
        {"parameters": {"product": {"id": "bottle"}}},
        status=400,
        key="invalid_payload",
    )


@pytest.mark.parametrize(
    ("held", "amount", "asked", "paid", "off"),
    [
        (8_000, 45_000, None, 2_300, 45_000),
        (8_000, 45_000, 100, 100, 2_000),
        (8_000, 6_000, None, 300, 6_000),
        (250, 45_000, None, 250, 5_000),
        (8_000, 45_000, 7, 7, 140),
        (8_000, 1_000, 300, 300, 1_000),
    ],
)
def test_an_order_is_paid_with_points(
    project: Project, held: int, amount: int, asked: int | None, paid: int, off: int
) -> None:
    make.campaign(project)
    reward = coin(project)
    card = make.member(project, points=held)
    done = redeem(project, card, reward, asked, order={"amount": amount})
    order = done["order"]
    assert (done["amount"], done["voucher"]["loyalty_card"]["balance"]) == (paid, held - paid)
    assert (order["discount_amount"], order["total_amount"], order["status"]) == (off, amount - off, "PAID")
    back = project.post(f"/v1/redemptions/{done['id']}/rollback")
    assert (back["amount"], back["order"]["status"], balance(project, card)) == (-paid, "CANCELED", held)


def test_coins_need_an_order_and_enough_points(project: Project) -> None:
    make.campaign(project)
    reward = coin(project)
    card = make.member(project, points=100)
    refused(project, card, reward, "missing_order")
    refused(project, card, reward, "missing_amount", order={"items": [{"source_id": "thing", "quantity": 1}]})
    path = f"/v1/loyalties/members/{card['code']}/redemption"
    wanted = {"reward": {"id": reward["id"], "points": 101}, "order": {"amount": 900}}
    project.refuse("POST", path, wanted, status=400, key="loyalty_card_points_exceeded")
    assert balance(project, card) == 100


def test_a_coupon_is_published(project: Project) -> None:
    make.campaign(project)
    coupons = make.campaign(project, "DISCOUNT_COUPONS", "Coupons")
    reward = digital(project, "Coupons")
    assert reward["parameters"] == {"campaign": {"id": coupons["id"], "type": "DISCOUNT_COUPONS"}}
    card = make.member(project, points=25)
    names = [f"{STATES}.created", f"{STATES}.completed", "customer.rewarded"]
    done = redeem(project, card, reward)
    coupon = done["reward"]["voucher"]
    assert (coupon["campaign"], coupon["holder_id"]) == ("Coupons", card["holder_id"])
    assert project.get(f"/v1/redemptions/{done['id']}")["reward"]["voucher"]["id"] == coupon["id"]
    created, completed, rewarded = project.recorded(*names, count=3)
    assert [created["type"], completed["type"], rewarded["type"]] == names
    assert created["data"]["reward_redemption"]["state"] == "CREATED"
    assert completed["data"]["reward_redemption"]["state"] == "COMPLETED"
    assert completed["data"]["publication"]["voucher"]["id"] == coupon["id"]
    assert completed["data"]["publication"]["channel"] == "Automation"
    assert (completed["data"]["balance"], rewarded["data"]["balance"]) == (None, None)
    assert rewarded["data"]["reward"]["voucher"]["code"] == coupon["code"]
    project.post(f"/v1/redemptions/{done['id']}/rollback")
    (undone,) = project.recorded(f"{STATES}.rolledback")
    assert undone["data"]["reward_redemption"]["state"] == "ROLLEDBACK"
    eventually(lambda: project.get(f"/v1/vouchers/{coupon['id']}")["active"] is False)
    assert balance(project, card) == 25
    assert project.get(f"/v1/rewards/{reward['id']}")["redeemed"] == 0


def test_a_coupon_that_was_used_stays(project: Project) -> None:
    make.campaign(project)
    make.campaign(project, "DISCOUNT_COUPONS", "Coupons")
    done = redeem(project, make.member(project, points=25), digital(project, "Coupons"))
    code = done["reward"]["voucher"]["code"]
    project.post("/v1/redemptions", {"redeemables": [{"object": "voucher", "id": code}], "order": {"amount": 100}})
    project.post(f"/v1/redemptions/{done['id']}/rollback")
    eventually(lambda: not project.installation.sql("SELECT FROM jobs WHERE project_id = $1", project.id))
    assert project.get(f"/v1/vouchers/{code}")["active"] is True


def test_without_a_code_left_nothing_is_paid(project: Project) -> None:
    make.campaign(project)
    make.campaign(project, "DISCOUNT_COUPONS", "Coupons", type="STATIC")
    reward = digital(project, "Coupons")
    card = make.member(project, points=25)
    redeem(project, card, reward)
    refused(project, card, reward, "no_voucher_suitable_for_publication")
    assert balance(project, card) == 15
    assert project.get(f"/v1/rewards/{reward['id']}")["redeemed"] == 1


@pytest.mark.parametrize("has_one", [True, False])
def test_credits_are_put_on_a_gift_card(project: Project, *, has_one: bool) -> None:
    make.campaign(project)
    make.campaign(project, "GIFT_VOUCHERS", "Gifts", voucher={"gift": {"amount": 1_000}})
    if has_one:
        make.published(project, "Gifts")
    card = make.member(project, points=25)
    done = redeem(project, card, digital(project, "Gifts", 400))
    gift = done["reward"]["voucher"]
    assert gift["gift"]["balance"] == 1_000
    (shown,) = eventually(lambda: [v for v in cards_of(project, "Gifts") if v["gift"]["balance"] == 1_400])
    assert (shown["id"], shown["gift"]["amount"]) == (gift["id"], 1_400)
    (completed,) = project.recorded(f"{STATES}.completed")
    assert completed["data"]["balance"] == {"amount": 400}
    assert ("publication" in completed["data"]) is not has_one
    (rewarded,) = project.recorded("customer.rewarded")
    assert rewarded["data"]["balance"] == {"amount": 400}
    (entry,) = project.get(f"/v1/vouchers/{gift['code']}/transactions")["data"]
    assert (entry["type"], entry["source"], entry["details"]["balance"]["amount"]) == (
        "CREDITS_ADDITION",
        "Automation",
        400,
    )
    assert project.get("/v1/customers/ann")["summary"]["redemptions"]["gift"]["amount_to_go"] == 1_400
    project.post("/v1/vouchers/" + gift["code"] + "/balance", {"amount": -1_200})
    project.post(f"/v1/redemptions/{done['id']}/rollback")
    eventually(lambda: project.get(f"/v1/vouchers/{gift['code']}")["gift"]["balance"] == 0)
    assert balance(project, card) == 25


@pytest.mark.parametrize("has_one", [True, False])
def test_points_are_put_on_a_card_of_another_programme(project: Project, *, has_one: bool) -> None:
    make.campaign(project)
    make.campaign(project, name="Other", voucher={"loyalty_card": {"points": 7}})
    if has_one:
        make.member(project, campaign="Other")
    card = make.member(project, points=25)
    done = redeem(project, card, digital(project, "Other", 30))
    other = done["reward"]["voucher"]
    assert other["loyalty_card"]["balance"] == 7
    eventually(lambda: balance(project, other) == 37)
    assert project.get("/v1/customers/ann")["loyalty"]["campaigns"]["Other"]["points"] == 37
    entry = project.get(f"/v1/loyalties/members/{other['code']}/transactions")["data"][0]
    assert (entry["type"], entry["source"], entry["details"]["balance"]["operation_type"]) == (
        "POINTS_ADDITION",
        "Automation",
        "AUTOMATIC",
    )
    project.post(f"/v1/redemptions/{done['id']}/rollback")
    eventually(lambda: balance(project, other) == 7)


def test_a_programme_does_not_reward_itself(project: Project) -> None:
    make.campaign(project)
    made = project.post("/v1/rewards", {"name": "More", "parameters": {"campaign": {"id": "Club", "balance": 5}}})
    body = [{"reward": made["id"], "parameters": {"loyalty": {"points": 1}}}]
    project.refuse("POST", "/v1/loyalties/Club/rewards", body, status=400, key="invalid_payload")
    make.campaign(project, name="Other")
    reward = digital(project, "Other", 5)
    change = {"parameters": {"campaign": {"id": "Club", "balance": 5}}}
    project.refuse("PUT", f"/v1/rewards/{reward['id']}", change, status=400, key="invalid_payload")


def test_rules_of_an_offer_are_asked(project: Project) -> None:
    make.campaign(project)
    reward = coin(project)
    large = make.validation_rule(project)
    project.delete(f"/v1/rewards/{reward['id']}/assignments/{reward['assignment']['id']}")
    project.post("/v1/loyalties/Club/rewards", [{"reward": reward["id"], "validation_rules": [large["id"]]}])
    card = make.member(project, points=500)
    refused(project, card, reward, "order_rules_violated", order={"amount": 1_000})
    assert redeem(project, card, reward, order={"amount": 1_001})["order"]["total_amount"] == 0


def test_one_card_is_published_for_two_rewards_at_once(project: Project) -> None:
    make.campaign(project)
    make.campaign(project, "GIFT_VOUCHERS", "Gifts", voucher={"gift": {"amount": 1_000}})
    reward = digital(project, "Gifts", 400)
    card = make.member(project, points=60)
    path = f"/v1/loyalties/members/{card['code']}/redemption"
    found = together.answers(project, [("POST", path, {"reward": {"id": reward["id"]}})] * 6)
    assert together.statuses(found) == [200] * 6
    assert len({answer.json()["reward"]["voucher"]["id"] for answer in found}) == 1
    eventually(lambda: [v["gift"]["balance"] for v in cards_of(project, "Gifts")] == [1_000 + 6 * 400])


def test_the_engine_redeems_as_often_as_the_card_can_pay(project: Project) -> None:
    make.campaign(project)
    reward = make.reward(project, 50, automatic=True)
    assert reward["assignment"]["parameters"] == {"loyalty": {"points": 50, "auto_redeem": True}}
    card = make.member(project, points=123)
    eventually(lambda: balance(project, card) == 23)
    first, second, *_ = project.get(f"/v1/loyalties/members/{card['code']}/transactions")["data"]
    assert {first["type"], second["type"]} == {"POINTS_REDEMPTION"}
    assert first["details"]["balance"]["operation_type"] == "AUTOMATIC"
    (one, _) = project.get("/v1/redemptions")["redemptions"]
    assert one["channel"] == {"channel_type": "AUTO_REDEEM", "channel_id": reward["assignment"]["id"]}
    assert one["customer_id"] == card["holder_id"]
    assert len(project.recorded("customer.rewarded", count=2)) == 2


def test_the_engine_redeems_so_often_a_day_and_no_more(project: Project) -> None:
    make.campaign(project)
    make.reward(project, 1, automatic=True)
    card = make.member(project, points=300)
    eventually(lambda: balance(project, card) == 50, patience_s=60)
    project.post(f"/v1/loyalties/members/{card['code']}/balance", {"points": 1})
    eventually(lambda: not project.installation.sql("SELECT FROM jobs WHERE project_id = $1", project.id))
    assert balance(project, card) == 51
    project.advance("P1D")
    assert balance(project, card) == 0
    assert project.get("/v1/redemptions", limit=1)["total"] == 301


def test_a_campaign_has_one_reward_that_the_engine_redeems(project: Project) -> None:
    make.campaign(project)
    first = make.reward(project, 50, automatic=True)
    other = make.reward(project, 60)
    path = f"/v1/loyalties/Club/rewards/{other['assignment']['id']}"
    automatic = {"parameters": {"loyalty": {"points": 60, "auto_redeem": True}}}
    project.refuse("PUT", path, automatic, status=400, key="invalid_payload")
    by_hand = {"parameters": {"loyalty": {"points": 50}}}
    project.put(f"/v1/loyalties/Club/rewards/{first['assignment']['id']}", by_hand)
    assert project.put(path, automatic)["parameters"]["loyalty"]["auto_redeem"] is True
    more = [make.reward(project, 70) for _ in range(4)]
    project.put(path, {"parameters": {"loyalty": {"points": 60}}})
    wishes = [("PUT", f"/v1/loyalties/Club/rewards/{one['assignment']['id']}", automatic) for one in more]
    assert together.statuses(together.answers(project, wishes)) == [200] + [400] * 3
    coins = project.post("/v1/rewards", {"name": "Coins", "parameters": {"coin": {"exchange_ratio": 1}}})
    body = [{"reward": coins["id"], **automatic}]
    project.refuse("POST", "/v1/loyalties/Club/rewards", body, status=400, key="invalid_payload")
