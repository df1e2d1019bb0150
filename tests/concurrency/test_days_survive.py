"""The worker is killed again and again in the middle of a day of many slices: everything due has happened once."""

import asyncio
import contextlib
import time
from typing import Any

import httpx

import chaos
from guerdon.cli.audit import run as audit

# More than two slices of any step.
COPIES = 2_300
KILLS = 6
PATIENCE_S = 120
DAYS = 10
CLUB = {
    "name": "Club",
    "campaign_type": "LOYALTY_PROGRAM",
    "voucher": {"type": "LOYALTY_CARD", "loyalty_card": {"points": 0}},
    "loyalty_tiers_expiration": {
        "qualification_type": "BALANCE",
        "start_date": {"type": "IMMEDIATE"},
        "expiration_date": {"type": "CUSTOM", "extend": f"P{DAYS - 1}D"},
    },
}
RULE = {
    "event": "order.paid",
    "loyalty": {"type": "FIXED", "points": 5},
    "pending_points": {"period_type": "DAY", "period_value": DAYS},
    "source": {"banner": ""},
}
# Other names for the rows of one member; those that have none of their own keep the sample's.
_NAMES = {
    "customers": {"id": "'cust_' || n", "source_id": "'h' || n", "orders_count": "0", "orders_amount": "0"},
    "vouchers": {"id": "'v_' || n", "code": "'c' || n", "code_key": "'c' || n", "holder_id": "'cust_' || n"},
    "points_buckets": {"id": "'b' || n", "voucher_id": "'v_' || n"},
    "voucher_transactions": {"id": "'t' || n || t.id", "voucher_id": "'v_' || n"},
    "pending_points": {"id": "'p' || n", "voucher_id": "'v_' || n", "customer_id": "'cust_' || n"},
    "loyalty_standings": {"id": "'v_' || n", "customer_id": "'cust_' || n"},
}
_COLUMNS = "SELECT attname FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped"
_DONE = """
SELECT (SELECT count(*) FROM voucher_transactions WHERE project_id = $1 AND type = 'PENDING_POINTS_ACTIVATION'),
    (SELECT count(*) FROM loyalty_standings WHERE project_id = $1 AND updated_at IS NOT NULL) AS prolonged,
    (SELECT count(*) FROM voucher_transactions WHERE project_id = $1 AND type = 'POINTS_EXPIRATION') AS ended
"""
_BUSY = """
SELECT FROM outbox WHERE project_id = $1 UNION ALL SELECT FROM jobs WHERE project_id = $1 LIMIT 1
"""
_TOLD = """
SELECT type, count(*) AS times, count(DISTINCT entity_id) AS entities FROM events WHERE project_id = $1
AND type IN ('voucher.loyalty_card.points_expired', 'voucher.loyalty_card.pending_points.activated',
    'customer.loyalty.tier.prolonged') GROUP BY type
"""
_BEGIN = """
WITH moved AS (UPDATE projects SET clock_offset = make_interval(days => $2::int) WHERE id = $1)
INSERT INTO jobs (project_id, id, name, payload, group_id, due_at)
VALUES ($1, 'job_day', 'loyalties.day', '{}', 'w-day', now()) RETURNING id
"""
# As if the time had passed after which another worker takes over what a dead one was at.
_FREE = "UPDATE jobs SET leased_until = now() WHERE project_id = $1 RETURNING id"


def _member(url: str, key: dict[str, str]) -> dict[str, Any]:
    """A card that has, on the same day, points that become usable, a tier that ends and points that end."""
    headers = {"x-app-id": key["app_id"], "x-app-token": key["app_token"]}
    with httpx.Client(base_url=f"{url}/v1", headers=headers, timeout=10) as http:

        def post(path: str, body: object) -> Any:
            return http.post(path, json=body).raise_for_status().json()

        post("/campaigns", CLUB)
        post("/loyalties/Club/tiers", [{"name": "Any", "points": {"from": 1}}])
        post("/loyalties/Club/earning-rules", [RULE])
        post("/customers", {"source_id": "ann"})
        card = post("/loyalties/Club/members", {"customer": {"source_id": "ann"}})
        last_day = time.strftime("%Y-%m-%d", time.gmtime(time.time() + (DAYS - 1) * 86_400))
        dated = {"points": 70, "expiration_type": "CUSTOM_DATE", "expiration_date": last_day}
        post(f"/loyalties/members/{card['code']}/balance", dated)
        post("/orders", {"amount": 100, "status": "PAID", "customer": {"source_id": "ann"}})
    return card


def _copy(running: chaos.Processes, project_id: str, card: dict[str, Any]) -> None:
    for table, names in _NAMES.items():
        columns = [row["attname"] for row in running.rows(_COLUMNS, table)]
        values = ", ".join(names.get(column, f"t.{column}") for column in columns)
        of = {"customers": "id = $2", "vouchers": "id = $3", "loyalty_standings": "id = $3"}.get(
            table, "voucher_id = $3"
        )
        running.rows(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {table} t, generate_series(1, $4::int) n"
            f" WHERE t.project_id = $1 AND t.{of} AND $2::text <> $3::text RETURNING 1",
            project_id,
            card["holder_id"],
            card["id"],
            COPIES,
        )


def _wait_until_settled(running: chaos.Processes, project_id: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    standing = "SELECT FROM loyalty_standings WHERE project_id = $1"
    while running.rows(_BUSY, project_id) or not running.rows(standing, project_id):
        assert time.monotonic() < deadline, "the workers do not come to rest"
        time.sleep(0.05)


def _kill_on_the_way(running: chaos.Processes, project_id: str) -> int:
    """Kills the worker whenever something more is done; how often that was before the end."""
    seen, kills = 0, 0
    deadline = time.monotonic() + PATIENCE_S
    while kills < KILLS:
        assert time.monotonic() < deadline, f"only {seen} things were done"
        done = sum(running.rows(_DONE, project_id)[0].values())
        if done == 3 * (COPIES + 1):
            break
        if done > seen:
            running.kill_worker(0)
            running.rows(_FREE, project_id)
            seen, kills = done, kills + 1
    return kills


def test_what_a_day_brings_happens_once_however_often_the_worker_dies() -> None:
    with chaos.processes(workers=1) as running, contextlib.closing(chaos.Caller(running)) as caller:
        caller.wait_until_ready()
        project = caller.project(1)
        card = _member(running.urls[0], project["server_side_key"])
        _wait_until_settled(running, project["id"])
        _copy(running, project["id"], card)
        running.rows(_BEGIN, project["id"], DAYS)
        assert _kill_on_the_way(running, project["id"]) >= KILLS // 2
        _wait_until_settled(running, project["id"])
        assert list(running.rows(_DONE, project["id"])[0].values()) == [COPIES + 1] * 3
        told = [tuple(row.values())[1:] for row in running.rows(_TOLD, project["id"])]
        assert told == [(COPIES + 1, COPIES + 1)] * 3
        findings = asyncio.run(audit(running.settings, running.database.url(), project["id"]))
        assert [one for one in findings if one.wrong] == []
