"""Points that wait: given for orders, used from a day on, changed or dropped before that."""

from datetime import date, timedelta
from typing import Any

import msgspec

from guerdon.engine.money import GREATEST
from guerdon.errors import ApiError, invalid_payload, not_found, refused
from guerdon.events.work import Work
from guerdon.families.campaigns import store as campaigns
from guerdon.families.campaigns.store import CampaignRow
from guerdon.families.customers import store as customers
from guerdon.families.loyalties import activation, pending_events, pending_store as store, triggers, views
from guerdon.families.loyalties.activation import Ready
from guerdon.families.loyalties.balance import not_published
from guerdon.families.loyalties.movements import AUTOMATIC, MANUAL, Member
from guerdon.families.loyalties.pending_store import PENDING, WAITING, PendingRow
from guerdon.families.loyalties.schemas import Balance, PendingBalance
from guerdon.families.loyalties.store import EarningRuleRow
from guerdon.families.loyalties.triggers import Trigger
from guerdon.families.orders import views as order_views
from guerdon.families.orders.schemas import SimpleOrder
from guerdon.families.orders.store import ORDERS
from guerdon.families.vouchers import ledger
from guerdon.families.vouchers.store import VOUCHERS, VoucherRow

CANCEL_OF_ORDER = "loyalties.cancel_pending"
_SLICE = 100


class Earned(msgspec.Struct, frozen=True):
    """Points that are to wait, the rule that gives them, and what the ledger names of the holder's tier."""

    id: str
    rule: EarningRuleRow
    points: int
    tiers: dict[str, Any]


async def add(work: Work, campaign: CampaignRow, trigger: Trigger, card: VoucherRow, earned: Earned) -> VoucherRow:
    """The card, which the caller holds with its holder and the order, with points that wait."""
    rule, order = earned.rule, trigger.order
    if order is None:
        raise LookupError(f"earning rule {rule.id} waits for no order")  # rules are made so
    day = work.project.day_of(trigger.event.created_at)
    row = PendingRow(
        id=earned.id,
        voucher_id=card.id,
        campaign_id=campaign.id,
        customer_id=card.holder_id or "",
        order_id=order["id"],
        earning_rule_id=rule.id,
        points=earned.points,
        activates_on=day + timedelta(days=rule.pending_days or 0),
        expiration_rules=rule.expiration_rules,
        details={
            "event": {**trigger.shown, "event_source": msgspec.json.decode(trigger.event.event_source)},
            "earning_rule": {"id": rule.id, "source": {"banner": rule.banner or ""}},
            "order": trigger.named["order"],
            **earned.tiers,
        },
        created_at=work.now,
    )
    await PENDING.insert(work.db, work.project.id, row)
    member = await _waiting(work, campaign, card, earned.points, row.activates_on)
    simple = msgspec.convert(order, SimpleOrder)
    pending_events.changed(work, "added", member, row, simple, earned.points, AUTOMATIC)
    return member.card


async def activate(work: Work, card: VoucherRow, entry: PendingRow) -> Balance:
    """The card's balance with the points. Errors: not_found, not_published, invalid_pending_points_state."""
    member, held = await _hold(work, card, entry, "activated")
    (changed,) = await activation.activate(work, [Ready(member, held)], MANUAL)
    return views.balance(changed.card, held.points, MANUAL)


async def adjust(work: Work, card: VoucherRow, entry: PendingRow, points: int) -> PendingBalance:
    """What waits on the card after the change.

    Errors: not_found, not_published, invalid_pending_points_state; invalid_amount where nothing would be left to wait.
    """
    member, held = await _hold(work, card, entry, "updated")
    if held.points + points <= 0 or not points:
        raise refused("invalid_amount", "Invalid Amount", "Amount has to be a valid positive number")
    if points > GREATEST - member.card.added - member.card.pending:
        raise invalid_payload("Property .points makes more points than a card can hold")
    row = msgspec.structs.replace(held, points=held.points + points, updated_at=work.now)
    await PENDING.update(work.db, work.project.id, row)
    after = await _waiting(work, member.campaign, member.card, points, row.activates_on)
    pending_events.changed(work, "updated", after, row, await _order(work, row), points, MANUAL)
    return pending_events.balance(after.card, points, MANUAL)


async def cancel(work: Work, card: VoucherRow, entry: PendingRow) -> None:
    """Errors: not_found, not_published, invalid_pending_points_state."""
    member, held = await _hold(work, card, entry, "canceled")
    await _cancel(work, member, held, MANUAL)


async def cancel_of_order(work: Work, payload: dict[str, Any]) -> None:
    """Drops what waits because of an order that was canceled."""
    told = await triggers.load(work, payload["event_number"])
    if told is None:
        return
    for entry in await store.of_order(work.db, work.project.id, told.data["order"]["id"]):
        card = await VOUCHERS.get(work.db, work.project.id, id=entry.voucher_id)
        if card is None:
            continue
        try:
            member, held = await _hold(work, card, entry, "canceled")
        except ApiError:  # it has just gone, or has its day, or nobody holds the card
            continue
        await _cancel(work, member, held, AUTOMATIC)


async def _hold(work: Work, card: VoucherRow, entry: PendingRow, wanted: str) -> tuple[Member, PendingRow]:
    """The campaign, the card and its holder, and the entry, all held."""
    db, project_id = work.db, work.project.id
    await db.begin()
    campaign = await campaigns.hold(db, project_id, entry.campaign_id)
    locked = await VOUCHERS.lock(db, project_id, card.id)
    if campaign is None or locked is None:
        raise not_found("voucher", card.code)
    held = await PENDING.lock(db, project_id, entry.id)
    if held is None:
        raise not_found("pending_points", entry.id)
    if held.status != WAITING:
        details = f"Only pending points in 'PENDING' status can be {wanted}. Current status: '{held.status}'."
        raise refused("invalid_pending_points_state", "Invalid pending points state", details)
    holder = await customers.hold(db, project_id, locked.holder_id or "")
    if holder is None:
        raise not_published(card)
    return Member(locked, campaign, holder), held


async def _cancel(work: Work, member: Member, entry: PendingRow, operation_type: str) -> None:
    row = msgspec.structs.replace(entry, status="CANCELED", updated_at=work.now)
    await PENDING.update(work.db, work.project.id, row)
    after = await _waiting(work, member.campaign, member.card, -entry.points, row.activates_on, canceled=True)
    pending_events.changed(work, "canceled", after, row, await _order(work, row), -entry.points, operation_type)


async def _waiting(
    work: Work, campaign: CampaignRow, card: VoucherRow, points: int, day: date, *, canceled: bool = False
) -> Member:
    """The card, which is held, with so many more points that wait for a day."""
    changed = await ledger.wait(work, card, points, day, canceled=canceled)
    holder = await customers.hold(work.db, work.project.id, card.holder_id or "")
    if changed is None or holder is None:
        raise LookupError(f"card {card.id} was lost while its waiting points changed")  # both were held
    return Member(changed, campaign, holder)


async def _order(work: Work, row: PendingRow) -> SimpleOrder | None:
    """The order as it is now; None if its customer was forgotten."""
    order = await ORDERS.get(work.db, work.project.id, id=row.order_id)
    return order_views.simple(order) if order else None
