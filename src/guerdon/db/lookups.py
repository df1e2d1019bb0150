"""Parts of statements that look up rows of several tables at once, each row whole and found by a key.

A round trip costs more than all of its rows, so a decision's are read by one statement, an array for each table.
"""

from collections.abc import Sequence
from typing import Any

from guerdon.db.table import R, Table


def by_names(table: str, names: str) -> str:
    """The rows of the ids, or else source ids, in an array."""
    return f"""
    SELECT f.r FROM unnest({names}::text[]) AS n (name), LATERAL (
        SELECT t AS r FROM {table} t WHERE t.project_id = $1 AND t.id = n.name
        UNION ALL SELECT t FROM {table} t WHERE t.project_id = $1 AND t.source_id = n.name LIMIT 1
    ) f
    """


def by_ids(table: str, ids: str) -> str:
    """The rows of the ids that a query selects."""
    return f"""
    SELECT f.r FROM ({ids}) AS i (id), LATERAL (
        SELECT t AS r FROM {table} t WHERE t.project_id = $1 AND t.id = i.id LIMIT 1
    ) f
    """


def by_either(table: str, row_id: str, source_id: str) -> str:
    """The row of the id, or else, without an id, of the source id."""
    return f"""
    SELECT t FROM {table} t WHERE t.project_id = $1 AND t.id = {row_id}
    UNION ALL SELECT t FROM {table} t WHERE t.project_id = $1 AND {row_id} IS NULL AND t.source_id = {source_id}
    """


def by_columns(first: int, **columns: str | None) -> str:
    """More columns of a SELECT: an array for each of the tables, looked up by one column, if it is to be at all.

    The keys are parameters from number `first` on.
    """
    wanted = [(table, column) for table, column in columns.items() if column is not None]
    return "".join(
        f", ARRAY(SELECT t FROM {table} t WHERE t.project_id = $1 AND t.{column} = ${place}::text) AS {table}"
        for place, (table, column) in enumerate(wanted, first)
    )


def key_of(row_id: str | None, source_id: str | None) -> tuple[str, str] | None:
    """The column to look something up by, and what is in it; None if it has no name."""
    if row_id is not None:
        return "id", row_id
    return None if source_id is None else ("source_id", source_id)


def read_all(table: Table[R], records: Sequence[Any]) -> list[R]:
    return [table.whole(record) for record in records]


def read_first(table: Table[R], records: Sequence[Any]) -> R | None:
    return table.whole(records[0]) if records else None
