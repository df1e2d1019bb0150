"""Operations on vouchers, and the pictures of their codes."""

import msgspec

from guerdon.db.table import Order
from guerdon.families.categories.store import OF_CATEGORY
from guerdon.families.customers import store as customers
from guerdon.families.vouchers import assets, pictures, shown, store
from guerdon.families.vouchers.schemas import Voucher, VouchersList
from guerdon.families.vouchers.store import VoucherRow
from guerdon.http import filters
from guerdon.http.call import Call
from guerdon.http.paging import CreatedQuery, Filters
from guerdon.http.routing import Content, Param, Route, Scope


class VouchersQuery(CreatedQuery, kw_only=True):
    """What a list of vouchers can be narrowed to; a campaign and a category go by name, a customer by either id."""

    sortable = ("created_at", "updated_at", "code")

    campaign: str | None = None
    campaign_id: str | None = None
    customer: str | None = None
    code: str | None = None
    category: str | None = None
    ids: list[str] | str | None = None
    filters: Filters = None

    @property
    def sorting(self) -> Order:
        found = super().sorting
        return Order("code_key", descending=found.descending) if found.column == "code" else found


class PictureQuery(msgspec.Struct):
    """In which form a picture is wanted."""

    format: pictures.Format = "png"


async def list_vouchers(call: Call[None]) -> VouchersList:
    query: VouchersQuery = call.query
    holder_id: str | None = None
    if query.customer is not None:
        customer = await customers.find(call.db, call.project_id, query.customer)
        if customer is None:
            return VouchersList([], 0)
        holder_id = customer.id
    where = (
        query.where()
        .equal(campaign_id=query.campaign_id, holder_id=holder_id)
        .add(OF_CATEGORY, query.category)
        .add("id = ANY({})", [query.ids] if isinstance(query.ids, str) else query.ids)
        .add(store.OF_CAMPAIGN_NAMED, query.campaign)
        .add("code_key = {}", query.code and store.key_of(call.work.project, query.code))
    )
    await filters.narrow(call, store.VOUCHERS, store.FIELDS, where)
    rows, total = await store.VOUCHERS.page(
        call.db, call.project_id, where, query.sorting, limit=query.limit, offset=query.offset
    )
    return VouchersList(await shown.vouchers(call, rows), total)


async def get_voucher(call: Call[None], row: VoucherRow) -> Voucher:
    return await shown.voucher(call, row)


async def get_qr(call: Call[None], row: VoucherRow) -> Content:
    """The code as a QR code; whoever has the link may see it."""
    query: PictureQuery = call.query
    return await pictures.draw(assets.QR, row.code, query.format)


async def get_barcode(call: Call[None], row: VoucherRow) -> Content:
    """The code as a bar code, if it has only characters that Code 128 has; whoever has the link may see it."""
    query: PictureQuery = call.query
    return await pictures.draw(assets.BARCODE, row.code, query.format)


async def load(call: Call[object], name: str) -> VoucherRow | None:
    """A voucher by code or id."""
    return await store.find(call.db, call.work.project, name)


async def _load_qr(call: Call[object], asset_id: str) -> VoucherRow | None:
    return await _opened(call, assets.QR, asset_id)


async def _load_barcode(call: Call[object], asset_id: str) -> VoucherRow | None:
    row = await _opened(call, assets.BARCODE, asset_id)
    return row if row and pictures.can_be_barcode(row.code) else None


async def _opened(call: Call[object], kind: str, asset_id: str) -> VoucherRow | None:
    named = assets.opened(call.runtime, kind, asset_id)
    return await store.VOUCHERS.get(call.db, named[0], id=named[1]) if named else None


ROUTES = (
    Route("GET", "/v1/vouchers", list_vouchers, query=VouchersQuery, answer=VouchersList),
    Route("GET", "/v1/vouchers/{code}", get_voucher, (Param("voucher", load),), answer=Voucher),
    Route(
        "GET",
        "/v1/assets/qr/{assetId}",
        get_qr,
        (Param("asset", _load_qr),),
        query=PictureQuery,
        answer=Content,
        scope=Scope.PUBLIC,
    ),
    Route(
        "GET",
        "/v1/assets/barcode/{assetId}",
        get_barcode,
        (Param("asset", _load_barcode),),
        query=PictureQuery,
        answer=Content,
        scope=Scope.PUBLIC,
    ),
)
