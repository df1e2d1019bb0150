"""Distributions: messages to one's own endpoints, sent when an event of the catalogue happens."""

import msgspec
from msgspec import UNSET

from guerdon.clock import iso, iso_or_none
from guerdon.events.catalogue import Purpose
from guerdon.events.work import Work
from guerdon.families.distributions import store
from guerdon.families.distributions.check import check
from guerdon.families.distributions.prepare import PREPARE
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
from guerdon.webhooks import store as webhooks
from guerdon.webhooks.store import Endpoint

_DRAFT, _LIVE, _PAUSED = "DRAFT", "LIVE", "PAUSED"


async def create_distribution(call: Call[NewDistribution]) -> Distribution:
    """A draft, or live at once. Errors: invalid_payload, not_found for what it names."""
    work, body = call.work, call.body
    await check(work, body.trigger, body.action, body.channels)
    row = DistributionRow(
        id=work.new_id("distr_"),
        name=body.name,
        status=body.status,
        trigger=msgspec.to_builtins(body.trigger),
        action=msgspec.to_builtins(body.action),
        channels=msgspec.to_builtins(body.channels),
        created_at=work.now,
    )
    await DISTRIBUTIONS.insert(work.db, work.project.id, row)
    await _connect(work, row)
    return await _shown(work, row)


async def list_distributions(call: Call[None]) -> DistributionsList:
    query: DistributionsQuery = call.query
    rows = await store.page(call.db, call.project_id, query.starting_after_id, query.limit + 1)
    page = [await _shown(call.work, row) for row in rows[: query.limit]]
    more = len(rows) > query.limit
    return DistributionsList(page, more, page[-1].id if more else None)


async def get_distribution(call: Call[None], row: DistributionRow) -> Distribution:
    return await _shown(call.work, row)


async def update_distribution(call: Call[DistributionPatch], row: DistributionRow) -> Distribution:
    """What is not sent stays; a live distribution goes on with what it is now. Errors: as for creating."""
    work = call.work
    sent = {name: value for name, value in msgspec.structs.asdict(call.body).items() if value is not UNSET}
    changed = msgspec.structs.replace(row, **msgspec.to_builtins(sent), updated_at=work.now)
    trigger, action = msgspec.convert(changed.trigger, Trigger), msgspec.convert(changed.action, Action)
    await check(work, trigger, action, msgspec.convert(changed.channels, list[Channel]))
    await DISTRIBUTIONS.update(work.db, work.project.id, changed)
    await _connect(work, changed)
    return await _shown(work, changed)


async def delete_distribution(call: Call[None], row: DistributionRow) -> None:
    await store.set_endpoints(call.db, call.project_id, row.id, [])
    await DISTRIBUTIONS.delete(call.db, call.project_id, row.id)


async def set_live(call: Call[None], row: DistributionRow) -> Distribution:
    """From now on events start it; a paused one starts afresh."""
    return await _set_status(call, row, _LIVE)


async def pause(call: Call[None], row: DistributionRow) -> Distribution:
    """Events do not start it any more, and what waits for a retry is given up."""
    return await _set_status(call, row, _PAUSED if row.status != _DRAFT else _DRAFT)


async def _set_status(call: Call[None], row: DistributionRow, status: str) -> Distribution:
    changed = msgspec.structs.replace(row, status=status, updated_at=call.work.now)
    await DISTRIBUTIONS.update(call.db, call.project_id, changed)
    await _connect(call.work, changed)
    return await _shown(call.work, changed)


async def _connect(work: Work, row: DistributionRow) -> None:
    """Makes the endpoints what the distribution says: its channels while it is live, none otherwise."""
    channels = msgspec.convert(row.channels, list[Channel]) if row.status == _LIVE else []
    mark = work.runtime.ids.mark()
    endpoints = [_endpoint(work, row, place, channel, mark) for place, channel in enumerate(channels)]
    await store.set_endpoints(work.db, work.project.id, row.id, endpoints)


def _endpoint(work: Work, row: DistributionRow, place: int, channel: Channel, mark: str) -> Endpoint:
    action = msgspec.convert(row.action, Action)
    prepared = action.type is not Purpose.MESSAGE or channel.payload is not None
    return Endpoint(
        id=row.id if place == 0 else f"{row.id}.{place}",
        source_id=row.id,
        target_url=channel.target_url,
        events=[row.trigger["type"]],
        active_since=mark,
        campaign_id=row.trigger.get("campaign_id"),
        event_name=channel.event_name,
        headers=channel.headers,
        template=channel.payload,
        raw=channel.raw,
        prepared_by=PREPARE if prepared else None,
        created_at=work.now,
    )


async def _shown(work: Work, row: DistributionRow) -> Distribution:
    status = row.status
    if status == _LIVE:
        endpoints = await webhooks.endpoints(work.db, work.project.id, row.id)
        status = _LIVE if all(endpoint.active for endpoint in endpoints) else _PAUSED
    return Distribution(
        id=row.id,
        name=row.name,
        status=status,
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
