"""Links to the pictures of a code: signed, so that nobody can guess them and nothing has to be stored for them."""

import base64
import hashlib
import hmac

import msgspec

from guerdon.events.work import Runtime
from guerdon.families.vouchers.schemas import Asset, Assets

QR = "qr"
BARCODE = "barcode"
_MAC_BYTES = 16


class Links(msgspec.Struct, frozen=True):
    """Makes the links of one project's vouchers."""

    runtime: Runtime
    project_id: str

    def of(self, voucher_id: str) -> Assets:
        return Assets(self._asset(QR, voucher_id), self._asset(BARCODE, voucher_id))

    def _asset(self, kind: str, voucher_id: str) -> Asset:
        asset_id = f"{self.project_id}.{voucher_id}.{_mac(self.runtime, kind, self.project_id, voucher_id)}"
        return Asset(asset_id, f"{self.runtime.base_url}/v1/assets/{kind}/{asset_id}")


def opened(runtime: Runtime, kind: str, asset_id: str) -> tuple[str, str] | None:
    """The project and voucher that an asset id names; None if we did not make it."""
    project_id, _, rest = asset_id.partition(".")
    voucher_id, _, mac = rest.partition(".")
    expected = _mac(runtime, kind, project_id, voucher_id)
    return (project_id, voucher_id) if hmac.compare_digest(expected.encode(), mac.encode()) else None


def _mac(runtime: Runtime, kind: str, project_id: str, voucher_id: str) -> str:
    message = f"{kind}.{project_id}.{voucher_id}".encode()
    digest = hmac.digest(runtime.asset_secret.encode(), message, hashlib.sha256)
    return base64.urlsafe_b64encode(digest[:_MAC_BYTES]).decode().rstrip("=")
