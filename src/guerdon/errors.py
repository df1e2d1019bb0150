"""The refusals a caller can meet, each with the status, key and wording of the reference.

ApiError                       one error body: {code, key, message, details, request_id, resource_id?, resource_type?}
├── not_found                  404  a path, or a body, names something this project does not have
├── invalid_payload            400  the body is not what the operation takes
├── invalid_query_params       400  the query is not what the operation takes
├── unauthorized               401  missing, half or wrong credentials, without saying which
├── forbidden                  403  the credentials are right and still do not allow this
├── duplicate_found            409  a unique name, code or source id is taken
└── refused                    400  a rule of the engine says no, with its own key
LostRace                       a guarded write found the row changed; the workflow decides again, and is never shown
"""

from collections.abc import Sequence


class ApiError(Exception):
    """An answer other than success. `key` is None only for the few bodies that the reference sends without one."""

    def __init__(
        self,
        status: int,
        key: str | None,
        message: str,
        details: str | None = None,
        *,
        resource_id: str | None = None,
        resource_type: str | None = None,
    ) -> None:
        super().__init__(f"{status} {key}: {message} ({details})")
        self.status = status
        self.key = key
        self.message = message
        self.details = details
        self.resource_id = resource_id
        self.resource_type = resource_type


class LostRace(Exception):  # noqa: N818 - it names what happened, and nobody reports it as an error
    """The row that a decision was made on has changed since; decide again on fresh rows."""


def not_found(resource_type: str, resource_id: str) -> ApiError:
    return ApiError(
        404,
        "not_found",
        "Resource not found",
        f"Cannot find {resource_type} with id {resource_id}",
        resource_id=resource_id,
        resource_type=resource_type,
    )


def invalid_payload(details: str) -> ApiError:
    return ApiError(400, "invalid_payload", "Invalid payload", details)


def invalid_query_params(details: str) -> ApiError:
    return ApiError(400, "invalid_query_params", "Invalid query params", details)


def missing_param(name: str) -> ApiError:
    return ApiError(400, "missing_param", "Missing required parameter", f"Parameter '{name}' is required")


def unauthorized() -> ApiError:
    return ApiError(401, "unauthorized", "Unauthorized")


def forbidden(details: str) -> ApiError:
    return ApiError(403, "forbidden", "Forbidden", details)


def duplicate_found(resource: str, by: str, value: str, resource_id: str | None = None) -> ApiError:
    return ApiError(
        409,
        "duplicate_found",
        "Duplicated resource found",
        f"Duplicated {resource} exists with {by} {value}",
        resource_id=value if resource_id is None else resource_id,
        resource_type=resource,
    )


def in_use(resource: str, resource_id: str, by: str, ids: Sequence[str]) -> ApiError:
    """Something cannot go because other things need it."""
    details = f"Resource {resource} with id {resource_id} is in use by {by} with ids [{', '.join(ids)}]"
    return ApiError(400, "resource_in_use", "Resource in use", details, resource_id=resource_id, resource_type=resource)


def refused(key: str, message: str, details: str | None = None) -> ApiError:
    return ApiError(400, key, message, details)
