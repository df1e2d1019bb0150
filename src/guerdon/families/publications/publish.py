"""Publishing codes to a customer, by the operation and as part of others."""

from typing import Any

import msgspec

from guerdon.clock import iso
from guerdon.engine.calendar import parse_duration
from guerdon.errors import ApiError, not_found, refused
from guerdon.events.work import Work
from guerdon.families.campaigns import codes as campaign_codes, store as campaigns, views as campaign_views
from guerdon.families.campaigns.store import CampaignRow
from guerdon.families.customers import store as customers, views as customer_views
from guerdon.families.customers.store import CardChange, CustomerRow
from guerdon.families.holders import store as holders, views as holder_views
from guerdon.families.holders.store import HolderRow
from guerdon.families.publications import store, views
from guerdon.families.publications.schemas import (
    CustomerPublicationSucceeded,
    HolderEvent,
    PublicationSucceeded,
    VoucherPublished,
)
from guerdon.families.publications.store import PUBLICATIONS, PublicationRow
from guerdon.families.vouchers import codes, ledger, store as vouchers, views as voucher_views
from guerdon.families.vouchers.assets import Links
from guerdon.families.vouchers.store import VOUCHERS, Publishing, VoucherRow
from guerdon.tenant import Actor

API = "API"
ALREADY_JOINED = "voucher_cannot_be_published"
AUTOMATION = "Automation"  # the channel of what the engine publishes by itself
PUBLICATION_FAILED = "publications_failed"  # what is counted of campaigns
Target = CampaignRow | VoucherRow


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """How something is published. `join_once` asks for what the campaign may demand anyway.

    A source id that was used for the same customer and target gives the publication made then, and changes nothing.
    """

    count: int = 1
    channel: str = API
    metadata: dict[str, Any] = {}
    source_id: str | None = None
    join_once: bool = False


class Published(msgspec.Struct, frozen=True):
    """A publication with what it was made of. `campaign` is None for a voucher that belongs to none."""

    publication: PublicationRow
    vouchers: list[VoucherRow]
    campaign: CampaignRow | None
    customer: CustomerRow


async def publish(
    work: Work, target: Target, customer: CustomerRow, terms: Terms, *, actor: Actor | None = None
) -> Published:
    """Gives a voucher, or free codes of a campaign, to a customer, in the open transaction or in one it begins.

    `actor` is given where the engine acts within a request. Errors: not_found, too_many_vouchers_requested,
    duplicate_source_id, voucher_already_published, voucher_cannot_be_published, no_voucher_suitable_for_publication.
    """
    if terms.source_id is not None and terms.count > 1:
        raise refused("too_many_vouchers_requested", "Too many vouchers requested", "Only up to 1 can be published")
    # First of all, because a caller who has just changed the customer holds it already: whoever had come to the source
    # id or to the campaign's list of holders before would wait for that caller, and that caller for them.
    if await customers.CUSTOMERS.lock(work.db, work.project.id, customer.id) is None:
        raise not_found("customer", customer.id)
    campaign = await _campaign(work, target)
    publication = _new(work, target, customer, campaign, terms)
    if terms.source_id is not None and not await store.claim(work.db, work.project.id, publication):
        return await _earlier(work, target, publication, campaign)
    if campaign is not None:
        await _join(work, campaign, customer, terms)
    given = _publishing(work, customer, campaign)
    if isinstance(target, VoucherRow):
        found = [await _this_one(work, target, given)]
    else:
        found = await _free_ones(work, campaign or target, given, terms.count)
    publication = msgspec.structs.replace(
        publication,
        voucher_code=found[0].code,
        vouchers_id=[voucher.id for voucher in found],
        codes=[voucher.code for voucher in found],
    )
    found = await _begin_points(work, campaign, found)
    save = PUBLICATIONS.insert if terms.source_id is None else PUBLICATIONS.update
    await save(work.db, work.project.id, publication)
    published = Published(publication, found, campaign, await _hand_over(work, customer, found))
    held = await _note_holder(work, published)
    _tell(work, published, actor)
    for row, voucher in zip(held, found, strict=True):
        if row.role == holders.REFERRER:
            _tell_held(work, published, row, voucher)
    return published


async def publish_as_asked(work: Work, target: Target, customer: CustomerRow, terms: Terms) -> Published:
    """The same for who has asked for just this: what is refused is counted, since nothing else is left of it."""
    try:
        return await publish(work, target, customer, terms)
    except ApiError:
        campaign_id = target.campaign_id if isinstance(target, VoucherRow) else target.id
        if campaign_id is not None:
            work.count_anyway(PUBLICATION_FAILED, campaign_id)
        raise


