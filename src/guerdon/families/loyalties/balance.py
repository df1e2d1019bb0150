"""Adding points to a card and taking them off by hand."""

from datetime import date

from guerdon.errors import ApiError, invalid_payload, missing_param, not_found, refused
from guerdon.events.work import Work
from guerdon.families.campaigns import store as campaigns
from guerdon.families.campaigns.store import CampaignRow
from guerdon.families.customers import store as customers
from guerdon.families.customers.store import CardChange
from guerdon.families.loyalties import views
from guerdon.families.loyalties.movements import MANUAL, Expanded, Member, Movement, book, tell_points_added
from guerdon.families.loyalties.schemas import Balance, BalanceChange
from guerdon.families.vouchers import ledger
from guerdon.families.vouchers.store import VOUCHERS, VoucherRow

_SOURCE = "API"


async def adjust(work: Work, card: VoucherRow, change: BalanceChange) -> Balance:
    """The card's balance after the change.

    Errors: invalid_payload, missing_param, invalid_expiration_date, not_found, not_published, and
    loyalty_card_points_exceeded where more is to be taken than there is; then nothing has changed.
    """
    if not change.points:
        raise invalid_payload("Property .points must not be 0")
    await work.db.begin()
    campaign = await campaigns.hold(work.db, work.project.id, card.campaign_id or "")
    if campaign is None:
        raise not_found("voucher", card.code)
    if change.points > 0:
        changed = await ledger.add(work, card, change.points, _expires_on(work, campaign, change))
    else:
        changed = await ledger.remove(work, card, -change.points)
    if changed is None:
        raise await refusal(work, card, change.points)
    points = CardChange(changed.holder_id or "", campaign=campaign.name, points=change.points)
    holders = await customers.change_cards(work.db, work.project.id, [points])
    if not holders:
        raise not_published(card)
    member = Member(changed, campaign, holders[0])
    movement = Movement(
        type="POINTS_ADDITION" if change.points > 0 else "POINTS_REMOVAL",
        points=change.points,
        source=_SOURCE,
        source_id=change.source_id,
        reason=change.reason,
    )
    row = book(work, member, movement, Expanded())
    tell_points_added(work, member, row, MANUAL)
    return views.balance(changed, change.points, MANUAL)


async def refusal(work: Work, card: VoucherRow, points: int) -> ApiError:
    """Why a movement of so many points was not made: what the card says now."""
    current = await VOUCHERS.get(work.db, work.project.id, id=card.id)
    if current is None:
        return not_found("voucher", card.code)
    if current.holder_id is None:
        return not_published(card)
    if points > 0:
        return invalid_payload("Property .points makes more points than a card can hold")
    return points_exceeded(card)


def not_published(card: VoucherRow) -> ApiError:
    return refused("not_published", "Voucher is not published", f"Loyalty card '{card.code}' has no holder")


def points_exceeded(card: VoucherRow) -> ApiError:
    return refused("loyalty_card_points_exceeded", "loyalty card points exceeded", card.code)


def _expires_on(work: Work, campaign: CampaignRow, change: BalanceChange) -> date | None:
    today = work.project.day_of(work.now)
    if change.expiration_type == "NON_EXPIRING":
        return None
    if change.expiration_type in {None, "PROGRAM_RULES"}:
        return campaign.last_day_of_points(today)
    if change.expiration_date is None:
        raise missing_param("expiration_date")
    if change.expiration_date < today:
        details = "Expiration date cannot be set in the past"
        raise refused("invalid_expiration_date", "Invalid expiration date", details)
    return change.expiration_date
