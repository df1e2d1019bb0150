"""Callers that come at the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, TypeVar

import httpx

from installation import PATIENCE_S, Project

T = TypeVar("T")


def at_once(*calls: Callable[[], T]) -> list[T]:
    """What the calls return, all of them made at the same moment; raises what one of them raises."""
    start = Barrier(len(calls))

    def run(call: Callable[[], T]) -> T:
        start.wait(PATIENCE_S)
        return call()

    with ThreadPoolExecutor(len(calls)) as threads:
        return [made.result() for made in [threads.submit(run, call) for call in calls]]


def answers(project: Project, requests: list[tuple[str, str, Any]]) -> list[httpx.Response]:
    """The answers to requests (method, path, body) that are all sent at once."""

    def send(method: str, path: str, body: Any) -> Callable[[], httpx.Response]:
        return lambda: project.request(method, path, json=body)

    return at_once(*(send(*request) for request in requests))


def in_background(work: Callable[[], Any]) -> Any:
    """A future of the work, begun in a thread."""
    threads = ThreadPoolExecutor(1)
    future = threads.submit(work)
    threads.shutdown(wait=False)
    return future


def statuses(found: list[httpx.Response]) -> list[int]:
    return sorted(answer.status_code for answer in found)
