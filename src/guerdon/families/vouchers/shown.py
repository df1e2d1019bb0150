"""Vouchers as answers show them, with what stands beside them."""

from collections.abc import Sequence
from typing import Any

from guerdon.families.vouchers import beside, views
from guerdon.families.vouchers.assets import Links
from guerdon.families.vouchers.schemas import Voucher
from guerdon.families.vouchers.store import VoucherRow
from guerdon.http.call import Call


async def vouchers(call: Call[Any], rows: Sequence[VoucherRow]) -> list[Voucher]:
    links = Links(call.runtime, call.project_id)
    found = await beside.of(call.db, call.project_id, rows)
    return [views.voucher(row, links, found) for row in rows]


async def voucher(call: Call[Any], row: VoucherRow) -> Voucher:
    (shown,) = await vouchers(call, [row])
    return shown
