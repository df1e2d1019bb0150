"""Loyalty tiers: how they are made, reached, kept and lost, and what they change about rules and rewards."""

from typing import Any

import pytest

import make
import together
from installation import Project, eventually

RANGES = (("Bottom", 1, 249), ("Middle", 250, 499), ("Top", 500, None))
MOVES = tuple(f"customer.loyalty.tier.{name}" for name in ("joined", "upgraded", "downgraded", "prolonged", "left"))


def policy(ends: str, *, qualification: str = "BALANCE", start: str = "IMMEDIATE", **end: Any) -> dict[str, Any]:
    found = {
        "qualification_type": qualification,
        "start_date": {"type": start},
        "expiration_date": {"type": ends, **end},
    }
    return {
        "loyalty_tiers_expiration": found | ({"qualification_period": "MONTH"} if qualification != "BALANCE" else {})
    }


def club(project: Project, **fields: Any) -> list[Any]:
    """A programme with three tiers."""
    make.campaign(project, **fields)
    return tiers(project, *RANGES)


def tiers(project: Project, *ranges: tuple[str, int, int | None], **more: Any) -> list[Any]:
    body = [
        {"name": name, "points": {"from": first, **({} if last is None else {"to": last})}, **more}
        for name, first, last in ranges
    ]
    return project.post("/v1/loyalties/Club/tiers", body)


def tier_of(project: Project, card: Any) -> str | None:
    data = project.get(f"/v1/loyalties/members/{card['code']}/tiers")["data"]
    return data[0]["name"] if data else None


def standing(project: Project, card: Any) -> Any:
    return project.get(f"/v1/loyalties/members/{card['code']}/tiers")["data"][0]["expiration"]


def add(project: Project, card: Any, points: int) -> None:
    project.post(f"/v1/loyalties/members/{card['code']}/balance", {"points": points})


def moves(project: Project, count: int = 1) -> list[str]:
    return [event["type"].rpartition(".")[2] for event in project.recorded(*MOVES, count=count)]


def idle(project: Project) -> bool:
    sql = "SELECT FROM jobs WHERE project_id = $1 UNION ALL SELECT FROM outbox WHERE project_id = $1"
    return not project.installation.sql(sql, project.id)


def day(project: Project, ahead: str = "0 days") -> str:
    sql = """
    SELECT (((now() + clock_offset) AT TIME ZONE timezone)::date + $2::text::interval)::date::text AS day
    FROM projects WHERE id = $1
    """
    return project.installation.sql(sql, project.id, ahead)[0]["day"]


def test_tiers_are_made_and_read(project: Project) -> None:
    campaign = make.campaign(project)
    body = [
        {"name": "Low", "points": {"from": 0, "to": 9}, "metadata": {"a": 1}},
        {"name": "High", "points": {"from": 10}},
    ]
    low, high = project.post("/v1/loyalties/Club/tiers", body)
    assert (low["object"], low["campaign_id"], low["points"]) == ("loyalty_tier", campaign["id"], {"from": 0, "to": 9})
    assert (low["config"], low["metadata"]) == ({"points": {"from": 0, "to": 9}}, {"a": 1})
    assert (low["earning_rules"], low["rewards"], high["points"]) == ({}, {}, {"from": 10})
    listed = project.get("/v1/loyalties/Club/tiers", order="created_at")
    assert {one["id"] for one in listed["data"]} == {low["id"], high["id"]}
    assert listed["total"] == 2
    assert project.get(f"/v1/loyalties/Club/tiers/{low['id']}") == low
    project.refuse("GET", "/v1/loyalties/Club/tiers/ltr_nothing", status=404, key="not_found")
    events = project.recorded("campaign.loyalty_tier.created", count=2)
    assert [event["data"]["loyalty_tier"] for event in events] == [low, high]


