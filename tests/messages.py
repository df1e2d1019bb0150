"""Distributions to the test's own receiver, with as little said as possible."""

from typing import Any

import make
from installation import Project, eventually

PAID = {"type": "customer.order.paid"}
CANCELED = {"type": "customer.order.canceled"}


def path_of(project: Project, name: str = "channel") -> str:
    return f"/{project.id}/{name}"


def channel(project: Project, name: str = "channel", **fields: Any) -> dict[str, Any]:
    return {
        "type": "webhook",
        "event_name": "my.message",
        "target_url": project.receiver.url(path_of(project, name)),
        **fields,
    }


def body(project: Project, **fields: Any) -> dict[str, Any]:
    return {"name": "Thanks", "trigger": PAID, "channels": [channel(project)], "status": "LIVE", **fields}


def distribution(project: Project, **fields: Any) -> dict[str, Any]:
    return project.management.post(f"{project.path}/distributions", body(project, **fields))


def one(project: Project, made: dict[str, Any]) -> str:
    return f"{project.path}/distributions/{made['id']}"


def end_of_events(project: Project) -> None:
    """Waits until every event and job so far has been handled: an order that has a webhook of its own arrives."""
    mark = make.listen(project, "customer.order.updated")
    order = make.order(project, 1, "the end")
    count = len(project.receiver.at(mark)) + 1
    project.put(f"/v1/orders/{order['id']}", {"metadata": {"n": count}})
    project.receiver.wait(mark, count)
    query = "SELECT count(*) FROM jobs WHERE project_id = $1 AND attempts = 0"
    eventually(lambda: project.installation.sql(query, project.id)[0][0] == 0)
    project.installation.sql("DELETE FROM endpoints WHERE project_id = $1 AND id = 'wh_listening'", project.id)
