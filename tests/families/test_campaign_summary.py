"""What happened in a campaign, of each type, in all its time and day by day."""

import asyncio
from typing import Any

import pytest

import make
from installation import Project, eventually

COMMON = {
    "redemptions": 0,
    "redemptions_succeeded": 0,
    "redemptions_failed": 0,
    "rollbacks": 0,
    "rollbacks_succeeded": 0,
    "rollbacks_failed": 0,
    "validations": 0,
    "validations_succeeded": 0,
    "validations_failed": 0,
    "orders_amount": 0,
    "orders_rolledback_amount": 0,
}
CODES = {
    "vouchers_created": 0,
    "vouchers_deleted": 0,
    "publications": 0,
    "publications_succeeded": 0,
    "publications_failed": 0,
}
DISCOUNTS = {"discounted_amount": 0, "rolledback_discounted_amount": 0}
GIFTS = {
    "created_vouchers_amount": 0,
    "amount_added": 0,
    "amount_deleted": 0,
    "amount_redeemed": 0,
    "amount_rolledback": 0,
    "amount_subtracted": 0,
}
POINTS = {
    "created_vouchers_points": 0,
    "points_deleted": 0,
    "points_subtracted": 0,
    "points_added": 0,
    "points_rewarded": 0,
    "points_redeemed": 0,
    "points_rolledback": 0,
    "points_expired": 0,
    "points_transferred_out": 0,
    "points_transferred_in": 0,
    "pending_points_added": 0,
    "pending_points_subtracted": 0,
    "pending_points_activated": 0,
    "pending_points_canceled": 0,
}


def figures(project: Project, name: str = "Club", **query: Any) -> dict[str, Any]:
    """The summary without what it is about."""
    found = project.get(f"/v1/campaigns/{name}/summary", **query)
    return {key: value for key, value in found.items() if key not in {"campaign", "object"}}


def redeemables(*codes: str, amount: int = 10_000, **more: Any) -> dict[str, Any]:
    return {"redeemables": [{"object": "voucher", "id": code} for code in codes], "order": {"amount": amount}, **more}


def redeem(project: Project, *codes: str, amount: int = 10_000, **more: Any) -> dict[str, Any]:
    return project.post("/v1/redemptions", redeemables(*codes, amount=amount, **more))


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("DISCOUNT_COUPONS", CODES | DISCOUNTS),
        ("GIFT_VOUCHERS", CODES | GIFTS),
        ("LOYALTY_PROGRAM", CODES | POINTS),
        ("REFERRAL_PROGRAM", CODES | {"referred_customers": 0}),
        ("PROMOTION", DISCOUNTS),
    ],
)
def test_each_type_has_its_figures_beside_the_campaign(project: Project, kind: str, more: dict[str, int]) -> None:
    if kind == "PROMOTION":
        made = make.promotion(project, "Club")
    else:
        program = {"referral_program": {"conversion_event_type": "redemption"}} if kind == "REFERRAL_PROGRAM" else {}
        made = make.campaign(project, kind, vouchers_count=0, **program)
    found = project.get("/v1/campaigns/Club/summary")
    assert found == {"campaign": project.get("/v1/campaigns/Club"), "object": "campaign_summary", **COMMON, **more}
    assert project.get(f"/v1/campaigns/{made['id']}/summary") == found


