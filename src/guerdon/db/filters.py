"""Filters in SQL: a condition that every row of a filter meets, and often no other.

What SQL could only tell by doing all over again what `engine/conditions.py` does with values of any kind is left out;
the condition is then not exact, and those that meet it must be asked again in memory.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from enum import Enum, auto
from typing import Any

import msgspec

from guerdon.db.table import Table, Where
from guerdon.db.transaction import Transaction
from guerdon.engine.filters import Filter, OnField
from guerdon.engine.moment import Moment, local_date, local_day, read_when
from guerdon.engine.values import elements, one_of, read_number, read_text


class Kind(Enum):
    """What a field's values are. Everything but JSON is of one type, or null."""

    TEXT = auto()
    NUMBER = auto()
    MOMENT = auto()
    DAY = auto()
    JSON = auto()


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """A field. `sql` has a `{}` for `name`, if there is a name; it is None where SQL cannot tell the value."""

    kind: Kind
    sql: str | None = None
    name: str | None = None


FindColumn = Callable[[str], Column]  # the field of a path; ValueError for what is none
_METADATA = "metadata."
_KEY = "NULLIF(metadata->{}::text, 'null')"
_PATH = """(
    SELECT NULLIF(coalesce(metadata->named.path, metadata#>string_to_array(named.path, '.')), 'null')
    FROM (SELECT {}::text AS path) AS named
)"""
_CANDIDATES = 1_000


class Fields:
    """The fields by which a list can be filtered, by path; all of them can be told in SQL.

    A name alone is that of a column. `others` are SQL whose value is JSON: truth values, arrays, parts of objects.
    """

    def __init__(
        self,
        what: str,
        *,
        texts: Mapping[str, str],
        numbers: Mapping[str, str] | None = None,
        moments: Mapping[str, str] | None = None,
        others: Mapping[str, str] | None = None,
        metadata: bool = True,
    ) -> None:
        self._what = what
        self._metadata = metadata
        by_kind = {Kind.TEXT: texts, Kind.NUMBER: numbers, Kind.MOMENT: moments, Kind.JSON: others}
        self._columns = {
            path: Column(kind=kind, sql=sql) for kind, named in by_kind.items() for path, sql in (named or {}).items()
        }

    def find(self, path: str) -> Column:
        """ValueError for what is no field of the list."""
        known = self._columns.get(path)
        if known is not None:
            return known
        key = path.removeprefix(_METADATA)
        if self._metadata and key and path != key:
            return Column(kind=Kind.JSON, sql=_PATH if "." in key else _KEY, name=key)
        raise ValueError(f".{path[:100]} is not a field of {self._what}")


def same(*names: str) -> dict[str, str]:
    """Fields that are called like their columns."""
    return {name: name for name in names}


class Sql(msgspec.Struct, frozen=True):
    """A piece of SQL; `{}` stands for each of its values, which are numbered when all of it is known."""

    text: str
    values: tuple[object, ...] = ()


class Condition(msgspec.Struct, frozen=True):
    """A condition. None stands for one that everybody meets; `exact` says that nobody else meets it."""

    sql: Sql | None
    exact: bool = True


UNKNOWN = Condition(None, exact=False)
NEVER = Condition(Sql("false"))
_NEGATED = {
    "$is_not": "$is",
    "$not_in": "$in",
    "$not_intersect": "$in",
    "$not_contain": "$contains",
    "$is_unknown": "$has_value",
}
_SIGNS = {
    "$less_than": "<",
    "$less_than_equal": "<=",
    "$less_than_or_equal": "<=",
    "$more_than": ">",
    "$greater_than": ">",
    "$more_than_equal": ">=",
    "$more_than_or_equal": ">=",
    "$greater_than_or_equal": ">=",
    "$after": ">",
    "$before": "<",
}
# Days between a value and today: which way, and how they compare to the operand.
_DAYS = {
    "$more_than_ago": ("ago", ">"),
    "$less_than_ago": ("ago", "<"),
    "$is_days_ago": ("ago", "="),
    "$more_than_future": ("ahead", ">"),
    "$less_than_future": ("ahead", "<"),
    "$is_days_in_future": ("ahead", "="),
}
_NEAR = {"$today": 0, "$tomorrow": 1, "$yesterday": -1}
_PARTS = {
    "$starts_with": "starts_with(?, ?)",
    "$ends_with": "(right(?, char_length(?)) = ?)",
    "$contains": "(strpos(?, ?) > 0)",
}


