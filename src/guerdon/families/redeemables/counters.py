"""What limits have counted: read before a decision, and moved by exactly what was decided.

A counter is made from the redemptions when its limit is first asked for. Its key names the assignment of the rule and
the rule's version, so that a limit which is new, or was changed, counts afresh.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from guerdon.engine.limits import period_start
from guerdon.engine.moment import Moment
from guerdon.engine.rules.checks import Counter
from guerdon.engine.turn import NOBODY
from guerdon.errors import LostRace
from guerdon.events.work import Work
from guerdon.families.customers.store import CustomerRow
from guerdon.families.redeemables import store
from guerdon.families.redeemables.store import Column, RedemptionRow


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One counter: what it counts, of which redeemable or campaign, of whom, and since when."""

    key: str
    of: str
    column: Column
    scope_id: str
    customer_id: str | None = None
    api_key: str | None = None
    since: datetime | None = None
    unit: str | None = None


class Read(msgspec.Struct, frozen=True):
    """The values, and what is stored of them: None for what was claimed just now.

    `held` says that nobody else moves them until the transaction ends.
    """

    values: Mapping[str, int] = {}
    stored: Mapping[str, int | None] = {}
    held: bool = False


NOTHING = Read()
_COLUMNS: Mapping[str, Sequence[Column]] = {
    "campaign": ("campaign_id",),
    "incentive": ("promotion_tier_id", "voucher_id"),
}


def ask(prefix: str, counter: Counter, scope: Mapping[Column, str], asker: "Asker") -> Asked | None:
    """The counter that a rule asks for; None where it has nothing to count, such as a campaign that is none.

    `scope` has the ids of the redeemable and of its campaign.
    """
    column = _column(counter, scope)
    if column is None:
        return None
    scope_id = scope[column]
    since = period_start(counter.period, asker.moment) if counter.period else None
    who = {"customer": asker.customer_id or NOBODY, "api_key": asker.api_key, "user": None, None: ""}[counter.per]
    return Asked(
        key=":".join([prefix, counter.name, scope_id, who or "", since.isoformat() if since else ""]),
        of=counter.of,
        column=column,
        scope_id=scope_id,
        customer_id=asker.customer_id if counter.per == "customer" else None,
        api_key=asker.api_key if counter.per == "api_key" else None,
        since=since,
    )


def _column(counter: Counter, scope: Mapping[Column, str]) -> Column | None:
    for column in _COLUMNS[counter.scope]:
        if scope.get(column):
            return column
    return None


class Asker(msgspec.Struct, frozen=True):
    """Who asks, and when. The customer's id is None as long as the project does not know them."""

    moment: Moment
    customer_id: str | None
    api_key: str | None


async def read(work: Work, asked: Sequence[Asked], *, locked: bool) -> Read:
    """What has been counted; with `locked`, nobody else moves it until the transaction ends."""
    known = [one for one in asked if not of_nobody(one.key)]
    if not known:
        return NOTHING
    keys = sorted({one.key for one in known})
    stored = await store.read_counters(work.db, work.project.id, keys)
    if locked:
        made = {one.scope_id for one in known if stored.get(one.key) is None}
        if made:
            await store.take_turns(work.db, work.project.id, made)
        stored = await store.claim_counters(work.db, work.project.id, keys)
    values = {key: value for key, value in stored.items() if value is not None}
    for one in known:
        if one.key not in values:
            values[one.key] = await _from_redemptions(work, one)
    return Read(values, stored, locked)


async def move(work: Work, before: Read, by: Mapping[str, int]) -> None:
    """Moves the counters, in the order of their keys. Errors: LostRace if one has moved meanwhile.

    A counter that is made from redemptions needs a turn: one of them may just be rolled back.
    """
    if not before.held and any(before.stored.get(key) is None and before.values.get(key) for key in by):
        raise LostRace
    changed = {key: value for key, value in sorted(by.items()) if key in before.stored}
    if changed:
        seen = [before.stored[key] for key in changed]
        after = [before.values[key] + value for key, value in changed.items()]
        if not await store.move_counters(work.db, work.project.id, list(changed), seen, after):
            raise LostRace
    added = {key: before.values.get(key, 0) + value for key, value in by.items() if key not in before.stored}
    if added and not await store.add_counters(work.db, work.project.id, added):
        raise LostRace


async def take_back(work: Work, undone: Sequence[RedemptionRow]) -> None:
    """Undoes what redemptions have counted, in the order of the keys; limits that are newer are counted afresh."""
    scopes = {
        row.id: [one for one in (row.voucher_id, row.promotion_tier_id, row.campaign_id) if one] for row in undone
    }
    await store.take_turns(work.db, work.project.id, {one for ids in scopes.values() for one in ids})
    sums: dict[str, int] = {}
    for row in undone:
        for key, value in (row.counted or {}).items():
            sums[key] = sums.get(key, 0) + value
    if sums:
        await store.lower_counters(work.db, work.project.id, sums)
    for row in undone:
        await store.forget_newer_counters(work.db, work.project.id, scopes[row.id], row)


async def _from_redemptions(work: Work, asked: Asked) -> int:
    """The sum over the redemptions that stand."""
    return await store.count(
        work.db,
        work.project.id,
        asked.of,
        store.Counted(asked.column, asked.scope_id, asked.customer_id, asked.api_key, asked.since, asked.unit),
    )


def of_nobody(key: str) -> bool:
    """Whether the key is of a customer who is not known yet."""
    return NOBODY in key.split(":")


def of_customer(key: str, customer: CustomerRow | None) -> str:
    """The key with the customer in the place that was kept for them."""
    return ":".join((customer.id if customer else "") if part == NOBODY else part for part in key.split(":"))
