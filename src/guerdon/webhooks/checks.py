"""What a caller may set on an endpoint: which URLs and which headers. Errors name the property."""

import re

from guerdon.errors import invalid_payload
from guerdon.webhooks.guard import parse_target
from guerdon.webhooks.prepare import (
    PREVIOUS_SIGNATURE_HEADER,
    SIGNATURE_HEADER,
    STANDARD_ID_HEADER,
    STANDARD_SIGNATURE_HEADER,
    STANDARD_TIMESTAMP_HEADER,
)

_HEADER_NAME = re.compile(r"[a-z0-9-]{1,100}")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e]{1,2000}")
_MOST_HEADERS = 50
_RESERVED = frozenset(
    {
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "expect",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        SIGNATURE_HEADER,
        PREVIOUS_SIGNATURE_HEADER,
        STANDARD_ID_HEADER,
        STANDARD_SIGNATURE_HEADER,
        STANDARD_TIMESTAMP_HEADER,
    }
)


def require_target_url(url: str, path: str = "target_url") -> None:
    """Errors: invalid_payload unless it is an absolute http(s) URL without credentials."""
    if parse_target(url) is None:
        raise invalid_payload(f"Property .{path} must be a valid http or https URL without credentials")


def require_headers(headers: dict[str, str], path: str = "headers") -> None:
    """Errors: invalid_payload for too many, for names that are malformed or reserved, and for empty values."""
    if len(headers) > _MOST_HEADERS:
        raise invalid_payload(f"Property .{path} must NOT have more than {_MOST_HEADERS} properties")
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name):
            raise invalid_payload(f"Property .{path} has the name '{name}': only a-z, 0-9 and the dash are allowed")
        if name in _RESERVED:
            raise invalid_payload(f"Property .{path} has the name '{name}', which is reserved")
        if not _HEADER_VALUE.fullmatch(value):
            raise invalid_payload(f"Property .{path}.{name} must be printable ASCII text and not empty")
