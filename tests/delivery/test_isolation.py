"""What one endpoint does is no other's loss: hanging, failing, limited ones, and the order of those that are well."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import make
from guerdon.webhooks.deliver import FAILING_AFTER
from guerdon.webhooks.send import TIMEOUT_S
from installation import Project, eventually

OTHERS = 20
HANGING = 4  # together they could take all calls that a worker may have open


class Endpoint(ThreadingHTTPServer):
    """A receiver with threads; `answer` gives the status and may take its time. Counts what is open at once."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, answer: Callable[[], int]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.lock = threading.Lock()
        self.open = 0
        self.calls: list[tuple[float, int]] = []  # when each began, and how many were open then, itself included

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"

    def handle_error(self, request: Any, client_address: Any) -> None: ...


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Endpoint

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        with self.server.lock:
            self.server.open += 1
            self.server.calls.append((time.monotonic(), self.server.open))
        status = self.server.answer()
        with self.server.lock:
            self.server.open -= 1
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None: ...


@contextmanager
def _endpoint(answer: Callable[[], int]) -> Iterator[Endpoint]:
    with Endpoint(answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def _subscribe(project: Project, url: str, **more: Any) -> None:
    body = {"target_url": url, "events": ["customer.created"], **more}
    project.management.post(f"{project.path}/webhooks", body)


def test_endpoints_that_hang_do_not_delay_the_others(project: Project) -> None:
    """Four with more due than the worker may have open: the others have theirs before a call times out."""
    let_go = threading.Event()

    def hang() -> int:
        let_go.wait(TIMEOUT_S)
        return 500

    with _endpoint(hang) as hanging:
        for number in range(HANGING):
            _subscribe(project, f"{hanging.url}{number}")
        make.customer(project, "first")
        eventually(lambda: hanging.open == HANGING)
        for number in range(39):
            make.customer(project, f"c{number}")
        eventually(lambda: hanging.open > 64)
        paths = [project.webhook("customer.created", path=f"/{project.id}/{number}") for number in range(OTHERS)]
        began_at = time.monotonic()
        for number in range(10):
            make.customer(project, f"later{number}")
        for path in paths:
            project.receiver.wait(path, 10, patience_s=TIMEOUT_S)
        assert time.monotonic() - began_at < TIMEOUT_S / 2
        assert hanging.open > 64, "the endpoints did not hang meanwhile"
        let_go.set()


def test_a_dead_endpoint_is_called_one_at_a_time_and_loses_nothing(project: Project) -> None:
    """Once it has failed often enough; what was not called has no attempt, and all of it arrives when it is back."""
    statuses = [500]
    count = FAILING_AFTER + 60

    def answer() -> int:
        time.sleep(0.01)
        return statuses[-1]

    with _endpoint(answer) as endpoint:
        _subscribe(project, endpoint.url)
        for number in range(FAILING_AFTER + 32):  # more than can be open when it turns out to be dead
            make.customer(project, f"a{number}")
        eventually(lambda: len(endpoint.calls) >= FAILING_AFTER + 32 and not endpoint.open)
        calls = len(endpoint.calls)
        for number in range(count):
            make.customer(project, f"b{number}")
        eventually(lambda: len(endpoint.calls) >= calls + 20)
        assert {at_once for _, at_once in endpoint.calls[calls:]} == {1}
        statuses.append(200)
        eventually(lambda: _undelivered(project) == _retrying(project))
        project.advance("PT5M")
        eventually(lambda: not _undelivered(project))
        attempts = _rows(project, "SELECT sum(attempts_count)::int FROM deliveries WHERE project_id = $1")
        assert attempts == len(endpoint.calls)
        assert _rows(project, "SELECT count(*) FROM delivery_attempts WHERE project_id = $1") == attempts


def _undelivered(project: Project) -> int:
    return _rows(project, "SELECT count(*) FROM deliveries WHERE project_id = $1 AND status <> 'SENT'")


def _retrying(project: Project) -> int:
    return _rows(project, "SELECT count(*) FROM deliveries WHERE project_id = $1 AND status = 'RETRYING'")


def _rows(project: Project, query: str) -> int:
    return project.installation.sql(query, project.id)[0][0]


def test_a_limit_per_second_is_kept(project: Project) -> None:
    began_at = time.monotonic()
    path = project.webhook("customer.created", rate_limit_per_s=10)
    unlimited = project.webhook("customer.created", path=f"/{project.id}/unlimited")
    for number in range(16):
        make.customer(project, f"c{number}")
    project.receiver.wait(unlimited, 16)
    project.receiver.wait(path, 16)
    assert time.monotonic() - began_at > 1.5


def test_a_changed_limit_counts_at_once(project: Project) -> None:
    path = project.webhook("customer.created", rate_limit_per_s=1)
    (webhook,) = project.management.get(f"{project.path}/webhooks")["data"]
    for number in range(40):
        make.customer(project, f"c{number}")
    project.receiver.wait(path, 2)
    project.management.put(f"{project.path}/webhooks/{webhook['id']}", {"rate_limit_per_s": None})
    project.receiver.wait(path, 40)


def test_every_delivery_is_called_once_while_all_is_well(project: Project) -> None:
    path = project.webhook("customer.created")
    for number in range(50):
        make.customer(project, f"c{number}")
    project.receiver.wait(path, 50)
    eventually(lambda: not _undelivered(project))
    calls = Counter(delivery.json["id"] for delivery in project.receiver.at(path))
    assert set(calls.values()) == {1}