def test_what_happened_with_codes_is_counted(project: Project) -> None:
    make.campaign(project, "DISCOUNT_COUPONS", vouchers_count=2, type="STATIC")
    published = make.published(project)["voucher"]["code"]
    limited = project.post("/v1/campaigns/Club/vouchers/LIMITED", {"redemption": {"quantity": 1}})["code"]
    redeem(project, published)
    undone = redeem(project, limited, amount=5_000)["redemptions"][0]["id"]
    project.refuse("POST", "/v1/redemptions", redeemables(limited), status=400, key="quantity_exceeded")
    project.post("/v1/validations", redeemables(published))
    assert not project.post("/v1/validations", redeemables(limited))["valid"]
    project.post(f"/v1/redemptions/{undone}/rollback")
    project.refuse("POST", f"/v1/redemptions/{undone}/rollback", status=400, key="already_rolled_back")
    project.delete(f"/v1/vouchers/{limited}")
    make.published(project, customer="bob")
    refused = {"campaign": "Club", "customer": {"source_id": "carl"}}
    key = "no_voucher_suitable_for_publication"
    project.refuse("POST", "/v1/publications", refused, status=400, key=key)
    expected = {
        "redemptions": 3,
        "redemptions_succeeded": 2,
        "redemptions_failed": 1,
        "rollbacks": 2,
        "rollbacks_succeeded": 1,
        "rollbacks_failed": 1,
        "validations": 2,
        "validations_succeeded": 1,
        "validations_failed": 1,
        "orders_amount": 13_500,
        "orders_rolledback_amount": 4_500,
        "vouchers_created": 3,
        "vouchers_deleted": 1,
        "publications": 3,
        "publications_succeeded": 2,
        "publications_failed": 1,
        "discounted_amount": 1_500,
        "rolledback_discounted_amount": 500,
    }
    eventually(lambda: figures(project)["validations"] == 2 and figures(project)["publications_failed"] == 1)
    assert figures(project) == expected


def test_an_order_of_several_codes_counts_once(project: Project) -> None:
    make.campaign(project, "DISCOUNT_COUPONS")
    for code in ("A", "B"):
        project.post(f"/v1/campaigns/Club/vouchers/{code}", {})
    stacked = redeem(project, "A", "B")
    found = figures(project)
    assert (found["redemptions"], found["orders_amount"], found["discounted_amount"]) == (2, 8_100, 1_900)
    project.post(f"/v1/redemptions/{stacked['parent_redemption']['id']}/rollbacks")
    found = figures(project)
    assert (found["rollbacks_succeeded"], found["orders_rolledback_amount"]) == (2, 8_100)
    assert found["rolledback_discounted_amount"] == 1_900
    assert found["orders_amount"] == 8_100


def test_the_tiers_of_a_promotion_count_for_it(project: Project) -> None:
    tiers = [tier["id"] for tier in make.promotion(project, tiers=[{}, {}])["promotion"]["tiers"]]
    body = {"redeemables": [{"object": "promotion_tier", "id": tier} for tier in tiers], "order": {"amount": 1_000}}
    assert project.post("/v1/validations", body)["valid"]
    project.post("/v1/redemptions", body)
    eventually(lambda: figures(project, "Promo")["validations_succeeded"] == 2)
    found = figures(project, "Promo")
    assert (found["redemptions_succeeded"], found["discounted_amount"], found["orders_amount"]) == (2, 190, 810)


def test_the_books_of_gift_cards_balance(project: Project) -> None:
    make.campaign(project, "GIFT_VOUCHERS", vouchers_count=2)
    project.post("/v1/campaigns/Club/vouchers/G1", {})
    kept = project.post("/v1/campaigns/Club/vouchers/G2", {})["code"]
    project.post("/v1/vouchers/G1/balance", {"amount": 500})
    project.post("/v1/vouchers/G1/balance", {"amount": -200})
    redeem(project, "G1", amount=3_000)
    undone = redeem(project, kept, amount=2_500)["redemptions"][0]["id"]
    project.post(f"/v1/redemptions/{undone}/rollback")
    project.delete("/v1/vouchers/G1", force=True)
    found = figures(project)
    assert {name: found[name] for name in GIFTS} == {
        "created_vouchers_amount": 40_000,
        "amount_added": 500,
        "amount_deleted": 7_300,
        "amount_redeemed": 5_500,
        "amount_rolledback": 2_500,
        "amount_subtracted": 200,
    }
    left = sum(one["gift"]["balance"] for one in project.get("/v1/vouchers", campaign="Club")["vouchers"])
    gone = found["amount_deleted"] + found["amount_redeemed"] + found["amount_subtracted"]
    assert left == found["created_vouchers_amount"] + found["amount_added"] + found["amount_rolledback"] - gone