@pytest.mark.parametrize(
    ("wanted", "status", "key"),
    [
        ([], 400, "invalid_payload"),
        ([{"name": "A"}], 400, "invalid_payload"),
        ([{"name": "", "points": {"from": 1}}], 400, "invalid_payload"),
        ([{"name": "A", "points": {"from": -1}}], 400, "invalid_payload"),
        ([{"name": "A", "points": {"from": 2**60}}], 400, "invalid_payload"),
        ([{"name": "A", "points": {"from": 5, "to": 4}}], 400, "invalid_payload"),
        ([{"name": "A", "points": {"from": 600}}], 200, None),
        ([{"name": "A", "points": {"from": 400, "to": 450}}], 400, "invalid_payload"),
        ([{"name": "A", "points": {"from": 600}}, {"name": "B", "points": {"from": 600}}], 400, "invalid_payload"),
        (
            [{"name": "A", "points": {"from": 600, "to": 700}}, {"name": "B", "points": {"from": 700}}],
            400,
            "invalid_payload",
        ),
        (
            [{"name": "A", "points": {"from": 600}, "earning_rules": {"ern_1": {"type": "MULTIPLY", "multiplier": 2}}}],
            404,
            "not_found",
        ),
        (
            [{"name": "A", "points": {"from": 600}, "rewards": {"rewa_1": {"type": "CUSTOM", "points": 2}}}],
            404,
            "not_found",
        ),
        ([{"name": "A", "points": {"from": 600}, "rewards": {"rewa_1": {"type": "FREE"}}}], 400, "invalid_payload"),
    ],
)
def test_what_is_no_tier_is_refused(project: Project, wanted: Any, status: int, key: str | None) -> None:
    make.campaign(project)
    tiers(project, ("Bottom", 1, 249), ("Middle", 250, 499))
    if key is None:
        assert len(project.post("/v1/loyalties/Club/tiers", wanted)) == len(wanted)
        return
    project.refuse("POST", "/v1/loyalties/Club/tiers", wanted, status=status, key=key)
    assert project.get("/v1/loyalties/Club/tiers")["total"] == 2


def test_mappings_must_be_whole(project: Project) -> None:
    make.campaign(project)
    rule = make.rule(project)
    reward = make.reward(project)
    for field, name, mapping, key in (
        ("earning_rules", rule["id"], {"type": "MULTIPLY"}, "missing_param"),
        ("earning_rules", rule["id"], {"type": "CUSTOM"}, "missing_param"),
        ("earning_rules", rule["id"], {"type": "NOT_AVAILABLE"}, "invalid_payload"),
        ("earning_rules", rule["id"], {"type": "MULTIPLY", "multiplier": 0}, "invalid_payload"),
        ("rewards", reward["id"], {"type": "CUSTOM", "points": -1}, "invalid_payload"),
    ):
        wanted = [{"name": "A", "points": {"from": 1}, field: {name: mapping}}]
        project.refuse("POST", "/v1/loyalties/Club/tiers", wanted, status=400, key=key)


def test_tiers_at_once_do_not_overlap(project: Project) -> None:
    make.campaign(project)
    wanted = [{"name": "A", "points": {"from": 1, "to": 10}}]
    found = together.answers(project, [("POST", "/v1/loyalties/Club/tiers", wanted)] * 6)
    assert together.statuses(found) == [200] + [400] * 5


def test_a_balance_moves_a_card_through_the_tiers(project: Project) -> None:
    made = {tier["name"]: tier for tier in club(project)}
    card = make.member(project)
    assert tier_of(project, card) is None
    for points, name in ((10, "Bottom"), (490, "Top"), (-200, "Middle"), (-300, None)):
        add(project, card, points)
        eventually(lambda name=name: tier_of(project, card) == name)
    events = project.recorded(*MOVES, count=4)
    assert [event["type"].rpartition(".")[2] for event in events] == ["joined", "upgraded", "downgraded", "left"]
    assert {event["entity_id"] for event in events} == {card["holder_id"]}
    joined, upgraded, downgraded, left = (event["data"] for event in events)
    assert joined["loyalty_tier"]["id"] == made["Bottom"]["id"]
    assert joined["loyalty_tier"]["expiration"]["start_date"] == day(project)
    assert (upgraded["loyalty_tier_from"]["name"], upgraded["loyalty_tier_to"]["name"]) == ("Bottom", "Top")
    assert downgraded["loyalty_tier_to"]["id"] == made["Middle"]["id"]
    assert left["loyalty_tier"]["id"] == made["Middle"]["id"]
    assert "loyalty_tier" not in project.get("/v1/customers/ann")["loyalty"]["campaigns"]["Club"]


def test_a_customer_shows_the_tier(project: Project) -> None:
    bottom, *_ = club(project, voucher={"loyalty_card": {"points": 5}})
    card = make.member(project)
    shown = eventually(lambda: project.get("/v1/customers/ann")["loyalty"]["campaigns"]["Club"].get("loyalty_tier"))
    assert shown == bottom["id"]
    assert "expiration_date" not in standing(project, card)
    (event,) = project.recorded("customer.loyalty.updated")
    assert event["data"]["loyalty"]["campaigns"]["Club"]["loyalty_tier"] == bottom["id"]


def test_tiers_that_come_later_take_the_cards_that_are_there(project: Project) -> None:
    make.campaign(project)
    cards = [make.member(project, f"c{number}", points=300) for number in range(3)]
    tiers(project, *RANGES)
    for card in cards:
        eventually(lambda card=card: tier_of(project, card) == "Middle")


