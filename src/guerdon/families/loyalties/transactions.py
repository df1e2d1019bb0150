"""Lists of what has moved on cards."""

from typing import Literal

from msgspec import UNSET

from guerdon.db.table import Order, Where
from guerdon.families.loyalties import views
from guerdon.families.loyalties.schemas import Transactions
from guerdon.families.vouchers.ledger import TRANSACTION_FIELDS, TRANSACTIONS
from guerdon.http import filters
from guerdon.http.call import Call
from guerdon.http.paging import CursorQuery, Filters


class TransactionsQuery(CursorQuery, kw_only=True):
    """Which way the list goes; newest first unless asked otherwise."""

    filters: Filters = None
    order: Literal["id", "-id"] = "-id"


async def page(call: Call[None], where: Where) -> Transactions:
    """The slice of a ledger that the query wants."""
    query: TransactionsQuery = call.query
    descending = query.order != "id"
    where.add("id < {}" if descending else "id > {}", query.starting_after_id)
    await filters.narrow(call, TRANSACTIONS, TRANSACTION_FIELDS, where)
    rows = await TRANSACTIONS.some(
        call.db, call.project_id, where, Order("id", descending=descending), limit=query.limit + 1
    )
    shown, more = rows[: query.limit], len(rows) > query.limit
    return Transactions([views.transaction(row) for row in shown], more, shown[-1].id if more else UNSET)
