"""The management API of a running installation, as the operators' commands call it."""

from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any, Self

import aiohttp
import msgspec
import typer

_TIMEOUT = aiohttp.ClientTimeout(total=60)  # longer than the feed lets wait

Url = Annotated[str | None, typer.Option(envvar="GUERDON_URL", help="Where the installation is reached.")]
ManagementId = Annotated[str | None, typer.Option(envvar="GUERDON_MANAGEMENT_ID", help="Id of a management key.")]
ManagementToken = Annotated[
    str | None, typer.Option(envvar="GUERDON_MANAGEMENT_TOKEN", help="Its token; better in the environment.")
]
ProjectId = Annotated[str | None, typer.Option("--project", envvar="GUERDON_PROJECT_ID", help="Id of the project.")]
KeysFile = Annotated[
    Path | None,
    typer.Option(envvar="GUERDON_BOOTSTRAP_FILE", help="The bootstrap file, for whatever of these is not given."),
]


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """Where an installation is, with what key, and for which project; the names are those of the bootstrap file."""

    base_url: str
    management_id: str
    management_token: str
    project_id: str


# How each is given.
_WAYS = {
    "base_url": "--url (GUERDON_URL)",
    "management_id": "--management-id (GUERDON_MANAGEMENT_ID)",
    "management_token": "--management-token (GUERDON_MANAGEMENT_TOKEN)",
    "project_id": "--project (GUERDON_PROJECT_ID)",
}


class RefusedError(Exception):
    """What the API said no with, in words."""


class BrokenError(Exception):
    """The installation answered, but could not do its work, as while its database is away."""


AWAY = (aiohttp.ClientError, TimeoutError, BrokenError)


class _Refusal(msgspec.Struct):
    message: str
    details: str = ""


def access(
    url: str | None, management_id: str | None, token: str | None, project: str | None, keys: Path | None
) -> Access:
    """What is given, and the rest from the file. Errors: typer.Exit, saying what is missing."""
    given = {"base_url": url, "management_id": management_id, "management_token": token, "project_id": project}
    try:
        from_file: dict[str, Any] = msgspec.json.decode(keys.read_bytes(), type=dict[str, Any]) if keys else {}
        known = from_file | {name: value for name, value in given.items() if value is not None}
        missing = [way for name, way in _WAYS.items() if name not in known]
        if not missing:
            return msgspec.convert(known, Access, strict=True)
        lacking = ", ".join(missing)
        typer.echo(f"guerdon: no access: {lacking} missing; a bootstrap file has them all (--keys)", err=True)
    except OSError as error:
        typer.echo(f"guerdon: {keys}: {error.strerror}", err=True)
    except msgspec.DecodeError as error:
        typer.echo(f"guerdon: no access: {keys}: {error}", err=True)
    raise typer.Exit(2)


class Remote:
    """Calls below one project. Errors: RefusedError, and those of AWAY when there is no answer, or none that counts."""

    def __init__(self, given: Access) -> None:
        self.project_id = given.project_id
        self._base = f"{given.base_url.rstrip('/')}/management/v1/projects/{given.project_id}"
        self._session = aiohttp.ClientSession(
            timeout=_TIMEOUT,
            headers={"x-management-id": given.management_id, "x-management-token": given.management_token},
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def get(self, path: str, **query: str | int | None) -> bytes:
        """The body of the answer; what is None is not asked for."""
        return await self._call("GET", path, {name: value for name, value in query.items() if value is not None})

    async def post(self, path: str, **body: object) -> bytes:
        """The body of the answer; what is None is not sent."""
        return await self._call("POST", path, {}, {name: value for name, value in body.items() if value is not None})

    async def _call(
        self, method: str, path: str, query: dict[str, str | int], body: dict[str, object] | None = None
    ) -> bytes:
        async with self._session.request(
            method, self._base + path, params=query, json=body or None, allow_redirects=False
        ) as answer:
            content = await answer.read()
            if not answer.ok:
                kind = BrokenError if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR else RefusedError
                raise kind(_words(answer.status, content))
            return content


def _words(status: int, content: bytes) -> str:
    try:
        refusal = msgspec.json.decode(content, type=_Refusal)
    except msgspec.DecodeError:
        return f"the installation answered {status}"
    return f"{refusal.message}: {refusal.details}" if refusal.details else refusal.message