def narrow(where: Where, wanted: Filter, moment: Moment, find: FindColumn) -> bool:
    """Adds the filter's condition to a list; False if the rows it leaves must be asked again in memory."""
    found = [_on_field(field, find(field.path), moment) for field in wanted.fields]
    known = [condition.sql for condition in found if condition.sql is not None]
    if known and (wanted.all_of_them or len(known) == len(found)):
        whole = _joined(" AND " if wanted.all_of_them else " OR ", known)
        first = len(where.values) + 2  # $1 is the project
        where.conditions.append(whole.text.format(*(f"${first + place}" for place in range(len(whole.values)))))
        where.values.extend(whole.values)
    return all(condition.exact for condition in found)


async def narrow_list(
    db: Transaction, project_id: str, table: Table[Any], wanted: Filter, moment: Moment, fields: Fields, where: Where
) -> None:
    """Adds the filter to a list that is narrowed already; what SQL cannot tell is asked in memory, row by row.

    ValueError for a field that the list has not.
    """
    if narrow(where, wanted, moment, fields.find):
        return
    columns = [fields.find(field.path) for field in wanted.fields]
    names = [column.name for column in columns if column.name is not None]
    first = len(where.values) + 3
    places = iter(f"${place}" for place in range(first, first + len(names)))
    read = ", ".join(f"{(column.sql or '').format(*([next(places)] if column.name else []))}" for column in columns)
    sql = f"""
    SELECT id, {read} FROM {table.name} WHERE project_id = $1{where.sql} AND id > ${first - 1}
    ORDER BY id LIMIT {_CANDIDATES}
    """  # noqa: S608 - columns that the family names
    found: list[str] = []
    after = ""
    while True:
        rows = await db.rows(sql, project_id, *where.values, after, *names)
        for row_id, *values in (row.values() for row in rows):
            told = {field.path: value for field, value in zip(wanted.fields, values, strict=True)}
            if wanted.holds(told.__getitem__, moment):
                found.append(row_id)
        if len(rows) < _CANDIDATES:
            break
        after = rows[-1]["id"]
    where.add("id = ANY({}::text[])", found)


def _put(template: str, *parts: Sql) -> Sql:
    """The template with a part for each `?`."""
    pieces = template.split("?")
    text = "".join(piece + part.text for piece, part in zip(pieces, parts, strict=False)) + pieces[-1]
    return Sql(text, tuple(value for part in parts for value in part.values))


def _value(value: object, kind: str) -> Sql:
    return Sql(f"{{}}::{kind}", (value,))


def _joined(word: str, parts: Iterable[Sql]) -> Sql:
    found = list(parts)
    return _put(f"({word.join('?' for _ in found)})", *found)


def _on_field(field: OnField, known: Column, moment: Moment) -> Condition:
    """All conditions on one field."""
    if known.sql is None:
        return UNKNOWN
    sql = Sql(known.sql, () if known.name is None else (known.name,))
    found = [
        _condition(_Asked(known, sql, name, elements(operands), moment)) for name, operands in field.conditions.items()
    ]
    parts = [condition.sql for condition in found if condition.sql is not None]
    exact = all(condition.exact for condition in found)
    return Condition(_joined(" AND ", parts) if parts else None, exact)


class _Asked(msgspec.Struct, frozen=True):
    """One operator on one field, with its operands."""

    field: Column
    sql: Sql
    name: str
    operands: Sequence[object]
    moment: Moment


def _condition(asked: _Asked) -> Condition:
    """Never null: a missing value meets what forbids something, and nothing else."""
    opposite = _NEGATED.get(asked.name)
    if opposite is None:
        found = _positive(asked)
        return Condition(found.sql and _put("coalesce(?, false)", found.sql), found.exact)
    found = _positive(msgspec.structs.replace(asked, name=opposite))
    return Condition(_put("NOT coalesce(?, false)", found.sql)) if found.sql and found.exact else UNKNOWN


def _positive(asked: _Asked) -> Condition:
    if asked.name == "$has_value":
        return Condition(_put("(? IS NOT NULL)", asked.sql))
    return _BY_KIND[asked.field.kind](asked)


