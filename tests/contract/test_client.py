"""The public Python client parses every answer, of every operation that both it and we have."""

import pytest
from shop import Shop, known_to_the_client, operation

from guerdon.asgi import ROUTES
from installation import Project

# Here the reference's sample breaks its own schema, from which the client is made, and we answer as the sample does:
# with a list (decision 0042), and with an `active` that is true and not a text (decision 0114).
UNREADABLE = {"POST /v1/loyalties/{}/rewards", "POST /v1/loyalties/{}/members/{}/transfers"}


@pytest.mark.parametrize("with_nulls", [False, True])
def test_every_answer_is_parsed_and_every_operation_is_called(project: Project, *, with_nulls: bool) -> None:
    shop = Shop(project, project.installation.base_url, with_nulls=with_nulls)
    shop.play()
    ours = {operation(route.method, route.path) for route in ROUTES}
    assert ours & known_to_the_client() - shop.called == UNREADABLE
    assert len(shop.called) > 60
