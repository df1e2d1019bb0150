"""The end of points: on the day that the rules say, where the project is, once."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import make
from installation import Installation, Project, eventually

TOLD = ("voucher.loyalty_card.points_expired", "customer.voucher.loyalty_card.points_expired")


def programme(project: Project, months: int = 1) -> dict[str, Any]:
    rules = {"period_type": "MONTH", "period_value": months}
    return make.campaign(project, voucher={"loyalty_card": {"points": 0, "expiration_rules": rules}})


def shown(project: Project, card: dict[str, Any]) -> dict[str, Any]:
    return project.get(f"/v1/loyalties/members/{card['code']}")["loyalty_card"]


def test_points_go_when_their_last_day_is_over(project: Project) -> None:
    programme(project)
    card = make.member(project, points=70)
    path = f"/v1/loyalties/members/{card['code']}"
    project.post(f"{path}/balance", {"points": 5, "expiration_type": "NON_EXPIRING"})
    last_day = shown(project, card)["next_expiration_date"]
    project.advance("P1M2D")
    after = eventually(lambda: (found := shown(project, card))["balance"] == 5 and found)
    assert after == {"points": 75, "balance": 5, "expired_points": 70, "subtracted_points": 0, "pending_points": 0}
    entry = project.get(f"{path}/transactions")["data"][0]
    assert (entry["type"], entry["source"], entry["reason"]) == ("POINTS_EXPIRATION", "Automation", None)
    balance = entry["details"]["balance"]
    assert (balance["points"], balance["total"], balance["balance"]) == (-70, 75, 5)
    customer = project.get("/v1/customers/ann")
    assert customer["loyalty"]["points"] == 5
    told, twin = project.recorded(*TOLD, count=2)
    assert (told["type"], twin["type"]) == TOLD
    (bucket,) = told["data"]["buckets"]
    assert (bucket["status"], bucket["expires_at"], bucket["bucket"]) == ("EXPIRED", last_day, {"total_points": 70})
    assert told["data"]["points"] == twin["data"]["points"] == 70
    assert told["data"]["transaction"] == entry
    assert project.get(f"/v1/loyalties/Club{path.removeprefix('/v1/loyalties')}/points-expiration")["total"] == 1


@pytest.mark.parametrize("timezone", ["UTC", "Pacific/Auckland", "America/New_York"])
def test_the_last_day_can_be_used_to_its_end(installation: Installation, timezone: str) -> None:
    project = make.project(installation, timezone=timezone)
    tomorrow = datetime.now(ZoneInfo(timezone)).date() + timedelta(days=1)
    noon = datetime.combine(tomorrow, time(12), ZoneInfo(timezone))
    clock = f"{project.path}/clock/advance"
    project.management.post(clock, {"to": noon.isoformat()})
    programme(project, months=0)
    card = make.member(project, points=70)
    assert shown(project, card)["next_expiration_date"] == tomorrow.isoformat()
    late = datetime.combine(tomorrow, time(23, 55), ZoneInfo(timezone))
    project.management.post(clock, {"to": late.isoformat()})
    make.member(project, "bob", points=1)
    assert shown(project, card)["balance"] == 70
    project.management.post(clock, {"to": (late + timedelta(minutes=6)).isoformat()})
    eventually(lambda: shown(project, card)["balance"] == 0)


def test_many_cards_end_once_each(project: Project) -> None:
    programme(project)
    cards = [make.member(project, f"c{number}", points=10) for number in range(12)]
    project.advance("P2M")
    eventually(lambda: all(shown(project, card)["expired_points"] == 10 for card in cards))
    project.advance("P2M")
    make.member(project, "late", points=1)
    query = "SELECT type, count(*) FROM voucher_transactions WHERE project_id = $1 GROUP BY type"
    counts = {row["type"]: row["count"] for row in project.installation.sql(query, project.id)}
    assert counts == {"POINTS_ADDITION": 13, "POINTS_EXPIRATION": 12}
    assert len(project.recorded(TOLD[0], count=12)) == 12


def test_points_of_several_cards_of_a_customer_end_on_one_day(project: Project) -> None:
    programme(project)
    rules = {"period_type": "MONTH", "period_value": 1}
    for name in ("Second", "Third"):
        make.campaign(project, name=name, voucher={"loyalty_card": {"points": 0, "expiration_rules": rules}})
    cards = [make.member(project, points=10 + place, campaign=name) for place, name in enumerate(("Club", "Second"))]
    kept = make.member(project, campaign="Third")
    path = f"/v1/loyalties/members/{kept['code']}/balance"
    project.post(path, {"points": 5, "expiration_type": "NON_EXPIRING"})
    make.member(project, "bob", points=7)
    project.advance("P2M")
    assert [shown(project, card)["expired_points"] for card in (*cards, kept)] == [10, 11, 0]
    told = project.recorded(TOLD[1], count=3)
    assert sorted(one["data"]["points"] for one in told) == [7, 10, 11]
    customer = project.get("/v1/customers/ann")
    assert {name: one["points"] for name, one in customer["loyalty"]["campaigns"].items()} == {
        "Club": 0,
        "Second": 0,
        "Third": 5,
    }
