"""Which tier a card is in: decided anew whenever its points move, its tier ends or a period begins."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from guerdon.clock import iso
from guerdon.engine.calendar import parse_duration
from guerdon.engine.tiers import Move, Points, Policy, Rounding, Standing, next_period, previous_period, settle, until
from guerdon.events.work import Work
from guerdon.families.campaigns import store as campaigns, views as campaign_views
from guerdon.families.campaigns.store import CampaignRow
from guerdon.families.customers import store as customers, views as customer_views
from guerdon.families.customers.store import CUSTOMERS, CustomerRow
from guerdon.families.loyalties import tier_store as store, tier_views as views
from guerdon.families.loyalties.day import midnight
from guerdon.families.loyalties.tier_schemas import LoyaltyUpdated, TierChanged, TierMoved
from guerdon.families.loyalties.tier_store import STANDINGS, LoyaltyTierRow, StandingRow
from guerdon.families.vouchers.store import VOUCHERS, VoucherRow
from guerdon.tenant import INTERNAL

_SLICE = 100
_MOVED = {
    "joined": "customer.loyalty.tier.joined",
    "left": "customer.loyalty.tier.left",
    "prolonged": "customer.loyalty.tier.prolonged",
}
_CHANGED = {"upgraded": "customer.loyalty.tier.upgraded", "downgraded": "customer.loyalty.tier.downgraded"}
_EXPIRATION_CHANGED = "customer.loyalty.tier.expiration.changed"
_FIRST = date(1970, 1, 1)
Tiers = Mapping[str, LoyaltyTierRow]


class _Seat(msgspec.Struct, frozen=True):
    """A card, held, with its campaign and the tier that it was in."""

    campaign: CampaignRow
    card: VoucherRow
    row: StandingRow | None


async def settle_tiers(work: Work, card_id: str, *, refresh: bool = False) -> None:
    """Brings the tier of a card up to date and tells what has changed. Locks campaign, card, customer, in this order.

    `refresh` also applies a changed policy to the end of the tier, where that is not over yet.
    """
    card = await VOUCHERS.get(work.db, work.project.id, id=card_id)
    if card is None or card.campaign_id is None:
        return
    tiers = await store.tiers_of(work.db, work.project.id, card.campaign_id)
    if not tiers and await STANDINGS.get(work.db, work.project.id, id=card_id) is None:
        return
    seat = await _held(work, card)
    if seat is None:
        return
    policy, today = policy_of(seat.campaign), work.project.day_of(work.now)
    standing = seat.row.standing if seat.row else None
    refreshed = _refreshed(policy, standing, today) if refresh else standing
    ranges = [tier.range for tier in tiers]
    moves = settle(policy, ranges, refreshed, await _points(work, policy, seat, today), today)
    if moves or refreshed != standing:
        await _move(work, seat, {tier.id: tier for tier in tiers}, moves, refreshed)


def policy_of(campaign: CampaignRow) -> Policy:
    """How the campaign's tiers are reached and lost; by the balance alone unless it says otherwise."""
    told: dict[str, Any] | None = campaign.configured.loyalty_tiers_expiration
    if told is None:
        return Policy()
    end: dict[str, Any] = told["expiration_date"]
    rounding: dict[str, Any] = end.get("rounding") or {}
    return Policy(
        qualification=told["qualification_type"],
        period=told.get("qualification_period") or "MONTH",
        starts_next=told["start_date"]["type"] == "NEXT_PERIOD",
        ends=end["type"],
        extend=parse_duration(end["extend"]) if end.get("extend") else None,
        rounding=Rounding(rounding["type"], rounding.get("strategy") or "END", rounding.get("value") or 0)
        if rounding.get("type")
        else None,
    )


async def review_ended(work: Work, day: date, _after: str) -> str | None:
    """A slice of the cards whose tier ended before that day; None at the end."""
    found = await store.ended(work.db, work.project.id, day, _SLICE)
    for card_id in sorted(found):
        await settle_tiers(work, card_id)
    return day.isoformat() if len(found) == _SLICE else None


async def review_period(work: Work, day: date, after: str) -> str | None:
    """A slice of the cards of campaigns for which a period begins; where to go on, None at the end."""
    first, _, card_id = after.partition("|")
    campaign_id = await store.campaign_of_period(work.db, work.project.id, day, first)
    if campaign_id is None:
        return None
    found = await store.cards_of(work.db, work.project.id, campaign_id, card_id if campaign_id == first else "", _SLICE)
    for one in found:
        await settle_tiers(work, one)
    if len(found) == _SLICE:
        return f"{campaign_id}|{found[-1]}"
    await plan(work, campaign_id, day)
    return f"{campaign_id}|"


async def plan(work: Work, campaign_id: str, day: date) -> None:
    """Notes when the next period begins that the campaign's tiers start with, if they do."""
    campaign = await campaigns.hold(work.db, work.project.id, campaign_id)
    policy = policy_of(campaign) if campaign else Policy()
    starts = policy.starts_next and not policy.by_balance
    await store.plan(work.db, work.project.id, campaign_id, next_period(day, policy.period) if starts else None)


