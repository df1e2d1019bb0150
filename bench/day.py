"""The day's job over a million cards, of which a tenth expires, against one bare statement that writes the same rows.

The cards are copies of one that the API has made. Each round gives a tenth of them a last day that only the moved clock
of the project brings about, and another tenth one for the bare statement. BENCH_CARDS makes a smaller run.
"""

import http.client
import json
import os
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from redeeming import columns_of, post
from report import Report
from stage import Stage, stage

CARDS = int(os.environ.get("BENCH_CARDS", "1000000"))
EXPIRING = CARDS // 10
ROUNDS = 2
GOAL = 5.0
GOAL_MEANWHILE = 2.0
QUIET_S = 15.0
_PAUSE_S = 0.02
_LONGEST_S = 400.0
_PAGE = 8_192
_NEVER = "DATE '2090-01-01'"
CAMPAIGN = {
    "name": "Club",
    "campaign_type": "LOYALTY_PROGRAM",
    "voucher": {
        "type": "LOYALTY_CARD",
        "loyalty_card": {"points": 0, "expiration_rules": {"period_type": "MONTH", "period_value": 1}},
    },
}
_COPIES = """
INSERT INTO {table} ({columns}) SELECT {values} FROM {table}, generate_series(1, {count}) AS number
WHERE project_id = '{project}' AND {which}
"""
_DUE = """
UPDATE points_buckets SET expires_on = {day} WHERE project_id = '{project}'
    AND right(voucher_id, 1) = '{digit}' AND length(voucher_id) = 8;
UPDATE vouchers SET next_expiration_date = {day} WHERE project_id = '{project}'
    AND right(id, 1) = '{digit}' AND length(id) = 8;
"""
# The rows that the job writes for a card: its points end, what is noted of them, the card, its holder's sums, the entry
# of the ledger, and three events. Their texts are those of the sample.
BARE = """
WITH due AS (
    SELECT project_id, id FROM vouchers WHERE project_id = '{project}' AND next_expiration_date = {day}
), ended AS (
    UPDATE points_buckets b SET status = 'EXPIRED', updated_at = now() FROM due
    WHERE b.project_id = due.project_id AND b.voucher_id = due.id AND b.status = 'ACTIVE' AND b.expires_on <= {day}
    RETURNING b.*
), noted AS (
    INSERT INTO points_changes (project_id, campaign_id, waiting, day, points, created_at)
    SELECT project_id, campaign_id, false, expires_on, -points, now() FROM ended
), lost AS (
    SELECT project_id, voucher_id, sum(points)::bigint AS points FROM ended GROUP BY 1, 2
), cards AS (
    UPDATE vouchers v SET expired = v.expired + l.points, balance = v.balance - l.points, updated_at = now(),
        next_expiration_date = n.expires_on, next_expiration_points = n.points
    FROM lost l LEFT JOIN LATERAL (
        SELECT expires_on, points FROM points_buckets b WHERE b.project_id = l.project_id
        AND b.voucher_id = l.voucher_id AND b.status = 'ACTIVE' AND b.points > 0 AND b.expires_on > {day}
        ORDER BY expires_on LIMIT 1
    ) n ON true WHERE v.project_id = l.project_id AND v.id = l.voucher_id
    RETURNING v.project_id, v.id, v.holder_id, v.campaign_id, l.points
), holders AS (
    UPDATE customers c SET version = c.version + 1, programs = c.programs || jsonb_build_object(
        'Club', coalesce(c.programs->'Club', '{{}}') || jsonb_build_object(
            'points', coalesce((c.programs->'Club'->>'points')::bigint, 0) - cards.points))
    FROM cards WHERE c.project_id = cards.project_id AND c.id = cards.holder_id
), booked AS (
    INSERT INTO voucher_transactions
        (project_id, id, voucher_id, campaign_id, type, amount, source, details, created_at)
    SELECT project_id, 'vtx_{day_number}' || id, id, campaign_id, 'POINTS_EXPIRATION', -points, 'Automation',
        (SELECT details FROM bench_entry), now() FROM cards
)
INSERT INTO outbox ({event_columns}) SELECT {event_values} FROM bench_events e, cards
"""


