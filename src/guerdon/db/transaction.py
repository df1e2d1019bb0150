"""A transaction that begins with its first write: a read and one guarded write cost two round trips."""

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import lru_cache
from types import TracebackType
from typing import Any, Self

from guerdon.db.pool import UNREACHABLE, Connection, Pool, Record

_PLACE = re.compile(r"\$(\d+)")
_MOST_AT_ONCE = 12
_Later = tuple[str, tuple[object, ...], int | None]  # statement, arguments, the rows it must return
_FORGOTTEN = "writes were put off and never sent"


class Transaction:
    """One connection, taken at the first statement and given back at the end.

    Reads run alone until something is written; the first write begins. A workflow whose only write is one guarded
    statement sends it with `only()` and needs no BEGIN and COMMIT around it. Writes that nothing waits for are put off
    with `later()` and sent together, in one round trip, before the next statement; if they are all that is written,
    that round trip is the whole transaction. Leaving the block commits; an exception rolls back.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._connection: Connection | None = None
        self._wanted = False
        self._begun = False
        self._later: list[_Later] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        forgotten, self._later = bool(self._later) and error is None, []
        begun, self._begun, self._wanted = self._begun, False, False
        if self._connection is None:
            if forgotten:
                raise RuntimeError(_FORGOTTEN)
            return
        connection, self._connection = self._connection, None
        try:
            # A connection that was cancelled or lost is thrown away, which rolls back as well.
            if begun and not isinstance(error, (asyncio.CancelledError, *UNREACHABLE)):
                await connection.execute("ROLLBACK" if error or forgotten else "COMMIT")
        except BaseException as failure:
            error = failure
            raise
        finally:
            self._pool.release(connection, error)
        if forgotten:
            raise RuntimeError(_FORGOTTEN)

    @property
    def begun(self) -> bool:
        """Whether what is written from now on is in one transaction."""
        return self._wanted

    @property
    def untouched(self) -> bool:
        """Whether it has written nothing that is not committed: then it reads what everybody reads."""
        return not (self._wanted or self._later)

    async def connection(self) -> Connection:
        """The connection itself, with the transaction begun: for COPY and for statements in bulk."""
        self._wanted = True
        return await self._ready()

    async def row(self, sql: str, *args: object) -> Record | None:
        """Reads at most one row."""
        return await (await self._ready()).fetchrow(sql, *args)

    async def rows(self, sql: str, *args: object) -> list[Record]:
        """Reads rows."""
        return await (await self._ready()).fetch(sql, *args)

    async def value(self, sql: str, *args: object) -> Any:  # noqa: ANN401
        """Reads one value, None when there is no row."""
        return await (await self._ready()).fetchval(sql, *args)

    async def write(self, sql: str, *args: object) -> list[Record]:
        """Writes, in the transaction, and returns what RETURNING gives. Also for reads that lock rows."""
        self._wanted = True
        return await (await self._ready()).fetch(sql, *args)

    async def write_row(self, sql: str, *args: object) -> Record | None:
        """Writes and returns the first row of RETURNING; None means that the guard in WHERE did not hold."""
        self._wanted = True
        return await (await self._ready()).fetchrow(sql, *args)

    def later(self, sql: str, *args: object, rows: int | None = None) -> None:
        """Puts off a write whose result nobody needs; none of those put off together may touch what another touches.

        They see the database as it is when they are sent. `rows` is for a guarded write: how many rows it must return,
        or else the transaction ends with a serialization failure, as when somebody else was faster.
        """
        self._later.append((sql, args, rows))

    async def settle(self) -> None:
        """Sends what was put off, at the end: if nothing else was written, without BEGIN and COMMIT around it."""
        if not self._begun and 0 < len(self._later) <= _MOST_AT_ONCE:
            later, self._later = self._later, []
            await self._send(later)
        elif self._later:
            await self._ready()

    async def _send(self, later: list[_Later]) -> None:
        """As parts of one statement, which the database makes as if they were one write."""
        statement = _together(tuple((sql, len(args), rows) for sql, args, rows in later))
        values = [value for _, args, _ in later for value in args]
        await (await self._taken()).execute(statement, *values)

    async def take_turns(self, key: int) -> None:
        """Waits until no other transaction holds the turn of this number, and holds it until this one ends."""
        await self.write("SELECT pg_advisory_xact_lock($1::bigint)", key)

    async def only(self, sql: str, *args: object) -> list[Record]:
        """Writes with a statement that is the whole transaction, unless one has already begun."""
        return await (await self._ready()).fetch(sql, *args)

    async def begin(self) -> None:
        """Puts all that follows into one transaction: for a workflow that writes with `only()` more than once."""
        self._wanted = True

    def rest(self) -> None:
        """Gives the connection back before a long wait; the next statement takes one again.

        Errors: RuntimeError if the transaction has begun: there is no waiting in one.
        """
        if self._wanted:
            raise RuntimeError("a transaction that has begun cannot rest")
        if self._connection is not None:
            connection, self._connection = self._connection, None
            self._pool.release(connection)

    @asynccontextmanager
    async def savepoint(self) -> AsyncGenerator[None]:
        """Undoes what the block has written if it raises; what was written before it stays."""
        await self.write("SAVEPOINT here")
        try:
            yield
        except BaseException as error:
            self._later = []  # what was put off before was sent before the savepoint
            if not isinstance(error, (asyncio.CancelledError, *UNREACHABLE)):
                await self.write("ROLLBACK TO SAVEPOINT here")
            raise
        await self.write("RELEASE SAVEPOINT here")

    async def _ready(self) -> Connection:
        """The connection, once the transaction has begun that was asked for, and what was put off has been sent."""
        connection = await self._taken()
        if (self._wanted or self._later) and not self._begun:
            self._wanted = True
            await connection.execute("BEGIN")
            self._begun = True
        while self._later:
            later, self._later = self._later[:_MOST_AT_ONCE], self._later[_MOST_AT_ONCE:]
            await self._send(later)
        return connection

    async def _taken(self) -> Connection:
        if self._connection is None:
            self._connection = await self._pool.acquire()
        return self._connection


@lru_cache(maxsize=1_000)
def _together(statements: tuple[tuple[str, int, int | None], ...]) -> str:
    """Several statements as the parts of one, each with its own parameters and its number of rows.

    The parts stand in reverse, because PostgreSQL runs those that nobody reads from the last to the first: so locks are
    taken in the order in which the writes were put off.
    """
    if len(statements) == 1 and statements[0][2] is None:
        return statements[0][0]
    parts: list[str] = []
    guards: list[str] = []
    before = 0
    for number, (sql, count, rows) in enumerate(statements):
        moved = _PLACE.sub(lambda place, before=before: f"${int(place[1]) + before}", sql)
        parts.append(f"later_{number} AS ({moved})")
        if rows is not None:
            guards.append(f"require_rows((SELECT count(*) FROM later_{number}), {rows})")  # noqa: S608 - our own names
        before += count
    return f"WITH {', '.join(reversed(parts))} SELECT {', '.join(guards)}"
