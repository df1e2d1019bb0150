"""Redemptions that were stored, with the rows of everything that they were made of."""

from collections.abc import Sequence

import msgspec

from guerdon.clock import iso
from guerdon.engine.order import Order
from guerdon.events.work import Work
from guerdon.families.campaigns.store import CAMPAIGNS
from guerdon.families.customers.store import CUSTOMERS
from guerdon.families.grants import store as grants
from guerdon.families.grants.give import Given
from guerdon.families.orders.store import ORDERS
from guerdon.families.products.store import PRODUCTS, SKUS
from guerdon.families.promotion_tiers.store import STACKS, TIERS
from guerdon.families.redeemables import store
from guerdon.families.redeemables.done import Done, Goods
from guerdon.families.redeemables.schemas import Related, RelatedRedemptions
from guerdon.families.redeemables.sources import Offer
from guerdon.families.redeemables.store import RedemptionRow
from guerdon.families.rewards.store import ASSIGNMENTS, REWARDS, RewardRow
from guerdon.families.vouchers import beside
from guerdon.families.vouchers.store import VOUCHERS, VoucherRow


async def done(work: Work, rows: Sequence[RedemptionRow]) -> list[Done]:
    """The redemptions in the order of the rows; what has been deleted since is missing."""
    db, project_id = work.db, work.project.id
    vouchers = await VOUCHERS.by_ids(db, project_id, {row.voucher_id for row in rows if row.voucher_id})
    holders = {voucher.holder_id for voucher in vouchers.values() if voucher.holder_id}
    people = {row.customer_id for row in rows if row.customer_id} | holders
    customers = await CUSTOMERS.by_ids(db, project_id, people)
    campaigns = await CAMPAIGNS.by_ids(db, project_id, {row.campaign_id for row in rows if row.campaign_id})
    orders = await ORDERS.by_ids(db, project_id, {row.order_id for row in rows if row.order_id})
    tiers = await TIERS.by_ids(db, project_id, {row.promotion_tier_id for row in rows if row.promotion_tier_id})
    stacks = await STACKS.by_ids(db, project_id, {row.promotion_stack_id for row in rows if row.promotion_stack_id})
    offers = await _offers(work, rows)
    given = await _given(work, rows)
    shown = await beside.of(db, project_id, [*vouchers.values(), *tiers.values()])
    found: list[Done] = []
    for row in rows:
        voucher = vouchers.get(row.voucher_id or "")
        offer = offers.get(row.reward_assignment_id or "")
        found.append(
            Done(
                row=row,
                voucher=voucher,
                tier=tiers.get(row.promotion_tier_id or ""),
                stack=stacks.get(row.promotion_stack_id or ""),
                campaign=campaigns.get(row.campaign_id or ""),
                customer=customers.get(row.customer_id or ""),
                holder=customers.get(voucher.holder_id or "") if voucher else None,
                offer=offer,
                goods=await goods(work, offer.reward) if offer else Goods(),
                given=Given(voucher=given.get(row.id)),
                order=orders.get(row.order_id or ""),
                value=value(row),
                beside=shown,
            )
        )
    return found


async def related(work: Work, rows: Sequence[RedemptionRow]) -> dict[str, RelatedRedemptions]:
    """By redemption: the children of those that are parents, and what undid those that were rolled back."""
    parents = [row.id for row in rows if row.related_object_type == "redemption" and row.redemption_id is None]
    undone = [row.id for row in rows if row.status == "ROLLED_BACK"]
    found: dict[str, RelatedRedemptions] = {}
    if parents:
        for child in await store.children_of(work.db, work.project.id, parents):
            told = found.setdefault(child.parent_id or "", RelatedRedemptions(redemptions=[]))
            told.redemptions = [*(told.redemptions or []), Related(id=child.id, date=iso(child.created_at))]
    if undone:
        for rollback in await store.rollbacks_of(work.db, work.project.id, undone):
            told = found.setdefault(rollback.redemption_id or "", RelatedRedemptions())
            told.rollbacks = [*(told.rollbacks or []), Related(id=rollback.id, date=iso(rollback.created_at))]
    return found


def value(row: RedemptionRow) -> Order | None:
    """The engine's order right after the redemption."""
    return None if row.snapshot is None else msgspec.convert(row.snapshot, Order)


async def _offers(work: Work, rows: Sequence[RedemptionRow]) -> dict[str, Offer]:
    """By assignment."""
    db, project_id = work.db, work.project.id
    rewards = await REWARDS.by_ids(db, project_id, {row.reward_id for row in rows if row.reward_id})
    ids = {row.reward_assignment_id for row in rows if row.reward_assignment_id}
    assignments = await ASSIGNMENTS.by_ids(db, project_id, ids)
    return {one.id: Offer(rewards[one.reward_id], one) for one in assignments.values() if one.reward_id in rewards}


async def _given(work: Work, rows: Sequence[RedemptionRow]) -> dict[str, VoucherRow]:
    """The codes that the rewards gave, as they are now, by redemption."""
    named = await grants.granted(work.db, work.project.id, {row.id for row in rows if row.reward_id})
    found = await VOUCHERS.by_ids(work.db, work.project.id, set(named.values()))
    return {row_id: found[voucher_id] for row_id, voucher_id in named.items() if voucher_id in found}


async def goods(work: Work, reward: RewardRow) -> Goods:
    """What a material reward hands out."""
    product = reward.parameters.get("product")
    if not product:
        return Goods()
    return Goods(
        product=await PRODUCTS.get(work.db, work.project.id, id=product["id"]),
        sku=await SKUS.get(work.db, work.project.id, id=product["sku_id"]) if product["sku_id"] else None,
    )
