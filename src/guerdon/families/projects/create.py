"""Making projects: by the management API, and the first one when an empty database is first served."""

import zoneinfo
from datetime import timedelta

import msgspec

from guerdon.clock import real_now
from guerdon.db.transaction import Transaction
from guerdon.errors import invalid_payload
from guerdon.families.api_keys import store as api_keys
from guerdon.families.api_keys.store import NewKey
from guerdon.families.projects import store
from guerdon.families.projects.schemas import (
    CalloutNotifications,
    ClientAbilities,
    NewProject,
    UsageNotifications,
)
from guerdon.families.projects.store import ProjectRow
from guerdon.http.routing import Scope
from guerdon.ids import Ids
from guerdon.webhooks import signing, store as webhooks

_CLUSTER = "eu1"
_FIRST_START_LOCK = 0x6775_6572_646F_6F


class Created(msgspec.Struct, frozen=True):
    """A new project with the keys that are shown this once."""

    row: ProjectRow
    server_key: NewKey
    client_key: NewKey


class FirstStart(msgspec.Struct, frozen=True):
    """Everything a newcomer needs, as the bootstrap file holds it."""

    base_url: str
    management_id: str
    management_token: str
    project_id: str
    app_id: str
    app_token: str
    client_id: str
    client_token: str
    webhook_secret: str


def require_timezone(name: str) -> None:
    """Errors: invalid_payload."""
    if name not in zoneinfo.available_timezones():
        raise invalid_payload("Property .timezone must be the name of a time zone, such as Europe/Warsaw")


async def create(db: Transaction, ids: Ids, new: NewProject) -> Created:
    """Makes a project with a server key, a client key and a webhook secret. Errors: invalid_payload."""
    require_timezone(new.timezone)
    now = real_now()
    row = ProjectRow(
        id=ids.new("proj_"),
        name=new.name,
        description=new.description or "",
        timezone=new.timezone,
        currency=new.currency,
        dial_code=new.dial_code,
        case_sensitive_codes=new.case_sensitive_codes,
        is_sandbox=bool(new.is_sandbox),
        clock_offset=timedelta(),
        cluster_id=new.cluster_id or _CLUSTER,
        client_trusted_domains=new.client_trusted_domains or [],
        client_abilities={name: bool(getattr(new, name)) for name in ClientAbilities.__struct_fields__},
        notifications=msgspec.to_builtins(
            {
                "api_usage_notifications": new.api_usage_notifications or UsageNotifications(),
                "webhooks_callout_notifications": new.webhooks_callout_notifications or CalloutNotifications(),
            }
        ),
        created_at=now,
        secret=signing.new_secret(),
        standard_webhooks=bool(new.standard_webhooks),
    )
    await store.insert(db, row)
    await webhooks.set_delivery_settings(
        db, row.id, row.secret, catch_up=row.is_sandbox, standard_webhooks=row.standard_webhooks
    )
    server_key = await api_keys.create(db, Scope.SERVER, name="Primary", now=now, project_id=row.id)
    client_key = await api_keys.create(db, Scope.CLIENT, name="Primary client", now=now, project_id=row.id)
    return Created(row, server_key, client_key)


async def first_start(db: Transaction, ids: Ids, base_url: str) -> FirstStart | None:
    """On an empty database, makes a management key and a sandbox project; None where there is a key already."""
    await db.take_turns(_FIRST_START_LOCK)
    if await api_keys.any_management_key(db):
        return None
    management = await api_keys.create(db, Scope.MANAGEMENT, name="First", now=real_now())
    sandbox = NewProject(name="Sandbox", timezone="UTC", currency="USD", case_sensitive_codes=True, is_sandbox=True)
    created = await create(db, ids, sandbox)
    return FirstStart(
        base_url=base_url,
        management_id=management.app_id,
        management_token=management.app_token,
        project_id=created.row.id,
        app_id=created.server_key.app_id,
        app_token=created.server_key.app_token,
        client_id=created.client_key.app_id,
        client_token=created.client_key.app_token,
        webhook_secret=created.row.secret,
    )