def measure(report: Report) -> None:
    """Seconds of the job over those of the bare statement, of other cards of the same tables."""
    with stage() as running:
        running.start("worker")
        codes = _fill(running)
        caller = Caller(running, codes)
        flushes = Flushes()
        quiet = caller.during(lambda: time.sleep(QUIET_S))
        flushed = flushes.taken()
        ours, limit, meanwhile, told = [], [], [], []
        flushed_meanwhile: list[float] = []
        memory: list[int] = []
        for turn in range(ROUNDS):
            limit.append(_bare(running, 2 * turn))
            day = _due(running, 2 * turn + 1)
            watch = Memory(running)
            seconds: list[float] = []
            flushes.taken()
            meanwhile += caller.during(lambda day=day, seconds=seconds: seconds.append(_job(running, day)))
            flushed_meanwhile += flushes.taken()
            ours += seconds
            memory += watch.stop()
            told.append(_until_told(running))
            _judge(running, turn + 1)
        flushes.stop()
    cards = f"{EXPIRING:,} of {CARDS:,} cards"
    report.most(f"the points of {cards} end, over one statement", ours, limit, GOAL)
    report.most("  p99 of the API meanwhile, over that before", [_p99(meanwhile)], [_p99(quiet)], GOAL_MEANWHILE)
    report.times("  the API meanwhile, and before", meanwhile, quiet)
    report.times("  a bare flush of the same disk meanwhile, and before", flushed_meanwhile, flushed)
    report.see(
        "  memory of the worker, at most, over the median", f"{max(memory)} over {statistics.median(memory):.0f} MB"
    )
    report.see("  until the last of the events was handed on", f"{statistics.median(told):.1f} s more")


class Caller:
    """Reads a card and adjusts another, in turn, fifty times a second at most."""

    def __init__(self, running: Stage, codes: list[str]) -> None:
        self._running = running
        self._codes = codes

    def during(self, doing: Any) -> list[float]:
        """The seconds of each answer while something is done."""
        seconds: list[float] = []
        over = threading.Event()
        thread = threading.Thread(target=self._call, args=(seconds, over))
        thread.start()
        try:
            doing()
        finally:
            over.set()
            thread.join()
        return seconds

    def _call(self, seconds: list[float], over: threading.Event) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._running.port)
        headers = {**self._running.keys, "content-type": "application/json"}
        body = json.dumps({"points": 1, "expiration_type": "NON_EXPIRING"})
        while not over.wait(_PAUSE_S):
            path = f"/v1/loyalties/members/{self._codes[len(seconds) % 2]}"
            call = ("GET", path, None, headers) if len(seconds) % 2 else ("POST", f"{path}/balance", body, headers)
            began_at = time.perf_counter()
            connection.request(*call)
            answer = connection.getresponse()
            answer.read()
            seconds.append(time.perf_counter() - began_at)
            if answer.status != 200:
                raise RuntimeError(f"{call[0]} {path} was answered {answer.status}")


class Flushes:
    """Writes a page to a file of its own and flushes it, ten times a second: what the disk makes every commit wait."""

    def __init__(self) -> None:
        self._seconds: list[float] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._flush, daemon=True)
        self._thread.start()

    def taken(self) -> list[float]:
        """How long each took since this was last asked."""
        taken, self._seconds = self._seconds, []
        return taken

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def _flush(self) -> None:
        with tempfile.TemporaryFile() as file:
            file.write(bytes(_PAGE))
            file.flush()
            os.fsync(file.fileno())
            while not self._over.wait(0.1):
                began_at = time.perf_counter()
                os.pwrite(file.fileno(), os.urandom(_PAGE), 0)
                os.fdatasync(file.fileno())
                self._seconds.append(time.perf_counter() - began_at)


