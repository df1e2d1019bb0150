"""The public Python client parses every answer, of every operation that both it and we have."""

import pytest
from shop import Shop, known_to_the_client, operation

from guerdon.asgi import ROUTES
from installation import Project

# Families that are being written; their operations are added to the shop's day when they are there.
# It answers with a list, as the reference's sample does; the client expects what the schema says (decision 0042).
UNREADABLE = "POST /v1/loyalties/{}/rewards"


@pytest.mark.parametrize("with_nulls", [False, True])
def test_every_answer_is_parsed_and_every_operation_is_called(project: Project, *, with_nulls: bool) -> None:
    shop = Shop(project, project.installation.base_url, with_nulls=with_nulls)
    shop.play()
    ours = {operation(route.method, route.path) for route in ROUTES}
    assert ours & known_to_the_client() - shop.called == {UNREADABLE}
    assert len(shop.called) > 60
