"""One call of an operation, as handlers see it."""

from typing import Any, Generic, TypeVar

from guerdon.db.transaction import Transaction
from guerdon.events.work import Runtime, Work

B = TypeVar("B")


class Call(Generic[B]):
    """The body and query, read and checked; the transaction; and the work, where the operation has a project.

    `attempt` counts from 1: an operation that met a conflict with another is done again from the start.
    """

    def __init__(
        self,
        *,
        runtime: Runtime,
        db: Transaction,
        request_id: str,
        body: B,
        query: Any,  # noqa: ANN401 - of the type that the route names
        work: Work | None,
        attempt: int = 1,
    ) -> None:
        self.runtime = runtime
        self.db = db
        self.request_id = request_id
        self.body = body
        self.query = query
        self.attempt = attempt
        self._work = work

    @property
    def work(self) -> Work:
        """The work on the project that the key or the path names."""
        if self._work is None:
            raise LookupError("this operation belongs to no project")
        return self._work

    @property
    def project_id(self) -> str:
        return self.work.project.id