def _text(asked: _Asked) -> Condition:
    if asked.name in _PARTS:
        template = _PARTS[asked.name]
        texts = [_value(text, "text") for text in map(read_text, asked.operands) if text is not None]
        return _any(_put(template, asked.sql, *[text] * (template.count("?") - 1)) for text in texts)
    if asked.name in {"$is", "$in"} and all(isinstance(one, str) and read_when(one) is None for one in asked.operands):
        return Condition(_put("(? = ANY(?))", asked.sql, _value(list(asked.operands), "text[]")))
    return UNKNOWN


def _number(asked: _Asked) -> Condition:
    if asked.name in {"$is", "$in"}:
        wanted = one_of(asked.operands)
        numbers = list(wanted.numbers | wanted.written_numbers)
        return Condition(_put("(? = ANY(?))", asked.sql, _value(numbers, "numeric[]")))
    if asked.name in _SIGNS:
        limit = read_number(asked.operands[0])
        if limit is None:
            return NEVER
        return Condition(_put(f"(? {_SIGNS[asked.name]} ?)", asked.sql, _value(limit, "numeric")))
    return UNKNOWN


def _dated(asked: _Asked) -> Condition:
    """Moments compare with moments; everything else goes by days of the project's calendar."""
    day = asked.sql
    if asked.field.kind is Kind.MOMENT:
        day = _put("(? AT TIME ZONE ?)::date", asked.sql, _value(asked.moment.zone, "text"))
    if asked.name in _NEAR:
        return Condition(_put(f"(? - ? = {_NEAR[asked.name]})", day, _today(asked)))
    if asked.name in _DAYS:
        return _distance(asked, day, *_DAYS[asked.name])
    return _compared(asked, day) if asked.name in _SIGNS else UNKNOWN


def _compared(asked: _Asked, day: Sql) -> Condition:
    """A date with a number by its age in days."""
    sign, limit = _SIGNS[asked.name], asked.operands[0]
    if read_number(limit) is not None:
        return _distance(asked, day, "ago", sign)
    when = read_when(limit)
    if when is None:
        return UNKNOWN
    if asked.field.kind is Kind.MOMENT and isinstance(when, datetime):
        return Condition(_put(f"(? {sign} ?)", asked.sql, _value(when, "timestamptz")))
    return Condition(_put(f"(? {sign} ?)", day, _value(local_day(when, asked.moment.zone), "date")))


def _distance(asked: _Asked, day: Sql, way: str, sign: str) -> Condition:
    """So many days from today, today included."""
    number = read_number(asked.operands[0])
    if number is None:
        return UNKNOWN
    days = _put("(? - ?)", *((_today(asked), day) if way == "ago" else (day, _today(asked))))
    return Condition(_put(f"(? >= 0 AND ? {sign} ?)", days, days, _value(number, "numeric")))


def _today(asked: _Asked) -> Sql:
    return _value(local_date(asked.moment), "date")


def _json(asked: _Asked) -> Condition:
    """Values of any kind. A text is equal to itself, to the number that it writes, and to true or false."""
    if asked.name in {"$is", "$in"} and all(isinstance(one, str | bool) for one in asked.operands):
        if any(read_when(one) for one in asked.operands):
            return UNKNOWN
        wanted = [_value(value, "jsonb") for one in asked.operands for value in _equals(one)]
        return _any(_put("(? @> ?)", asked.sql, value) for value in wanted)
    limit = read_number(asked.operands[0]) if asked.name in _SIGNS and asked.operands else None
    if limit is None:
        return UNKNOWN
    template = f"CASE WHEN jsonb_typeof(?) = 'number' THEN (?)::numeric {_SIGNS[asked.name]} ? ELSE ? IS NOT NULL END"
    whole = _put(template, asked.sql, asked.sql, _value(limit, "numeric"), asked.sql)
    return Condition(whole, exact=False)  # a text may write a number, and an array have one


def _equals(operand: object) -> list[object]:
    if isinstance(operand, bool):
        return [operand, "true" if operand else "false"]
    number = read_number(operand)
    written: list[object] = [] if number is None else [msgspec.Raw(format(number, "f").encode())]
    return [operand, *written, *({"true": [True], "false": [False]}.get(str(operand), []))]


def _any(conditions: Iterable[Sql]) -> Condition:
    found = list(conditions)
    return Condition(_joined(" OR ", found)) if found else NEVER


_BY_KIND: Mapping[Kind, Callable[[_Asked], Condition]] = {
    Kind.TEXT: _text,
    Kind.NUMBER: _number,
    Kind.MOMENT: _dated,
    Kind.DAY: _dated,
    Kind.JSON: _json,
}
