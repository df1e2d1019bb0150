"""Logs of activity: of a customer, in its new and its old form, of a loyalty card's holder, and of a campaign."""

import re
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from guerdon.clock import Moment, iso
from guerdon.db.table import Where
from guerdon.errors import invalid_query_params
from guerdon.families.activity import store
from guerdon.families.activity.store import EntryRow
from guerdon.families.campaigns import routes as campaigns
from guerdon.families.campaigns.schemas import CampaignType
from guerdon.families.campaigns.store import CampaignRow
from guerdon.families.customers import routes as customers
from guerdon.families.customers.store import CustomerRow
from guerdon.families.loyalties.members import load_campaign, load_card, load_card_of
from guerdon.families.vouchers.store import VoucherRow
from guerdon.http.call import Call
from guerdon.http.paging import CursorQuery
from guerdon.http.routing import Param, Route, Scope

# The reference's enumeration for logs of cards spells these with three c, and clients made of it know no others.
_MISSPELT = re.compile(r"customer\.redemption\.(rollback\.)?succeeded")
_REWARDED = "customer.reward_redemptions."
_PLAIN = {"source": "id", "balance": "amount"}


class CardQuery(CursorQuery, kw_only=True):
    """Which way a card's log goes; newest first unless asked otherwise."""

    order: Literal["created_at", "-created_at"] = "-created_at"


class _Narrowed(CursorQuery, kw_only=True):
    """What a customer's log can be narrowed to; both ends of the time are included."""

    start_date: Moment | None = None
    end_date: Moment | None = None
    campaign_id: str | None = None
    campaign_type: CampaignType | None = None
    category: Literal["ACTION", "EFFECT"] | None = None
    type: Annotated[str, Meta(pattern=r"^customer\.")] | None = None


class ActivityQuery(_Narrowed, kw_only=True):
    """Which way a customer's log goes; newest first unless asked otherwise."""

    order: Literal["created_at", "-created_at"] = "-created_at"


class OldActivityQuery(_Narrowed, kw_only=True):
    """The same in its old form, which has more orders and goes on from a time as well."""

    order: Literal["created_at", "-created_at", "type", "-type", "category", "-category"] = "-created_at"
    starting_after: Moment | None = None


class CampaignQuery(CardQuery, kw_only=True):
    """What a campaign's log can be narrowed to; both ends of the time are included."""

    start_date: Moment | None = None
    end_date: Moment | None = None
    category: Literal["ACTION", "EFFECT"] | None = None
    type: str | None = None
    entity_id: str | None = None


class ActivityData(msgspec.Struct):
    """What an event tells, and who caused it."""

    data: msgspec.Raw
    event_source: msgspec.Raw


class Activity(msgspec.Struct):
    """An entry of a log."""

    id: str
    type: str
    data: ActivityData
    created_at: str
    group_id: str


class ActivityList(msgspec.Struct):
    """A slice of a log."""

    data: list[Activity]
    has_more: bool
    more_starting_after: str | UnsetType = UNSET
    object: str = "list"
    data_ref: str = "data"


class OldActivityList(msgspec.Struct):
    """The same in its old form."""

    data: list[Activity]
    total: int
    object: str = "list"
    data_ref: str = "data"


async def list_customer_activity(call: Call[None], customer: CustomerRow) -> ActivityList:
    """Errors: invalid_query_params for an event to go on from that is none of the customer's."""
    return await _page(call, store.of_customer(customer.id), _narrowed(call.query, customer.id))


async def list_customer_activities(call: Call[None], customer: CustomerRow) -> OldActivityList:
    """The old form of it. Errors: the same."""
    query: OldActivityQuery = call.query
    where = _narrowed(query, customer.id)
    descending = query.order.startswith("-")
    where.add("created_at < {}" if descending else "created_at > {}", query.starting_after)
    total = await store.count(call.db, call.project_id, where)
    await _go_on(call, store.of_customer(customer.id), where, descending=descending)
    column = query.order.removeprefix("-")
    way = "DESC" if descending else "ASC"
    order = f"number {way}" if column == "created_at" else f"{column} {way}, number DESC"
    rows = await store.entries(call.db, call.project_id, where, order, limit=query.limit)
    return OldActivityList([_view(row) for row in rows], total)


