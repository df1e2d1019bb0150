"""Who calls: pairs of an id and a token, of which the database only knows the token's hash."""

import hashlib
import hmac
import time
from collections.abc import Awaitable, Callable

import msgspec

from guerdon.db.transaction import Transaction
from guerdon.errors import unauthorized
from guerdon.http.routing import Scope
from guerdon.tenant import Actor, Project, key_actor

_CACHED_S = 5.0
_CHANNELS = {Scope.SERVER: "API", Scope.CLIENT: "CLIENT_API", Scope.MANAGEMENT: "API"}
HEADERS = {
    Scope.SERVER: (b"x-app-id", b"x-app-token"),
    Scope.CLIENT: (b"x-client-application-id", b"x-client-token"),
    Scope.MANAGEMENT: (b"x-management-id", b"x-management-token"),
}


class ApiKey(msgspec.Struct, frozen=True):
    """A key and the project it opens; a management key opens none by itself."""

    app_id: str
    kind: str
    name: str
    token_sha256: bytes
    project: Project | None

    def actor(self, scope: Scope) -> Actor:
        return key_actor(_CHANNELS[scope], self.name, self.app_id)


class Caller(msgspec.Struct, frozen=True):
    """An authenticated caller."""

    key: ApiKey
    actor: Actor


FindKey = Callable[[Transaction, str], Awaitable[ApiKey | None]]


def hash_token(token: bytes) -> bytes:
    """What is stored of a token. Tokens are long and random, so a plain hash cannot be reversed."""
    return hashlib.sha256(token).digest()


class KeyRing:
    """Authenticates callers, and remembers the keys of live projects for some seconds.

    Keys of sandbox projects are always looked up, because their project's clock may have been moved by another process.
    """

    def __init__(self, find: FindKey) -> None:
        self._find = find
        self._known: dict[str, tuple[float, Caller]] = {}

    def forget(self) -> None:
        """To be called when projects or keys have changed."""
        self._known.clear()

    async def authenticate(self, db: Transaction, scope: Scope, app_id: bytes | None, token: bytes | None) -> Caller:
        """Errors: unauthorized, whatever of it is missing or wrong."""
        if not app_id or not token or b"\x00" in app_id:
            raise unauthorized()
        caller = await self._caller(db, scope, app_id.decode("latin-1"))
        if caller is None or not hmac.compare_digest(caller.key.token_sha256, hash_token(token)):
            raise unauthorized()
        return caller

    async def _caller(self, db: Transaction, scope: Scope, app_id: str) -> Caller | None:
        found_at, caller = self._known.get(app_id, (0.0, None))
        if caller is None or time.monotonic() - found_at > _CACHED_S:
            key = await self._find(db, app_id)
            if key is None:
                return None
            caller = Caller(key, key.actor(Scope(key.kind)))
            if key.project is None or not key.project.is_sandbox:
                self._known[app_id] = (time.monotonic(), caller)
        return caller if caller.key.kind == scope.value else None
