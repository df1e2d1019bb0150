"""From a change to its arrival at 99 endpoints, alone and beside a hundredth that hangs, in turns."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvloop

from load import request, send_all
from receiver import Running, receiving
from report import Report
from stage import Stage, stage

OTHERS = 99
WARMING = 3
EVENTS = 40
PAUSE_S = 0.05
ROUNDS = 3


def measure(report: Report) -> None:
    """Seconds from the answer to the arrival at the others, with the hanging endpoint over without it."""
    with stage() as running, _hanging() as url, receiving() as receiver:
        for number in range(OTHERS):
            running.webhook(f"{receiver.url}{number}", "customer.created")
        hundredth = running.webhook(url, "customer.created")
        well, hanging = [], []
        for _ in range(ROUNDS):
            for active, seconds in ((False, well), (True, hanging)):
                running.manage("PUT", f"/{running.project['id']}/webhooks/{hundredth}", {"active": active})
                running.start("worker")
                seconds.append(_p99(_arrivals(running, receiver)))
                running.stop("worker")
        report.most("p99 of 99 endpoints beside one that hangs", hanging, well, 2.0)


def _p99(seconds: list[float]) -> float:
    return sorted(seconds)[len(seconds) * 99 // 100]


def _arrivals(running: Stage, receiver: Running) -> list[float]:
    """How long each event took to each of the others."""
    seconds: list[float] = []
    for number in range(WARMING + EVENTS):
        before = receiver.count
        body = json.dumps({"name": "x"}).encode()
        uvloop.run(send_all(running.port, [request("POST", "/v1/customers", running.keys, body)], 1))
        committed = time.time()
        receiver.wait_for(before + OTHERS)
        if number >= WARMING:
            seconds += [max(0.0, receiver.arrival(one) - committed) for one in range(before, before + OTHERS)]
        time.sleep(PAUSE_S)
    return seconds


@contextmanager
def _hanging() -> Iterator[str]:
    """The URL of a receiver that takes connections and says nothing."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=1_000)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/hook"
    listening.close()