async def _held(work: Work, card: VoucherRow) -> _Seat | None:
    """None for a card of nobody: nobody is in a tier with it."""
    db, project_id = work.db, work.project.id
    await db.begin()
    campaign = await campaigns.hold(db, project_id, card.campaign_id or "")
    held = await VOUCHERS.lock(db, project_id, card.id)
    if campaign is None or held is None or held.holder_id is None:
        await STANDINGS.delete(db, project_id, card.id)
        return None
    return _Seat(campaign, held, await STANDINGS.get(db, project_id, id=card.id))


async def _points(work: Work, policy: Policy, seat: _Seat, today: date) -> Points:
    """What is left on the card and, where it counts, what it has collected since the periods that may count."""
    if policy.by_balance:
        return Points(seat.card.balance)
    oldest = min(today, seat.row.expiration_date or today if seat.row else today)
    since = midnight(max(_FIRST, previous_period(oldest, policy.period)), work.project.timezone)
    zone = work.project.timezone
    return Points(seat.card.balance, await store.collected(work.db, work.project.id, seat.card.id, since, zone))


def _refreshed(policy: Policy, standing: Standing | None, today: date) -> Standing | None:
    """The standing with the end that the policy would give it now, if there is one and it is not over."""
    if standing is None:
        return None
    end = until(policy, standing.start)
    return replace(standing, until=end) if end is not None and end >= today else standing


async def _move(work: Work, seat: _Seat, tiers: Tiers, moves: Sequence[Move], refreshed: Standing | None) -> None:
    holder = await CUSTOMERS.lock(work.db, work.project.id, seat.card.holder_id or "")
    if holder is None:
        return
    current = seat.row
    if refreshed and current and refreshed != current.standing:
        current = _row(work, seat, refreshed, current)
        _tell_moved(work, seat, holder, tiers, current, _EXPIRATION_CHANGED)
    for move in moves:
        after = _row(work, seat, move.after, current) if move.after else None
        _tell(work, seat, holder, tiers, move, current, after)
        current = after
    if current is None:
        await STANDINGS.delete(work.db, work.project.id, seat.card.id)
    else:
        await store.save(work.db, work.project.id, current)
    changed = await customers.set_tier(
        work.db, work.project.id, holder.id, seat.campaign.name, current.tier_id if current else None
    )
    if changed is not None and moves:
        updated = LoyaltyUpdated(
            customer=customer_views.simple(changed),
            campaign=campaign_views.simple_of_customer(seat.campaign),
            loyalty=customer_views.loyalty(changed),
            created_at=iso(work.now),
        )
        work.record("customer.loyalty.updated", holder.id, updated, campaign_id=seat.campaign.id, actor=INTERNAL)


def _row(work: Work, seat: _Seat, standing: Standing, before: StandingRow | None) -> StandingRow:
    return StandingRow(
        id=seat.card.id,
        campaign_id=seat.campaign.id,
        customer_id=seat.card.holder_id or "",
        tier_id=standing.tier_id,
        start_date=standing.start,
        expiration_date=standing.until,
        created_at=before.created_at if before else work.now,
        updated_at=work.now if before else None,
    )


def _tell(
    work: Work,
    seat: _Seat,
    holder: CustomerRow,
    tiers: Tiers,
    move: Move,
    before: StandingRow | None,
    after: StandingRow | None,
) -> None:
    if move.kind in _CHANGED and before is not None and after is not None:
        changed = TierChanged(
            customer=customer_views.simple(holder),
            campaign=campaign_views.simple_of_customer(seat.campaign),
            loyalty_tier_from=views.tier(tiers[before.tier_id], before),
            loyalty_tier_to=views.tier(tiers[after.tier_id], after),
            created_at=iso(work.now),
        )
        work.record(_CHANGED[move.kind], holder.id, changed, campaign_id=seat.campaign.id, actor=INTERNAL)
        return
    row = after or before
    if row is not None:
        _tell_moved(work, seat, holder, tiers, row, _MOVED[move.kind])
        if move.kind == "prolonged":
            _tell_moved(work, seat, holder, tiers, row, _EXPIRATION_CHANGED)


def _tell_moved(work: Work, seat: _Seat, holder: CustomerRow, tiers: Tiers, row: StandingRow, event_type: str) -> None:
    tier = tiers.get(row.tier_id)
    if tier is None:
        return  # the tier was removed: there is nothing left to show
    dated = event_type == _EXPIRATION_CHANGED and row.expiration_date is not None
    told = TierMoved(
        customer=customer_views.simple(holder),
        campaign=campaign_views.simple_of_customer(seat.campaign),
        loyalty_tier=views.tier(tier, row),
        expiration_date=row.expiration_date.isoformat() if dated and row.expiration_date else UNSET,
        created_at=iso(work.now),
    )
    work.record(event_type, holder.id, told, campaign_id=seat.campaign.id, actor=INTERNAL)
