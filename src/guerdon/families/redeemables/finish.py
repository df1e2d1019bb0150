"""The writes and events of what was redeemed, once everything has been taken."""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from guerdon.clock import iso
from guerdon.engine.discounts.step import plain
from guerdon.engine.order import Order
from guerdon.engine.quote import Quote
from guerdon.engine.turn import Taken
from guerdon.events.work import Work
from guerdon.families.customers import store as customers
from guerdon.families.customers.store import RedemptionsChange
from guerdon.families.grants.owe import owe
from guerdon.families.orders.schemas import Status
from guerdon.families.orders.store import SPENT, OrderRow, with_order
from guerdon.families.orders.write import Draft, count, save, spending
from guerdon.families.promotion_tiers import store as tiers
from guerdon.families.promotion_tiers.store import Sums
from guerdon.families.redeemables import tell, views
from guerdon.families.redeemables.done import Done, Redeemed
from guerdon.families.redeemables.load import tracking_id
from guerdon.families.redeemables.sources import Loaded
from guerdon.families.redeemables.store import REDEMPTIONS, RedemptionRow, snapshot
from guerdon.families.vouchers.assets import Links
from guerdon.jobs import queue

REFERRED = "referrals.by_redemption"  # what follows from the redemption of a referral code


class PaidOrder(msgspec.Struct, frozen=True):
    """The order that is redeemed for, before its discounts, and the status that the request wants it to have."""

    draft: Draft
    status: Status | None


async def finish(
    work: Work, loaded: Loaded, quote: Quote, done: Sequence[Done], parent_id: str | None, paid: PaidOrder | None
) -> Redeemed:
    """Saves the order as paid, the redemptions and the sums, and records the events."""
    lines = _line_ids(work, quote, paid)
    row = paid.draft.after if paid else None
    done = [
        _completed(work, one, _value(outcome.taken, lines), row)
        for one, outcome in zip(done, quote.applied, strict=True)
    ]
    parent = _parent(work, done, parent_id, _with_ids(quote.order, lines)) if parent_id else None
    order = None
    if paid is not None:
        order = await _save(work, paid, done, parent)
        done = [replace(one, order=order) for one in done]
        parent = parent and replace(parent, order=order)
    for one in (*done, *([parent] if parent else [])):
        REDEMPTIONS.insert_later(work.db, work.project.id, one.row)
    await _count(work, paid, done, order)
    for one in sorted(done, key=lambda one: one.row.promotion_tier_id or ""):
        if one.tier is not None:
            sums = Sums(1, one.row.order_amount or 0, one.row.discounted_amount or 0)
            tiers.count_redemption(work.db, work.project.id, one.tier.id, one.row.id, sums)
    for one in done:
        await _tell(work, one)
    if parent:
        tell.together(work, parent)
    return Redeemed(loaded=loaded, quote=quote, done=done, parent=parent, order=order)


def _completed(work: Work, one: Done, value: Order | None, order: OrderRow | None) -> Done:
    """The redemption with its people, campaign and order, and its share of that, line by line."""
    customer = one.customer
    row = replace(
        one.row,
        customer_id=customer.id if customer else None,
        tracking_id=tracking_id(work, customer, named=one.row.tracking_id),
        snapshot=snapshot(value) if value else None,
        campaign_id=one.campaign.id if one.campaign else None,
        reward_id=one.offer.reward.id if one.offer else None,
        reward_assignment_id=one.offer.assignment.id if one.offer else None,
        loyalty_tier_id=one.offer.loyalty_tier_id if one.offer else None,
        order_id=order.id if order else None,
    )
    return replace(one, row=row, order=order, value=value if order else None)


def _parent(work: Work, done: Sequence[Done], parent_id: str, value: Order) -> Done:
    first = done[0]
    row = RedemptionRow(
        id=parent_id,
        customer_id=first.row.customer_id,
        tracking_id=first.row.tracking_id,
        related_object_type="redemption",
        promotion_stack_id=first.row.promotion_stack_id,
        order_id=first.row.order_id,
        discounted_amount=value.total_applied_discount_amount or 0,
        session_key=first.row.session_key,
        channel_id=first.row.channel_id,
        metadata=first.row.metadata,
        created_at=work.now,
        snapshot=snapshot(value),
    )
    given = value if first.order else None
    return Done(row=row, customer=first.customer, stack=first.stack, order=first.order, value=given)