def play_with_points(project: Project) -> None:
    """Moves points in every way there is, over two months of the project's time."""
    project.advance(to="2027-01-10T12:00:00Z")
    rules = {"period_type": "MONTH", "period_value": 1}
    make.campaign(project, voucher={"loyalty_card": {"points": 5, "expiration_rules": rules}})
    make.customer(project)
    card, other = make.member(project, points=100), make.member(project, "bob")
    path = f"/v1/loyalties/members/{card['code']}"
    project.post(f"{path}/balance", {"points": 30, "expiration_type": "NON_EXPIRING"})
    project.post(f"{path}/balance", {"points": -15})
    project.post(f"/v1/loyalties/Club/members/{other['code']}/transfers", [{"code": card["code"], "points": 20}])
    rule = make.rule(project, 40, pending_points={"period_type": "DAY", "period_value": 30})
    orders = [make.order(project, 1_000, status="PAID")["id"] for _ in range(4)]
    waiting = eventually(lambda: [*found] if len(found := project.get(f"{path}/pending-points")["data"]) == 4 else None)
    by_order = {one["order_id"]: f"{path}/pending-points/{one['id']}" for one in waiting}
    project.post(f"{by_order[orders[0]]}/balance", {"points": -10})
    project.post(f"{by_order[orders[0]]}/balance", {"points": 3})
    project.post(f"{by_order[orders[1]]}/activate")
    project.post(f"{by_order[orders[2]]}/cancel")
    make.order(project, 1_000, "bob", status="PAID")
    eventually(lambda: figures(project)["pending_points_added"] == 203)
    project.advance("P35D")  # what waited can be used, and what could be used until 10 February has gone
    project.delete(f"/v1/loyalties/Club/earning-rules/{rule['id']}")
    make.rule(project, 7)
    make.order(project, 1_000, status="PAID")
    redeemed = project.post(f"{path}/redemption", {"reward": {"id": make.reward(project, 25)["id"]}})
    project.post(f"{path}/redemption", {"reward": {"id": make.reward(project, 1)["id"]}})
    project.post(f"/v1/redemptions/{redeemed['id']}/rollback")
    eventually(lambda: figures(project)["points_rewarded"] == 40 + 33 + 40 + 40 + 7)
    late = {"period_type": "DAY", "period_value": 90}
    make.rule(project, 11, pending_points=late)
    make.order(project, 1_000, "bob", status="PAID")
    eventually(lambda: figures(project)["pending_points_added"] == 214)
    project.delete(f"/v1/vouchers/{other['code']}")


def test_the_books_of_points_balance(project: Project) -> None:
    play_with_points(project)
    found = figures(project)
    cards = [one["loyalty_card"] for one in project.get("/v1/vouchers", campaign="Club")["vouchers"]]
    came = "created_vouchers_points points_added points_rewarded points_rolledback points_transferred_in"
    went = "points_deleted points_subtracted points_redeemed points_expired points_transferred_out"
    balance = sum(found[name] for name in came.split()) - sum(found[name] for name in went.split())
    assert balance == sum(card["balance"] for card in cards)
    ended = "pending_points_subtracted pending_points_activated pending_points_canceled"
    waiting = found["pending_points_added"] - sum(found[name] for name in ended.split())
    assert waiting == sum(card["pending_points"] for card in cards) == 0
    expired = sum(card["expired_points"] for card in cards)
    assert {name: found[name] for name in POINTS} == {
        "created_vouchers_points": 10,
        "points_deleted": 47,
        "points_subtracted": 15,
        "points_added": 130,
        "points_rewarded": 167,
        "points_redeemed": 26,
        "points_rolledback": 25,
        "points_expired": expired + 25,
        "points_transferred_out": 20,
        "points_transferred_in": 20,
        "pending_points_added": 214,
        "pending_points_subtracted": 10,
        "pending_points_activated": 153,
        "pending_points_canceled": 51,
    }


