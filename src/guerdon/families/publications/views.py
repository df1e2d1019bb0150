"""Publication rows as answers and events show them."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import UNSET, UnsetType

from guerdon.clock import iso
from guerdon.families.customers import views as customer_views
from guerdon.families.customers.store import CustomerRow
from guerdon.families.publications import schemas
from guerdon.families.publications.store import PublicationRow
from guerdon.families.vouchers import views as voucher_views
from guerdon.families.vouchers.assets import Links
from guerdon.families.vouchers.beside import Beside
from guerdon.families.vouchers.store import VoucherRow


def publication(
    row: PublicationRow, customer: CustomerRow, vouchers: Sequence[VoucherRow], links: Links, beside: Beside
) -> schemas.Publication:
    single = len(row.vouchers_id) == 1 and len(vouchers) == 1
    return schemas.Publication(
        **_base(row),
        customer=customer_views.customer(customer),
        voucher=voucher_views.voucher(vouchers[0], links, beside) if single else UNSET,
        vouchers=UNSET if single else row.codes,
    )


def listed(
    row: PublicationRow, customers: Mapping[str, CustomerRow], vouchers: Mapping[str, VoucherRow]
) -> schemas.ListedPublication:
    single = len(row.vouchers_id) == 1
    customer = customers.get(row.customer_id)
    return schemas.ListedPublication(
        **_base(row),
        customer=_customer(row, customer),
        voucher=_voucher(row, vouchers.get(row.vouchers_id[0])) if single else UNSET,
        vouchers=UNSET if single else row.codes,
    )


def in_event(row: PublicationRow, customer: CustomerRow) -> schemas.EventPublication:
    return schemas.EventPublication(**_base(row), customer=customer_views.reduced(customer))


def in_customer_event(
    row: PublicationRow, customer: CustomerRow, voucher: VoucherRow, links: Links
) -> schemas.CustomerEventPublication:
    return schemas.CustomerEventPublication(
        **_base(row),
        customer=customer_views.reduced(customer),
        voucher=voucher_views.voucher_in_event(voucher, links),
    )


def _base(row: PublicationRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "created_at": iso(row.created_at),
        "customer_id": row.customer_id,
        "tracking_id": _known(row.tracking_id),
        "metadata": row.metadata,
        "channel": row.channel,
        "source_id": row.source_id,
        "vouchers_id": row.vouchers_id,
    }


def _customer(row: PublicationRow, customer: CustomerRow | None) -> schemas.ListedCustomer:
    if customer is None:
        return schemas.ListedCustomer(id=row.customer_id, source_id=_known(row.tracking_id))
    return schemas.ListedCustomer(
        id=customer.id,
        source_id=_known(customer.source_id),
        name=_known(customer.name),
        email=_known(customer.email),
        metadata=customer.metadata,
    )


def _known(value: str | None) -> str | UnsetType:
    return UNSET if value is None else value


def _voucher(row: PublicationRow, voucher: VoucherRow | None) -> schemas.ListedVoucher:
    return schemas.ListedVoucher(
        code=row.codes[0],
        campaign=row.campaign,
        gift=(voucher and voucher_views.gift(voucher)) or UNSET,
        loyalty_card=(voucher and voucher_views.loyalty_card(voucher)) or UNSET,
        discount=(voucher and voucher.discount) or UNSET,
        is_referral_code=row.is_referral_code,
    )
