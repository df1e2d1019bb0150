"""Operations on publications."""

from typing import Literal

import msgspec

from guerdon.db.table import Order, Where
from guerdon.errors import ApiError, not_found, refused
from guerdon.families.campaigns import store as campaigns
from guerdon.families.customers import save, store as customers
from guerdon.families.customers.store import CUSTOMERS
from guerdon.families.metadata_schemas.check import Sent, require
from guerdon.families.publications import store, views
from guerdon.families.publications.publish import API, Target, Terms, publish_as_asked
from guerdon.families.publications.schemas import FromCampaign, NewPublication, Publication, PublicationsList
from guerdon.families.vouchers import beside, store as vouchers
from guerdon.families.vouchers.assets import Links
from guerdon.families.vouchers.store import VOUCHERS
from guerdon.http import filters
from guerdon.http.call import Call
from guerdon.http.paging import Filters, PageQuery
from guerdon.http.routing import Route


class PublishQuery(msgspec.Struct):
    """Whether the customer may get only one code of the campaign, even if the campaign does not say so."""

    join_once: bool = False


class PublicationsQuery(PageQuery, kw_only=True):
    """What a list of publications can be narrowed to."""

    max_page = 1_000
    sortable = ("id", "voucher_code", "tracking_id", "customer_id", "created_at", "channel")

    campaign: str | None = None
    customer: str | None = None
    voucher: str | None = None
    result: Literal["SUCCESS", "FAILURE"] | None = None
    voucher_type: Literal["discount", "loyalty"] | None = None
    is_referral_code: bool | None = None
    source_id: str | None = None
    filters: Filters = None


_VOUCHER_TYPES = {"discount": "DISCOUNT_VOUCHER", "loyalty": "LOYALTY_CARD"}


async def create_publication(call: Call[NewPublication]) -> Publication:
    """Publishes a voucher, or free codes of a campaign, to a customer. Errors: metadata_validation_failed."""
    body, query = call.body, call.query
    target, count = await _target(call)
    await require(call.work, Sent("publication", body.metadata))
    await call.db.begin()
    customer = await save.named(call.work, body.customer)
    terms = Terms(
        count=count,
        channel=API if body.channel is None else body.channel,
        metadata=body.metadata or {},
        source_id=body.source_id,
        join_once=query.join_once,
    )
    done = await publish_as_asked(call.work, target, customer, terms)
    found = await beside.categories_of(call.db, call.project_id, done.vouchers)
    links = Links(call.runtime, call.project_id)
    return views.publication(done.publication, done.customer, done.vouchers, links, found)


async def publish_by_query(_call: Call[None]) -> None:
    """Only for keys of integrations, of which there are none. Errors: integration_api_key_required."""
    raise ApiError(403, "integration_api_key_required", "Forbidden")


async def list_publications(call: Call[None]) -> PublicationsList:
    query: PublicationsQuery = call.query
    where = await _where(call, query)
    if where is None:
        return PublicationsList([], 0)
    await filters.narrow(call, store.PUBLICATIONS, store.FIELDS, where)
    rows, total = await store.PUBLICATIONS.page(
        call.db, call.project_id, where, query.sorting, limit=query.limit, offset=query.offset
    )
    by_id = Order("id")
    holders = Where().add("id = ANY({})", [row.customer_id for row in rows])
    singles = Where().add("id = ANY({})", [row.vouchers_id[0] for row in rows if len(row.vouchers_id) == 1])
    found_customers = {row.id: row for row in await CUSTOMERS.all(call.db, call.project_id, holders, by_id)}
    found_vouchers = {row.id: row for row in await VOUCHERS.all(call.db, call.project_id, singles, by_id)}
    return PublicationsList([views.listed(row, found_customers, found_vouchers) for row in rows], total)


async def _target(call: Call[NewPublication]) -> tuple[Target, int]:
    """The voucher or campaign that is meant. With both, the voucher must be of that campaign."""
    wanted = call.body.campaign
    from_campaign = FromCampaign(name=wanted) if isinstance(wanted, str) else wanted
    campaign = None
    if from_campaign is not None:
        campaign = await campaigns.find(call.db, call.project_id, from_campaign.name)
        if campaign is None:
            raise not_found("campaign", from_campaign.name)
    if call.body.voucher is not None:
        voucher = await vouchers.find(call.db, call.work.project, call.body.voucher)
        if voucher is None or (campaign is not None and voucher.campaign_id != campaign.id):
            raise not_found("voucher", call.body.voucher)
        return voucher, 1
    if campaign is None or from_campaign is None:
        raise refused("missing_vouchers", "Missing vouchers", "Either Campaign or Voucher is required")
    return campaign, from_campaign.count or 1


async def _where(call: Call[None], query: PublicationsQuery) -> Where | None:
    """The conditions of a list; None if nothing can meet them. Only publications that succeeded are kept."""
    where = Where().equal(source_id=query.source_id)
    if query.result == "FAILURE":
        return None
    if query.campaign is not None:
        campaign = await campaigns.find(call.db, call.project_id, query.campaign)
        if campaign is None:
            return None
        where.equal(campaign_id=campaign.id)
    if query.customer is not None:
        customer = await customers.find(call.db, call.project_id, query.customer)
        where.equal(customer_id=customer.id if customer else query.customer)
    if query.voucher is not None:
        voucher = await vouchers.find(call.db, call.work.project, query.voucher)
        if voucher is None:
            return None
        where.add("vouchers_id @> {}", [voucher.id])
    if query.voucher_type is not None:
        where.equal(voucher_type=_VOUCHER_TYPES[query.voucher_type])
    if query.is_referral_code:  # the filter works only for true
        where.equal(is_referral_code=True)
    return where


ROUTES = (
    Route("POST", "/v1/publications", create_publication, body=NewPublication, query=PublishQuery, answer=Publication),
    Route("GET", "/v1/publications/create", publish_by_query),
    Route("GET", "/v1/publications", list_publications, query=PublicationsQuery, answer=PublicationsList),
)