def test_a_tier_with_an_end_is_kept_and_then_decided_anew(project: Project) -> None:
    club(project, **policy("CUSTOM", extend="P10D"))
    card = make.member(project, points=300)
    eventually(lambda: tier_of(project, card) == "Middle")
    assert standing(project, card)["expiration_date"] == day(project, "10 days")
    add(project, card, -200)
    eventually(lambda: idle(project))
    assert tier_of(project, card) == "Middle"
    project.advance("P11D")
    eventually(lambda: tier_of(project, card) == "Bottom")
    assert standing(project, card)["expiration_date"] == day(project, "10 days")
    project.advance("P11D")
    assert moves(project, 3) == ["joined", "downgraded", "prolonged"]
    eventually(lambda: standing(project, card)["expiration_date"] == day(project, "10 days"))
    (changed,) = project.recorded("customer.loyalty.tier.expiration.changed")
    assert changed["data"]["expiration_date"] == day(project, "10 days")


def test_a_tier_starts_with_the_next_period(project: Project) -> None:
    club(project, **policy("END_OF_PERIOD", qualification="POINTS_IN_PERIOD", start="NEXT_PERIOD"))
    card = make.member(project, points=600)
    add(project, card, -500)
    eventually(lambda: idle(project))
    assert tier_of(project, card) is None
    sql = "SELECT next_on::text AS day FROM loyalty_periods WHERE project_id = $1"
    (row,) = project.installation.sql(sql, project.id)
    days = project.installation.sql("SELECT $1::text::date - $2::text::date AS days", row["day"], day(project))[0][
        "days"
    ]
    project.advance(f"P{days}D")
    eventually(lambda: tier_of(project, card) == "Top")
    assert standing(project, card)["start_date"] == row["day"]
    project.advance("P31D")
    assert moves(project, 2) == ["joined", "left"]


def test_points_of_a_period_reach_a_tier_though_they_are_spent(project: Project) -> None:
    club(project, **policy("END_OF_NEXT_PERIOD", qualification="POINTS_IN_PERIOD"))
    make.reward(project, 600, automatic=True)
    card = make.member(project, points=600)
    eventually(lambda: tier_of(project, card) == "Top")
    assert project.get(f"/v1/loyalties/members/{card['code']}")["loyalty_card"]["balance"] == 0


def test_a_tier_changes_what_rewards_cost(project: Project) -> None:
    make.campaign(project)
    bottle, cup, gone = (make.reward(project, 100, name=name) for name in ("bottle", "cup", "gone"))
    coins = make.reward(project, parameters={"coin": {"exchange_ratio": 1, "points_ratio": 10}}, name="coins")
    mapping = {
        bottle["assignment"]["id"]: {"type": "MULTIPLY", "multiplier": 0.5},
        cup["id"]: {"type": "CUSTOM", "points": 7},
        gone["id"]: {"type": "CUSTOM", "points": None},
        coins["id"]: {"type": "MULTIPLY", "multiplier": 2},
    }
    (tier,) = tiers(project, ("Club", 1, None), rewards=mapping)
    assert set(tier["rewards"]) == {one["assignment"]["id"] for one in (bottle, cup, gone, coins)}
    assert tier["rewards"][gone["assignment"]["id"]] == {"type": "CUSTOM"}
    card = make.member(project, points=60)
    eventually(lambda: tier_of(project, card) == "Club")
    shown = project.get(f"/v1/loyalties/Club/tiers/{tier['id']}/rewards")
    assert shown["data"][0]["object"] == "loyalty_tier_reward"
    members = project.get(f"/v1/loyalties/members/{card['code']}/rewards", affordable_only="true")
    for listed in (shown, members):
        prices = {
            one["reward"]["name"]: one["assignment"].get("parameters", {}).get("loyalty", {}).get("points")
            for one in listed["data"]
        }
        assert prices == {"bottle": 50, "cup": 7, "coins": None}
    path = f"/v1/loyalties/members/{card['code']}/redemption"
    done = project.post(path, {"reward": {"id": bottle["id"]}})
    assert (done["amount"], done["reward"]["loyalty_tier_id"]) == (50, tier["id"])
    project.refuse("POST", path, {"reward": {"id": gone["id"]}}, status=404, key="not_found")
    assert project.post(path, {"reward": {"id": cup["id"]}})["amount"] == 7
    add(project, card, 100)
    paid = project.post(path, {"reward": {"id": coins["id"]}, "order": {"amount": 300}})
    assert (paid["amount"], paid["order"]["total_amount"]) == (60, 0)


