"""The events that tell of points that wait."""

from typing import Literal

import msgspec
from msgspec import UNSET

from guerdon.events.work import Work
from guerdon.families.campaigns import views as campaign_views
from guerdon.families.customers import views as customer_views
from guerdon.families.loyalties import views
from guerdon.families.loyalties.movements import Member
from guerdon.families.loyalties.pending_store import PendingRow
from guerdon.families.loyalties.schemas import (
    PendingBalance,
    PendingPointsActivated,
    PendingPointsChanged,
    Related,
)
from guerdon.families.orders.schemas import SimpleOrder
from guerdon.families.vouchers import views as voucher_views
from guerdon.families.vouchers.ledger import TransactionRow
from guerdon.families.vouchers.store import VoucherRow

Change = Literal["added", "updated", "canceled", "activated"]
# What is told to the project, and its twin of the customer.
_NAMES: dict[Change, tuple[str, str]] = {
    "added": (
        "voucher.loyalty_card.pending_points.added",
        "customer.voucher.loyalty_card.pending_points.added",
    ),
    "updated": (
        "voucher.loyalty_card.pending_points.updated",
        "customer.voucher.loyalty_card.pending_points.updated",
    ),
    "canceled": (
        "voucher.loyalty_card.pending_points.canceled",
        "customer.voucher.loyalty_card.pending_points.canceled",
    ),
    "activated": (
        "voucher.loyalty_card.pending_points.activated",
        "customer.voucher.loyalty_card.pending_points.activated",
    ),
}


def balance(card: VoucherRow, points: int, operation_type: str, *, in_event: bool = False) -> PendingBalance:
    """What waits on the card, after so many points more or less."""
    return PendingBalance(
        points=points,
        total=card.pending,
        balance=card.balance if in_event else UNSET,
        related_object=Related(card.id),
        operation_type=operation_type,
    )


def changed(
    work: Work,
    change: Change,
    member: Member,
    row: PendingRow,
    order: SimpleOrder | None,
    points: int,
    operation_type: str,
) -> None:
    """Records pending_points.added, .updated or .canceled: for the project, and for the customer."""
    told = PendingPointsChanged(
        customer=customer_views.simple(member.holder),
        campaign=campaign_views.simple(member.campaign),
        voucher=voucher_views.simple(member.card),
        voucher_pending_points_balance=balance(member.card, points, operation_type, in_event=True),
        order=order,
        pending_points=views.pending_points(row),
    )
    _record(work, change, member, told)


def activated(
    work: Work,
    member: Member,
    row: PendingRow,
    order: SimpleOrder | None,
    transaction: TransactionRow,
    operation_type: str,
) -> None:
    """Records pending_points.activated: for the project, and for the customer."""
    told = PendingPointsActivated(
        customer=customer_views.simple(member.holder),
        campaign=campaign_views.simple(member.campaign),
        voucher=voucher_views.simple(member.card),
        balance=views.balance(member.card, row.points, operation_type),
        order=order,
        transaction=views.transaction(transaction),
        pending_points=views.pending_points(row),
    )
    _record(work, "activated", member, told)


def _record(work: Work, change: Change, member: Member, told: PendingPointsChanged | PendingPointsActivated) -> None:
    card, campaign = member.card, member.campaign
    name, twin_name = _NAMES[change]
    work.record(name, card.id, told, campaign_id=campaign.id)
    twin = msgspec.structs.replace(told, campaign=campaign_views.simple_of_customer(campaign))
    work.record(twin_name, member.holder.id, twin, campaign_id=campaign.id)
