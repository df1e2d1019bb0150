"""The process's own operations: whether it lives, whether it can serve, its metrics, and the description of the API."""

from collections.abc import Sequence

from prometheus_client import generate_latest

from guerdon.db.migrate import pending
from guerdon.errors import ApiError
from guerdon.http.call import Call
from guerdon.http.openapi import describe
from guerdon.http.routing import Content, Route, Scope
from guerdon.telemetry import DELIVERIES_UNFINISHED, JOBS_UNFINISHED, OUTBOX_WAITING, REGISTRY

_BACKLOG = """
SELECT (SELECT count(*) FROM outbox) AS outbox,
    (SELECT count(*) FROM deliveries WHERE due_at IS NOT NULL) AS deliveries,
    (SELECT count(*) FROM jobs WHERE parked_at IS NULL) AS jobs,
    (SELECT count(*) FROM jobs WHERE parked_at IS NOT NULL) AS parked
"""


async def healthz(_call: Call[None]) -> dict[str, str]:
    return {"status": "ok"}


async def readyz(call: Call[None]) -> dict[str, str]:
    """Ready when the database answers and has every migration of this version. Errors: 503."""
    missing = await pending(call.db)
    if missing:
        raise ApiError(503, "not_ready", "Not ready", f"The database lacks the migrations {', '.join(missing)}")
    return {"status": "ready"}


async def metrics(call: Call[None]) -> Content:
    row = await call.db.row(_BACKLOG)
    if row is not None:
        OUTBOX_WAITING.set(row["outbox"])
        DELIVERIES_UNFINISHED.set(row["deliveries"])
        JOBS_UNFINISHED.labels("waiting").set(row["jobs"])
        JOBS_UNFINISHED.labels("parked").set(row["parked"])
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
