"""A project's table and the statements that every table needs; what is particular is SQL in the family's store."""

from collections.abc import Callable, Collection, Sequence
from operator import itemgetter
from typing import Any, Generic, TypeVar

import msgspec

from guerdon.db.transaction import Transaction

R = TypeVar("R", bound=msgspec.Struct)
# The ids of a statement as rows: each is one look-up by the key, whatever the planner believes of the table.
WANTED = "unnest(array_fill($1::text, ARRAY[cardinality($2::text[])]), $2::text[]) AS wanted (project_id, id)"
_NEVER_NULL = {"created_at", "id"}


class Where:
    """Conditions of a list, each a constant text with one parameter; absent values add none."""

    def __init__(self) -> None:
        self.conditions: list[str] = []
        self.values: list[object] = []

    def add(self, condition: str, value: object) -> "Where":
        """`condition` holds `{}` where the parameter goes, such as `created_at > {}`."""
        if value is not None:
            self.values.append(value)
            self.conditions.append(condition.format(f"${len(self.values) + 1}"))
        return self

    def equal(self, **columns: object) -> "Where":
        for column, value in columns.items():
            self.add(f"{column} = {{}}", value)
        return self

    @property
    def sql(self) -> str:
        return "".join(f" AND {condition}" for condition in self.conditions)


class Order(msgspec.Struct, frozen=True):
    """How a list is sorted: a column, and which way; ids settle what is equal, and what is null comes last.

    An index on `(project_id, created_at DESC NULLS LAST, id DESC)` gives both ways: read backwards, it has the nulls,
    of which there are none, first.
    """

    column: str
    descending: bool = True

    @property
    def sql(self) -> str:
        if self.descending:
            return f"{self.column} DESC NULLS LAST, id DESC"
        nulls = "FIRST" if self.column in _NEVER_NULL else "LAST"
        return f"{self.column} ASC NULLS {nulls}, id ASC"


