"""The process's own operations: whether it lives, whether it can serve, its metrics, and the description of the API."""

from collections.abc import Sequence

from prometheus_client import generate_latest

from guerdon.db.backlog import backlog
from guerdon.db.migrate import pending
from guerdon.errors import ApiError
from guerdon.http.call import Call
from guerdon.http.openapi import describe
from guerdon.http.routing import Content, Route, Scope
from guerdon.telemetry import DELIVERIES_UNFINISHED, JOBS_UNFINISHED, OUTBOX_WAITING, REGISTRY


async def healthz(_call: Call[None]) -> dict[str, str]:
    return {"status": "ok"}


async def readyz(call: Call[None]) -> dict[str, str]:
    """Ready when the database answers and has every migration of this version. Errors: 503."""
    missing = await pending(call.db)
    if missing:
        raise ApiError(503, "not_ready", "Not ready", f"The database lacks the migrations {', '.join(missing)}")
    return {"status": "ready"}


async def metrics(call: Call[None]) -> Content:
    found = await backlog(call.db)
    OUTBOX_WAITING.set(found.outbox)
    DELIVERIES_UNFINISHED.set(found.deliveries)
    JOBS_UNFINISHED.labels("waiting").set(found.jobs)
    JOBS_UNFINISHED.labels("parked").set(found.parked_jobs)
    return Content(generate_latest(REGISTRY), "text/plain; version=0.0.4; charset=utf-8")


def operations(routes: Sequence[Route]) -> tuple[Route, ...]:
    """The lines for these operations; the description covers `routes`."""
    description = describe(routes)

    async def openapi(_call: Call[None]) -> Content:
        return Content(description, "application/json")

    return (
        Route("GET", "/healthz", healthz, scope=Scope.PUBLIC),
        Route("GET", "/readyz", readyz, scope=Scope.PUBLIC),
        Route("GET", "/metrics", metrics, scope=Scope.PUBLIC),
        Route("GET", "/openapi.json", openapi, scope=Scope.PUBLIC),
    )
