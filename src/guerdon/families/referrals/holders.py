"""Adding referees to a referral code by hand, and removing them."""

from guerdon.errors import ApiError, duplicate_found, not_found, refused
from guerdon.events.work import Work
from guerdon.families.campaigns import store as campaigns, views as campaign_views
from guerdon.families.campaigns.store import CAMPAIGNS, CampaignRow
from guerdon.families.customers import save, views as customer_views
from guerdon.families.customers.schemas import NewCustomer
from guerdon.families.customers.store import CUSTOMERS, CustomerRow
from guerdon.families.holders import store, views
from guerdon.families.holders.store import HOLDERS, REFEREE, HolderRow
from guerdon.families.publications.schemas import HolderEvent
from guerdon.families.referrals.schemas import NewHolders
from guerdon.families.vouchers import views as voucher_views
from guerdon.families.vouchers.store import VoucherRow

ADDED, REMOVED = "customer.holder.assignment.created", "customer.holder.assignment.deleted"


async def add(work: Work, code: VoucherRow, new: NewHolders) -> list[HolderRow]:
    """All of the customers as referees, or none.

    Errors: not_published, not_found, duplicate_found for one who is named twice, holder_assignement_duplication for one
    who holds the code already, those of saving customers.
    """
    if code.holder_id is None:
        details = "Referral code must be first published to Referrer before assigning it to Referee"
        raise refused("not_published", "Voucher is not published", details)
    await work.db.begin()
    campaign = await campaigns.hold(work.db, work.project.id, code.campaign_id or "")
    if campaign is None:
        raise not_found("voucher", code.code)
    people: dict[str, CustomerRow] = {}
    for wanted in sorted(new.holders, key=lambda one: (one.id or "", one.source_id or "")):
        customer = await save.upsert(work, wanted)
        if customer.id in people:
            raise duplicate_found("customer", "id", wanted.id or wanted.source_id or "")
        people[customer.id] = customer
    rows = [referee(work, code, customer, metadata=new.metadata) for customer in people.values()]
    if len(await store.add(work.db, work.project.id, rows)) < len(rows):
        raise ApiError(409, "holder_assignement_duplication", "Customer is already assigned to given redeemable")
    for row in rows:
        tell(work, ADDED, row, code, campaign, people[row.customer_id])
    places = {name: place for place, one in enumerate(new.holders) for name in _names(one)}
    return sorted(rows, key=lambda row: min(_places(places, people[row.customer_id]), default=len(rows)))


def referee(
    work: Work, code: VoucherRow, customer: CustomerRow, *, metadata: dict[str, object] | None = None
) -> HolderRow:
    return HolderRow(
        id=work.new_id("rh_"),
        voucher_id=code.id,
        campaign_id=code.campaign_id,
        campaign_type=campaigns.REFERRAL,
        voucher_type=code.type,
        customer_id=customer.id,
        role=REFEREE,
        metadata=metadata or {},
        created_at=work.now,
    )


async def remove(work: Work, code: VoucherRow, row: HolderRow) -> None:
    """Errors: forbidden for the referrer, not_found if somebody else was faster."""
    if row.role != REFEREE:
        raise ApiError(403, "forbidden", "Can not remove assignment", "You can not remove Referrer assignment")
    await work.db.begin()
    if not await HOLDERS.delete(work.db, work.project.id, row.id):
        raise not_found("redeemable_holder", row.id)
    campaign = await CAMPAIGNS.get(work.db, work.project.id, id=code.campaign_id)
    customer = await CUSTOMERS.get(work.db, work.project.id, id=row.customer_id)
    if campaign is not None and customer is not None:
        tell(work, REMOVED, row, code, campaign, customer)


def tell(
    work: Work, event_type: str, row: HolderRow, code: VoucherRow, campaign: CampaignRow, customer: CustomerRow
) -> None:
    told = HolderEvent(
        holder=views.simple(row),
        voucher=voucher_views.simple(code),
        campaign=campaign_views.simple_of_customer(campaign),
        customer=customer_views.simple(customer),
    )
    work.record(event_type, customer.id, told, campaign_id=campaign.id)


def _names(new: NewCustomer) -> list[str]:
    return [name for name in (new.id, new.source_id) if name]


def _places(places: dict[str, int], customer: CustomerRow) -> list[int]:
    return [places[name] for name in (customer.id, customer.source_id) if name in places]
