"""Whatever happens to points at once: ledger, buckets, cards and customers always say the same."""

from typing import Any

import make
import together
from installation import Project, eventually

_SUMS = """
SELECT v.id, v.balance, v.added - v.subtracted - v.expired - v.redeemed AS account,
    (SELECT coalesce(sum(points), 0) FROM points_buckets b WHERE b.project_id = v.project_id AND b.voucher_id = v.id),
    (SELECT coalesce(sum(amount), 0) FROM voucher_transactions t
        WHERE t.project_id = v.project_id AND t.voucher_id = v.id),
    (SELECT (programs->'Club'->>'points')::bigint FROM customers c
        WHERE c.project_id = v.project_id AND c.id = v.holder_id)
FROM vouchers v WHERE v.project_id = $1 AND v.holder_id IS NOT NULL
"""


def test_points_are_neither_lost_nor_made(project: Project) -> None:
    rules = {"period_type": "MONTH", "period_value": 1}
    make.campaign(project, auto_join=True, voucher={"loyalty_card": {"points": 0, "expiration_rules": rules}})
    make.rule(project, 7)
    reward = make.reward(project, 20, stock=6)
    cards = [make.member(project, name, points=100) for name in ("ann", "bob", "cleo")]
    order: tuple[str, str, Any] = (
        "POST",
        "/v1/orders",
        {"amount": 5, "status": "PAID", "customer": {"source_id": "dora"}},
    )
    wishes: list[tuple[str, str, Any]] = []
    for card in cards:
        path = f"/v1/loyalties/members/{card['code']}"
        wishes += [("POST", f"{path}/redemption", {"reward": {"id": reward["id"]}, "order": {"amount": 100}})] * 7
        wishes += [("POST", f"{path}/balance", {"points": -15})] * 4
        wishes += [("POST", f"{path}/balance", {"points": 3, "expiration_type": "NON_EXPIRING"})] * 4
        wishes += [order] * 2
    found = together.answers(project, wishes)
    assert {answer.status_code for answer in found} <= {200, 400}
    refused = {answer.json()["key"] for answer in found if answer.status_code == 400}
    assert refused <= {"loyalty_card_points_exceeded", "reward_out_of_stock"}
    paid = sum(answer.is_success for answer in found if "redemption" in str(answer.request.url))
    assert paid == project.get(f"/v1/rewards/{reward['id']}")["redeemed"] == 6
    earning = "SELECT count(*) FROM earnings WHERE project_id = $1"
    eventually(lambda: project.installation.sql(earning, project.id)[0][0] == paid + 6)
    rows = [list(row.values())[1:] for row in project.installation.sql(_SUMS, project.id)]
    assert len(rows) == 4
    for balance, *others in rows:
        assert others == [balance] * 4


def test_cards_pay_while_their_points_end(project: Project) -> None:
    """A card either pays before the slice of the day that it is in, or not at all."""
    rules = {"period_type": "MONTH", "period_value": 0}
    make.campaign(project, voucher={"loyalty_card": {"points": 0, "expiration_rules": rules}})
    reward = make.reward(project, 60)
    cards = [make.member(project, f"c{number}", points=100) for number in range(10)]
    moved = "UPDATE projects SET clock_offset = clock_offset + interval '2 days' WHERE id = $1 RETURNING id"
    job = """
    INSERT INTO jobs (project_id, id, name, payload, group_id, due_at)
    SELECT $1, 'job_' || n, 'loyalties.day', '{}', 'w-', now() FROM generate_series(1, 2) n RETURNING id
    """

    def pay(card: dict[str, Any]) -> int:
        path = f"/v1/loyalties/members/{card['code']}/redemption"
        body = {"reward": {"id": reward["id"]}, "order": {"amount": 100}}
        return project.request("POST", path, json=body).status_code

    def end() -> int:
        project.installation.sql(moved, project.id)
        return len(project.installation.sql(job, project.id))

    found = together.at_once(end, *(lambda card=card: pay(card) for card in cards))[1:]
    expired = "SELECT FROM vouchers WHERE project_id = $1 AND next_expiration_date IS NOT NULL"
    eventually(lambda: not project.installation.sql(expired, project.id))
    for status, card in zip(found, cards, strict=True):
        shown = project.get(f"/v1/loyalties/members/{card['code']}")["loyalty_card"]
        assert (status, shown["expired_points"], shown["balance"]) in {(200, 40, 0), (400, 100, 0)}
    assert project.get(f"/v1/rewards/{reward['id']}")["redeemed"] == found.count(200)
    assert len(project.recorded("voucher.loyalty_card.points_expired", count=10)) == 10
    assert [one for one in project.installation.audit(project.id) if one.wrong] == []