def test_the_days_add_up_to_all_of_it(project: Project) -> None:
    play_with_points(project)
    whole = figures(project)
    parts = [
        figures(project, end_date="2027-01-10"),
        figures(project, start_date="2027-01-11", end_date="2027-02-13"),
        figures(project, start_date="2027-02-14"),
    ]
    assert {name: sum(part[name] for part in parts) for name in whole} == whole
    assert all(any(part.values()) for part in parts)


def test_days_are_those_of_the_project(installation: Any) -> None:
    project = make.project(installation, timezone="Pacific/Auckland")
    project.advance(to="2027-06-10T11:59:59Z")  # the last second of 10 June there
    make.campaign(project, "GIFT_VOUCHERS", vouchers_count=0)
    project.post("/v1/campaigns/Club/vouchers/EARLY", {})
    project.post("/v1/validations", redeemables("EARLY"))
    project.advance("PT2S")
    project.post("/v1/campaigns/Club/vouchers/LATE", {})
    project.post("/v1/validations", redeemables("LATE"))
    eventually(lambda: figures(project)["validations"] == 2)
    for query, made in (
        ({"start_date": "2027-06-10", "end_date": "2027-06-10"}, 1),
        ({"start_date": "2027-06-11"}, 1),
        ({"end_date": "2027-06-11"}, 2),
        ({"end_date": "2027-06-09"}, 0),
    ):
        found = figures(project, **query)
        assert (found["vouchers_created"], found["validations"]) == (made, made), query


def test_customers_who_were_referred_are_counted(project: Project) -> None:
    code = make.referral_code(project)
    for name in ("bob", "carl"):
        redeem(project, code["code"], customer={"source_id": name})
    eventually(lambda: figures(project, "Friends")["referred_customers"] == 2)
    found = figures(project, "Friends")
    assert (found["redemptions_succeeded"], found["publications"], found["vouchers_created"]) == (2, 1, 1)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"start_date": "yesterday"}, 400),
        ({"end_date": "2027-02-30"}, 400),
        ({"start_date": "2027-02-02", "end_date": "2027-02-01"}, 400),
        ({"start_date": "0001-01-01", "end_date": "9999-12-31"}, 200),
        ({"start_date": "2027-02-02T23:00:00+14:00", "end_date": "2027-02-02"}, 200),
    ],
)
def test_dates_are_days(project: Project, query: dict[str, str], status: int) -> None:
    make.campaign(project, "DISCOUNT_COUPONS")
    answer = project.request("GET", "/v1/campaigns/Club/summary", params=query)
    assert answer.status_code == status, answer.text
    if status == 400:
        assert answer.json()["key"] == "invalid_query_params"


def test_a_campaign_that_is_gone_has_no_summary(project: Project) -> None:
    made = make.campaign(project, "DISCOUNT_COUPONS")
    project.post("/v1/campaigns/Club/vouchers/A", {})
    project.delete("/v1/vouchers/A")
    project.finished(project.delete("/v1/campaigns/Club", force=True)["async_action_id"])
    project.refuse("GET", f"/v1/campaigns/{made['id']}/summary", status=404, key="not_found")
    left = "SELECT FROM deleted_vouchers WHERE project_id = $1"
    assert not project.installation.sql(left, project.id)


def test_what_was_counted_is_kept_when_a_process_ends(project: Project) -> None:
    made = make.campaign(project, "DISCOUNT_COUPONS")

    async def count() -> None:
        async with make.work_on(project) as work:
            work.count("validations_failed", made["id"])
            work.count("validations_failed", made["id"])

    asyncio.run(count())
    assert figures(project)["validations_failed"] == 2
