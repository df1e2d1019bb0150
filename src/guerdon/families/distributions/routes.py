"""Distributions: messages to one's own endpoints, sent when an event happens or when somebody starts them."""

import msgspec

from guerdon.clock import iso, iso_or_none
from guerdon.families.distributions import save, store
from guerdon.families.distributions.schemas import (
    Action,
    Channel,
    Distribution,
    DistributionPatch,
    DistributionsList,
    DistributionsQuery,
    NewDistribution,
    Trigger,
)
from guerdon.families.distributions.store import DISTRIBUTIONS, DistributionRow
from guerdon.http.call import Call
from guerdon.http.routing import Param, Route, Scope
from guerdon.webhooks.store import Endpoint


async def create_distribution(call: Call[NewDistribution]) -> Distribution:
    """Errors: invalid_payload, not_found for what it names."""
    return _view(*await save.create(call.work, call.body))


async def list_distributions(call: Call[None]) -> DistributionsList:
    query: DistributionsQuery = call.query
    rows = await store.page(call.db, call.project_id, query.starting_after_id, query.limit + 1)
    page = [await _shown(call, row) for row in rows[: query.limit]]
    more = len(rows) > query.limit
    return DistributionsList(page, more, page[-1].id if more else None)


async def get_distribution(call: Call[None], row: DistributionRow) -> Distribution:
    return await _shown(call, row)


async def update_distribution(call: Call[DistributionPatch], row: DistributionRow) -> Distribution:
    """Errors: as for creating."""
    return _view(*await save.update(call.work, row, call.body))


async def delete_distribution(call: Call[None], row: DistributionRow) -> None:
    await save.delete(call.work, row)


async def set_live(call: Call[None], row: DistributionRow) -> Distribution:
    return _view(*await save.set_live(call.work, row))


async def pause(call: Call[None], row: DistributionRow) -> Distribution:
    return _view(*await save.pause(call.work, row))


async def _shown(call: Call[None], row: DistributionRow) -> Distribution:
    return _view(row, await store.endpoints(call.db, call.project_id, row.id))


def _view(row: DistributionRow, endpoints: list[Endpoint]) -> Distribution:
    return Distribution(
        id=row.id,
        name=row.name,
        status=save.status(row, endpoints),
        trigger=msgspec.convert(row.trigger, Trigger),
        action=msgspec.convert(row.action, Action),
        channels=msgspec.convert(row.channels, list[Channel]),
        created_at=iso(row.created_at),
        updated_at=iso_or_none(row.updated_at),
    )


async def _load(call: Call[object], distribution_id: str) -> DistributionRow | None:
    return await DISTRIBUTIONS.get(call.db, call.project_id, id=distribution_id)


async def _lock(call: Call[object], distribution_id: str) -> DistributionRow | None:
    return await DISTRIBUTIONS.lock(call.db, call.project_id, distribution_id)


_ALL = "/management/v1/projects/{projectId}/distributions"
_ONE = "/management/v1/projects/{projectId}/distributions/{distributionId}"
_READ = (Param("distribution", _load),)
_HELD = (Param("distribution", _lock),)
_SCOPE = Scope.MANAGEMENT
ROUTES = (
    Route("POST", _ALL, create_distribution, body=NewDistribution, answer=Distribution, scope=_SCOPE),
    Route("GET", _ALL, list_distributions, query=DistributionsQuery, answer=DistributionsList, scope=_SCOPE),
    Route("GET", _ONE, get_distribution, _READ, answer=Distribution, scope=_SCOPE),
    Route("PUT", _ONE, update_distribution, _HELD, DistributionPatch, answer=Distribution, scope=_SCOPE),
    Route("DELETE", _ONE, delete_distribution, _HELD, scope=_SCOPE),
    Route("POST", f"{_ONE}/set-live", set_live, _HELD, answer=Distribution, scope=_SCOPE),
    Route("POST", f"{_ONE}/pause", pause, _HELD, answer=Distribution, scope=_SCOPE),
)
