"""Undoing redemptions: uses, credits, points, counters and stock go back, exactly as they were taken."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import msgspec
from msgspec.structs import replace

from guerdon.clock import iso
from guerdon.engine.order import Order
from guerdon.engine.undo import without
from guerdon.errors import ApiError, not_found, refused
from guerdon.events.work import Work
from guerdon.families.customers import save as customer_save, store as customers
from guerdon.families.customers.schemas import NewCustomer
from guerdon.families.customers.store import RedemptionsChange
from guerdon.families.grants import owe
from guerdon.families.loyalties.movements import Member
from guerdon.families.orders import people, save as orders
from guerdon.families.orders.schemas import NewOrder, OrderPatch
from guerdon.families.orders.store import ORDERS, OrderRow, with_order
from guerdon.families.orders.write import Draft, write
from guerdon.families.promotion_tiers import store as tiers
from guerdon.families.promotion_tiers.store import Sums
from guerdon.families.redeemables import counters, read, store, tell
from guerdon.families.redeemables.done import Done
from guerdon.families.redeemables.store import REDEMPTIONS, RedemptionRow
from guerdon.families.rewards import store as rewards
from guerdon.families.stacking_rules.store import stacking_rules
from guerdon.families.vouchers import ledger
from guerdon.families.vouchers.ledger import Filling
from guerdon.families.vouchers.store import VoucherRow

_LONGEST = timedelta(days=92)
_TWICE = ("already_rolled_back", "Already rolled back", "Redemption has been already rolled back.")
_STACKED = "You can rollback only a single redemption. Use different endpoint for stacked redemption."
_CHILD = "You can rollback only a redemption that does not have parent redemption."


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """Why it is undone, and by whom; the customer and the order must be those of the redemption."""

    reason: str | None = None
    metadata: dict[str, Any] | None = None
    customer: NewCustomer | None = None
    order: NewOrder | None = None


class RolledBack(msgspec.Struct, frozen=True, kw_only=True):
    """The rollbacks of a request, their parent if there are several, and the order now."""

    done: Sequence[Done]
    parent: Done | None = None
    order: OrderRow | None = None


class Failed(msgspec.Struct, frozen=True):
    """A rollback that was refused and is recorded."""

    error: ApiError


async def roll_back(work: Work, row: RedemptionRow, wish: Wish, *, stacked: bool) -> RolledBack | Failed:
    """Undoes a redemption; `stacked` takes a parent with all its children as well.

    Locks are taken in the order redemption, what is owed, voucher, reward, counter, order, customer. Errors:
    invalid_redemption, invalid_redemption_parent. Refused with a record: already_rolled_back, invalid_redemption for
    one that is too old, invalid_order, invalid_customer.
    """
    _check(row, stacked=stacked)
    await work.db.begin()
    is_parent = row.related_object_type == "redemption"
    children = await store.children_of(work.db, work.project.id, [row.id]) if is_parent else [row]
    refusal = await _refusal(work, row, wish)
    standing = [] if refusal else await _mark(work, row, children)
    if refusal is None and not standing:
        refusal = refused(*_TWICE)
    if refusal is not None:
        return await _fail(work, row, wish, refusal)
    return await _undo(work, row, await read.done(work, standing), wish)


def _check(row: RedemptionRow, *, stacked: bool) -> None:
    if row.parent_id is not None:
        raise refused("invalid_redemption_parent", "Invalid redemption parent", _CHILD)
    if row.related_object_type == "redemption" and not stacked:
        raise refused("invalid_redemption", "Invalid redemption", _STACKED)
    if row.redemption_id is not None or row.result != "SUCCESS":
        raise refused(
            "invalid_redemption", "Invalid redemption", "Only a redemption that succeeded can be rolled back."
        )


async def _refusal(work: Work, row: RedemptionRow, wish: Wish) -> ApiError | None:
    if work.now - row.created_at > _LONGEST:
        return refused("invalid_redemption", "Invalid redemption", "The redemption is older than 3 months.")
    if wish.order is not None and (wish.order.id or wish.order.source_id):
        found = await orders.find(work, wish.order)
        if found is None or found.id != row.order_id:
            return refused("invalid_order", "Invalid order", "Order is not related with redemption.")
    if wish.customer is not None and (wish.customer.id or wish.customer.source_id):
        customer = await customer_save.find(work, wish.customer)
        if customer is None:
            raise not_found("customer", wish.customer.id or wish.customer.source_id or "")
        if customer.id != row.customer_id:
            return refused("invalid_customer", "Invalid customer", "Customer is not related with redemption.")
    return None


async def _mark(work: Work, row: RedemptionRow, children: Sequence[RedemptionRow]) -> list[RedemptionRow]:
    """Those that stand, in their order; from now on nobody else can undo them."""
    ids = [child.id for child in children]
    marked = {one.id: one for one in await store.mark_rolled_back(work.db, work.project.id, sorted({row.id, *ids}))}
    return [marked[child_id] for child_id in ids if child_id in marked]


async def _undo(work: Work, row: RedemptionRow, undone: Sequence[Done], wish: Wish) -> RolledBack:
    owed = await owe.undo(work, [one.row.id for one in undone if one.row.reward_id])
    vouchers = await _give_back(work, undone)
    for one in sorted(undone, key=lambda one: one.row.reward_id or ""):
        if one.row.reward_id is not None:
            await rewards.put_back(work.db, work.project.id, one.row.reward_id)
    await counters.take_back(work, [one.row for one in undone])
    parent_id = work.new_id("rr_") if row.related_object_type == "redemption" else None
    done = [_rollback(work, one, vouchers, wish, parent_id) for one in undone]
    mode = (await stacking_rules(work.db, work.project.id))["redeemables_rollback_order_mode"]
    order = await _order(work, row, done, parent_id or done[0].row.id, cancel=mode == "WITH_ORDER")
    done = _shown(done, undone, order, stacked=parent_id is not None)
    parent = _parent(work, row, done[0], wish, order) if parent_id else None
    for one in (*done, *([parent] if parent else [])):
        await REDEMPTIONS.insert(work.db, work.project.id, one.row)
    await customers.count_redemptions(work.db, work.project.id, _changes(undone))
    for one, before in zip(done, undone, strict=True):
        if before.row.promotion_tier_id is not None:
            sums = Sums(-1, -(before.row.order_amount or 0), -(before.row.discounted_amount or 0))
            tiers.count_redemption(work.db, work.project.id, before.row.promotion_tier_id, one.row.id, sums)
        _tell(work, one, before)
        occasion = tell.occasion(work, before) if before.row.id in owed else None
        if occasion is not None:
            owe.tell_undone(work, occasion, owed[before.row.id])
    return RolledBack(done=done, parent=parent, order=order)


async def _give_back(work: Work, undone: Sequence[Done]) -> dict[str, VoucherRow]:
    """The vouchers after it. What a deleted voucher was used for cannot be given back."""
    amounts = {one.voucher.id: one.row.amount or 0 for one in undone if one.voucher}
    given = await store.give_back(work.db, work.project.id, dict(sorted(amounts.items())), work.now)
    for one in undone:
        if one.row.drained and one.row.voucher_id in given:
            card = given[one.row.voucher_id]
            for filling in _fillings(work, one, card):
                (card,) = await ledger.fill(work, [replace(filling, card=card)])
            given[card.id] = card
    return given


def _fillings(work: Work, undone: Done, card: VoucherRow) -> list[Filling]:
    """The points in the buckets they came from; those whose last day is past last as long as points earned today."""
    today = work.project.day_of(work.now)
    again = undone.campaign.last_day_of_points(today) if undone.campaign else None
    found: list[Filling] = []
    for text, points in (undone.row.drained or {}).items():
        day = date.fromisoformat(text) if text else None
        found.append(Filling(card, points, day if day is None or day >= today else again))
    return found


def _rollback(work: Work, undone: Done, vouchers: dict[str, VoucherRow], wish: Wish, parent_id: str | None) -> Done:
    before = undone.row
    row = RedemptionRow(
        id=work.new_id("rr_"),
        parent_id=parent_id,
        redemption_id=before.id,
        customer_id=before.customer_id,
        tracking_id=before.tracking_id,
        related_object_type=before.related_object_type,
        voucher_id=before.voucher_id,
        voucher_code=before.voucher_code,
        promotion_tier_id=before.promotion_tier_id,
        promotion_stack_id=before.promotion_stack_id,
        campaign_id=before.campaign_id,
        reward_id=before.reward_id,
        reward_assignment_id=before.reward_assignment_id,
        order_id=before.order_id,
        amount=None if before.amount is None else -before.amount,
        reason=wish.reason,
        channel_id=work.actor.app_id or "",
        metadata=wish.metadata,
        created_at=work.now,
    )
    return replace(undone, row=row, voucher=vouchers.get(before.voucher_id or "", undone.voucher))


async def _order(
    work: Work, row: RedemptionRow, done: Sequence[Done], rollback_id: str, *, cancel: bool
) -> OrderRow | None:
    """The order with what was undone written on it; `cancel` also takes its discounts off and cancels it."""
    held = await ORDERS.lock(work.db, work.project.id, row.order_id) if row.order_id else None
    if held is None:
        return None
    entry = {
        **held.redemptions.get(row.id, {}),
        "rollback_id": rollback_id,
        "rollback_date": iso(work.now),
        **({"rollback_stacked": [one.row.id for one in done]} if len(done) > 1 else {}),
    }
    after = replace(held, redemptions={**held.redemptions, row.id: entry})
    if cancel:
        share = read.value(row)
        less = without(held.order, share) if share else held.order
        after = replace(with_order(after, less), status="CANCELED")
    whose = await people.settle(work, held, OrderPatch())
    return await write(work, Draft(held, after, whose), redemption=None)


def _shown(done: Sequence[Done], undone: Sequence[Done], order: OrderRow | None, *, stacked: bool) -> list[Done]:
    """Each with its order: of a stack as it was before that redemption, of one alone as it is now."""
    if not stacked:
        return [replace(one, order=order, value=None) for one in done]
    befores: list[Order | None] = []
    for position, one in enumerate(undone):
        previous = undone[position - 1].value if position else None
        befores.append(previous or (without(one.value, one.value) if one.value else None))
    return [replace(one, order=order, value=value) for one, value in zip(done, befores, strict=True)]


def _parent(work: Work, row: RedemptionRow, first: Done, wish: Wish, order: OrderRow | None) -> Done:
    parent = RedemptionRow(
        id=first.row.parent_id or "",
        redemption_id=row.id,
        customer_id=row.customer_id,
        tracking_id=row.tracking_id,
        related_object_type="redemption",
        order_id=row.order_id,
        reason=wish.reason,
        channel_id=work.actor.app_id or "",
        metadata=wish.metadata,
        created_at=work.now,
    )
    return Done(row=parent, customer=first.customer, order=order)


def _changes(undone: Sequence[Done]) -> list[RedemptionsChange]:
    """What it means for the sums of those who had redeemed, and for those of the holders of gift cards."""
    changes: list[RedemptionsChange] = []
    for one in undone:
        amount = one.row.amount or 0
        kind = one.voucher.type if one.voucher else None
        points = amount if kind == "LOYALTY_CARD" else 0
        credits_ = amount if kind == "GIFT_VOUCHER" else 0
        if one.customer is not None:
            campaign = one.campaign.name if one.campaign and points else None
            changes.append(
                RedemptionsChange(one.customer.id, rolled_back=1, points=-points, gift=-credits_, campaign=campaign)
            )
        if credits_ and one.holder is not None:
            changes.append(RedemptionsChange(one.holder.id, to_go=credits_))
    return changes


def _tell(work: Work, done: Done, undone: Done) -> None:
    tell.rolled_back(work, done, undone)
    if done.voucher is None or not done.row.amount:
        return
    if done.voucher.type == "GIFT_VOUCHER":
        tell.moved_credits(work, done, done.voucher, "CREDITS_REFUND", -done.row.amount)
    elif done.campaign is not None and done.holder is not None:
        tell.refunded(work, done, undone, Member(done.voucher, done.campaign, done.holder))


async def _fail(work: Work, row: RedemptionRow, wish: Wish, error: ApiError) -> Failed:
    """Records that it was refused, and says so."""
    (undone,) = await read.done(work, [row])
    failed = replace(
        _rollback(work, undone, {}, wish, None).row,
        id=work.new_id("rrf_"),
        result="FAILURE",
        status="FAILED",
        amount=None,
        failure_code=error.key,
        failure_message=error.message,
    )
    await REDEMPTIONS.insert(work.db, work.project.id, failed)
    if undone.customer is not None:
        change = RedemptionsChange(undone.customer.id, rollbacks_failed=1)
        await customers.count_redemptions(work.db, work.project.id, [change])
    tell.rollback_failed(work, replace(undone, row=failed), undone)
    error.resource_type, error.resource_id = "redemption_rollback", failed.id
    return Failed(error)
