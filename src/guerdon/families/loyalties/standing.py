"""Which tier a card is in: decided anew whenever its points move, its tier ends or a period begins."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from guerdon.clock import iso
from guerdon.engine.calendar import parse_duration
from guerdon.engine.tiers import Move, Points, Policy, Rounding, Standing, next_period, previous_period, settle, until
from guerdon.events.work import Work
from guerdon.families.campaigns import store as campaigns, views as campaign_views
from guerdon.families.campaigns.store import CAMPAIGNS, CampaignRow
from guerdon.families.customers import store as customers, views as customer_views
from guerdon.families.customers.store import CUSTOMERS, CustomerRow
from guerdon.families.loyalties import tier_store as store, tier_views as views
from guerdon.families.loyalties.day import midnight
from guerdon.families.loyalties.store import hold_cards
from guerdon.families.loyalties.tier_schemas import LoyaltyUpdated, TierChanged, TierMoved
from guerdon.families.loyalties.tier_store import STANDINGS, LoyaltyTierRow, StandingRow
from guerdon.families.vouchers.store import VOUCHERS, VoucherRow
from guerdon.tenant import INTERNAL

_SLICE = 500
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
    """A card, held, with its campaign, the tiers of this, and the one that the card was in."""

    campaign: CampaignRow
    tiers: Tiers
    card: VoucherRow
    row: StandingRow | None

    @property
    def standing(self) -> Standing | None:
        return self.row.standing if self.row else None


class _Decided(msgspec.Struct, frozen=True):
    """What becomes of a card: its tier with the end that the policy gives it now, then its moves."""

    seat: _Seat
    refreshed: Standing | None
    moves: Sequence[Move]


async def settle_tiers(work: Work, card_ids: Collection[str], *, refresh: bool = False) -> None:
    """Brings the tiers of cards up to date and tells what has changed. Locks campaigns, then cards, then customers.

    `refresh` also applies a changed policy to the end of the tier, where that is not over yet.
    """
    seats = await _seats(work, card_ids)
    today = work.project.day_of(work.now)
    points = await _points(work, seats, today)
    found: list[_Decided] = []
    for seat in seats:
        policy = policy_of(seat.campaign)
        refreshed = _refreshed(policy, seat.standing, today) if refresh else seat.standing
        ranges = [tier.range for tier in seat.tiers.values()]
        moves = settle(policy, ranges, refreshed, points[seat.card.id], today)
        if moves or refreshed != seat.standing:
            found.append(_Decided(seat, refreshed, moves))
    await _move(work, found)


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
    await settle_tiers(work, found)
    return day.isoformat() if len(found) == _SLICE else None


async def review_period(work: Work, day: date, after: str) -> str | None:
    """A slice of the cards of campaigns for which a period begins; where to go on, None at the end."""
    first, _, card_id = after.partition("|")
    campaign_id = await store.campaign_of_period(work.db, work.project.id, day, first)
    if campaign_id is None:
        return None
    found = await store.cards_of(work.db, work.project.id, campaign_id, card_id if campaign_id == first else "", _SLICE)
    await settle_tiers(work, found)
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


async def _seats(work: Work, card_ids: Collection[str]) -> list[_Seat]:
    """The cards that may be in a tier, held. A card of nobody is in none, and leaves the one that it was in."""
    db, project_id = work.db, work.project.id
    cards = [card for card in await VOUCHERS.several(db, project_id, card_ids) if card.campaign_id]
    tiers = {
        one: await store.tiers_of(db, project_id, one) for one in sorted({card.campaign_id or "" for card in cards})
    }
    standing = {row.id for row in await STANDINGS.several(db, project_id, card_ids)}
    wanted = {card.id: card.campaign_id or "" for card in cards if tiers[card.campaign_id or ""] or card.id in standing}
    if not wanted:
        return []
    await db.begin()
    held = {row.id: row for row in await CAMPAIGNS.hold_several(db, project_id, set(wanted.values()))}
    found = [card for card in await hold_cards(db, project_id, wanted) if card.campaign_id in held]
    rows = {row.id: row for row in await STANDINGS.several(db, project_id, [card.id for card in found])}
    await store.leave(db, project_id, sorted(standing & wanted.keys() - {card.id for card in found}))
    by_id = {one: {tier.id: tier for tier in of} for one, of in tiers.items()}
    return [
        _Seat(held[card.campaign_id or ""], by_id[card.campaign_id or ""], card, rows.get(card.id)) for card in found
    ]


async def _points(work: Work, seats: Sequence[_Seat], today: date) -> dict[str, Points]:
    """What is left on the cards and, where it counts, what they have collected since the periods that may count."""
    since: dict[str, datetime] = {}
    for seat in seats:
        policy = policy_of(seat.campaign)
        if not policy.by_balance:
            oldest = min(today, seat.row.expiration_date or today if seat.row else today)
            since[seat.card.id] = midnight(max(_FIRST, previous_period(oldest, policy.period)), work.project.timezone)
    collected = await store.collected(work.db, work.project.id, since, work.project.timezone)
    return {seat.card.id: Points(seat.card.balance, collected.get(seat.card.id, {})) for seat in seats}


def _refreshed(policy: Policy, standing: Standing | None, today: date) -> Standing | None:
    """The standing with the end that the policy would give it now, if there is one and it is not over."""
    if standing is None:
        return None
    end = until(policy, standing.start)
    return replace(standing, until=end) if end is not None and end >= today else standing


async def _move(work: Work, decided: Sequence[_Decided]) -> None:
    """Writes and tells what becomes of the cards. One whose holder has just gone stays as it is until it is free."""
    db, project_id = work.db, work.project.id
    locked = await CUSTOMERS.lock_several(db, project_id, {one.seat.card.holder_id or "" for one in decided})
    holders = {row.id: row for row in locked}
    standing: dict[str, StandingRow | None] = {}
    for one in decided:
        holder = holders.get(one.seat.card.holder_id or "")
        if holder is None:
            continue
        current = _moved(work, one, holder)
        standing[one.seat.card.id] = current
        changed = customers.in_tier(holder, one.seat.campaign.name, current.tier_id if current else None)
        holders[holder.id] = changed
        if one.moves:
            _tell_updated(work, one.seat.campaign, changed)
    await store.save(db, project_id, [row for row in standing.values() if row])
    await store.leave(db, project_id, [card_id for card_id, row in standing.items() if row is None])
    changes = [holders[row.id] for row in locked if holders[row.id] is not row]
    if changes:
        await customers.save_programs(db, project_id, changes)


def _moved(work: Work, one: _Decided, holder: CustomerRow) -> StandingRow | None:
    """Where the card is in the end; its moves are recorded."""
    seat, current = one.seat, one.seat.row
    if one.refreshed and current and one.refreshed != current.standing:
        current = _row(work, seat, one.refreshed, current)
        _tell_moved(work, seat, holder, current, _EXPIRATION_CHANGED)
    for move in one.moves:
        after = _row(work, seat, move.after, current) if move.after else None
        _tell(work, seat, holder, move, current, after)
        current = after
    return current


def _tell_updated(work: Work, campaign: CampaignRow, holder: CustomerRow) -> None:
    updated = LoyaltyUpdated(
        customer=customer_views.simple(holder),
        campaign=campaign_views.simple_of_customer(campaign),
        loyalty=customer_views.loyalty(holder),
        created_at=iso(work.now),
    )
    work.record("customer.loyalty.updated", holder.id, updated, campaign_id=campaign.id, actor=INTERNAL)


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
    move: Move,
    before: StandingRow | None,
    after: StandingRow | None,
) -> None:
    if move.kind in _CHANGED and before is not None and after is not None:
        changed = TierChanged(
            customer=customer_views.simple(holder),
            campaign=campaign_views.simple_of_customer(seat.campaign),
            loyalty_tier_from=views.tier(seat.tiers[before.tier_id], before),
            loyalty_tier_to=views.tier(seat.tiers[after.tier_id], after),
            created_at=iso(work.now),
        )
        work.record(_CHANGED[move.kind], holder.id, changed, campaign_id=seat.campaign.id, actor=INTERNAL)
        return
    row = after or before
    if row is not None:
        _tell_moved(work, seat, holder, row, _MOVED[move.kind])
        if move.kind == "prolonged":
            _tell_moved(work, seat, holder, row, _EXPIRATION_CHANGED)


def _tell_moved(work: Work, seat: _Seat, holder: CustomerRow, row: StandingRow, event_type: str) -> None:
    tier = seat.tiers.get(row.tier_id)
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
