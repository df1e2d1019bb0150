"""Operations that make and change single codes."""

from typing import Annotated

import msgspec
from msgspec import Meta

from guerdon.families.async_actions import store as async_actions
from guerdon.families.async_actions.routes import Accepted
from guerdon.families.campaigns import define
from guerdon.families.campaigns.routes import load as load_campaign
from guerdon.families.campaigns.store import CampaignRow
from guerdon.families.codes import change, create, imports
from guerdon.families.codes.jobs import UPDATE
from guerdon.families.codes.schemas import CodesMetadata, CodeUpdate, ImportedVoucher, NewVoucher, VoucherPatch
from guerdon.families.vouchers.routes import load
from guerdon.families.vouchers.schemas import Voucher
from guerdon.families.vouchers.shown import voucher
from guerdon.families.vouchers.store import VoucherRow
from guerdon.http import csv_rows
from guerdon.http.call import Call
from guerdon.http.routing import Param, Route, Upload, Uploaded


class DeleteQuery(msgspec.Struct):
    """`force` destroys for good instead of moving to the bin."""

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
    await change.delete(call.work, row, force=call.query.force)


async def import_vouchers(call: Call[list[ImportedVoucher]]) -> Accepted:
    return Accepted(await imports.accept(call.work, call.body, None))


async def import_vouchers_from_csv(call: Call[Uploaded]) -> Accepted:
    """The field `webhooks_enable` sends the events of each code."""
    told = any(call.body.fields.get(name, "").lower() == "true" for name in ("webhooks_enable", "webhooks_enabled"))
    rows = csv_rows.read(call.body.content)
    return Accepted(await imports.accept_csv(call.work, rows, None, told=told))


async def import_campaign_vouchers(call: Call[list[ImportedVoucher]], campaign: CampaignRow) -> Accepted:
    _require_open(campaign)
    return Accepted(await imports.accept(call.work, call.body, campaign))


async def import_campaign_vouchers_from_csv(call: Call[Uploaded], campaign: CampaignRow) -> Accepted:
    _require_open(campaign)
    return Accepted(await imports.accept_csv(call.work, csv_rows.read(call.body.content), campaign, told=False))


def _require_open(campaign: CampaignRow) -> None:
    """Errors: invalid_campaign where there are no more codes."""
    define.require_codes(campaign)
    if campaign.type == "STANDALONE":
        raise define.invalid_campaign("You can not generate vouchers for STANDALONE type campaign.")


async def update_vouchers_in_bulk(call: Call[list[CodeUpdate]]) -> Accepted:
    rows = [msgspec.to_builtins(row) for row in call.body]
    return Accepted(await async_actions.begin(call.work, "VOUCHERS.BULK_UPDATE", UPDATE, rows, {}))


async def update_vouchers_metadata_in_bulk(call: Call[CodesMetadata]) -> Accepted:
    rows = [{"code": code, "metadata": call.body.metadata} for code in call.body.codes]
    return Accepted(await async_actions.begin(call.work, "VOUCHERS.METADATA_UPDATE", UPDATE, rows, {}))


async def _as_it_stands(_call: Call[object], text: str) -> str:
    return text


_PATH = "/v1/vouchers/{code}"
_ONE = (Param("voucher", load),)
_CAMPAIGN = (Param("campaign", load_campaign),)
_IMPORT = Annotated[list[ImportedVoucher], Meta(min_length=1)]
_BULK = Annotated[list[CodeUpdate], Meta(min_length=1)]
ROUTES = (
    Route("POST", "/v1/vouchers", create_voucher, body=NewVoucher, answer=Voucher),
    Route("POST", _PATH, create_voucher_with_code, (Param("voucher", _as_it_stands),), NewVoucher, answer=Voucher),
    Route("PUT", _PATH, update_voucher, _ONE, VoucherPatch, answer=Voucher),
    Route("DELETE", _PATH, delete_voucher, _ONE, query=DeleteQuery),
    Route("POST", "/v1/vouchers/import", import_vouchers, body=_IMPORT, answer=Accepted, status=202),
    Route("POST", "/v1/vouchers/importCSV", import_vouchers_from_csv, body=Upload, answer=Accepted, status=202),
    Route("POST", "/v1/vouchers/bulk/async", update_vouchers_in_bulk, body=_BULK, answer=Accepted, status=202),
    Route(
        "POST",
        "/v1/vouchers/metadata/async",
        update_vouchers_metadata_in_bulk,
        body=CodesMetadata,
        answer=Accepted,
        status=202,
    ),
    Route(
        "POST",
        "/v1/campaigns/{campaignId}/import",
        import_campaign_vouchers,
        _CAMPAIGN,
        _IMPORT,
        answer=Accepted,
        status=202,
    ),
    Route(
        "POST",
        "/v1/campaigns/{campaignId}/importCSV",
        import_campaign_vouchers_from_csv,
        _CAMPAIGN,
        Upload,
        answer=Accepted,
    ),
    Route("POST", f"{_PATH}/enable", enable_voucher, _ONE, answer=Voucher),
    Route("POST", f"{_PATH}/disable", disable_voucher, _ONE, answer=Voucher),
)
