"""Distributions: messages to one's own endpoints, sent when an event of the catalogue happens."""

import msgspec
from msgspec import UNSET

from guerdon.clock import iso, iso_or_none
from guerdon.families.distributions import channels, store
from guerdon.families.distributions.check import check
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

_DRAFT, _LIVE, _PAUSED = "DRAFT", "LIVE", "PAUSED"


async def create_distribution(call: Call[NewDistribution]) -> Distribution:
    """A draft, or live at once. Errors: invalid_payload, not_found for what it names."""
    work, body = call.work, call.body
    trigger, action = await check(work, body.trigger, body.action, body.channels)
    row = DistributionRow(
        id=work.new_id("distr_"),
        name=body.name,
        status=body.status,
        trigger=msgspec.to_builtins(trigger),
        action=msgspec.to_builtins(action),
        channels=msgspec.to_builtins(body.channels),
        created_at=work.now,
    )
    await DISTRIBUTIONS.insert(work.db, work.project.id, row)
    endpoints = channels.endpoints(work, row) if row.status == _LIVE else []
    await store.set_endpoints(work.db, work.project.id, [], endpoints)
    return _view(row, endpoints)


async def list_distributions(call: Call[None]) -> DistributionsList:
    query: DistributionsQuery = call.query
    rows = await store.page(call.db, call.project_id, query.starting_after_id, query.limit + 1)
    page = [await _shown(call, row) for row in rows[: query.limit]]
    more = len(rows) > query.limit
    return DistributionsList(page, more, page[-1].id if more else None)


async def get_distribution(call: Call[None], row: DistributionRow) -> Distribution:
    return await _shown(call, row)


async def update_distribution(call: Call[DistributionPatch], row: DistributionRow) -> Distribution:
    """What is not sent stays; a live distribution goes on with what it is now. Errors: as for creating.

    One that was paused because its retries were used up stays so.
    """
    work = call.work
    sent = {name: value for name, value in msgspec.structs.asdict(call.body).items() if value is not UNSET}
    changed = msgspec.structs.replace(row, **msgspec.to_builtins(sent), updated_at=work.now)
    wanted = msgspec.convert(changed.channels, list[Channel])
    trigger, action = msgspec.convert(changed.trigger, Trigger), msgspec.convert(changed.action, Action)
    trigger, action = await check(work, trigger, action, wanted)
    changed = msgspec.structs.replace(changed, trigger=msgspec.to_builtins(trigger), action=msgspec.to_builtins(action))
    await DISTRIBUTIONS.update(work.db, work.project.id, changed)
    present = await store.endpoints(work.db, work.project.id, row.id)
    endpoints = channels.changed(work, changed, present, same_trigger=changed.trigger == row.trigger)
    await store.set_endpoints(work.db, work.project.id, present, endpoints)
    return _view(changed, endpoints)


async def delete_distribution(call: Call[None], row: DistributionRow) -> None:
    present = await store.endpoints(call.db, call.project_id, row.id)
    await store.set_endpoints(call.db, call.project_id, present, [])
    await DISTRIBUTIONS.delete(call.db, call.project_id, row.id)


async def set_live(call: Call[None], row: DistributionRow) -> Distribution:
    """From now on events start it; a paused one starts afresh, a live one just goes on."""
    present = await store.endpoints(call.db, call.project_id, row.id)
    if _status(row, present) == _LIVE:
        return _view(row, present)
    return await _set_status(call, row, _LIVE, channels.endpoints(call.work, row))


async def pause(call: Call[None], row: DistributionRow) -> Distribution:
    """Events do not start it any more, and what waits for a retry is given up. A draft stays one."""
    if row.status != _LIVE:
        return await _shown(call, row)
    return await _set_status(call, row, _PAUSED, [])


async def _set_status(call: Call[None], row: DistributionRow, status: str, endpoints: list[Endpoint]) -> Distribution:
    changed = msgspec.structs.replace(row, status=status, updated_at=call.work.now)
    await DISTRIBUTIONS.update(call.db, call.project_id, changed)
    present = await store.endpoints(call.db, call.project_id, row.id)
    await store.set_endpoints(call.db, call.project_id, present, endpoints)
    return _view(changed, endpoints)


async def _shown(call: Call[None], row: DistributionRow) -> Distribution:
    return _view(row, await store.endpoints(call.db, call.project_id, row.id))


def _status(row: DistributionRow, endpoints: list[Endpoint]) -> str:
    """A live one whose channels were switched off, because retries were used up, is paused."""
    return row.status if all(endpoint.active for endpoint in endpoints) else _PAUSED


def _view(row: DistributionRow, endpoints: list[Endpoint]) -> Distribution:
    return Distribution(
        id=row.id,
        name=row.name,
        status=_status(row, endpoints),
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
