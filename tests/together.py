"""Callers that come at the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import httpx

from installation import Project


def answers(project: Project, requests: list[tuple[str, str, Any]]) -> list[httpx.Response]:
    """The answers to requests (method, path, body) that are all sent at once, each on a connection of its own."""
    barrier = Barrier(len(requests))

    def send(request: tuple[str, str, Any]) -> httpx.Response:
        method, path, body = request
        with httpx.Client(base_url=project.http.base_url, headers=project.http.headers, timeout=60) as client:
            barrier.wait()
            return client.request(method, path, json=body)

    with ThreadPoolExecutor(len(requests)) as threads:
        return list(threads.map(send, requests))


def in_background(work: Callable[[], Any]) -> Any:
    """A future of the work, begun in a thread."""
    threads = ThreadPoolExecutor(1)
    future = threads.submit(work)
    threads.shutdown(wait=False)
    return future


def statuses(found: list[httpx.Response]) -> list[int]:
    return sorted(answer.status_code for answer in found)