def test_a_tier_changes_what_rules_give(project: Project) -> None:
    make.campaign(project)
    plain, many, own = (make.rule(project, points) for points in (100, 10, 5))
    steps = make.rule(project, loyalty=make.proportional("amount", 100, 2))
    mapping = {
        many["id"]: {"type": "MULTIPLY", "multiplier": 2.5},
        own["id"]: {"type": "CUSTOM", "points": 7},
        steps["id"]: {"type": "CUSTOM", "points": 3},
    }
    (tier,) = tiers(project, ("Club", 1, None), earning_rules=mapping)
    listed = project.get(f"/v1/loyalties/Club/tiers/{tier['id']}/earning-rules")
    points = {one["id"]: one["loyalty"] for one in listed["data"]}
    assert [points[rule["id"]]["points"] for rule in (plain, many, own)] == [100, 25, 7]
    assert points[steps["id"]]["order"]["amount"] == {"every": 100, "points": 3}
    card = make.member(project, points=1)
    eventually(lambda: tier_of(project, card) == "Club")
    make.order(project, 1_000, status="PAID")
    balance = lambda: project.get(f"/v1/vouchers/{card['code']}")["loyalty_card"]["balance"]  # noqa: E731
    eventually(lambda: balance() == 1 + 100 + 25 + 7 + 30)
    (event, *_) = project.recorded("customer.rewarded.loyalty_points", count=4)
    assert event["data"]["loyalty_tier"]["id"] == tier["id"]
    named = {"id": tier["id"], "name": "Club"}
    entries = project.get(f"/v1/loyalties/members/{card['code']}/transactions")["data"]
    told = {one["details"]["earning_rule"]["id"]: one["details"] for one in entries if "earning_rule" in one["details"]}
    assert all(details["holder_loyalty_tier"] == named for details in told.values())
    assert told.keys() == {plain["id"], *mapping}
    assert {rule_id for rule_id, details in told.items() if "loyalty_tier" in details} == mapping.keys()
    assert told[many["id"]]["loyalty_tier"] == named


def test_joining_a_tier_earns_points(project: Project) -> None:
    (tier,) = (make.campaign(project), tiers(project, ("Club", 1, None)))[1]
    make.rule(project, 40, event="customer.loyalty.tier.joined", loyalty_tier={"id": tier["id"]})
    card = make.member(project, points=1)
    eventually(lambda: project.get(f"/v1/vouchers/{card['code']}")["loyalty_card"]["balance"] == 41)


@pytest.mark.parametrize("refresh", [True, False])
def test_a_changed_policy_concerns_members_if_that_is_asked_for(project: Project, *, refresh: bool) -> None:
    club(project)
    card = make.member(project, points=300)
    eventually(lambda: tier_of(project, card) == "Middle")
    body = {**policy("CUSTOM", extend="P10D"), "options": {"recalculate_tiers": refresh}}
    changed = project.put("/v1/loyalties/Club", body)
    assert changed["loyalty_tiers_expiration"] == body["loyalty_tiers_expiration"]
    if refresh:
        eventually(lambda: "expiration_date" in standing(project, card))
        assert standing(project, card)["expiration_date"] == day(project, "10 days")
        project.recorded("customer.loyalty.tier.expiration.changed")
    else:
        eventually(lambda: idle(project))
        assert "expiration_date" not in standing(project, card)


def test_many_movements_at_once_leave_one_right_tier(project: Project) -> None:
    club(project)
    card = make.member(project)
    path = f"/v1/loyalties/members/{card['code']}/balance"
    found = together.answers(project, [("POST", path, {"points": points}) for points in (100, 100, 100, -1, 300, 100)])
    assert set(together.statuses(found)) <= {200, 400}
    eventually(lambda: idle(project))
    balance = project.get(f"/v1/vouchers/{card['code']}")["loyalty_card"]["balance"]
    assert tier_of(project, card) == ("Top" if balance >= 500 else "Middle")
    kinds = moves(project)
    assert kinds[0] == "joined"
    assert "joined" not in kinds[1:]


def test_tiers_go_with_their_campaign_and_standings_with_their_card(project: Project) -> None:
    club(project)
    card = make.member(project, points=5)
    other = make.member(project, "bob", points=5)
    for one in (card, other):
        eventually(lambda one=one: tier_of(project, one) == "Bottom")
    project.delete(f"/v1/vouchers/{other['code']}")
    count = "SELECT count(*) AS n FROM {} WHERE project_id = $1"
    assert project.installation.sql(count.format("loyalty_standings"), project.id)[0]["n"] == 1
    project.delete("/v1/campaigns/Club")
    for table in ("loyalty_tiers", "loyalty_standings", "loyalty_periods"):
        eventually(lambda table=table: not project.installation.sql(count.format(table), project.id)[0]["n"])
