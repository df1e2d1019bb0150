"""Operations on the account of a card, of whichever kind it is."""

from msgspec import UNSET

from guerdon.db.table import Where
from guerdon.errors import refused
from guerdon.families.campaigns import routes as campaigns
from guerdon.families.campaigns.store import CampaignRow
from guerdon.families.gifts import balance
from guerdon.families.gifts.schemas import AmountBalance, AmountChange
from guerdon.families.loyalties import balance as loyalty_balance, transactions
from guerdon.families.loyalties.schemas import BalanceChange, Transactions
from guerdon.families.loyalties.transactions import TransactionsQuery
from guerdon.families.vouchers.routes import load
from guerdon.families.vouchers.store import VoucherRow
from guerdon.http.call import Call
from guerdon.http.routing import Param, Route


async def change_voucher_balance(call: Call[AmountChange], row: VoucherRow) -> AmountBalance:
    """Errors: invalid_voucher for a code without an account, and those of both kinds of card."""
    if row.type == "GIFT_VOUCHER":
        return await balance.adjust(call.work, row, call.body)
    if row.type != "LOYALTY_CARD":
        raise refused("invalid_voucher", "Invalid Voucher", f"Voucher '{row.code}' has no balance")
    body = call.body
    change = BalanceChange(points=body.amount, source_id=body.source_id, reason=body.reason)
    done = await loyalty_balance.adjust(call.work, row, change)
    return AmountBalance(
        amount=done.points,
        total=done.total,
        balance=done.balance,
        type=done.type,
        related_object=done.related_object,
    )


async def list_voucher_transactions(call: Call[None], row: VoucherRow) -> Transactions:
    return await transactions.page(call, Where().equal(voucher_id=row.id))


async def list_campaign_transactions(call: Call[None], campaign: CampaignRow) -> Transactions:
    """Those of all cards; a campaign of something else has none."""
    if campaign.campaign_type not in _WITH_ACCOUNTS:
        return Transactions([], UNSET, UNSET, total=0)
    return await transactions.page(call, Where().equal(campaign_id=campaign.id))


_WITH_ACCOUNTS = frozenset({"LOYALTY_PROGRAM", "GIFT_VOUCHERS"})
_ONE = (Param("voucher", load),)
ROUTES = (
    Route("POST", "/v1/vouchers/{code}/balance", change_voucher_balance, _ONE, AmountChange, answer=AmountBalance),
    Route(
        "GET",
        "/v1/vouchers/{code}/transactions",
        list_voucher_transactions,
        _ONE,
        query=TransactionsQuery,
        answer=Transactions,
    ),
    Route(
        "GET",
        "/v1/campaigns/{campaignId}/transactions",
        list_campaign_transactions,
        (Param("campaign", campaigns.load),),
        query=TransactionsQuery,
        answer=Transactions,
    ),
)
