"""The operation that ends a lock."""

from guerdon.errors import not_found
from guerdon.families.sessions import store
from guerdon.families.vouchers.routes import load
from guerdon.families.vouchers.store import VOUCHERS, VoucherRow
from guerdon.http.call import Call
from guerdon.http.routing import Param, Route


async def release_session(call: Call[None], voucher: VoucherRow, key: str) -> None:
    """What the session has locked of the voucher is free again. Errors: not_found for a session that has nothing."""
    await VOUCHERS.lock(call.db, call.project_id, voucher.id)
    if not await store.release(call.work, [voucher.id], key):
        raise not_found("session", key)
    await store.count_release(call.work, [voucher.id])


async def _load_key(_call: Call[object], key: str, _voucher: VoucherRow) -> str:
    return key


_SESSION = (Param("voucher", load), Param("session", _load_key))
ROUTES = (Route("DELETE", "/v1/vouchers/{code}/sessions/{sessionKey}", release_session, _SESSION),)
