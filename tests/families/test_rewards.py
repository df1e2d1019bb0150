"""Rewards, their offers in programmes, and what it costs to get one."""

from typing import Any

import pytest

import make
import together
from installation import Project, eventually
from shapes import differences, seed

REWARDED = "customer.rewarded"


def wish(card: dict[str, Any], reward: dict[str, Any], **more: Any) -> tuple[str, str, Any]:
    return ("POST", f"/v1/loyalties/members/{card['code']}/redemption", {"reward": {"id": reward["id"]}, **more})


def redeem(project: Project, card: dict[str, Any], reward: dict[str, Any], **more: Any) -> dict[str, Any]:
    _, path, body = wish(card, reward, **more)
    return project.post(path, body)


def state(project: Project, card: dict[str, Any]) -> list[Any]:
    """Everything that a redemption may move."""
    return [
        project.get(f"/v1/vouchers/{card['code']}"),
        project.get("/v1/rewards")["data"],
        project.get("/v1/customers/ann")["summary"],
        project.get("/v1/orders")["orders"],
        project.get(f"/v1/loyalties/members/{card['code']}/transactions", limit=100)["data"],
        project.installation.sql("SELECT id FROM redemptions WHERE project_id = $1 AND result = 'SUCCESS'", project.id),
    ]


def test_a_material_reward_is_made_shown_and_listed(project: Project) -> None:
    bottle = make.product(project)
    blue = make.sku(project, bottle["id"], "blue")
    product = {"id": bottle["source_id"], "sku_id": blue["source_id"]}
    attributes = {"image_url": "http://localhost/bottle.png"}
    body = {"name": "A bottle", "parameters": {"product": product}, "stock": 3, "attributes": attributes}
    made = project.post("/v1/rewards", {**body, "metadata": {"a": 1}})
    assert made["parameters"] == {"product": {"id": bottle["id"], "sku_id": blue["id"]}}
    assert (made["object"], made["type"], made["stock"], made["redeemed"]) == ("reward", "MATERIAL", 3, 0)
    assert (made["attributes"], made["metadata"], made["updated_at"]) == (attributes, {"a": 1}, None)
    assert project.get(f"/v1/rewards/{made['id']}") == made
    assert project.get("/v1/rewards") == {"object": "list", "data_ref": "data", "data": [made], "total": 1}


@pytest.mark.parametrize(
    ("parameters", "status", "key"),
    [
        (None, 400, "invalid_payload"),
        ({}, 400, "invalid_payload"),
        ({"product": "bottle"}, 400, "invalid_payload"),
        ({"product": {}}, 400, "invalid_payload"),
        ({"product": {"id": "nothing"}}, 404, "not_found"),
        ({"product": {"id": "bottle", "sku_id": "nothing"}}, 404, "not_found"),
        ({"product": {"id": "bottle", "sku_id": "large"}}, 404, "not_found"),
        ({"coin": {"exchange_ratio": 0, "points_ratio": 1}}, 400, "invalid_payload"),
        ({"coin": {"exchange_ratio": "0", "points_ratio": 1}}, 400, "invalid_payload"),
        ({"coin": {"exchange_ratio": "many", "points_ratio": 1}}, 400, "invalid_payload"),
        ({"coin": {"exchange_ratio": 1, "points_ratio": 0}}, 400, "invalid_payload"),
        ({"coin": {"exchange_ratio": 1}, "product": {"id": "bottle"}}, 400, "invalid_payload"),
        ({"campaign": {"id": "camp_1", "balance": 5}}, 404, "not_found"),
        ({"campaign": {"id": "Gifts"}}, 400, "invalid_balance"),
        ({"campaign": {"id": "Gifts", "balance": 0}}, 400, "invalid_balance"),
        ({"campaign": {"id": "Gifts", "balance": 2**60}}, 400, "invalid_balance"),
        ({"campaign": {"id": "Promo"}}, 400, "invalid_payload"),
    ],
)
def test_what_cannot_be_a_reward_is_refused(project: Project, parameters: Any, status: int, key: str) -> None:
    make.product(project)
    make.product(project, "cup")
    make.sku(project, "cup", "large")
    make.campaign(project, "GIFT_VOUCHERS", "Gifts")
    make.promotion(project)
    body = {"name": "Something", "parameters": parameters}
    project.refuse("POST", "/v1/rewards", body, status=status, key=key)
    assert project.get("/v1/rewards")["total"] == 0
    project.refuse("GET", "/v1/rewards/rew_nothing", status=404, key="not_found")


