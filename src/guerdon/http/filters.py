"""Filters of lists in the query: `filters[price][conditions][$more_than][0]=100` and `filters[junction]=or`."""

import re
from collections.abc import Mapping
from typing import Any

from guerdon.db.filters import Fields, narrow_list
from guerdon.db.table import Table, Where
from guerdon.engine.conditions import OPERATORS
from guerdon.engine.filters import Filter, compile_filter
from guerdon.engine.moment import Moment
from guerdon.errors import ApiError, invalid_payload
from guerdon.http.call import Call

FILTERS = "filters"
_JUNCTION = "junction"
_NAME = re.compile(
    r"filters\[(?P<field>[^\[\]]+)\](\[conditions\]\[(?P<operator>[^\[\]]+)\](\[(?P<index>[0-9]{0,6})\])?)?"
)
_FORM = "filters[<field>][conditions][<operator>][<index>]=<value>"

Values = Mapping[str, str | list[str]]


def gathered(values: Values) -> dict[str, Any]:
    """The query with its filters as one object, under their own name. Errors: invalid_payload."""
    rest: dict[str, Any] = {name: value for name, value in values.items() if not name.startswith(FILTERS)}
    if len(rest) == len(values):
        return rest
    operands: dict[str, dict[str, list[tuple[int, str]]]] = {}
    found: dict[str, Any] = {}
    for name, value in values.items():
        if not name.startswith(FILTERS):
            continue
        match = _NAME.fullmatch(name)
        if match is None:
            raise _malformed(name)
        field, operator = match["field"], match["operator"]
        if operator is None:
            if field != _JUNCTION or isinstance(value, list):
                raise _malformed(name)
            found[_JUNCTION] = value
            continue
        if operator not in OPERATORS:
            raise _unknown(field, operator)
        given = [value] if isinstance(value, str) else value
        index = int(match["index"] or 0)
        operands.setdefault(field, {}).setdefault(operator, []).extend((index, text) for text in given)
    for field, conditions in operands.items():
        found[field] = {"conditions": {name: _in_order(texts) for name, texts in conditions.items()}}
    return {**rest, FILTERS: found}


async def narrow(call: Call[Any], table: Table[Any], fields: Fields, where: Where) -> Where:
    """Narrows the list to what passes the filters of the query. Errors: invalid_payload."""
    wanted = compiled(call)
    if wanted is not None:
        try:
            await narrow_list(call.db, call.project_id, table, wanted, moment(call), fields, where)
        except ValueError as error:
            raise invalid_payload(f"Property .filters{error}") from None
    return where


def compiled(call: Call[Any]) -> Filter | None:
    """The filters of the query, None without any. Errors: invalid_payload."""
    given: dict[str, Any] | None = call.query.filters
    if not given or given.keys() == {_JUNCTION}:
        return None
    try:
        return compile_filter(given)
    except ValueError as error:
        raise invalid_payload(f"Property .filters{error}") from None


def moment(call: Call[Any]) -> Moment:
    """Now, where the project is."""
    return Moment(call.work.now, call.work.project.timezone)


def _in_order(texts: list[tuple[int, str]]) -> list[str]:
    return [text for _, text in sorted(texts, key=lambda one: one[0])]


def _malformed(name: str) -> ApiError:
    return invalid_payload(f"Property .{name[:100]} must have the form {_FORM}")


def _unknown(field: str, operator: str) -> ApiError:
    allowed = ", ".join(OPERATORS)
    return invalid_payload(
        f"Property .filters.{field[:100]} has wrong operator '{operator[:50]}'. It must be one of: {allowed}"
    )
