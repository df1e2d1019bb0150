"""Project rows as the management API shows them."""

import msgspec

from guerdon.engine.codes import DEFAULT_CHARSET
from guerdon.families.projects import schemas
from guerdon.families.projects.store import ProjectRow


def project(row: ProjectRow) -> schemas.Project:
    notifications = msgspec.convert(row.notifications, dict[str, dict[str, object]])
    return schemas.Project(
        id=row.id,
        name=row.name,
        description=row.description,
        timezone=row.timezone,
        currency=row.currency,
        dial_code=row.dial_code,
        webhook_version="v2024-01-01",
        api_version="v2018-08-01",
        cluster_id=row.cluster_id,
        case_sensitive_codes=row.case_sensitive_codes,
        is_sandbox=row.is_sandbox,
        webhook_token=row.secret,
        client_trusted_domains=row.client_trusted_domains,
        api_usage_notifications=msgspec.convert(notifications["api_usage_notifications"], schemas.UsageNotifications),
        webhooks_callout_notifications=msgspec.convert(
            notifications["webhooks_callout_notifications"], schemas.CalloutNotifications
        ),
        default_code_config=schemas.CodeConfigDefault(DEFAULT_CHARSET),
        limits=schemas.Limits(),
        standard_webhooks=row.standard_webhooks,
        **row.client_abilities,
    )