async def list_card_activity(call: Call[None], card: VoucherRow) -> ActivityList:
    """What has happened with the card to the customer who holds it. Errors: as of a customer's log."""
    if card.holder_id is None:
        return ActivityList([], has_more=False)
    where = store.of_customer(card.holder_id).equal(campaign_id=card.campaign_id).add(store.OF_CARD, card.id)
    page = await _page(call, store.of_customer(card.holder_id), where)
    for entry in page.data:
        if _MISSPELT.fullmatch(entry.type):
            entry.type = entry.type.replace("succeeded", "succceeded")
    return page


async def list_member_activity(call: Call[None], _campaign: CampaignRow, card: VoucherRow) -> ActivityList:
    """Errors: as of a customer's log."""
    return await list_card_activity(call, card)


async def list_campaign_activity(call: Call[None], campaign: CampaignRow) -> ActivityList:
    """Also of events that are no customer's. Errors: as of a customer's log."""
    query: CampaignQuery = call.query
    where = (
        store.of_campaign(campaign.id)
        .add("created_at >= {}", query.start_date)
        .add("created_at <= {}", query.end_date)
        .equal(category=query.category, type=query.type, entity_id=query.entity_id)
    )
    return await _page(call, store.of_campaign(campaign.id), where)


async def _page(call: Call[None], whose: Where, where: Where) -> ActivityList:
    query: ActivityQuery | CardQuery = call.query
    descending = query.order.startswith("-")
    await _go_on(call, whose, where, descending=descending)
    order = "number DESC" if descending else "number ASC"
    rows = await store.entries(call.db, call.project_id, where, order, limit=query.limit + 1)
    shown, more = rows[: query.limit], len(rows) > query.limit
    return ActivityList([_view(row) for row in shown], more, shown[-1].id if more else UNSET)


def _narrowed(query: _Narrowed, customer_id: str) -> Where:
    return (
        store.of_customer(customer_id)
        .add("created_at >= {}", query.start_date)
        .add("created_at <= {}", query.end_date)
        .add("campaign_id = {}", query.campaign_id)
        .add(store.OF_CAMPAIGNS, query.campaign_type)
        .equal(category=query.category, type=query.type)
    )


async def _go_on(call: Call[None], whose: Where, where: Where, *, descending: bool) -> None:
    """Lets the list go on from the event that the query names, which must be one of those that the log has."""
    after: str | None = call.query.starting_after_id
    if after is None:
        return
    number = await store.number_of(call.db, call.project_id, whose, after)
    if number is None:
        raise invalid_query_params("Property .starting_after_id is not an event of this log")
    where.add("number < {}" if descending else "number > {}", number)


def _data(row: EntryRow) -> msgspec.Raw:
    """What the event told, but for two properties that logs have in a plainer form than webhooks."""
    if not row.type.startswith(_REWARDED):
        return msgspec.Raw(row.data.encode())
    told: dict[str, Any] = msgspec.json.decode(row.data)
    for name, plain in _PLAIN.items():
        if isinstance(told.get(name), dict):
            told[name] = told[name].get(plain)
    return msgspec.Raw(msgspec.json.encode(told))


def _view(row: EntryRow) -> Activity:
    return Activity(
        id=row.id,
        type=row.type,
        data=ActivityData(_data(row), msgspec.Raw(row.event_source.encode())),
        created_at=iso(row.created_at),
        group_id=row.group_id,
    )


_CUSTOMER = (Param("customer", customers.load),)
_CARD = (Param("voucher", load_card),)
_MEMBER = (Param("campaign", load_campaign), Param("voucher", load_card_of))
ROUTES = (
    Route(
        "GET",
        "/v1/customers/{customerId}/activity",
        list_customer_activity,
        _CUSTOMER,
        query=ActivityQuery,
        answer=ActivityList,
    ),
    Route(
        "GET",
        "/v1/customers/{customerId}/activities",
        list_customer_activities,
        _CUSTOMER,
        query=OldActivityQuery,
        answer=OldActivityList,
    ),
    Route(
        "GET",
        "/v1/loyalties/members/{memberId}/activity",
        list_card_activity,
        _CARD,
        query=CardQuery,
        answer=ActivityList,
    ),
    Route(
        "GET",
        "/v1/loyalties/{campaignId}/members/{memberId}/activity",
        list_member_activity,
        _MEMBER,
        query=CardQuery,
        answer=ActivityList,
    ),
    Route(
        "GET",
        "/management/v1/projects/{projectId}/campaigns/{campaignId}/activity",
        list_campaign_activity,
        (Param("campaign", campaigns.load),),
        query=CampaignQuery,
        answer=ActivityList,
        scope=Scope.MANAGEMENT,
    ),
)