async def _campaign(work: Work, target: Target) -> CampaignRow | None:
    """The campaign, held. A voucher whose campaign is gone is as good as gone."""
    by_voucher = isinstance(target, VoucherRow)
    campaign_id = target.campaign_id if by_voucher else target.id
    if campaign_id is None:
        return None
    held = await campaigns.hold(work.db, work.project.id, campaign_id)
    if held is None:
        raise not_found("voucher", target.code) if by_voucher else not_found("campaign", campaign_id)
    if not held.has_codes:
        raise _none_suitable()
    return held


def _new(
    work: Work, target: Target, customer: CustomerRow, campaign: CampaignRow | None, terms: Terms
) -> PublicationRow:
    is_referral = campaign is not None and campaign.campaign_type == "REFERRAL_PROGRAM"
    return PublicationRow(
        id=work.new_id("pub_"),
        customer_id=customer.id,
        tracking_id=customer.source_id,
        campaign_id=campaign.id if campaign else None,
        campaign=campaign.name if campaign else None,
        voucher_type=target.type if isinstance(target, VoucherRow) else target.voucher_type,
        is_referral_code=is_referral,
        channel=terms.channel,
        source_id=terms.source_id,
        metadata=terms.metadata,
        created_at=work.now,
    )


async def _earlier(work: Work, target: Target, wanted: PublicationRow, campaign: CampaignRow | None) -> Published:
    """The publication that has the source id. Errors: duplicate_source_id if it is not what is wanted now."""
    found = await PUBLICATIONS.get(work.db, work.project.id, source_id=wanted.source_id)
    same_target = found is not None and (
        target.id in found.vouchers_id if isinstance(target, VoucherRow) else target.id == found.campaign_id
    )
    if found is None or not same_target or found.customer_id != wanted.customer_id:
        details = f"Publication with source_id: '{wanted.source_id}' already exists"
        raise refused("duplicate_source_id", "Duplicate source_id", details)
    customer = await customers.CUSTOMERS.get(work.db, work.project.id, id=found.customer_id)
    if customer is None:
        raise not_found("customer", found.customer_id)
    rows = [await VOUCHERS.get(work.db, work.project.id, id=voucher_id) for voucher_id in found.vouchers_id]
    return Published(found, [row for row in rows if row is not None], campaign, customer)


async def _join(work: Work, campaign: CampaignRow, customer: CustomerRow, terms: Terms) -> None:
    once = terms.join_once or campaign.join_once
    if not await campaigns.join(work.db, work.project.id, campaign.id, customer.id, terms.count, once=once):
        raise refused(
            ALREADY_JOINED,
            "Voucher cannot be published",
            "Voucher cannot be published. Customer already joined program.",
        )


def _publishing(work: Work, customer: CustomerRow, campaign: CampaignRow | None) -> Publishing:
    lasting = campaign.configured.activity_duration if campaign else None
    if lasting is None:
        return Publishing(customer.id, work.now)
    return Publishing(customer.id, work.now, work.now, parse_duration(lasting).after(work.now))


async def _this_one(work: Work, target: VoucherRow, given: Publishing) -> VoucherRow:
    found = await vouchers.publish_one(work.db, work.project.id, target.id, given)
    if found is not None:
        return found
    current = await VOUCHERS.get(work.db, work.project.id, id=target.id)
    if current is None:
        raise not_found("voucher", target.code)
    if current.publish_count or current.holder_id:
        details = f"Voucher '{target.id}' has already been published"
        raise refused("voucher_already_published", "Voucher already published", details)
    raise _none_suitable()


async def _free_ones(work: Work, campaign: CampaignRow, given: Publishing, count: int) -> list[VoucherRow]:
    """Free codes of the campaign, given to the customer.

    First those that nobody else is about to publish, so that publishers do not wait for each other. If these are too
    few, an AUTO_UPDATE campaign makes new ones. Of other campaigns, a code is looked at again once it is known whether
    its publication succeeded. Who wants several waits from the start: whoever holds some and waits for others could
    wait for somebody who waits for him.
    """
    db, project_id = work.db, work.project.id
    if campaign.type == "AUTO_UPDATE":
        found = await vouchers.publish_any(db, project_id, campaign.id, given, count, waiting=False)
        return found + await _grow(work, campaign, given, count - len(found))
    found: list[VoucherRow] = []
    if count == 1:
        found = await vouchers.publish_any(db, project_id, campaign.id, given, 1, waiting=False)
    found = found or await vouchers.publish_any(db, project_id, campaign.id, given, count, waiting=True)
    if len(found) < count:
        raise _none_suitable()
    return found