async def _save(work: Work, paid: PaidOrder, done: Sequence[Done], parent: Done | None) -> OrderRow:
    """The order with its discounts, paid unless it is already or the request says otherwise."""
    whole, draft = parent or done[0], paid.draft
    entry: dict[str, Any] = {
        "date": iso(work.now),
        "related_object_type": "promotion_stack" if whole.row.promotion_stack_id else whole.row.related_object_type,
        "related_object_id": whole.row.promotion_stack_id or views.related_object_id(whole.row),
        **({"related_object_parent_id": whole.row.campaign_id} if whole.row.campaign_id else {}),
        **({"stacked": [one.row.id for one in done]} if parent else {}),
    }
    after = replace(
        with_order(draft.after, plain(whole.value or draft.after.order)),
        status=paid.status or (draft.after.status if draft.after.status in SPENT else "PAID"),
        redemptions={**draft.after.redemptions, whole.row.id: entry},
    )
    told = views.internal(replace(whole, order=after), Links(work.runtime, work.project.id))
    return await save(work, replace(draft, after=after), redemption=told)


async def _count(work: Work, paid: PaidOrder | None, done: Sequence[Done], order: OrderRow | None) -> None:
    """The sums of the customers: what was redeemed, and what was spent on the order."""
    changes = _changes(done)
    if paid is not None and order is not None:
        if spending(paid.draft.before) is None:
            changes = _with_order(changes, order)
        else:
            await count(work, paid.draft.before, order)
    await customers.count_redemptions(work.db, work.project.id, changes)


def _with_order(changes: Sequence[RedemptionsChange], order: OrderRow) -> Sequence[RedemptionsChange]:
    """The changes with what is spent on an order that counts from now on."""
    spent = spending(order)
    if spent is None:
        return changes
    mine = [change for change in changes if change.customer_id == spent.customer_id]
    change = mine[0] if len(mine) == 1 else RedemptionsChange(spent.customer_id)
    summed = replace(change, orders_amount=spent.amount, orders_count=1, ordered_at=order.created_at)
    return [*(other for other in changes if other is not change), summed]


def _line_ids(work: Work, quote: Quote, paid: PaidOrder | None) -> list[str]:
    """The ids of the order's lines; goods that came in get theirs."""
    known = [item.id for item in paid.draft.after.items] if paid else []
    more = len(quote.order.items) - len(known)
    return [line_id or work.new_id("ordli_") for line_id in (*known, *[None] * more)]


def _with_ids(order: Order, ids: Sequence[str]) -> Order:
    items = tuple(replace(item, id=line_id) for item, line_id in zip(order.items, ids, strict=False))
    return replace(order, items=items)


def _value(taken: Taken | None, ids: Sequence[str]) -> Order | None:
    return _with_ids(taken.order, ids) if taken else None


def _changes(done: Sequence[Done]) -> list[RedemptionsChange]:
    """What the redemptions mean for the sums of those who redeem, and for those of the holders of gift cards."""
    changes: list[RedemptionsChange] = []
    for one in done:
        amount = one.row.amount or 0
        kind = one.voucher.type if one.voucher else None
        points = amount if kind == "LOYALTY_CARD" else 0
        credits_ = amount if kind == "GIFT_VOUCHER" else 0
        if one.customer is not None:
            campaign = one.campaign.name if one.campaign and points else None
            changes.append(
                RedemptionsChange(one.customer.id, succeeded=1, points=points, gift=credits_, campaign=campaign)
            )
        if credits_ and one.holder is not None:
            changes.append(RedemptionsChange(one.holder.id, to_go=-credits_))
    return changes


async def _tell(work: Work, done: Done) -> None:
    tell.redeemed(work, done)
    tell.paid(work, done)
    occasion = tell.occasion(work, done)
    if occasion is not None:
        await owe(work, occasion, done.given)
    if done.customer is not None and done.voucher is not None and done.voucher.is_referral_code:
        await queue.enqueue(work, REFERRED, {"redemption_id": done.row.id})
