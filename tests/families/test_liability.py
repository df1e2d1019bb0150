"""What is owed to customers, now and at any moment before."""

from typing import Any

import pytest

import make
from installation import Project, eventually
from make import rule

MONTHLY = {"period_type": "MONTH", "period_value": 1}


def owed(project: Project, **query: Any) -> dict[str, Any]:
    return project.management.get(f"{project.path}/liability", **query)


def now(project: Project) -> str:
    return project.management.get(f"{project.path}/clock")["now"]


def summary(found: dict[str, Any]) -> tuple[Any, ...]:
    points = found["points"]
    months = {one["month"]: one["points"] for one in points["expiring"]}
    waiting = {one["month"]: one["points"] for one in points["activating"]}
    return (
        points["outstanding"],
        months,
        points["never_expiring"],
        points["pending"],
        waiting,
        found["credits"]["outstanding"],
    )


def test_what_is_owed_is_told_for_any_moment(project: Project) -> None:
    project.advance(to="2027-01-10T12:00:00Z")
    make.campaign(project, voucher={"loyalty_card": {"points": 5, "expiration_rules": MONTHLY}})
    make.campaign(project, "GIFT_VOUCHERS", name="Gifts", vouchers_count=0)
    make.customer(project)
    moments: list[tuple[str, tuple[Any, ...]]] = []

    def remember() -> None:
        project.advance("PT1S")
        moments.append((now(project), summary(owed(project))))
        project.advance("PT1S")

    remember()
    assert moments[0][1] == (0, {}, 0, 0, {}, 0)
    card = make.member(project, points=100)
    other = make.member(project, "bob")
    gift = project.post("/v1/campaigns/Gifts/vouchers/GIFT", {})
    path = f"/v1/loyalties/members/{card['code']}"
    project.post(f"{path}/balance", {"points": 30, "expiration_type": "NON_EXPIRING"})
    rule(project, 40, pending_points={"period_type": "DAY", "period_value": 30})
    make.order(project, 1_000, status="PAID")
    remember()
    assert moments[1][1] == (140, {"2027-02": 110}, 30, 40, {"2027-02": 40}, 10_000)
    project.post(f"{path}/balance", {"points": -15})
    project.post(f"/v1/vouchers/{gift['code']}/balance", {"amount": -1_000})
    project.post(f"/v1/loyalties/Club/members/{other['code']}/transfers", [{"code": card["code"], "points": 20}])
    listed = project.get(f"{path}/pending-points")["data"]
    project.post(f"{path}/pending-points/{listed[0]['id']}/balance", {"points": -10})
    remember()
    assert moments[2][1] == (125, {"2027-02": 95}, 30, 30, {"2027-02": 30}, 9_000)
    project.advance("P35D")  # what waited can be used, and then what could be used until 10 February has gone
    remember()
    assert moments[3][1] == (60, {"2027-03": 30}, 30, 0, {}, 9_000)
    reward = make.reward(project, 25)
    redeemed = project.post(f"{path}/redemption", {"reward": {"id": reward["id"]}})
    remember()
    project.post(f"/v1/redemptions/{redeemed['id']}/rollback")
    remember()
    assert moments[4][1] == (35, {"2027-03": 5}, 30, 0, {}, 9_000)
    assert moments[5][1] == moments[3][1]
    order = make.order(project, 1_000, status="PAID")
    eventually(lambda: summary(owed(project))[3] == 40)
    remember()
    project.put(f"/v1/orders/{order['id']}", {"status": "CANCELED"})
    project.delete(f"/v1/vouchers/{card['code']}")
    remember()
    assert moments[7][1] == (0, {}, 0, 0, {}, 9_000)
    for at, found in moments:
        assert summary(owed(project, at=at)) == found, at
    first = owed(project, at=moments[0][0])
    assert (first["object"], first["at"], first["campaign_id"]) == ("liability", moments[0][0], None)


def test_what_is_owed_is_told_by_campaign(project: Project) -> None:
    club = make.campaign(project)
    make.campaign(project, name="Other")
    make.campaign(project, "GIFT_VOUCHERS", name="Gifts")
    make.member(project, points=10)
    make.member(project, points=500, campaign="Other")
    found = owed(project, campaign_id="Club")
    assert (found["campaign_id"], found["points"]["outstanding"], found["credits"]["outstanding"]) == (
        club["id"],
        10,
        0,
    )
    assert owed(project, campaign_id=club["id"])["points"] == found["points"]
    assert owed(project, campaign_id="Gifts")["credits"]["outstanding"] == 10_000
    assert owed(project)["points"]["outstanding"] == 510


@pytest.mark.parametrize(
    ("query", "status", "key"),
    [
        ("?at=soon", 400, "invalid_query_params"),
        ("?at=2199-01-01", 400, "invalid_query_params"),
        ("?campaign_id=nothing", 404, "not_found"),
    ],
)
def test_what_cannot_be_told_is_refused(project: Project, query: str, status: int, key: str) -> None:
    project.management.refuse("GET", f"{project.path}/liability{query}", status=status, key=key)


def test_points_that_come_when_their_day_is_over_end_too(project: Project) -> None:
    """As when an order is paid just before midnight and its job runs just after the day has begun."""
    make.campaign(project, voucher={"loyalty_card": {"points": 0, "expiration_rules": {**MONTHLY, "period_value": 0}}})
    card = make.member(project, points=7)
    rule(project, 3)
    order = make.order(project, 1_000)
    project.put(f"/v1/orders/{order['id']}", {"status": "PAID"})

    def shown() -> dict[str, Any]:
        return project.get(f"/v1/loyalties/members/{card['code']}")["loyalty_card"]

    eventually(lambda: shown()["balance"] == 10)
    project.advance("P2D")
    assert shown()["expired_points"] == 10
    again = """
    WITH late AS (DELETE FROM earnings WHERE project_id = $1)
    INSERT INTO jobs (project_id, id, name, payload, group_id, due_at)
    SELECT $1, 'job_late', 'loyalties.happened', jsonb_build_object('event_number', number), 'w-', now()
    FROM events WHERE project_id = $1 AND type = 'customer.order.paid' RETURNING id
    """
    project.installation.sql(again, project.id)
    eventually(lambda: shown()["points"] == 13)
    project.advance("P1D")
    assert (shown()["balance"], shown()["expired_points"]) == (0, 13)
    assert [one for one in project.installation.audit(project.id) if one.wrong] == []