class Memory:
    """The worker's resident megabytes, looked at five times a second until it is stopped."""

    def __init__(self, running: Stage) -> None:
        self._status = Path(f"/proc/{running.pid('worker')}/status")
        self._seen = [self._now()]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def stop(self) -> list[int]:
        self._over.set()
        self._thread.join()
        return self._seen

    def _look(self) -> None:
        while not self._over.wait(0.2):
            self._seen.append(self._now())

    def _now(self) -> int:
        return int(self._status.read_text().split("VmRSS:")[1].split()[0]) // 1024


def _fill(running: Stage) -> list[str]:
    """A million members, none with anything due, and a sample of what the end of points leaves; two codes to call."""
    post(running, "/v1/campaigns", CAMPAIGN)
    sample = _member(running, "sample")
    callers = [_member(running, f"caller{number}", expiration_type="NON_EXPIRING")["code"] for number in range(2)]
    _copy(running, sample)
    project = running.project["id"]
    running.psql(f"UPDATE points_buckets SET expires_on = CURRENT_DATE - 1 WHERE voucher_id = '{sample['id']}'")
    running.psql(f"UPDATE vouchers SET next_expiration_date = CURRENT_DATE - 1 WHERE id = '{sample['id']}'")
    _start_job(running)
    wanted = f"SELECT count(*) FROM events WHERE project_id = '{project}' AND type LIKE '%points_expired'"
    _wait_until(running, wanted, "2")
    made = f"SELECT group_id FROM events WHERE project_id = '{project}' AND type LIKE '%points_expired' LIMIT 1"
    running.psql(f"CREATE TABLE bench_events AS SELECT * FROM events WHERE group_id = ({made})")
    running.psql(
        "CREATE TABLE bench_entry AS SELECT details FROM voucher_transactions WHERE type = 'POINTS_EXPIRATION'"
    )
    if running.psql("SELECT count(*) FROM bench_events") != "3":
        raise RuntimeError("the sample is not of three events")
    # Only a sandbox's clock can be moved. Its keys are looked up with every call, now as later.
    for statement in ("UPDATE projects SET is_sandbox = true", "VACUUM ANALYZE", "CHECKPOINT"):
        running.psql(statement)
    return callers


def _member(running: Stage, name: str, **points: str) -> Any:
    customer = {"source_id": name, "name": name, "email": f"{name}@example.com", "metadata": {"region": "EMEA"}}
    post(running, "/v1/customers", customer)
    card = post(running, "/v1/loyalties/Club/members", {"customer": {"source_id": name}})
    post(running, f"/v1/loyalties/members/{card['code']}/balance", {"points": 70, **points})
    return card


def _copy(running: Stage, sample: dict[str, Any]) -> None:
    """The sample's rows, a million times, with a last day that never comes."""
    project = running.project["id"]
    name = "lpad(number::text, 7, '0')"
    renamed = {
        "customers": {"id": f"'h' || {name}", "source_id": f"'h' || {name}", "email": f"'h' || {name}"},
        "vouchers": {
            **dict.fromkeys(("id", "code", "code_key"), f"'c' || {name}"),
            "holder_id": f"'h' || {name}",
            "next_expiration_date": _NEVER,
        },
        "points_buckets": {"id": f"'b' || {name}", "voucher_id": f"'c' || {name}", "expires_on": _NEVER},
        "voucher_transactions": {"id": f"'t' || {name}", "voucher_id": f"'c' || {name}"},
    }
    which = {"customers": f"id = '{sample['holder_id']}'", "vouchers": f"id = '{sample['id']}'"}
    for table, names in renamed.items():
        columns, values = columns_of(running, table, names)
        of = which.get(table, f"voucher_id = '{sample['id']}'")
        _do(
            running, _COPIES.format(table=table, columns=columns, values=values, count=CARDS, project=project, which=of)
        )


