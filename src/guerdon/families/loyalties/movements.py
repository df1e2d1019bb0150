"""What every movement of points leaves behind: a row of the ledger, and the events that tell of it."""

from typing import Any

import msgspec

from guerdon.events.work import Work
from guerdon.families.campaigns import views as campaign_views
from guerdon.families.campaigns.store import CampaignRow
from guerdon.families.customers import views as customer_views
from guerdon.families.customers.store import CustomerRow
from guerdon.families.loyalties import views
from guerdon.families.loyalties.earning_schemas import SimpleEarningRule
from guerdon.families.loyalties.schemas import PointsAdded, TransactionCreated
from guerdon.families.rewards.schemas import Reward
from guerdon.families.vouchers import ledger, views as voucher_views
from guerdon.families.vouchers.assets import Links
from guerdon.families.vouchers.ledger import TransactionRow
from guerdon.families.vouchers.schemas import SimpleVoucher
from guerdon.families.vouchers.store import VoucherRow

MANUAL, AUTOMATIC = "MANUAL", "AUTOMATIC"


class Movement(msgspec.Struct, frozen=True, kw_only=True):
    """Points that were moved on a card, and why. `details` are what the ledger names besides the balance."""

    type: str
    points: int
    source: str | None = None
    source_id: str | None = None
    reason: str | None = None
    details: dict[str, Any] = {}
    related_transaction_id: str | None = None
    operation_type: str | None = None


class Expanded(msgspec.Struct, frozen=True, kw_only=True):
    """The things that the details of a movement name, in full, as its event shows them."""

    order: Any = None
    event: Any = None
    earning_rule: SimpleEarningRule | None = None
    redemption: Any = None
    rollback: Any = None
    reward: Reward | None = None
    segment: Any = None
    loyalty_tier: Any = None
    holder_loyalty_tier: Any = None
    custom_event: Any = None
    source_voucher: SimpleVoucher | None = None
    destination_voucher: SimpleVoucher | None = None


class Member(msgspec.Struct, frozen=True):
    """A card as it is now, its campaign and its holder."""

    card: VoucherRow
    campaign: CampaignRow
    holder: CustomerRow


def book(
    work: Work, member: Member, movement: Movement, expanded: Expanded, *, transaction_id: str | None = None
) -> TransactionRow:
    """Adds the movement to the ledger and records voucher.loyalty_card.transaction.created."""
    row = entry(work, member, movement, transaction_id=transaction_id)
    ledger.record(work.db, work.project.id, row)
    tell_booked(work, member, movement, expanded, row)
    return row


def entry(work: Work, member: Member, movement: Movement, *, transaction_id: str | None = None) -> TransactionRow:
    """The row of the ledger for a movement."""
    card = member.card
    balance = views.balance(card, movement.points, movement.operation_type)
    return TransactionRow(
        id=transaction_id or work.new_id("vtx_"),
        voucher_id=card.id,
        campaign_id=card.campaign_id,
        type=movement.type,
        amount=movement.points,
        source=movement.source,
        source_id=movement.source_id,
        reason=movement.reason,
        details=msgspec.to_builtins({"balance": balance, **movement.details}),
        related_transaction_id=movement.related_transaction_id,
        created_at=work.now,
    )


def tell_booked(work: Work, member: Member, movement: Movement, expanded: Expanded, row: TransactionRow) -> None:
    """Records voucher.loyalty_card.transaction.created for a movement that is in the ledger."""
    card = member.card
    balance = views.balance(card, movement.points, movement.operation_type)
    created = TransactionCreated(
        transaction=views.transaction(row),
        voucher=voucher_views.voucher_in_event(card, Links(work.runtime, work.project.id)),
        campaign=campaign_views.simple(member.campaign),
        holder=customer_views.simple(member.holder),
        balance=balance,
        order=expanded.order,
        event=expanded.event,
        earning_rule=expanded.earning_rule,
        redemption=expanded.redemption,
        rollback=expanded.rollback,
        reward=expanded.reward,
        segment=expanded.segment,
        loyalty_tier=expanded.loyalty_tier,
        holder_loyalty_tier=expanded.holder_loyalty_tier,
        custom_event=expanded.custom_event,
        source_voucher=expanded.source_voucher,
        destination_voucher=expanded.destination_voucher,
    )
    work.record("voucher.loyalty_card.transaction.created", card.id, created, campaign_id=card.campaign_id)


def tell_points_added(work: Work, member: Member, row: TransactionRow, operation_type: str) -> None:
    """Records that points were added or taken by hand or by a rule: for the project, and for the customer."""
    card, holder = member.card, member.holder
    told = PointsAdded(
        customer=customer_views.simple(holder),
        campaign=campaign_views.simple(member.campaign),
        voucher=voucher_views.simple(card),
        balance=views.balance(card, row.amount, operation_type),
        transaction=views.transaction(row),
    )
    work.record("voucher.loyalty_card.points_added", card.id, told, campaign_id=card.campaign_id)
    twin = msgspec.structs.replace(
        told, campaign=campaign_views.simple_of_customer(member.campaign), balance=views.balance(card, row.amount)
    )
    work.record("customer.voucher.loyalty_card.points_added", holder.id, twin, campaign_id=card.campaign_id)
