"""The events of redemptions: of themselves, of the cards that paid, and of the rewards that were paid for."""

import msgspec
from msgspec import UNSET

from guerdon.clock import iso
from guerdon.engine.quote import Outcome, Quote
from guerdon.events.work import Work
from guerdon.families.campaigns import views as campaign_views
from guerdon.families.campaigns.schemas import SimpleCampaign
from guerdon.families.customers import views as customer_views
from guerdon.families.customers.store import CustomerRow
from guerdon.families.gifts.balance import balance
from guerdon.families.gifts.schemas import CreditsMoved
from guerdon.families.grants.owe import Occasion
from guerdon.families.grants.schemas import Source
from guerdon.families.loyalties import views as loyalty_views
from guerdon.families.loyalties.movements import AUTOMATIC, MANUAL, Expanded, Member, Movement, book
from guerdon.families.orders import views as order_views
from guerdon.families.promotion_tiers import views as tier_views
from guerdon.families.promotions import views as promotion_views
from guerdon.families.redeemables import views
from guerdon.families.redeemables.done import Done
from guerdon.families.redeemables.schemas import Named, RedemptionEvent, SimpleValidation, ValidationEvent
from guerdon.families.redeemables.store import AUTO_REDEEM
from guerdon.families.rewards import views as reward_views
from guerdon.families.vouchers import ledger, views as voucher_views
from guerdon.families.vouchers.assets import Links
from guerdon.families.vouchers.ledger import TransactionRow
from guerdon.families.vouchers.store import VoucherRow


def redeemed(work: Work, done: Done) -> None:
    """redemption.succeeded and its customer's twin."""
    told = _event(done)
    told.created_at = iso(done.row.created_at)
    work.record("redemption.succeeded", done.row.id, told, campaign_id=done.row.campaign_id)
    if done.customer is not None:
        twin = msgspec.structs.replace(told, campaign=_campaign_of_customer(done), created_at=UNSET)
        work.record("customer.redemption.succeeded", done.customer.id, twin, campaign_id=done.row.campaign_id)


def validated(
    work: Work, validation_id: str, quote: Quote, customer: CustomerRow | None, session_id: str | None
) -> None:
    """customer.validation.*, which only logs have."""
    if customer is None or not work.runtime.log_validations:
        return
    told = ValidationEvent(
        customer_views.simple(customer),
        SimpleValidation(
            id=validation_id,
            session_id=session_id or UNSET,
            status="VALID" if quote.valid else "INVALID",
            created_at=iso(work.now),
            customer_id=customer.id,
            redeemables=[_named(one) for one in quote.applied],
            skipped_redeemables=[_named(one) for one in quote.skipped],
            inapplicable_redeemables=[_named(one) for one in quote.refused],
        ),
    )
    event_type = "customer.validation.succeeded" if quote.valid else "customer.validation.failed"
    work.record_aside(event_type, customer.id, told)


def _named(outcome: Outcome) -> Named:
    return Named(outcome.redeemable.ref or outcome.redeemable.id, outcome.redeemable.object)


def together(work: Work, parent: Done) -> None:
    """redemption.succeeded of several redemptions as one; their customer is told of each, and not of this."""
    told = _event(parent)
    told.created_at = iso(parent.row.created_at)
    work.record("redemption.succeeded", parent.row.id, told)


def failed(work: Work, done: Done) -> None:
    """redemption.failed and its customer's twin, which only logs have."""
    told = _event(done)
    told.created_at = iso(done.row.created_at)
    work.record("redemption.failed", done.row.id, told, campaign_id=done.row.campaign_id)
    if done.customer is not None:
        twin = msgspec.structs.replace(told, campaign=_campaign_of_customer(done), created_at=UNSET)
        work.record("customer.redemption.failed", done.customer.id, twin, campaign_id=done.row.campaign_id)


def rolled_back(work: Work, done: Done, undone: Done) -> None:
    """redemption.rollback.succeeded and its customer's twin: `undone` is the redemption as it was."""
    told = _event(undone)
    told.redemption_rollback = views.simple(done)
    work.record("redemption.rollback.succeeded", done.row.id, told, campaign_id=done.row.campaign_id)
    if undone.customer is not None:
        twin = msgspec.structs.replace(told, campaign=_campaign_of_customer(undone))
        work.record(
            "customer.redemption.rollback.succeeded", undone.customer.id, twin, campaign_id=done.row.campaign_id
        )


def rollback_failed(work: Work, done: Done, undone: Done) -> None:
    """redemption.rollback.failed and its customer's twin, which only logs have."""
    told = _event(undone)
    told.redemption_rollback = views.simple(done)
    work.record("redemption.rollback.failed", done.row.id, told, campaign_id=done.row.campaign_id)
    if undone.customer is not None:
        twin = msgspec.structs.replace(told, campaign=_campaign_of_customer(undone))
        work.record("customer.redemption.rollback.failed", undone.customer.id, twin, campaign_id=done.row.campaign_id)


