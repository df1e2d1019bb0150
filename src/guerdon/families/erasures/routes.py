"""The operation that forgets a customer."""

from guerdon.families.customers import store as customers
from guerdon.families.erasures import store
from guerdon.families.erasures.erase import Erasure, Subject, erase
from guerdon.http.call import Call
from guerdon.http.routing import Param, Route


async def delete_customer_permanently(call: Call[None], subject: Subject) -> Erasure:
    return await erase(call.work, subject)


async def _load(call: Call[object], name: str) -> Subject | None:
    """A customer by id or source id, or the id of one who was deleted and has left traces."""
    row = await customers.find(call.db, call.project_id, name)
    if row is not None:
        return Subject(row.id, row)
    if name.startswith(customers.ID_PREFIX) and await store.has_traces(call.db, call.project_id, name):
        return Subject(name, None)
    return None


ROUTES = (
    Route(
        "POST",
        "/v1/customers/{customerId}/permanent-deletion",
        delete_customer_permanently,
        (Param("customer", _load),),
        answer=Erasure,
    ),
)
