"""Adding credits to a gift card and taking them off by hand."""

import msgspec

from guerdon.errors import ApiError, invalid_payload, not_found, refused
from guerdon.events.work import Work
from guerdon.families.campaigns import store as campaigns, views as campaign_views
from guerdon.families.campaigns.store import CampaignRow
from guerdon.families.customers import store as customers, views as customer_views
from guerdon.families.customers.store import CardChange, CustomerRow
from guerdon.families.gifts.schemas import AmountBalance, AmountChange, CreditsAdded, CreditsMoved
from guerdon.families.loyalties import views
from guerdon.families.loyalties.schemas import Related
from guerdon.families.publications.publish import API
from guerdon.families.vouchers import ledger, views as voucher_views
from guerdon.families.vouchers.assets import Links
from guerdon.families.vouchers.ledger import TransactionRow
from guerdon.families.vouchers.store import VOUCHERS, VoucherRow


async def adjust(work: Work, card: VoucherRow, change: AmountChange, *, source: str = API) -> AmountBalance:
    """The card's balance after the change. `source` names who has made it.

    Errors: invalid_payload, not_found, and gift_amount_exceeded where more is to be taken than there is; then nothing
    has changed.
    """
    if not change.amount:
        raise invalid_payload("Property .amount must not be 0")
    await work.db.begin()
    campaign = await campaigns.hold(work.db, work.project.id, card.campaign_id) if card.campaign_id else None
    if card.campaign_id and campaign is None:
        raise not_found("voucher", card.code)
    changed = await ledger.change_credits(work, card, change.amount)
    if changed is None:
        raise await _refusal(work, card, change.amount)
    holder = await _holder(work, changed, change.amount)
    shown = balance(changed, change.amount)
    row = TransactionRow(
        id=work.new_id("vtx_"),
        voucher_id=changed.id,
        campaign_id=changed.campaign_id,
        type="CREDITS_ADDITION" if change.amount > 0 else "CREDITS_REMOVAL",
        amount=change.amount,
        source=source,
        source_id=change.source_id,
        reason=change.reason,
        details={"balance": msgspec.to_builtins(shown)},
        created_at=work.now,
    )
    ledger.record(work.db, work.project.id, row)
    _tell(work, changed, campaign, holder, row, shown)
    return shown


def balance(card: VoucherRow, amount: int) -> AmountBalance:
    """The card after a movement of so much."""
    return AmountBalance(
        amount=amount,
        total=card.added - card.subtracted,
        balance=card.balance,
        type="loyalty_card" if card.type == "LOYALTY_CARD" else "gift_voucher",
        related_object=Related(card.id),
    )


async def _holder(work: Work, card: VoucherRow, amount: int) -> CustomerRow | None:
    """The holder, with so much more to spend; a gift card needs none."""
    if card.holder_id is None:
        return None
    holders = await customers.change_cards(work.db, work.project.id, [CardChange(card.holder_id, credits=amount)])
    return holders[0] if holders else None


async def _refusal(work: Work, card: VoucherRow, amount: int) -> ApiError:
    if await VOUCHERS.get(work.db, work.project.id, id=card.id) is None:
        return not_found("voucher", card.code)
    if amount > 0:
        return invalid_payload("Property .amount makes more credits than a card can hold")
    return refused("gift_amount_exceeded", "gift amount exceeded", card.code)


def _tell(
    work: Work,
    card: VoucherRow,
    campaign: CampaignRow | None,
    holder: CustomerRow | None,
    row: TransactionRow,
    shown: AmountBalance,
) -> None:
    transaction = views.transaction(row)
    moved = CreditsMoved(
        transaction=transaction,
        voucher=voucher_views.voucher_in_event(card, Links(work.runtime, work.project.id)),
        campaign=campaign_views.simple(campaign) if campaign else None,
        holder=customer_views.simple(holder) if holder else None,
        balance=shown,
    )
    work.record("voucher.gift.transaction.created", card.id, moved, campaign_id=card.campaign_id)
    added = CreditsAdded(
        voucher=voucher_views.simple(card),
        balance=shown,
        campaign=campaign_views.simple(campaign) if campaign else None,
        transaction=transaction,
    )
    work.record("voucher.gift.balance_added", card.id, added, campaign_id=card.campaign_id)
    if holder is not None:
        twin = msgspec.structs.replace(
            added,
            customer=customer_views.simple(holder),
            campaign=campaign_views.simple_of_customer(campaign) if campaign else None,
        )
        work.record("customer.voucher.gift.balance_added", holder.id, twin, campaign_id=card.campaign_id)