async def _grow(work: Work, campaign: CampaignRow, given: Publishing, missing: int) -> list[VoucherRow]:
    """New codes, published as they are made."""
    if not missing:
        return []
    like = campaign_codes.template(campaign, work.now)
    published = msgspec.structs.replace(
        like,
        holder_id=given.holder_id,
        referrer_id=given.holder_id if like.is_referral_code else None,
        publish_count=1,
        updated_at=given.at,
        start_date=given.start_date or like.start_date,
        expiration_date=given.expiration_date or like.expiration_date,
    )
    try:
        made = await codes.issue(work, published, campaign.configured.codes.config, missing)
    except codes.NotEnoughCodes:
        raise _none_suitable() from None
    await campaigns.grow(work.db, work.project.id, campaign.id, given.holder_id, missing)
    return made


def _none_suitable() -> ApiError:
    return refused(
        "no_voucher_suitable_for_publication",
        "Couldn't find any voucher suitable for publication",
        "Couldn't create new vouchers for publication",
    )


async def _begin_points(work: Work, campaign: CampaignRow | None, found: list[VoucherRow]) -> list[VoucherRow]:
    """From the day of its publication on, the points that a card began with are counted towards their end."""
    if campaign is None or found[0].type != "LOYALTY_CARD" or not found[0].balance:
        return found
    expires_on = campaign.last_day_of_points(work.project.day_of(work.now))
    return await ledger.fill(work, [ledger.Filling(card, card.balance, expires_on) for card in found])


async def _hand_over(work: Work, customer: CustomerRow, found: list[VoucherRow]) -> CustomerRow:
    """The customer with what is on the cards. Errors: not_found if the customer was deleted meanwhile."""
    total = sum(voucher.balance for voucher in found)
    if found[0].type == "LOYALTY_CARD":
        change = CardChange(customer.id, campaign=found[0].campaign, points=total)
        changed = await customers.change_cards(work.db, work.project.id, [change])
    elif total:
        changed = await customers.change_cards(work.db, work.project.id, [CardChange(customer.id, credits=total)])
    else:
        held = await customers.hold(work.db, work.project.id, customer.id)
        changed = [held] if held else []
    if not changed:
        raise not_found("customer", customer.id)
    return changed[0]


async def _note_holder(work: Work, done: Published) -> list[HolderRow]:
    """The customer as the holder of each code: as the referrer of a referral code."""
    rows = [
        HolderRow(
            id=work.new_id("rh_"),
            voucher_id=voucher.id,
            campaign_id=voucher.campaign_id,
            campaign_type=done.campaign.campaign_type if done.campaign else None,
            voucher_type=voucher.type,
            customer_id=done.customer.id,
            role=holders.REFERRER if voucher.is_referral_code else holders.OWNER,
            publication_id=done.publication.id,
            created_at=work.now,
        )
        for voucher in done.vouchers
    ]
    await holders.add(work.db, work.project.id, rows)
    return rows


def _tell_held(work: Work, done: Published, row: HolderRow, voucher: VoucherRow) -> None:
    if done.campaign is not None:
        told = HolderEvent(
            holder=holder_views.simple(row),
            voucher=voucher_views.simple(voucher),
            campaign=campaign_views.simple_of_customer(done.campaign),
            customer=customer_views.simple(done.customer),
        )
        name = "customer.holder.assignment.created"
        work.record(name, done.customer.id, told, campaign_id=done.campaign.id)


def _tell(work: Work, done: Published, actor: Actor | None) -> None:
    publication, campaign_id = done.publication, done.campaign.id if done.campaign else None
    links = Links(work.runtime, work.project.id)
    customer = customer_views.simple(done.customer)
    campaign = campaign_views.simple(done.campaign) if done.campaign else None
    in_event = views.in_event(publication, done.customer)
    simple = [voucher_views.simple(voucher) for voucher in done.vouchers]
    succeeded = PublicationSucceeded(customer=customer, campaign=campaign, publication=in_event, vouchers=simple)
    if len(simple) == 1:
        succeeded.voucher = simple[0]
    work.record("publication.succeeded", publication.id, succeeded, campaign_id=campaign_id, actor=actor)
    for voucher in done.vouchers:
        published = VoucherPublished(
            customer=customer,
            campaign=campaign,
            publication=in_event,
            voucher=voucher_views.published(voucher, links),
            created_at=iso(work.now),
        )
        work.record("voucher.published", voucher.id, published, campaign_id=campaign_id, actor=actor)
    to_customer = CustomerPublicationSucceeded(
        customer=customer,
        campaign=campaign_views.simple_of_customer(done.campaign) if done.campaign else None,
        publication=views.in_customer_event(publication, done.customer, done.vouchers[0], links),
        voucher=simple[0],
        vouchers=simple,
    )
    work.record("customer.publication.succeeded", done.customer.id, to_customer, campaign_id=campaign_id, actor=actor)
