"""Connections to PostgreSQL: raw asyncpg in a small pool, with JSON spoken by msgspec."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol

import asyncpg
import msgspec

# What a statement met when the server went away, was not there yet, or is being replaced: worth trying again later.
UNREACHABLE = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what a connection says that was told of the server's end while it was idle
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
)
# What cannot get better by waiting, either: the database is there and does not let us in.
UNUSABLE = (*UNREACHABLE, asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError)
# What a transaction met that could not go on beside another: worth trying again at once.
# A value that fits its JSON type but no column or index: too large, too early, too deep, too long.
OUT_OF_RANGE = (asyncpg.DataError, asyncpg.ProgramLimitExceededError)
CONFLICT = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError, asyncpg.UniqueViolationError)
_STATEMENTS = 1_000  # prepared statements kept per connection; ours are a fixed, smaller number
# Our statements find few rows through an index, and are run a million times. The plan for that must not depend on how
# fresh the statistics are: a new partition looks empty, and a hash join with a scan of it looks cheap until it is not.
_PLANS = {
    "plan_cache_mode": "force_generic_plan",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_seqscan": "off",
    "jit": "off",
}
_JSONB_VERSION = b"\x01"


class Record(Protocol):
    """One row: by name, by position, or all its values."""

    def __getitem__(self, key: Any) -> Any: ...  # noqa: ANN401 - columns have the types of the schema
    def keys(self) -> Iterable[str]: ...
    def values(self) -> Iterable[Any]: ...
    def items(self) -> Iterable[tuple[str, Any]]: ...


class Connection(Protocol):
    """The part of an asyncpg connection that we use, typed."""

    async def execute(self, query: str, *args: object) -> str: ...
    async def fetch(self, query: str, *args: object) -> list[Record]: ...
    async def fetchrow(self, query: str, *args: object) -> Record | None: ...
    async def fetchval(self, query: str, *args: object) -> Any: ...  # noqa: ANN401
    async def copy_records_to_table(
        self, table_name: str, *, records: Iterable[tuple[object, ...]], columns: Iterable[str]
    ) -> str: ...
    async def add_listener(self, channel: str, callback: Callable[..., None]) -> None: ...
    async def close(self, *, timeout: float | None = None) -> None: ...  # noqa: ASYNC109
    def transaction(self) -> AbstractAsyncContextManager[object]: ...
    def is_closed(self) -> bool: ...
    def is_in_transaction(self) -> bool: ...
    def terminate(self) -> None: ...


class Pool:
    """Connections of one process, at most `size`, made when they are needed and used again, the latest first.

    Our own, because the driver's pool wraps every call and starts a task for every release, which together cost as much
    as a statement. Statements here leave no session state behind, so there is nothing to reset.
    """

    def __init__(self, url: str, size: int) -> None:
        self._url = url
        self._size = size
        self._made = 0
        self.connected = 0  # how many connections there have ever been
        self._idle: list[Connection] = []
        self._waiting: deque[asyncio.Future[Connection | None]] = deque()

    async def acquire(self) -> Connection:
        """A connection, after a wait if all are in use. Errors: UNREACHABLE."""
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
            self._made -= 1
        if self._made >= self._size:
            given = await self._wait()
            if given is not None:
                return given
        self._made += 1
        try:
            connection = await connect(self._url, _PLANS)
        except BaseException:
            self._made -= 1
            self._invite()
            raise
        self.connected += 1
        return connection

    def release(self, connection: Connection, error: BaseException | None = None) -> None:
        """Takes a connection back, after `error` if there was one; it is thrown away unless it is surely usable."""
        broken = isinstance(error, (asyncio.CancelledError, *UNREACHABLE))
        if broken or connection.is_closed() or connection.is_in_transaction():
            connection.terminate()
            self._made -= 1
            self._invite()
            return
        while self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_result(connection)
                return
        self._idle.append(connection)

    async def close(self) -> None:
        """Closes what is idle; what is in use must have been released before."""
        while self._idle:
            with contextlib.suppress(*UNREACHABLE, TimeoutError):
                await self._idle.pop().close(timeout=5)

    async def _wait(self) -> Connection | None:
        """A connection that is released, or None as the invitation to make one."""
        future: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        try:
            return await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():  # it was served in the same moment
                given = future.result()
                if given is None:
                    self._invite()
                else:
                    self.release(given)
            raise

    def _invite(self) -> None:
        """Tells one that waits that it may make a connection now."""
        while self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_result(None)
                return


def _encode_jsonb(value: object) -> bytes:
    return _JSONB_VERSION + msgspec.json.encode(value)


def _decode_jsonb(data: bytes) -> Any:  # noqa: ANN401
    return msgspec.json.decode(data[1:])


async def _prepare(connection: Any) -> None:  # noqa: ANN401 - asyncpg's own type knows too little of its arguments
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", format="binary", encoder=_encode_jsonb, decoder=_decode_jsonb
    )


async def connect(url: str, settings: Mapping[str, str] | None = None) -> Connection:
    """One connection. Errors: UNREACHABLE."""
    make: Any = asyncpg.connect  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    connection: Connection = await make(
        url,
        statement_cache_size=_STATEMENTS,
        max_cached_statement_lifetime=0,
        server_settings={"application_name": "guerdon", "timezone": "UTC", **(settings or {})},
    )
    try:
        await _prepare(connection)
    except BaseException:
        connection.terminate()
        raise
    return connection


@asynccontextmanager
async def acquired(pool: Pool) -> AsyncGenerator[Connection]:
    """A connection of the pool for a block."""
    connection = await pool.acquire()
    try:
        yield connection
    except BaseException as error:
        pool.release(connection, error)
        raise
    pool.release(connection)
