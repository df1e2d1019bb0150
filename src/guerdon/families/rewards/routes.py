"""Operations on rewards. Their offers in campaigns belong to the loyalty programmes."""

import msgspec

from guerdon.db.table import Where
from guerdon.errors import invalid_payload, not_found
from guerdon.events.work import Work
from guerdon.families.products import store as products
from guerdon.families.rewards import store, views
from guerdon.families.rewards.schemas import MaterialProduct, NewReward, Reward, RewardsList
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
    """A material reward: a product that is handed out. Errors: invalid_payload, not_found."""
    work, body = call.work, call.body
    row = RewardRow(
        id=work.new_id("rew_"),
        name=body.name or "",
        type="MATERIAL",
        parameters={"product": await _product(work, body)},
        stock=body.stock,
        attributes=msgspec.to_builtins(body.attributes),
        metadata=body.metadata or {},
        created_at=work.now,
    )
    await REWARDS.insert(work.db, work.project.id, row)
    return views.reward(row)


async def load(call: Call[object], reward_id: str) -> RewardRow | None:
    """A reward by id."""
    return await REWARDS.get(call.db, call.project_id, id=reward_id)


async def _product(work: Work, body: NewReward) -> dict[str, str | None]:
    given = body.parameters
    if given.campaign is not None or given.coin is not None:
        raise invalid_payload("Property .parameters must be those of a product: other rewards are not supported yet")
    if given.product is None:
        raise invalid_payload("Property .parameters must have required property 'product'")
    return await _known(work, given.product)


async def _known(work: Work, wanted: MaterialProduct) -> dict[str, str | None]:
    product = await products.find_product(work.db, work.project.id, wanted.id, work.now)
    if product is None:
        raise not_found("product", wanted.id)
    if wanted.sku_id is None:
        return {"id": product.id, "sku_id": None}
    sku = await products.find_sku(work.db, work.project.id, wanted.sku_id)
    if sku is None or sku.product_id != product.id:
        raise not_found("sku", wanted.sku_id)
    return {"id": product.id, "sku_id": sku.id}


_REWARDS = crud.Resource(name="reward", names="rewards", table=REWARDS, view=views.reward, listed=RewardsList)
ROUTES = (
    Route("POST", "/v1/rewards", create_reward, body=NewReward, answer=Reward),
    Route("GET", "/v1/rewards", crud.list_of(_REWARDS), query=RewardsQuery, answer=RewardsList),
    Route("GET", "/v1/rewards/{rewardId}", crud.one(_REWARDS), (Param("reward", load),), answer=Reward),
)
