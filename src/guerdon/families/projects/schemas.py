"""Projects on the wire."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from guerdon.families.api_keys.store import NewKey

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$", max_length=3)]


class UsageNotification(msgspec.Struct, frozen=True):
    """At what share of a quota to tell whom; kept for clients, because here there is no quota."""

    enabled: bool = False
    value: Annotated[int, Meta(ge=10, le=90)] = 80
    in_app: bool = False
    emails: list[str] = []


class UsageNotifications(msgspec.Struct, frozen=True):
    """One block for every kind of quota that the reference knows."""

    messages: UsageNotification = UsageNotification()
    api_calls: UsageNotification = UsageNotification()
    bulk_api_calls: UsageNotification = UsageNotification()
    webhook_calls: UsageNotification = UsageNotification()
    cycle_calls: UsageNotification = UsageNotification()
    redemptions: UsageNotification = UsageNotification()


class CalloutNotification(msgspec.Struct, frozen=True):
    """Who hears of failed callouts, and how."""

    email: bool = False
    in_app: bool = False
    emails: list[str] = []


class CalloutNotifications(msgspec.Struct, frozen=True):
    """Failed callouts of distributions and of project webhooks."""

    distributions: CalloutNotification = CalloutNotification()
    webhooks: CalloutNotification = CalloutNotification()


class ClientAbilities(msgspec.Struct):
    """What client-side keys may do besides validating; everything is off at first."""

    client_redeem_enabled: bool = False
    client_publish_enabled: bool = False
    client_list_vouchers_enabled: bool = False
    client_create_customer_enabled: bool = False
    client_loyalty_events_enabled: bool = False
    client_set_voucher_expiration_date_enabled: bool = False


class NewProject(msgspec.Struct, kw_only=True):
    """Body of creating a project; null is as good as left out.

    Ours are `is_sandbox`, because only a sandbox's clock can be moved, and `standard_webhooks`.
    """

    name: Name
    timezone: str
    currency: Currency
    case_sensitive_codes: bool
    description: str | None = None
    dial_code: str | None = None
    cluster_id: str | None = None
    client_trusted_domains: list[str] | None = None
    client_redeem_enabled: bool | None = None
    client_publish_enabled: bool | None = None
    client_list_vouchers_enabled: bool | None = None
    client_create_customer_enabled: bool | None = None
    client_loyalty_events_enabled: bool | None = None
    client_set_voucher_expiration_date_enabled: bool | None = None
    api_usage_notifications: UsageNotifications | None = None
    webhooks_callout_notifications: CalloutNotifications | None = None
    is_sandbox: bool | None = None
    standard_webhooks: bool | None = None


class ProjectPatch(msgspec.Struct, kw_only=True):
    """Body of changing a project: what is not sent stays."""

    name: Name | UnsetType = UNSET
    timezone: str | UnsetType = UNSET
    currency: Currency | UnsetType = UNSET
    description: str | UnsetType = UNSET
    dial_code: str | UnsetType | None = UNSET
    client_trusted_domains: list[str] | UnsetType = UNSET
    client_redeem_enabled: bool | UnsetType = UNSET
    client_publish_enabled: bool | UnsetType = UNSET
    client_list_vouchers_enabled: bool | UnsetType = UNSET
    client_create_customer_enabled: bool | UnsetType = UNSET
    client_loyalty_events_enabled: bool | UnsetType = UNSET
    client_set_voucher_expiration_date_enabled: bool | UnsetType = UNSET
    api_usage_notifications: UsageNotifications | UnsetType = UNSET
    webhooks_callout_notifications: CalloutNotifications | UnsetType = UNSET
    standard_webhooks: bool | UnsetType = UNSET


class CodeConfigDefault(msgspec.Struct):
    """What codes are made of where a campaign does not say."""

    charset: str


class Limits(msgspec.Struct):
    """Quotas of calls: none."""

    api_calls: list[Any] = []
    bulk_api_calls: list[Any] = []


class Project(ClientAbilities, kw_only=True):
    """A project as the management API shows it; the keys only when it has just been made."""

    id: str
    name: str
    description: str
    timezone: str
    currency: str
    dial_code: str | None
    webhook_version: str
    api_version: str
    cluster_id: str
    case_sensitive_codes: bool
    is_sandbox: bool
    webhook_token: str
    client_trusted_domains: list[str]
    api_usage_notifications: UsageNotifications
    webhooks_callout_notifications: CalloutNotifications
    default_code_config: CodeConfigDefault
    limits: Limits
    standard_webhooks: bool
    server_side_key: NewKey | UnsetType = UNSET
    client_side_key: NewKey | UnsetType = UNSET


class ProjectsList(msgspec.Struct):
    """All projects."""

    data: list[Project]
    total: int
    object: str = "list"
    data_ref: str = "data"
