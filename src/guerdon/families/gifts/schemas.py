"""Balances of gift cards on the wire, and their events."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta, UnsetType

from guerdon.engine.money import GREATEST
from guerdon.families.campaigns.schemas import SimpleCampaign
from guerdon.families.customers.schemas import SimpleCustomer
from guerdon.families.loyalties.schemas import Related, Transaction
from guerdon.families.vouchers.schemas import SimpleVoucher, Voucher
from guerdon.http.wire import Text


class AmountChange(msgspec.Struct, kw_only=True):
    """Cents of a gift card, or points of a loyalty card, to be added, or taken where negative."""

    amount: Annotated[int, Meta(ge=-GREATEST, le=GREATEST)]
    source_id: Text | None = None
    reason: Text | None = None


class AmountBalance(msgspec.Struct, kw_only=True):
    """A card after a movement: `amount` moved, `total` was added and not taken off again, `balance` is left."""

    amount: int
    total: int
    balance: int
    type: str
    operation_type: str = "MANUAL"
    object: str = "balance"
    related_object: Related


class CreditsAdded(msgspec.Struct, kw_only=True):
    """Data of voucher.gift.balance_added, and with the holder of customer.voucher.gift.balance_added."""

    voucher: SimpleVoucher
    balance: AmountBalance
    campaign: SimpleCampaign | None
    transaction: Transaction
    customer: SimpleCustomer | UnsetType = msgspec.UNSET


class CreditsMoved(msgspec.Struct, kw_only=True):
    """Data of voucher.gift.transaction.created."""

    transaction: Transaction
    voucher: Voucher
    campaign: SimpleCampaign | None
    holder: SimpleCustomer | None
    balance: AmountBalance
    order: Any = None
    redemption: Any = None
    rollback: Any = None
