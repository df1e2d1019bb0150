"""The part of a shop's day in which offers are set up: categories, stacking, rules, promotions and collections."""

from typing import Any

import voucherify
from voucherify.exceptions import ApiException

Body = Any  # makes a request body of the client's class with this name


class Incentives:
    """The client's classes for what is offered. `body` makes request bodies as the shop makes them."""

    def __init__(self, client: Any, management: Any, project_id: str, body: Body) -> None:
        self.categories = voucherify.CategoriesApi(client)
        self.management = management
        self.project_id = project_id
        self.body = body

    def play(self) -> None:
        self.keep_categories()

    def keep_categories(self) -> None:
        api = self.categories
        made = api.create_category(self.body("CategoriesCreateRequestBody", name="Sale", hierarchy=2))
        changed = api.update_category(made.id, self.body("CategoriesUpdateRequestBody", name="Sales", hierarchy=1))
        assert (changed.name, api.get_category(made.id).hierarchy) == ("Sales", 1)
        assert api.list_categories().total == 1
        self._keep_stacking_rules(made.id)
        api.delete_category(made.id)
        assert api.list_categories().total == 0

    def _keep_stacking_rules(self, category_id: str) -> None:
        api, project_id = self.management, self.project_id
        assert api.list_stacking_rules(project_id).data[0].redeemables_limit == 30
        wanted = self.body("ManagementProjectsStackingRulesCreateRequestBody", joint_categories=[category_id])
        made = api.create_stacking_rules(project_id, wanted)
        fewer = self.body("ManagementProjectsStackingRulesUpdateRequestBody", redeemables_limit=10)
        assert api.update_stacking_rules(project_id, made.id, fewer).redeemables_limit == 10
        assert api.get_stacking_rules(project_id, made.id).joint_categories == [category_id]
        api.delete_stacking_rules(project_id, made.id)
        assert gone(lambda: api.get_stacking_rules(project_id, made.id))


def gone(call: Any) -> bool:
    try:
        call()
    except ApiException as error:
        return error.status == 404
    return False
