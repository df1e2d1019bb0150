"""Connections to PostgreSQL: a small pool of raw asyncpg, with JSON spoken by msgspec."""

from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol

import asyncpg
import msgspec

# What a statement met when the server went away, was not there yet, or is being replaced: worth trying again later.
UNREACHABLE = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
)
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


class Pool(Protocol):
    """The part of an asyncpg pool that we use, typed."""

    async def acquire(self) -> Connection: ...
    async def release(self, connection: Connection) -> None: ...
    async def close(self) -> None: ...
    def terminate(self) -> None: ...


async def _no_reset(_connection: object) -> None:
    """Our statements leave no session state behind, and the default reset query costs a quarter of the throughput."""


def _encode_jsonb(value: object) -> bytes:
    return _JSONB_VERSION + msgspec.json.encode(value)


def _decode_jsonb(data: bytes) -> Any:  # noqa: ANN401
    return msgspec.json.decode(data[1:])


async def _prepare(connection: Any) -> None:  # noqa: ANN401 - asyncpg's own type knows too little of its arguments
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", format="binary", encoder=_encode_jsonb, decoder=_decode_jsonb
    )


async def open_pool(url: str, *, size: int) -> Pool:
    """A pool of at most `size` connections. Errors: UNREACHABLE."""
    create_pool: Any = asyncpg.create_pool  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    pool: Pool = await create_pool(
        url,
        min_size=1,
        max_size=size,
        max_inactive_connection_lifetime=0,
        statement_cache_size=_STATEMENTS,
        max_cached_statement_lifetime=0,
        init=_prepare,
        reset=_no_reset,
        server_settings={"application_name": "guerdon", "timezone": "UTC", **_PLANS},
    )
    return pool


async def connect(url: str) -> Connection:
    """One connection of its own, for listening and for migrations. Errors: UNREACHABLE."""
    make: Any = asyncpg.connect  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    connection: Connection = await make(url, server_settings={"application_name": "guerdon", "timezone": "UTC"})
    await _prepare(connection)
    return connection


@asynccontextmanager
async def acquired(pool: Pool) -> AsyncGenerator[Connection]:
    """A connection of the pool for a block."""
    connection = await pool.acquire()
    try:
        yield connection
    finally:
        await pool.release(connection)


@asynccontextmanager
async def transaction(pool: Pool) -> AsyncGenerator[Connection]:
    """A connection of the pool with a transaction around the block."""
    async with acquired(pool) as connection, connection.transaction():
        yield connection