def test_a_reward_is_offered_from_either_side(project: Project) -> None:
    campaign = make.campaign(project)
    make.campaign(project, name="Other")
    reward = make.reward(project, 70)
    offer = reward["assignment"]
    assert (offer["object"], offer["reward_id"]) == ("reward_assignment", reward["id"])
    assert (offer["related_object_id"], offer["related_object_type"]) == (campaign["id"], "campaign")
    assert offer["parameters"] == {"loyalty": {"points": 70}}
    body = [{"reward": reward["id"], "parameters": {"loyalty": {"points": 5}}}]
    (other,) = project.post("/v1/loyalties/Other/rewards", body)
    for path in ("/v1/loyalties/Other/rewards", "/v1/loyalties/Other/reward-assignments"):
        assert project.get(path)["data"] == [other]
    assert project.get("/v1/loyalties/Other/rewards", assignment_id=offer["id"])["data"] == []
    assert project.get(f"/v1/rewards/{reward['id']}/assignments")["data"] == [other, offer]
    assert project.get("/v1/rewards", assignment_id=other["id"])["data"][0]["id"] == reward["id"]
    assert project.get("/v1/rewards", assignment_id="rewa_nothing")["total"] == 0
    events = project.recorded("campaign.reward.assignment.created", count=2)
    assert [event["data"]["reward_assignment"] for event in events] == [offer, other]


def test_a_reward_is_offered_once_in_a_campaign(project: Project) -> None:
    make.campaign(project)
    make.campaign(project, name="Other")
    reward = make.reward(project)
    price = {"parameters": {"loyalty": {"points": 5}}}
    body = {"campaign": "Club", **price}
    path = f"/v1/rewards/{reward['id']}/assignments"
    refusal = project.refuse("POST", path, body, status=409, key="duplicate_found")
    assert refusal["details"] == f"Duplicated reward_assignment exists with id {reward['assignment']['id']}"
    twice = [{"reward": reward["id"], **price}] * 2
    project.refuse("POST", "/v1/loyalties/Other/rewards", twice, status=409, key="duplicate_found")
    assert project.get("/v1/loyalties/Other/rewards")["total"] == 0
    found = together.answers(project, [("POST", path, {"campaign": "Other", **price})] * 8)
    assert together.statuses(found) == [200] + [409] * 7


@pytest.mark.parametrize(
    ("more", "status", "key"),
    [
        ({}, 400, "missing_param"),
        ({"parameters": {}}, 400, "missing_param"),
        ({"parameters": {"loyalty": {}}}, 400, "missing_param"),
        ({"parameters": {"loyalty": {"points": 0}}}, 400, "invalid_payload"),
        ({"parameters": {"loyalty": {"points": "5"}}}, 400, "invalid_payload"),
        ({"parameters": {"loyalty": {"points": 5}}, "campaign": "Nothing"}, 404, "not_found"),
        ({"parameters": {"loyalty": {"points": 5}}, "validation_rules": ["val_1"]}, 404, "not_found"),
    ],
)
def test_an_offer_needs_a_price_and_a_programme(project: Project, more: Any, status: int, key: str) -> None:
    make.campaign(project)
    make.campaign(project, name="Other")
    reward = make.reward(project)
    path = f"/v1/rewards/{reward['id']}/assignments"
    project.refuse("POST", path, {"campaign": "Other", **more}, status=status, key=key)
    assert project.get("/v1/loyalties/Other/rewards")["total"] == 0


