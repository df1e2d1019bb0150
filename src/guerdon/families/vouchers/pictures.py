"""Draws codes as QR codes and bar codes (Code 128), in PNG or SVG."""

import asyncio
import io
from typing import Any, Literal

import segno
from barcode.codex import Code128
from barcode.writer import ImageWriter, SVGWriter

from guerdon.families.vouchers.assets import QR
from guerdon.http.routing import Content

Format = Literal["png", "svg"]
_MEDIA_TYPES: dict[Format, str] = {"png": "image/png", "svg": "image/svg+xml"}
_PIXELS_PER_MODULE = 8


def can_be_barcode(code: str) -> bool:
    """Code 128 has the characters of ASCII."""
    return code.isascii()


async def draw(kind: str, code: str, wanted: Format) -> Content:
    """The picture. Drawing takes milliseconds, so it is done beside the event loop."""
    drawn = await asyncio.to_thread(_qr if kind == QR else _barcode, code, wanted)
    return Content(drawn, _MEDIA_TYPES[wanted])


def _qr(code: str, wanted: Format) -> bytes:
    out = io.BytesIO()
    segno.make_qr(code).save(out, kind=wanted, scale=_PIXELS_PER_MODULE)
    return out.getvalue()


def _barcode(code: str, wanted: Format) -> bytes:
    out = io.BytesIO()
    writer: Any = ImageWriter() if wanted == "png" else SVGWriter()
    picture: Any = Code128(code, writer)
    picture.write(out)
    return out.getvalue()
