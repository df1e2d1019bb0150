"""Reads request bodies: JSON into the type that the operation names, or one uploaded file, of at most ten megabytes."""

from collections.abc import Mapping
from typing import Any

from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.types import Message, Receive, Scope

from guerdon.errors import ApiError, invalid_payload
from guerdon.http import wire
from guerdon.http.routing import Route, Upload, Uploaded

JSON = "application/json"
_MULTIPART = "multipart/form-data"
_DIGITS = len(str(wire.MAX_BODY_BYTES))


class TooLarge(ApiError):  # noqa: N818 - a refusal like the others, whose documented body has a form of its own
    """A body over the limit."""

    def __init__(self) -> None:
        super().__init__(
            413, "query_too_large", f"Payload content length greater than maximum allowed: {wire.MAX_BODY_BYTES}"
        )


async def read_body(scope: Scope, receive: Receive, headers: Mapping[bytes, bytes], route: Route) -> Any:  # noqa: ANN401
    """The body as the operation wants it. Errors: invalid_payload, 413, 415."""
    if route.body is None:
        return None
    kind = headers.get(b"content-type", JSON.encode()).decode("latin-1").partition(";")[0].strip().lower()
    wanted = _MULTIPART if route.body is Upload else JSON
    if kind != wanted and not (wanted == JSON and kind.endswith("+json")):
        raise ApiError(415, "unsupported_media_type", "Unsupported Media Type", f"Content-Type must be {wanted}")
    size = headers.get(b"content-length", b"").lstrip(b"0")  # Python reads no number of thousands of digits
    if size and (len(size) > _DIGITS or int(size) > wire.MAX_BODY_BYTES):
        raise TooLarge
    if route.body is Upload:
        return await _read_file(scope, receive)
    return wire.read_json(await _read_bytes(receive), route.body)


async def _read_bytes(receive: Receive) -> bytes:
    receive = _limited(receive)
    message = await receive()
    content: bytes = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        content += message.get("body", b"")
    return content


async def _read_file(scope: Scope, receive: Receive) -> Uploaded:
    try:
        async with Request(scope, _limited(receive)).form(max_files=1) as form:
            file = form.get("file")
            if file is None or isinstance(file, str):
                raise invalid_payload("Payload should have required property 'file'")
            fields = {name: value for name, value in form.items() if isinstance(value, str)}
            return Uploaded(await file.read(), fields)
    except MultiPartException as error:
        raise invalid_payload(error.message) from None


def _limited(receive: Receive) -> Receive:
    """The same request, refused as soon as more of it comes than a body may have."""
    size = 0

    async def limited() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > wire.MAX_BODY_BYTES:
            raise TooLarge
        return message

    return limited