def _due(running: Stage, digit: int) -> str:
    """Gives a tenth of the cards a last day, and leaves the server nothing to do; the day."""
    day = f"(CURRENT_DATE + {100 * (digit + 1)})"
    _do(running, _DUE.format(day=day, digit=digit, project=running.project["id"]))
    for statement in (
        "VACUUM ANALYZE vouchers",
        "VACUUM ANALYZE points_buckets",
        "VACUUM ANALYZE outbox",
        "CHECKPOINT",
    ):
        running.psql(statement)
    return day


def _bare(running: Stage, digit: int) -> float:
    """Seconds of the one statement; what it has put into the outbox is taken out, so that no relay finds it."""
    day = _due(running, digit)
    changed = {"id": "e.id || cards.id", "entity_id": "cards.id", "project_id": "'bench'"}
    columns, values = columns_of(running, "outbox", changed)
    kept = [
        (column, value)
        for column, value in zip(columns.split(", "), values.split(", "), strict=True)
        if column != "seq"
    ]
    names = {
        "event_columns": ", ".join(column for column, _ in kept),
        "event_values": ", ".join(value if value != column else f"e.{column}" for column, value in kept),
    }
    statement = BARE.format(project=running.project["id"], day=day, day_number=digit, **names)
    running.stop("worker")
    began_at = time.monotonic()
    _do(running, statement)
    seconds = time.monotonic() - began_at
    if running.psql("DELETE FROM outbox WHERE project_id = 'bench' RETURNING 1").count("1") != 3 * EXPIRING:
        raise RuntimeError("the bare statement did not write what it should")
    running.psql("VACUUM outbox")
    running.start("worker")
    return seconds


def _job(running: Stage, day: str) -> float:
    """Seconds from the midnight after that day, as the project's clock has it, until nothing is due any more."""
    project = running.project["id"]
    _do(
        running,
        f"UPDATE projects SET clock_offset = make_interval(days => {day} + 1 - CURRENT_DATE) WHERE id = '{project}'",
    )
    began_at = time.monotonic()
    _start_job(running)
    left = f"SELECT EXISTS (SELECT FROM vouchers WHERE project_id = '{project}' AND next_expiration_date <= {day})"
    _wait_until(running, left, "f")
    return time.monotonic() - began_at


def _start_job(running: Stage) -> None:
    _do(
        running,
        "INSERT INTO jobs (project_id, id, name, payload, group_id, due_at)"
        f" VALUES ('{running.project['id']}', 'job_bench' || random(), 'loyalties.day', '{{}}', 'w-bench', now());"
        " NOTIFY guerdon_jobs",
    )


def _until_told(running: Stage) -> float:
    """Seconds until the outbox is empty."""
    began_at = time.monotonic()
    _wait_until(running, "SELECT EXISTS (SELECT FROM outbox)", "f")
    return time.monotonic() - began_at


def _judge(running: Stage, turns: int) -> None:
    """Every card of the rounds so far has lost its points once, and everything adds up."""
    project = running.project["id"]
    booked = f"SELECT count(*) FROM voucher_transactions WHERE project_id = '{project}' AND type = 'POINTS_EXPIRATION'"
    told = (
        f"SELECT count(*) FROM events WHERE project_id = '{project}' AND type = 'voucher.loyalty_card.points_expired'"
    )
    found = (running.psql(booked), running.psql(told))
    if found != (str(2 * turns * EXPIRING + 1), str(turns * EXPIRING + 1)):
        raise RuntimeError(f"entries of the ledger and events: {found}")


def _do(running: Stage, sql: str) -> None:
    told = running.psql(sql)
    if "ERROR" in told:
        raise RuntimeError(told)


def _wait_until(running: Stage, sql: str, wanted: str) -> None:
    latest = time.monotonic() + _LONGEST_S
    while running.psql(sql) != wanted:
        if time.monotonic() > latest:
            raise RuntimeError(f"does not become {wanted}: {sql}")
        time.sleep(0.5)  # each look is a process: often, they would be what the API has to wait for


def _p99(seconds: list[float]) -> float:
    return sorted(seconds)[len(seconds) * 99 // 100]
