"""Operations that make and change single codes."""

import msgspec

from guerdon.families.codes import change, create
from guerdon.families.codes.schemas import NewVoucher, VoucherPatch
from guerdon.families.vouchers.routes import load
from guerdon.families.vouchers.schemas import Voucher
from guerdon.families.vouchers.shown import voucher
from guerdon.families.vouchers.store import VoucherRow
from guerdon.http.call import Call
from guerdon.http.routing import Param, Route


class DeleteQuery(msgspec.Struct):
    """`force` destroys at once instead of moving to the bin, which there is none of yet."""

    force: bool = False


async def create_voucher(call: Call[NewVoucher]) -> Voucher:
    return await voucher(call, await create.create(call.work, call.body, call.body.code))


async def create_voucher_with_code(call: Call[NewVoucher], code: str) -> Voucher:
    return await voucher(call, await create.create(call.work, call.body, code))


async def update_voucher(call: Call[VoucherPatch], row: VoucherRow) -> Voucher:
    return await voucher(call, await change.update(call.work, row, call.body))


async def enable_voucher(call: Call[None], row: VoucherRow) -> Voucher:
    return await voucher(call, await change.switch(call.work, row, active=True))


async def disable_voucher(call: Call[None], row: VoucherRow) -> Voucher:
    return await voucher(call, await change.switch(call.work, row, active=False))


async def delete_voucher(call: Call[None], row: VoucherRow) -> None:
    await change.delete(call.work, row)


async def _as_it_stands(_call: Call[object], text: str) -> str:
    return text


_PATH = "/v1/vouchers/{code}"
_ONE = (Param("voucher", load),)
ROUTES = (
    Route("POST", "/v1/vouchers", create_voucher, body=NewVoucher, answer=Voucher),
    Route("POST", _PATH, create_voucher_with_code, (Param("voucher", _as_it_stands),), NewVoucher, answer=Voucher),
    Route("PUT", _PATH, update_voucher, _ONE, VoucherPatch, answer=Voucher),
    Route("DELETE", _PATH, delete_voucher, _ONE, query=DeleteQuery),
    Route("POST", f"{_PATH}/enable", enable_voucher, _ONE, answer=Voucher),
    Route("POST", f"{_PATH}/disable", disable_voucher, _ONE, answer=Voucher),
)