def test_a_reward_is_paid_with_points(project: Project) -> None:
    campaign = make.campaign(project)
    reward = make.reward(project, 50, stock=2)
    card = make.member(project, points=120)
    done = redeem(project, card, reward, metadata={"till": 4})
    assert (done["object"], done["result"], done["status"]) == ("redemption", "SUCCESS", "SUCCEEDED")
    assert (done["amount"], done["loyalty_card"], done["metadata"]) == (50, {"points": 50}, {"till": 4})
    assert (done["related_object_type"], done["related_object_id"]) == ("voucher", card["id"])
    assert done["channel"] == {"channel_id": project.key["app_id"], "channel_type": "API"}
    assert done["order"] is None
    assert done["reward"]["id"] == reward["id"]
    assert done["reward"]["assignment_id"] == reward["assignment"]["id"]
    assert done["reward"]["product"]["source_id"] == "bottle"
    assert done["voucher"]["loyalty_card"]["balance"] == 70
    assert done["voucher"]["redemption"]["redeemed_quantity"] == 1
    assert done["voucher"]["redemption"]["redeemed_points"] == 50
    assert done["voucher"]["holder"]["source_id"] == "ann"
    assert project.get(f"/v1/rewards/{reward['id']}")["redeemed"] == 1
    (entry, _) = project.get(f"/v1/loyalties/members/{card['code']}/transactions")["data"]
    assert (entry["type"], entry["source"], entry["details"]["redemption"]) == (
        "POINTS_REDEMPTION",
        None,
        {"id": done["id"]},
    )
    assert entry["details"]["balance"]["points"] == -50
    assert entry["details"]["balance"]["total"] == 120
    customer = project.get("/v1/customers/ann")
    assert customer["summary"]["redemptions"]["total_succeeded"] == 1
    assert customer["summary"]["redemptions"]["loyalty_card"] == {"redeemed_points": 50, "points_to_go": 70}
    assert customer["loyalty"]["campaigns"]["Club"]["points"] == 70
    assert customer["loyalty"]["campaigns"]["Club"]["redeemed_points"] == 50
    path = f"/v1/loyalties/{campaign['id']}/members/{card['id']}/redemption"
    assert project.post(path, {"reward": {"id": reward["id"]}})["voucher"]["loyalty_card"]["balance"] == 20


def test_an_order_comes_along(project: Project) -> None:
    make.campaign(project)
    reward = make.reward(project)
    card = make.member(project, points=100)
    path = make.listen(project, "customer.order.paid")
    done = redeem(project, card, reward, order={"source_id": "o-1", "amount": 2_900})
    order = project.get("/v1/orders/o-1")
    assert (order["status"], order["customer_id"], order["amount"]) == ("PAID", card["holder_id"], 2_900)
    assert list(order["redemptions"]) == [done["id"]]
    assert done["order"] == order
    (paid,) = project.receiver.wait(path)
    assert paid.data["redemption"]["id"] == done["id"]
    (entry, _) = project.get(f"/v1/loyalties/members/{card['code']}/transactions")["data"]
    assert entry["details"]["order"] == {"id": order["id"], "source_id": "o-1"}


def test_an_order_that_is_fulfilled_stays_so(project: Project) -> None:
    make.campaign(project)
    reward = make.reward(project)
    card = make.member(project, points=100)
    make.order(project, 2_900, source_id="o-1", status="FULFILLED")
    done = redeem(project, card, reward, order={"source_id": "o-1"})
    assert (done["order"]["status"], list(done["order"]["redemptions"])) == ("FULFILLED", [done["id"]])
    assert project.get("/v1/customers/ann")["summary"]["orders"]["total_count"] == 1


