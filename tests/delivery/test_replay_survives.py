"""A worker is killed in the middle of a replay, and every delivery is repeated once."""

import json
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

import chaos
from installation import eventually, free_port

REPLAYED = 1_500  # two slices
KILLS = 4
PATIENCE_S = 60.0
# As many deliveries as are wanted, made of one that was sent.
_COPIES = f"""
INSERT INTO deliveries SELECT (jsonb_populate_record(d, jsonb_build_object(
    'id', substr(d.id, 1, 14) || lpad(to_hex(n), 8, '0')
))).* FROM deliveries d, generate_series(1, {REPLAYED - 1}) n
"""
_LEFT = """
SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM deliveries WHERE due_at IS NOT NULL)
    + (SELECT count(*) FROM jobs) AS count
"""


class Receiver(ThreadingHTTPServer):
    """Takes everything and remembers it by delivery: body and signature."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", free_port()), _Handler)
        self.lock = threading.Lock()
        self.taken: dict[str, set[tuple[bytes, str]]] = defaultdict(set)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        with self.server.lock:
            self.server.taken[json.loads(body)["id"]].add((body, self.headers["x-voucherify-signature"]))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    serving = Receiver()
    thread = threading.Thread(target=serving.serve_forever, daemon=True)
    thread.start()
    yield serving
    serving.shutdown()
    serving.server_close()
    thread.join()


def test_a_replay_survives_its_worker_and_repeats_nothing(receiver: Receiver) -> None:
    with chaos.processes(1) as running:
        _replay(running, receiver)
        (action,) = running.rows("SELECT status, result FROM async_actions")
        deliveries = running.rows("SELECT id, status, attempts_count FROM deliveries")
    assert (action["status"], action["result"]) == ("DONE", {"replayed_count": REPLAYED})
    assert Counter((row["status"], row["attempts_count"]) for row in deliveries) == {("SENT", 2): REPLAYED}
    assert {row["id"] for row in deliveries} == set(receiver.taken)
    assert [delivery_id for delivery_id, bodies in receiver.taken.items() if len(bodies) != 1] == []


def _replay(running: chaos.Processes, receiver: Receiver) -> None:
    """One delivery, copied, and all of them replayed under kills."""
    first = running.first
    keys = {"x-app-id": first.app_id, "x-app-token": first.app_token}
    management = {"x-management-id": first.management_id, "x-management-token": first.management_token}
    caller = chaos.Caller(running)
    caller.wait_until_ready()
    caller.subscribe(first.project_id, f"http://127.0.0.1:{receiver.server_port}/hook")
    with httpx.Client(base_url=running.settings.base_url, timeout=10) as http:
        http.post("/v1/customers", json={"source_id": "ann"}, headers=keys).raise_for_status()
        eventually(lambda: len(receiver.taken) == 1 and _nothing_left(running), patience_s=PATIENCE_S)
        running.rows(_COPIES)
        wanted = {"created_after": "2026-01-01", "created_before": "2100-01-01", "status": "SENT"}
        path = f"/management/v1/projects/{first.project_id}/deliveries/replay"
        http.post(path, json=wanted, headers=management).raise_for_status()
    caller.close()
    for taken in range(100, REPLAYED, REPLAYED // KILLS):
        eventually(lambda taken=taken: len(receiver.taken) > taken, patience_s=PATIENCE_S)
        running.kill_worker(0)
        running.rows("UPDATE jobs SET leased_until = NULL")  # as after the dead worker's 30 seconds
        assert len(receiver.taken) < REPLAYED, "the kill came after the last delivery"
    eventually(lambda: _nothing_left(running), patience_s=PATIENCE_S)


def _nothing_left(running: chaos.Processes) -> bool:
    return running.rows(_LEFT)[0]["count"] == 0
