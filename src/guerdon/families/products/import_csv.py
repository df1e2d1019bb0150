"""Reads rows of a CSV as products and variants: known columns by name, whatever else there is as metadata."""

import ast
from collections.abc import Collection
from typing import Any, cast

from guerdon.errors import invalid_payload
from guerdon.http.csv_rows import Cells

_PRODUCT = frozenset({"name", "source_id", "price", "attributes", "image_url"})
_SKU = frozenset({"product_id", "sku", "source_id", "price", "currency", "attributes", "image_url"})

_MOST_DIGITS = 18
_LONGEST = 10_000


def product(cells: Cells) -> dict[str, Any]:
    """The product as a request has it. Errors: invalid_payload."""
    row = _row(cells, _PRODUCT)
    if not row.get("name"):
        raise invalid_payload("name is required")
    if "attributes" in row:
        row["attributes"] = [name.strip() for name in row["attributes"].split(",") if name.strip()]
    return row


def sku(cells: Cells) -> dict[str, Any]:
    """The variant as a request has it, with its product in `product_id`. Errors: invalid_payload."""
    row = _row(cells, _SKU)
    for name in ("product_id", "source_id"):
        if not row.get(name):
            raise invalid_payload(f"{name} is required")
    if "attributes" in row:
        row["attributes"] = _object(row["attributes"])
    return row


def named(cells: Cells, name: str) -> str:
    """A cell by its column, however that is capitalised."""
    return next((text for header, text in cells.items() if header.lower() == name), "")


def _row(cells: Cells, known: Collection[str]) -> dict[str, Any]:
    """What is filled in; the price is in minor units."""
    row: dict[str, Any] = {header.lower(): text for header, text in cells.items() if text and header.lower() in known}
    row["metadata"] = {name: text for name, text in cells.items() if name and text and name.lower() not in known}
    if "price" in row:
        if not row["price"].isdecimal() or len(row["price"]) > _MOST_DIGITS:
            raise invalid_payload(f"price: must be a whole number of minor units (actual value is '{row['price']}')")
        row["price"] = int(row["price"])
    return row


def _object(text: str) -> dict[str, str]:
    """An object as it is written in a cell: `{'color':'blue'}`."""
    try:
        found = ast.literal_eval(text) if len(text) <= _LONGEST else None
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        found = None
    if not isinstance(found, dict):
        raise invalid_payload(f"attributes: must be an object (actual value is '{text[:100]}')")
    return {str(key): str(value) for key, value in cast("dict[object, object]", found).items()}