@pytest.mark.parametrize(
    ("change", "status", "key"),
    [
        ({"reward": None}, 400, "missing_reward"),
        ({"reward": {}}, 400, "invalid_payload"),
        ({"reward": {"id": "rew_nothing"}}, 404, "not_found"),
        ({"order": {"id": "ord_nothing"}}, 404, "not_found"),
        ({"order": {"source_id": "new", "amount": 100, "customer": {"source_id": "bob"}}}, 400, "invalid_customer"),
        ({"order": {"source_id": "bobs"}}, 400, "invalid_customer"),
        ({"order": {"source_id": "new", "amount": -1}}, 400, "invalid_payload"),
    ],
)
def test_a_refused_redemption_moves_nothing(project: Project, change: Any, status: int, key: str) -> None:
    make.campaign(project)
    reward = make.reward(project, 50)
    card = make.member(project, points=100)
    make.order(project, 1_000, "bob", source_id="bobs")
    before = state(project, card)
    _, path, body = wish(card, reward)
    project.refuse("POST", path, {**body, **change}, status=status, key=key)
    assert state(project, card) == before


def test_more_points_than_there_are_cannot_be_paid(project: Project) -> None:
    make.campaign(project)
    reward = make.reward(project, 101, stock=5)
    card = make.member(project, points=100)
    before = state(project, card)
    _, path, body = wish(card, reward, order={"amount": 5})
    refusal = project.refuse("POST", path, body, status=400, key="loyalty_card_points_exceeded")
    assert refusal["details"] == card["code"]
    assert state(project, card) == before


def test_a_reward_that_is_not_offered_cannot_be_had(project: Project) -> None:
    make.campaign(project)
    make.campaign(project, name="Other")
    reward = make.reward(project, 5, campaign="Other")
    card = make.member(project, points=100)
    _, path, body = wish(card, reward)
    project.refuse("POST", path, body, status=404, key="not_found")


@pytest.mark.parametrize(
    ("card_fields", "key"),
    [
        ({"active": False}, "voucher_disabled"),
        ({"expiration_date": "2001-01-01T00:00:00Z"}, "voucher_expired"),
        ({"start_date": "2099-01-01T00:00:00Z"}, "voucher_not_active"),
        ({"redemption": {"quantity": 1}}, "quantity_exceeded"),
    ],
)
def test_a_card_that_cannot_be_used_pays_nothing(project: Project, card_fields: dict[str, Any], key: str) -> None:
    make.campaign(project)
    reward = make.reward(project, 10)
    project.post("/v1/campaigns/Club/vouchers/GOLD-1", {**card_fields, "active": True})
    card = project.post("/v1/loyalties/Club/members", {"voucher": "GOLD-1", "customer": "ann"})
    project.post("/v1/loyalties/members/GOLD-1/balance", {"points": 100})
    if key == "quantity_exceeded":
        redeem(project, card, reward)
    if key == "voucher_disabled":
        project.installation.sql("UPDATE vouchers SET active = false WHERE project_id = $1", project.id)
    before = state(project, card)
    _, path, body = wish(card, reward)
    project.refuse("POST", path, body, status=400, key=key)
    assert state(project, card) == before


def test_a_card_of_nobody_pays_nothing(project: Project) -> None:
    make.campaign(project)
    reward = make.reward(project, 10)
    card = make.member(project, points=100)
    project.delete("/v1/customers/ann")
    eventually(lambda: "holder_id" not in project.get(f"/v1/vouchers/{card['code']}"))
    _, path, body = wish(card, reward)
    project.refuse("POST", path, body, status=400, key="invalid_customer")


def test_the_last_points_buy_one_reward(project: Project) -> None:
    make.campaign(project)
    reward = make.reward(project, 30)
    card = make.member(project, points=100)
    found = together.answers(project, [wish(card, reward)] * 12)
    assert together.statuses(found) == [200] * 3 + [400] * 9
    assert {answer.json()["key"] for answer in found if answer.status_code == 400} == {"loyalty_card_points_exceeded"}
    after = project.get(f"/v1/vouchers/{card['code']}")
    assert after["loyalty_card"]["balance"] == 10
    assert after["redemption"]["redeemed_quantity"] == 3
    rows = project.installation.sql(
        "SELECT amount FROM redemptions WHERE project_id = $1 AND result = 'SUCCESS'", project.id
    )
    assert [row["amount"] for row in rows] == [30] * 3
    assert project.get(f"/v1/rewards/{reward['id']}")["redeemed"] == 3


