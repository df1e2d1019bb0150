"""Plain functions that make what a test needs, through the API, with as little said as possible."""

from typing import Any

from installation import Installation, Project


def project(installation: Installation, **fields: Any) -> Project:
    body = {
        "name": "Test",
        "timezone": "UTC",
        "currency": "EUR",
        "case_sensitive_codes": True,
        "is_sandbox": True,
        **fields,
    }
    return Project(installation, installation.manage().post("/management/v1/projects", body))


def customer(project: Project, source_id: str = "ann", **fields: Any) -> dict[str, Any]:
    return project.post("/v1/customers", {"source_id": source_id, "name": source_id.title(), **fields})
