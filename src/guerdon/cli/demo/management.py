"""What the shop's administrator does, by plain HTTP: a project, a webhook and distributions.

The public client knows neither distributions nor all names of events.
"""

import http.client
from http import HTTPStatus
from typing import Any

import msgspec

from guerdon.families.projects.create import FirstStart

_TIMEOUT_S = 30.0


class RefusedError(Exception):
    """The management API refused a call; the message is its answer."""


class Key(msgspec.Struct, frozen=True):
    """What a program of the shop says to be let in."""

    app_id: str
    app_token: str


class Project(msgspec.Struct, frozen=True):
    """A new project: the key of its server side, and the secret that its deliveries are signed with."""

    id: str
    server_side_key: Key
    webhook_token: str


class Management:
    """The management API of an installation. Errors: RefusedError."""

    def __init__(self, keys: FirstStart) -> None:
        self._address = keys.base_url.removeprefix("http://")
        self._headers = {
            "content-type": "application/json",
            "x-management-id": keys.management_id,
            "x-management-token": keys.management_token,
        }

    def project(self, name: str) -> Project:
        body = {"name": name, "timezone": "UTC", "currency": "EUR", "case_sensitive_codes": True, "is_sandbox": True}
        return msgspec.json.decode(self._post("/management/v1/projects", body), type=Project)

    def webhook(self, project: Project, target_url: str, *events: str) -> None:
        self._post(f"/management/v1/projects/{project.id}/webhooks", {"target_url": target_url, "events": list(events)})

    def distribution(
        self, project: Project, name: str, trigger: str, target_url: str, *, codes_of: str | None = None
    ) -> None:
        """A live one: sends a message when the event happens, with a code of the campaign if one is named."""
        action = {"type": "PUBLICATION", "campaign_id": codes_of} if codes_of else {"type": "MESSAGE"}
        body = {
            "name": name,
            "status": "LIVE",
            "trigger": {"type": trigger},
            "action": action,
            "channels": [{"type": "webhook", "event_name": name, "target_url": target_url}],
        }
        self._post(f"/management/v1/projects/{project.id}/distributions", body)

    def _post(self, path: str, body: dict[str, Any]) -> bytes:
        connection = http.client.HTTPConnection(self._address, timeout=_TIMEOUT_S)
        try:
            connection.request("POST", path, msgspec.json.encode(body), self._headers)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise RefusedError(f"POST {path}: {answer.status} {content.decode(errors='replace')}")
        return content