def test_the_last_reward_goes_to_one_of_many(project: Project) -> None:
    make.campaign(project)
    reward = make.reward(project, 10, stock=2)
    cards = [make.member(project, f"c{number}", points=10) for number in range(6)]
    found = together.answers(project, [wish(card, reward) for card in cards])
    assert together.statuses(found) == [200] * 2 + [400] * 4
    assert {answer.json()["key"] for answer in found if answer.status_code == 400} == {"reward_out_of_stock"}
    balances = [project.get(f"/v1/vouchers/{card['code']}")["loyalty_card"]["balance"] for card in cards]
    assert sorted(balances) == [0, 0, 10, 10, 10, 10]
    assert project.get(f"/v1/rewards/{reward['id']}")["redeemed"] == 2


def test_a_rewarded_customer_is_told_as_the_reference_tells_it(project: Project) -> None:
    make.campaign(project, auto_join=True)
    reward = make.reward(project, 50)
    path = make.listen(project, REWARDED)
    make.customer(project)
    card = make.member(project, points=900)
    bottle = reward["parameters"]["product"]["id"]
    items = [{"product_id": bottle, "quantity": 1, "price": 2_900}]
    done = redeem(project, card, reward, order={"amount": 2_900, "items": items})
    (delivery,) = project.receiver.wait(path)
    assert delivery.signed_with(project.secret)
    assert delivery.json["event"]["event_source"] == {"channel": "INTERNAL"}
    found = differences(seed(REWARDED), delivery.data)
    assert {path: what for path, what in found.items() if what != "extra"} == {}
    extras = {path.removeprefix(".") for path in found}
    # What newer samples and the schemas have besides: whole products, times, and what keeps the campaign open.
    assert {path for path in extras if not path.startswith(("campaign.", "redemption.", "voucher."))} == set()
    assert delivery.data["redemption"]["id"] == done["id"]
    assert delivery.data["redemption"]["amount"] == 50
    assert delivery.data["voucher"]["loyalty_card"] == {"points": 900, "balance": 850}
    assert delivery.data["reward"] == {
        "assignment_id": reward["assignment"]["id"],
        "product": {"id": bottle, "source_id": "bottle", "name": "Bottle"},
        "id": reward["id"],
        "object": "reward",
        "name": "A bottle",
        "type": "MATERIAL",
    }


def test_everything_that_follows_from_a_redemption_is_told(project: Project) -> None:
    make.campaign(project)
    reward = make.reward(project, 50)
    card = make.member(project, points=60)
    project.recorded("voucher.loyalty_card.points_added")
    done = redeem(project, card, reward)
    names = (
        "redemption.succeeded",
        "customer.redemption.succeeded",
        "customer.reward_redemptions.created",
        "customer.reward_redemptions.pending",
        REWARDED,
    )
    events = project.recorded(*names, count=5)
    assert [event["type"] for event in events] == list(names)
    by_type = {event["type"]: event for event in events}
    assert by_type["redemption.succeeded"]["entity_id"] == done["id"]
    assert {event["entity_id"] for event in events[1:]} == {card["holder_id"]}
    assert {event["campaign_id"] for event in events} == {card["campaign_id"]}
    owed = by_type["customer.reward_redemptions.pending"]["data"]["reward_redemption"]
    assert (owed["state"], owed["source_id"], owed["source_type"]) == ("PENDING", done["id"], "redemption")
    assert "created_at" not in by_type["customer.redemption.succeeded"]["data"]
    assert by_type["redemption.succeeded"]["data"]["redemption"]["reward"]["type"] == "MATERIAL"