def paid(work: Work, done: Done) -> None:
    """The movement of points or credits of the card, in the ledger and as an event."""
    card = done.voucher
    if card is None or done.row.amount is None:
        return
    if card.type == "LOYALTY_CARD" and done.campaign is not None and done.holder is not None:
        _paid_points(work, done, Member(card, done.campaign, done.holder))
    elif card.type == "GIFT_VOUCHER":
        moved_credits(work, done, card, "CREDITS_REDEMPTION", -done.row.amount)


def moved_credits(work: Work, done: Done, card: VoucherRow, transaction_type: str, amount: int) -> None:
    """Credits that a redemption took or a rollback gave back."""
    shown = balance(card, amount)
    details = {
        "balance": msgspec.to_builtins(shown),
        "redemption": {"id": done.row.redemption_id or done.row.id},
        **({"rollback": {"id": done.row.id}} if done.row.redemption_id else {}),
        **({"order": {"id": done.order.id, "source_id": done.order.source_id}} if done.order else {}),
    }
    row = TransactionRow(
        id=work.new_id("vtx_"),
        voucher_id=card.id,
        campaign_id=card.campaign_id,
        type=transaction_type,
        amount=amount,
        details=details,
        created_at=work.now,
    )
    ledger.record(work.db, work.project.id, row)
    told = CreditsMoved(
        transaction=loyalty_views.transaction(row),
        voucher=voucher_views.voucher_in_event(card, Links(work.runtime, work.project.id)),
        campaign=campaign_views.simple(done.campaign) if done.campaign else None,
        holder=customer_views.simple(done.holder) if done.holder else None,
        balance=shown,
        order=order_views.simple(done.order, done.value) if done.order else None,
        redemption=None if done.row.redemption_id else views.simple(done),
        rollback=views.simple(done) if done.row.redemption_id else None,
    )
    work.record("voucher.gift.transaction.created", card.id, told, campaign_id=card.campaign_id)


def refunded(work: Work, done: Done, undone: Done, member: Member) -> None:
    """Points that a rollback gave back."""
    offer = done.offer
    reward = {"reward": {"id": offer.reward.id, "name": offer.reward.name}} if offer else {}
    movement = Movement(
        type="POINTS_REFUND",
        points=-(done.row.amount or 0),
        details={
            "redemption": {"id": undone.row.id},
            "rollback": {"id": done.row.id},
            **reward,
            **({"order": {"id": done.order.id, "source_id": done.order.source_id}} if done.order else {}),
        },
    )
    expanded = Expanded(
        order=order_views.simple(done.order, done.value) if done.order else None,
        redemption=views.simple(undone),
        rollback=views.simple(done),
        reward=reward_views.reward(offer.reward) if offer else None,
    )
    book(work, member, movement, expanded)


def occasion(work: Work, done: Done) -> Occasion | None:
    """What the holder of a card gets for its points; None for coins, and where there is no reward."""
    if done.offer is None or done.voucher is None or done.holder is None or done.campaign is None:
        return None
    if done.offer.reward.type == "COIN":
        return None
    return Occasion(
        holder=done.holder,
        voucher=done.voucher,
        campaign=done.campaign,
        reward=done.offer.reward,
        assignment=done.offer.assignment,
        shown=views.simple_reward(done, done.offer),
        source=Source(done.row.id),
        redemption=views.internal(done, Links(work.runtime, work.project.id)),
    )


def _paid_points(work: Work, done: Done, member: Member) -> None:
    offer = done.offer
    reward = {"reward": {"id": offer.reward.id, "name": offer.reward.name}} if offer else {}
    movement = Movement(
        type="POINTS_REDEMPTION",
        points=-(done.row.amount or 0),
        details={
            "redemption": {"id": done.row.id},
            **reward,
            **({"order": {"id": done.order.id, "source_id": done.order.source_id}} if done.order else {}),
        },
        operation_type=AUTOMATIC if done.row.channel_type == AUTO_REDEEM else MANUAL,
    )
    expanded = Expanded(
        order=order_views.simple(done.order, done.value) if done.order else None,
        redemption=views.simple(done),
        reward=reward_views.reward(offer.reward) if offer else None,
    )
    book(work, member, movement, expanded)


def _event(done: Done) -> RedemptionEvent:
    return RedemptionEvent(
        customer=customer_views.simple(done.customer) if done.customer else UNSET,
        order=order_views.simple(done.order, done.value) if done.order else None,
        campaign=campaign_views.simple(done.campaign) if done.campaign else None,
        voucher=voucher_views.simple(done.voucher) if done.voucher else None,
        holder=customer_views.simple(done.holder) if done.holder else None,
        promotion_tier=tier_views.simple(done.tier) if done.tier else None,
        promotion_stack=promotion_views.simple_stack(done.stack) if done.stack else None,
        redemption=views.simple(done),
    )


def _campaign_of_customer(done: Done) -> SimpleCampaign | None:
    return campaign_views.simple_of_customer(done.campaign) if done.campaign else None
