"""Reads rows of a CSV as codes: known columns by name, whatever else there is as metadata (LOYALTY.md §19)."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from guerdon.errors import ApiError, refused
from guerdon.http.csv_rows import Cells

_COMMON = {
    "code": "code",
    "category": "category",
    "start_date": "start_date",
    "expiration_date": "expiration_date",
    "active": "active",
    "redeemed_quantity": "redeemed_quantity",
}
_BY_ITSELF = {
    **_COMMON,
    "voucher_type": "type",
    "value": "value",
    "discount_type": "discount_type",
    "redemption_limit": "limit",
    "redeemed_amount": "redeemed_amount",
    "additional_info": "additional_info",
}
_BY_TYPE: Mapping[str, Mapping[str, str]] = {
    "DISCOUNT_VOUCHER": _COMMON,
    "GIFT_VOUCHER": {**_COMMON, "gift_amount": "gift", "redeemed_amount": "redeemed_amount"},
    "LOYALTY_CARD": {**_COMMON, "loyalty_points": "points"},
}
_TYPES = {
    "DISCOUNT": "DISCOUNT_VOUCHER",
    "DISCOUNT_VOUCHER": "DISCOUNT_VOUCHER",
    "GIFT": "GIFT_VOUCHER",
    "GIFT_VOUCHER": "GIFT_VOUCHER",
}
_MINOR = 100
_MOST = Decimal(10) ** 15


def invalid(reason: str) -> ApiError:
    return refused("invalid_voucher", "Invalid Voucher", reason)


def of_campaign(cells: Cells, voucher_type: str) -> dict[str, Any]:
    """A code of a campaign whose codes are of this type, as a request has it. Errors: invalid_voucher."""
    found, row = _known(cells, _BY_TYPE[voucher_type])
    if "gift" in found:
        row["gift"] = {"amount": _cents(found, "gift", "Gift Amount")}
    if "points" in found:
        row["loyalty_card"] = {"points": _whole(found, "points", "Loyalty Points")}
    return row


def by_itself(cells: Cells) -> dict[str, Any]:
    """A code of no campaign. Errors: invalid_voucher."""
    found, row = _known(cells, _BY_ITSELF)
    if "type" not in found:
        raise invalid("Voucher Type is required")
    row["type"] = _TYPES.get(found["type"].strip().upper().replace(" ", "_"))
    if row["type"] is None:
        raise invalid(f"Voucher Type must be one of: {', '.join(_TYPES)} (actual value is '{found['type']}')")
    if "value" not in found:
        raise invalid("Value is required")
    if row["type"] == "GIFT_VOUCHER":
        row["gift"] = {"amount": _cents(found, "value", "Value")}
    else:
        row["discount"] = _discount(found)
    if "limit" in found:
        row["redemption"] = {"quantity": _whole(found, "limit", "Redemption Limit")}
    if "additional_info" in found:
        row["additional_info"] = found["additional_info"]
    return row


def _known(cells: Cells, columns: Mapping[str, str]) -> tuple[Cells, dict[str, Any]]:
    """The cells of known columns that are filled in, and the row with what all kinds of codes have."""
    found: Cells = {}
    row: dict[str, Any] = {"metadata": {}}
    for header, text in cells.items():
        name = columns.get(header.strip().lower().replace(" ", "_").rstrip("*"))
        if name and text:
            found[name] = text
        elif header and text:
            row["metadata"][header] = text
    row |= {name: found[name] for name in ("code", "category", "start_date", "expiration_date") if name in found}
    if "active" in found:
        if found["active"].lower() not in {"true", "false"}:
            raise invalid(f"Active must be TRUE or FALSE (actual value is '{found['active']}')")
        row["active"] = found["active"].lower() == "true"
    if "redeemed_quantity" in found:
        row["redeemed_quantity"] = _whole(found, "redeemed_quantity", "Redeemed Quantity")
    if "redeemed_amount" in found:
        row["redeemed_amount"] = _cents(found, "redeemed_amount", "Redeemed Amount")
    return found, row


def _discount(found: Cells) -> dict[str, Any]:
    kind = found.get("discount_type", "").upper()
    if kind == "AMOUNT":
        return {"type": kind, "amount_off": _cents(found, "value", "Value")}
    if kind == "FIXED":
        return {"type": kind, "fixed_amount": _cents(found, "value", "Value")}
    if kind == "PERCENT":
        return {"type": kind, "percent_off": float(_number(found, "value", "Value"))}
    raise invalid(f"Discount Type must be one of: AMOUNT, PERCENT, FIXED (actual value is '{kind}')")


def _cents(found: Cells, name: str, column: str) -> int:
    """An amount in major units, in cents."""
    cents = _number(found, name, column) * _MINOR
    if cents != int(cents):
        raise invalid(f"{column} must have at most two decimal places (actual value is '{found[name]}')")
    return int(cents)


def _whole(found: Cells, name: str, column: str) -> int:
    number = _number(found, name, column)
    if number != int(number):
        raise invalid(f"{column} must be a whole number (actual value is '{found[name]}')")
    return int(number)


def _number(found: Cells, name: str, column: str) -> Decimal:
    try:
        number = Decimal(found[name].strip())
    except InvalidOperation:
        number = Decimal(-1)
    if not number.is_finite() or not 0 <= number <= _MOST:
        raise invalid(f"{column} must be a number that is not negative (actual value is '{found[name][:100]}')")
    return number
