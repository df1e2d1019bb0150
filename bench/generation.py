"""A million generated codes against a raw COPY of the same rows, and what callers of the API notice of it meanwhile."""

import json
import statistics
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from redeeming import post
from report import Report
from stage import Stage, stage

CODES = 1_000_000
GOAL = 4.0
CAMPAIGN = {
    "name": "Million",
    "campaign_type": "DISCOUNT_COUPONS",
    "type": "STATIC",
    "vouchers_count": CODES,
    "voucher": {
        "type": "DISCOUNT_VOUCHER",
        "discount": {"type": "PERCENT", "percent_off": 10},
        "redemption": {"quantity": 1},
        "code_config": {"length": 10},
    },
}
_LOOK_S = 0.1


def measure(report: Report) -> None:
    """Seconds from the request to the last code over those of COPY into a table with the same indexes."""
    with stage() as running:
        running.start("worker")
        quiet = [_asked(running) for _ in range(50)]
        began_at = time.monotonic()
        made = post(running, "/v1/campaigns", CAMPAIGN)
        seconds: list[float] = []
        memory = [_memory(running)]
        while _read(running, made["id"])["creation_status"] == "IN_PROGRESS":
            seconds.append(_asked(running))
            memory.append(_memory(running))
            time.sleep(_LOOK_S)
        ours = time.monotonic() - began_at
        counted = _read(running, made["id"])["vouchers_count"]
        if counted != CODES:
            raise RuntimeError(f"{counted} codes were made")
        running.stop("worker")
        limit = _copied(running)
    report.most(f"a campaign of {CODES:,} codes, over a COPY of its rows", [ours], [limit], GOAL)
    report.times("reading a campaign meanwhile, and before", seconds, quiet)
    report.see(
        "memory of the worker, at most, over that when half was done",
        f"{max(memory)} over {statistics.median(memory):.0f} MB",
    )


def _copied(running: Stage) -> float:
    """Seconds of a COPY of the codes into a table that is like theirs, indexes and all."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "codes.bin"
        running.psql("CREATE TABLE copied (LIKE vouchers INCLUDING ALL)")
        running.psql(f"\\copy (SELECT * FROM vouchers) TO '{file}' (FORMAT binary)")
        began_at = time.monotonic()
        told = running.psql(f"\\copy copied FROM '{file}' (FORMAT binary)")
        seconds = time.monotonic() - began_at
    if running.psql("SELECT count(*) FROM copied") != str(CODES):
        raise RuntimeError(f"not all was copied: {told}")
    return seconds


def _asked(running: Stage) -> float:
    began_at = time.monotonic()
    _get(running, "/v1/campaigns?limit=1")
    return time.monotonic() - began_at


def _read(running: Stage, campaign_id: str) -> Any:
    return _get(running, f"/v1/campaigns/{campaign_id}")


def _get(running: Stage, path: str) -> Any:
    wanted = urllib.request.Request(f"http://127.0.0.1:{running.port}{path}", headers=running.keys)
    with urllib.request.urlopen(wanted) as answer:
        return json.loads(answer.read())


def _memory(running: Stage) -> int:
    """Resident megabytes of the worker."""
    status = Path(f"/proc/{running.pid('worker')}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) // 1024
