"""Operations on rewards. Their offers in campaigns belong to the loyalty programmes."""

import msgspec
from msgspec import UNSET

from guerdon.db.table import Where
from guerdon.errors import in_use, invalid_payload, not_found
from guerdon.families.metadata_schemas.check import Sent, require
from guerdon.families.rewards import store, views
from guerdon.families.rewards.parameters import campaign_of, read_parameters
from guerdon.families.rewards.schemas import NewReward, Reward, RewardPatch, RewardsList
from guerdon.families.rewards.store import REWARDS, RewardRow
from guerdon.http import crud
from guerdon.http.call import Call
from guerdon.http.paging import PageQuery
from guerdon.http.routing import Param, Route


class RewardsQuery(PageQuery, kw_only=True):
    """What a list of rewards can be narrowed to."""

    assignment_id: str | None = None

    def where(self) -> Where:
        return super().where().add(store.OF_ASSIGNMENT, self.assignment_id)


async def create_reward(call: Call[NewReward]) -> Reward:
    """Errors: invalid_payload, invalid_balance, not_found, metadata_validation_failed."""
    work, body = call.work, call.body
    await require(work, Sent("reward", body.metadata))
    kind, parameters = await read_parameters(work, body.parameters)
    row = RewardRow(
        id=work.new_id("rew_"),
        name=body.name or "",
        type=kind,
        parameters=parameters,
        stock=body.stock,
        attributes=msgspec.to_builtins(body.attributes),
        metadata=body.metadata or {},
        created_at=work.now,
    )
    await REWARDS.insert(work.db, work.project.id, row)
    return views.reward(row)


async def update_reward(call: Call[RewardPatch], row: RewardRow) -> Reward:
    """Errors: invalid_payload for another type or a stock below what is gone already; those of creating one."""
    work, body = call.work, call.body
    await require(work, Sent("reward", body.metadata, created=False))
    kind, parameters = await read_parameters(work, body.parameters) if body.parameters else (row.type, None)
    if kind != row.type:
        raise invalid_payload(f"Property .parameters must be those of a {row.type} reward")
    held = await REWARDS.lock(work.db, work.project.id, row.id)
    if held is None:
        raise not_found("reward", row.id)
    campaign_id = campaign_of(parameters or {})
    if campaign_id and await store.offer(work.db, work.project.id, campaign_id, row.id):
        raise invalid_payload(f"Reward {row.id} is offered in campaign {campaign_id} itself")
    changed = msgspec.structs.replace(
        held,
        name=held.name if body.name is None else body.name,
        parameters=parameters or held.parameters,
        stock=held.stock if body.stock is UNSET else body.stock,
        attributes=msgspec.to_builtins(body.attributes) if body.attributes else held.attributes,
        metadata={**held.metadata, **(body.metadata or {})},
        updated_at=work.now,
    )
    if changed.stock is not None and changed.stock < changed.redeemed:
        raise invalid_payload(f"Property .stock must be >= {changed.redeemed}, of which there are none left")
    await REWARDS.update(work.db, work.project.id, changed)
    return views.reward(changed)


async def delete_reward(call: Call[None], row: RewardRow) -> None:
    """Errors: resource_in_use while a campaign offers it, not_found."""
    work = call.work
    held = await REWARDS.lock(work.db, work.project.id, row.id)
    if held is None:
        raise not_found("reward", row.id)
    offers = await store.offers_of(work.db, work.project.id, row.id)
    if offers:
        raise in_use("reward", row.id, "reward_assignment", offers)
    await REWARDS.delete(work.db, work.project.id, row.id)


async def load(call: Call[object], reward_id: str) -> RewardRow | None:
    """A reward by id."""
    return await REWARDS.get(call.db, call.project_id, id=reward_id)


_REWARDS = crud.Resource(name="reward", names="rewards", table=REWARDS, view=views.reward, listed=RewardsList)
_ONE = (Param("reward", load),)
ROUTES = (
    Route("POST", "/v1/rewards", create_reward, body=NewReward, answer=Reward),
    Route("GET", "/v1/rewards", crud.list_of(_REWARDS), query=RewardsQuery, answer=RewardsList),
    Route("PUT", "/v1/rewards/{rewardId}", update_reward, _ONE, RewardPatch, answer=Reward),
    Route("DELETE", "/v1/rewards/{rewardId}", delete_reward, _ONE),
    Route("GET", "/v1/rewards/{rewardId}", crud.one(_REWARDS), _ONE, answer=Reward),
)