def test_a_reward_is_changed_and_deleted(project: Project) -> None:
    make.campaign(project)
    reward = make.reward(project, 10, stock=2, metadata={"a": 1})
    redeem(project, make.member(project, points=10), reward)
    path = f"/v1/rewards/{reward['id']}"
    changed = project.put(path, {"name": "Two bottles", "stock": 1, "metadata": {"b": 2}})
    assert (changed["name"], changed["stock"], changed["redeemed"]) == ("Two bottles", 1, 1)
    assert (changed["metadata"], changed["parameters"]) == ({"a": 1, "b": 2}, reward["parameters"])
    assert project.get(path) == changed
    project.refuse("PUT", path, {"stock": 0}, status=400, key="invalid_payload")
    project.refuse("PUT", path, {"parameters": {"product": {"id": "nothing"}}}, status=404, key="not_found")
    assert project.put(path, {"stock": None})["stock"] is None
    refusal = project.refuse("DELETE", path, status=400, key="resource_in_use")
    assert reward["assignment"]["id"] in refusal["details"]
    assert project.delete(f"{path}/assignments/{reward['assignment']['id']}") is None
    assert project.delete(path) is None
    project.refuse("GET", path, status=404, key="not_found")


def test_an_offer_is_read_repriced_and_withdrawn(project: Project) -> None:
    make.campaign(project)
    make.campaign(project, name="Other")
    reward = make.reward(project, 50)
    offer = reward["assignment"]
    by_reward = f"/v1/rewards/{reward['id']}/assignments/{offer['id']}"
    by_campaign = f"/v1/loyalties/Club/rewards/{offer['id']}"
    newer = f"/v1/loyalties/Club/reward-assignments/{offer['id']}"
    assert project.get(by_reward) == project.get(by_campaign) == project.get(newer) == offer
    assert project.get(f"{newer}/reward")["id"] == reward["id"]
    project.refuse("GET", f"/v1/loyalties/Other/rewards/{offer['id']}", status=404, key="not_found")
    changed = project.put(by_campaign, {"parameters": {"loyalty": {"points": 70}}})
    assert changed["parameters"]["loyalty"]["points"] == 70
    assert project.put(by_reward, {"parameters": {"loyalty": {"points": 70}}}) == changed
    project.refuse("PUT", by_reward, {"parameters": {}}, status=400, key="missing_param")
    card = make.member(project, points=60)
    members = f"/v1/loyalties/members/{card['code']}/rewards"
    (shown,) = project.get(members)["data"]
    assert (shown["object"], shown["assignment"], shown["reward"]["id"]) == ("loyalty_reward", changed, reward["id"])
    assert project.get(members, affordable_only="true") == {**project.get(members), "data": [], "total": 0}
    assert project.delete(by_campaign) is None
    project.refuse("DELETE", by_campaign, status=404, key="not_found")
    prefix = "campaign.reward.assignment"
    events = project.recorded(f"{prefix}.created", f"{prefix}.updated", f"{prefix}.deleted", count=3)
    assert [event["type"].rpartition(".")[2] for event in events] == ["created", "updated", "deleted"]
    assert events[1]["data"]["reward_assignment"] == changed


def test_a_campaign_that_is_switched_off_rests(project: Project) -> None:
    make.campaign(project, auto_join=True)
    make.rule(project, 10)
    reward = make.reward(project, 5)
    card = make.member(project, points=10)
    assert project.post("/v1/campaigns/Club/disable") == project.post("/v1/campaigns/Club/disable") == {}
    assert project.get("/v1/campaigns/Club")["active"] is False
    _, path, body = wish(card, reward)
    project.refuse("POST", path, body, status=400, key="voucher_disabled")
    assert make.member(project, "bob")["campaign"] == "Club"
    assert project.post("/v1/campaigns/Club/enable") == {}
    make.order(project, 100, status="PAID")
    eventually(lambda: project.get(f"/v1/vouchers/{card['code']}")["loyalty_card"]["points"] == 20)
    assert redeem(project, card, reward)["voucher"]["loyalty_card"]["balance"] == 15
    events = project.recorded("campaign.disabled", "campaign.enabled", count=2)
    assert [(event["type"], event["data"]["campaign"]["active"]) for event in events] == [
        ("campaign.disabled", False),
        ("campaign.enabled", True),
    ]
