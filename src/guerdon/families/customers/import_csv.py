"""Reads a CSV of customers: known columns by name, whatever else there is as metadata (LOYALTY.md §19)."""

from typing import Any

import msgspec

from guerdon.clock import Day
from guerdon.http import csv_rows

_COLUMNS = {name: name for name in ("id", "source_id", "name", "email", "phone", "birthdate", "description")}
_ADDRESS = {
    "address_line_1": "line_1",
    "address_line_2": "line_2",
    "address_postal_code": "postal_code",
    "address_city": "city",
    "address_state": "state",
    "address_country": "country",
    "postal_code": "postal_code",
    "city": "city",
    "state": "state",
    "country": "country",
}


class Parsed(msgspec.Struct):
    """Rows as customers, and the rows that cannot be one, with the reason."""

    rows: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []


def parse(content: bytes) -> Parsed:
    """Errors: invalid_payload for a file that is not UTF-8 text with a line of headers."""
    parsed = Parsed()
    for number, cells in enumerate(csv_rows.read(content), start=1):
        _row(parsed, number, cells)
    return parsed


def _row(parsed: Parsed, number: int, cells: dict[str, str]) -> None:
    customer: dict[str, Any] = {"metadata": {}}
    address: dict[str, str] = {}
    for header, cell in cells.items():
        key = header.lower()
        if key in _COLUMNS:
            customer[_COLUMNS[key]] = cell or None
        elif key in _ADDRESS:
            address[_ADDRESS[key]] = cell
        elif header and cell:
            customer["metadata"][header] = cell
    if address:
        customer["address"] = address
    problem = _problem(customer)
    if problem:
        parsed.failed.append({"source_id": customer.get("source_id") or "", "row": number, "reason": problem})
    else:
        parsed.rows.append(customer)


def _problem(customer: dict[str, Any]) -> str | None:
    if not any(value for name, value in customer.items() if name != "metadata"):
        return "row is empty"
    if customer.get("birthdate"):
        try:
            Day.parse(customer["birthdate"])
        except ValueError as error:
            return f"birthdate: {error} (actual value is '{customer['birthdate']}')"
    return None