class Table(Generic[R]):
    """Rows of one kind, read into `row`, whose fields are the columns in order (without `project_id`)."""

    def __init__(self, name: str, row: type[R]) -> None:
        fields = row.__struct_fields__
        self.name = name
        self.row = row
        self._values: Callable[[Any], tuple[Any, ...]] = itemgetter(*fields)
        self.columns = ", ".join(fields)
        self.select = f"SELECT {self.columns} FROM {name} WHERE project_id = $1"  # noqa: S608
        places = ", ".join(f"${place}" for place in range(2, len(fields) + 2))
        self.insert_sql = f"INSERT INTO {name} (project_id, {self.columns}) VALUES ($1, {places})"  # noqa: S608
        one = f"SELECT {self.columns} FROM {name} WHERE project_id = wanted.project_id AND id = wanted.id LIMIT 1"  # noqa: S608
        self.several_sql = f"SELECT found.* FROM {WANTED}, LATERAL ({one}) found"  # noqa: S608
        self.hold_several_sql = f"SELECT found.* FROM {WANTED}, LATERAL ({one} FOR KEY SHARE) found"  # noqa: S608
        self.lock_several_sql = f"SELECT found.* FROM {WANTED}, LATERAL ({one} FOR UPDATE) found"  # noqa: S608
        self.update_sql = f"UPDATE {name} SET ({self.columns}) = ROW({places}) WHERE project_id = $1 AND id = $2"  # noqa: S608

    def read(self, values: Any) -> R:  # noqa: ANN401 - a record
        """A record of exactly the table's columns as a row."""
        return self.row(**values)

    def whole(self, record: Any) -> R:  # noqa: ANN401 - a record
        """A record of all that the database has of a row, also what only it needs."""
        return self.read(dict(zip(self.row.__struct_fields__, self._values(record), strict=True)))

    async def get(self, db: Transaction, project_id: str, **key: object) -> R | None:
        """The row whose columns equal the key, which must be unique."""
        where = Where().equal(**key)
        record = await db.row(self.select + where.sql, project_id, *where.values)
        return None if record is None else self.read(record)

    async def by_ids(self, db: Transaction, project_id: str, ids: Collection[str]) -> dict[str, R]:
        """Those that exist, by id."""
        records = await db.rows(f"{self.select} AND id = ANY($2)", project_id, sorted(ids)) if ids else []
        return {record["id"]: self.read(record) for record in records}

    async def lock(self, db: Transaction, project_id: str, row_id: str) -> R | None:
        """The row as it is now, held until the transaction ends, for a change that depends on what it holds."""
        record = await db.write_row(f"{self.select} AND id = $2 FOR UPDATE", project_id, row_id)
        return None if record is None else self.read(record)

    async def several(self, db: Transaction, project_id: str, ids: Collection[str]) -> list[R]:
        """The rows with these ids that exist, in the order of the ids."""
        records = await db.rows(self.several_sql, project_id, sorted(ids)) if ids else []
        return [self.read(record) for record in records]

    async def hold_several(self, db: Transaction, project_id: str, ids: Collection[str]) -> list[R]:
        """The same, and they cannot be deleted until the transaction ends."""
        records = await db.write(self.hold_several_sql, project_id, sorted(ids)) if ids else []
        return [self.read(record) for record in records]

    async def lock_several(self, db: Transaction, project_id: str, ids: Collection[str]) -> list[R]:
        """The same, and nobody else can change them either."""
        records = await db.write(self.lock_several_sql, project_id, sorted(ids)) if ids else []
        return [self.read(record) for record in records]

    async def all(self, db: Transaction, project_id: str, where: Where, order: Order) -> list[R]:
        records = await db.rows(f"{self.select}{where.sql} ORDER BY {order.sql}", project_id, *where.values)
        return [self.read(record) for record in records]

    async def some(self, db: Transaction, project_id: str, where: Where, order: Order, *, limit: int) -> list[R]:
        """The first rows of a list that goes on from a row instead of having pages."""
        sql = f"{self.select}{where.sql} ORDER BY {order.sql} LIMIT {limit:d}"
        return [self.read(record) for record in await db.rows(sql, project_id, *where.values)]

    async def insert(self, db: Transaction, project_id: str, row: R) -> None:
        await db.write(self.insert_sql, project_id, *msgspec.structs.astuple(row))

    def insert_later(self, db: Transaction, project_id: str, row: R) -> None:
        db.later(self.insert_sql, project_id, *msgspec.structs.astuple(row))

    def update_later(self, db: Transaction, project_id: str, row: R) -> None:
        """As `update`."""
        db.later(self.update_sql, project_id, *msgspec.structs.astuple(row))

    async def update(self, db: Transaction, project_id: str, row: R) -> None:
        """Replaces the row; the first field must be its id, and the caller must hold its lock."""
        await db.write(self.update_sql, project_id, *msgspec.structs.astuple(row))

    async def delete(self, db: Transaction, project_id: str, row_id: str) -> bool:
        sql = f"DELETE FROM {self.name} WHERE project_id = $1 AND id = $2 RETURNING id"  # noqa: S608
        return await db.write_row(sql, project_id, row_id) is not None

    async def page(
        self, db: Transaction, project_id: str, where: Where, order: Order, *, limit: int, offset: int
    ) -> tuple[list[R], int]:
        """The rows of one page, and how many there are in all."""
        rows = await db.rows(
            f"{self.select}{where.sql} ORDER BY {order.sql} LIMIT {limit:d} OFFSET {offset:d}",
            project_id,
            *where.values,
        )
        return [self.read(row) for row in rows], await self.count(db, project_id, where)

    async def count(self, db: Transaction, project_id: str, where: Where) -> int:
        sql = f"SELECT count(*) FROM {self.name} WHERE project_id = $1{where.sql}"  # noqa: S608
        return await db.value(sql, project_id, *where.values)

    async def insert_many(self, db: Transaction, project_id: str, rows: Sequence[R]) -> None:
        """Copies many rows in at once, in the open transaction."""
        connection = await db.connection()
        await connection.copy_records_to_table(
            self.name,
            records=((project_id, *msgspec.structs.astuple(row)) for row in rows),
            columns=["project_id", *self.row.__struct_fields__],
        )
