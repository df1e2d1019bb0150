"""Publications on the wire: asked for, answered, listed, and told in events."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from guerdon.families.campaigns.schemas import SimpleCampaign
from guerdon.families.customers.schemas import Customer, NewCustomer, ReducedCustomer, SimpleCustomer
from guerdon.families.holders.schemas import SimpleHolder
from guerdon.families.vouchers.schemas import (
    Gift,
    LoyaltyCard,
    Metadata,
    PublishedVoucher,
    SimpleVoucher,
    Voucher,
)
from guerdon.http.wire import Text

SourceId = Annotated[str, Meta(max_length=500)]
MOST_AT_ONCE = 50


class FromCampaign(msgspec.Struct, kw_only=True):
    """Free codes of a campaign, by its name or id."""

    name: str
    count: Annotated[int, Meta(ge=1, le=MOST_AT_ONCE)] | None = None


class NewPublication(msgspec.Struct, kw_only=True):
    """Which code, or how many of which campaign, go to whom. A customer may be named by id or source id."""

    voucher: str | None = None
    campaign: FromCampaign | str | None = None
    customer: NewCustomer | str
    source_id: SourceId | None = None
    metadata: Metadata | None = None
    channel: Text | None = None


class PublicationBase(msgspec.Struct, kw_only=True):
    """What every form of a publication says."""

    id: str
    created_at: str
    customer_id: str
    tracking_id: str | UnsetType = UNSET
    metadata: Metadata
    channel: str
    source_id: str | None
    result: str = "SUCCESS"
    vouchers_id: list[str]
    object: str = "publication"


class Publication(PublicationBase, kw_only=True):
    """The answer to a publication: the voucher, or the codes if there are several."""

    customer: Customer
    voucher: Voucher | UnsetType = UNSET
    vouchers: list[str] | UnsetType = UNSET


class ListedVoucher(msgspec.Struct, kw_only=True):
    """The voucher of a listed publication; of one that is gone only what the publication knows."""

    code: str
    campaign: str | None
    gift: Gift | UnsetType = UNSET
    loyalty_card: LoyaltyCard | UnsetType = UNSET
    discount: dict[str, Any] | UnsetType = UNSET
    is_referral_code: bool
    object: str = "voucher"


class ListedCustomer(msgspec.Struct, kw_only=True):
    """The customer of a listed publication; of one that was deleted since only what the publication knows."""

    id: str
    source_id: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    summary: None = None
    loyalty: None = None
    referrals: None = None
    metadata: Metadata = {}
    object: str = "customer"


class ListedPublication(PublicationBase, kw_only=True):
    """A publication in a list."""

    customer: ListedCustomer
    voucher: ListedVoucher | UnsetType = UNSET
    vouchers: list[str] | UnsetType = UNSET


class PublicationsList(msgspec.Struct):
    """A page of publications."""

    publications: list[ListedPublication]
    total: int
    object: str = "list"
    data_ref: str = "publications"


class EventPublication(PublicationBase, kw_only=True):
    """A publication in a project's event."""

    customer: ReducedCustomer


class CustomerEventPublication(EventPublication, kw_only=True):
    """A publication in a customer's event; of several vouchers the first."""

    voucher: Voucher


class PublicationSucceeded(msgspec.Struct, kw_only=True):
    """Data of publication.succeeded: all vouchers, and by itself the only one."""

    customer: SimpleCustomer
    campaign: SimpleCampaign | None
    publication: EventPublication
    voucher: SimpleVoucher | UnsetType = UNSET
    vouchers: list[SimpleVoucher]
    user: None = None


class VoucherPublished(msgspec.Struct, kw_only=True):
    """Data of voucher.published."""

    customer: SimpleCustomer
    campaign: SimpleCampaign | None
    publication: EventPublication
    voucher: PublishedVoucher
    created_at: str


class CustomerPublicationSucceeded(msgspec.Struct, kw_only=True):
    """Data of customer.publication.succeeded: all vouchers, and by itself the first."""

    customer: SimpleCustomer
    campaign: SimpleCampaign | None
    publication: CustomerEventPublication
    voucher: SimpleVoucher
    vouchers: list[SimpleVoucher]


class HolderEvent(msgspec.Struct, kw_only=True):
    """Data of customer.holder.assignment.created and .deleted."""

    holder: SimpleHolder
    voucher: SimpleVoucher
    campaign: SimpleCampaign
    customer: SimpleCustomer
