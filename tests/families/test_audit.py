"""The audit: it holds after whatever happened, and it finds what was changed behind everybody's back."""

import asyncio
import subprocess
import sys

import make
from guerdon.asgi import runtime
from guerdon.db.pool import acquired
from guerdon.families.audits.store import Finding, judge
from installation import Project
from make import rule

CHANGES = [
    ("points_buckets SET points = points + 1", "buckets"),
    ("voucher_transactions SET amount = amount - 1 WHERE type = 'POINTS_REMOVAL' AND", "ledger says"),
    ("voucher_transactions SET amount = 10000 WHERE type = 'POINTS_ADDITION' AND", "began with"),
    ("vouchers SET next_expiration_points = 1", "end next"),
    ("vouchers SET pending = pending + 1", "wait"),
    ("vouchers SET redeemed_quantity = redeemed_quantity + 1", "code counts"),
    ("rewards SET redeemed = redeemed + 1", "reward counts"),
    ("customers SET programs = '{}'", "programme"),
    ("customers SET gift_to_go = gift_to_go + 1", "credits"),
    ("customers SET orders_amount = orders_amount + 1", "orders"),
    ("customers SET referrals = '[]'", "was referred"),
    ("referrers SET referees = referees + 1", "has referred"),
    ("loyalty_standings SET tier_id = 'ltr_other'", "tier"),
]


def lived(project: Project) -> None:
    """A project in which a little of everything has happened."""
    rules = {"period_type": "MONTH", "period_value": 1}
    make.campaign(project, voucher={"loyalty_card": {"points": 10, "expiration_rules": rules}}, vouchers_count=3)
    make.campaign(project, "GIFT_VOUCHERS", name="Gifts")
    make.published(project, "Gifts")
    project.post("/v1/loyalties/Club/tiers", [{"name": "All", "points": {"from": 0}}])
    brought = {"redeemables": [{"object": "voucher", "id": make.referral_code(project)["code"]}]}
    project.post("/v1/redemptions", {**brought, "customer": {"source_id": "bob"}, "order": {"amount": 100}})
    card, other = make.member(project, points=500), make.member(project, "bob", points=50)
    path = f"/v1/loyalties/members/{card['code']}"
    project.post(f"{path}/balance", {"points": -20})
    reward = make.reward(project, 20, stock=6)
    for _ in range(2):
        redeemed = project.post(f"{path}/redemption", {"reward": {"id": reward["id"]}, "order": {"amount": 100}})
    project.post(f"/v1/redemptions/{redeemed['id']}/rollback")
    project.post(f"/v1/loyalties/Club/members/{other['code']}/transfers", [{"code": card["code"], "points": 5}])
    rule(project, 3)
    rule(project, 30, pending_points={"period_type": "DAY", "period_value": 10})
    make.order(project, 1_000, status="PAID")
    project.advance("P40D")
    make.order(project, 1_000, status="PAID")
    project.advance("PT1S")


def test_everything_adds_up(project: Project) -> None:
    lived(project)
    found = project.installation.audit(project.id)
    assert [one for one in found if one.wrong] == []
    assert all(one.checked for one in found), found


def test_what_does_not_add_up_is_found(project: Project) -> None:
    lived(project)
    for change, check in CHANGES:
        wrong = [one for one in asyncio.run(_after(project, change)) if one.wrong]
        assert any(check in one.name for one in wrong), (change, wrong)
        assert all(example[0] == project.id for one in wrong for example in one.examples)


async def _after(project: Project, change: str) -> list[Finding]:
    """What is found after a change that is taken back."""
    installation = project.installation
    where = "" if change.endswith("AND") else " WHERE"
    async with runtime(installation.settings, installation.database.url()) as made, acquired(made.pool) as connection:
        await connection.execute("BEGIN")
        await connection.fetch(f"UPDATE {change}{where} project_id = $1", project.id)
        found = await judge(connection, project.id)
        await connection.execute("ROLLBACK")
        return found


def test_the_command_says_whether_all_holds(project: Project) -> None:
    lived(project)
    command = [sys.executable, "-m", "guerdon", "audit", "--project", project.id]
    command += ["--database-url", project.installation.database.url()]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "Everything adds up.")
    project.installation.sql("UPDATE vouchers SET pending = pending + 7 WHERE project_id = $1", project.id)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    project.installation.sql("UPDATE vouchers SET pending = pending - 7 WHERE project_id = $1", project.id)
    assert done.returncode == 1
    assert "WRONG" in done.stdout
    assert "do not add up" in done.stdout
