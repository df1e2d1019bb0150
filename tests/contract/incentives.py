"""The part of a shop's day in which offers are set up: categories, stacking, rules, promotions and collections."""

from typing import Any

import voucherify
from voucherify import models
from voucherify.exceptions import ApiException

Body = Any  # makes a request body of the client's class with this name


class Incentives:
    """The client's classes for what is offered. `body` makes request bodies as the shop makes them."""

    def __init__(self, client: Any, management: Any, project_id: str, body: Body) -> None:
        self.categories = voucherify.CategoriesApi(client)
        self.collections = voucherify.ProductCollectionsApi(client)
        self.rules = voucherify.ValidationRulesApi(client)
        self.products = voucherify.ProductsApi(client)
        self.promotions = voucherify.PromotionsApi(client)
        self.campaigns = voucherify.CampaignsApi(client)
        self.management = management
        self.project_id = project_id
        self.body = body

    def play(self) -> None:
        self.keep_categories()
        self.keep_collections()
        self.keep_rules()
        self.keep_promotions()

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

    def keep_collections(self) -> None:
        api = self.collections
        phone = self.products.get_product("phone").id
        kind = "ProductCollectionsCreateRequestBody"
        listed = [{"id": phone, "object": "product"}]  # the client cannot read a variant: its attributes are no list
        made = api.create_product_collection(self._one_of(kind, type="STATIC", name="Phones", products=listed))
        assert api.list_products_in_collection(made.id).total == 1
        cheap = {"junction": "and", "price": {"conditions": {"$less_than": [1]}}}
        filtered = api.create_product_collection(self._one_of(kind, type="AUTO_UPDATE", name="Cheap", filter=cheap))
        assert api.get_product_collection(filtered.id).type == "AUTO_UPDATE"
        assert api.list_product_collections().total == 2
        api.delete_product_collection(made.id)
        assert gone(lambda: api.get_product_collection(made.id))

    @staticmethod
    def _one_of(kind: str, **fields: Any) -> Any:
        """A body that is one of several: the client's class for that reads a dict."""
        return getattr(models, kind).from_dict(fields)

    def keep_rules(self) -> None:
        api = self.rules
        node = {"name": "order.amount", "conditions": {"$more_than": [1_000]}, "rules": {}}
        included = [{"object": "product", "id": "phone", "effect": "APPLY_TO_EVERY"}]
        made = api.create_validation_rules(
            self.body(
                "ValidationRulesCreateRequestBody",
                name="Large",
                rules={"1": node, "logic": "1"},
                applicable_to={"included": included, "excluded": [], "included_all": False},
                error={"message": "Buy more"},
                type="advanced",
                context_type="global",
            )
        )
        changed = self.body("ValidationRulesUpdateRequestBody", name="Larger")
        assert api.update_validation_rule(made.id, changed).name == "Larger"
        assert api.get_validation_rule(made.id).applicable_to.included[0].source_id == "phone"
        assert api.list_validation_rules(limit=5).total == 1
        related = {"related_object_type": "campaign", "related_object_id": "Gifts"}
        wish = self.body("ValidationRulesAssignmentsCreateRequestBody", **related)
        bound = api.create_validation_rule_assignment(made.id, validation_rules_assignments_create_request_body=wish)
        assert api.list_validation_rules_assignments().total == 1
        assert api.list_validation_rule_assignments(made.id).data[0].id == bound.id
        api.delete_validation_rule_assignment(made.id, bound.id)
        api.delete_validation_rules(made.id)
        assert gone(lambda: api.get_validation_rule(made.id))

    def keep_promotions(self) -> None:
        api = self.promotions
        off = {"discount": {"type": "PERCENT", "percent_off": 10, "effect": "APPLY_TO_ORDER"}}
        tiers = {"tiers": [{"name": "First", "action": off, "banner": "10 % off"}]}
        kinds = {"campaign_type": "PROMOTION", "type": "AUTO_UPDATE"}
        body = self.body("CampaignsCreateRequestBody", name="Promo", promotion=tiers, **kinds)
        promo = self.campaigns.create_campaign(body)
        first = promo.promotion.tiers[0].id
        wish = self.body("PromotionsTiersCreateRequestBody", name="Second", action=off, hierarchy=5)
        second = api.add_promotion_tier_to_campaign(promo.id, wish)
        assert (second.hierarchy, second.campaign.id) == (5, promo.id)
        assert (
            api.update_promotion_tier(second.id, self.body("PromotionsTiersUpdateRequestBody", name="2nd")).name
            == "2nd"
        )
        assert api.disable_promotion_tier(second.id).active is False
        assert api.enable_promotion_tier(second.id).active is True
        assert api.get_promotion_tier(first).banner == "10 % off"
        assert api.list_promotion_tiers(is_available=True).total == 2
        assert api.list_promotion_tiers_from_campaign(promo.id).total == 2
        north = {"assign": {"areas_ids": ["ar_north"]}}
        changing = models.CampaignsUpdateRequestBody.from_dict(
            {"description": "For everybody", "access_settings": north}
        )
        changed = self.campaigns.update_campaign(promo.id, changing)
        assert changed.description == "For everybody"
        assert changed.access_settings_assignments.data[0].area_id == "ar_north"
        assert self.campaigns.get_campaign_summary(promo.id).discounted_amount == 0
        self._keep_stacks(promo.id, [second.id, first])
        api.delete_promotion_tier(second.id)
        assert gone(lambda: api.get_promotion_tier(second.id))

    def _keep_stacks(self, campaign: str, tiers: list[str]) -> None:
        api = self.promotions
        body = self.body("PromotionsStacksCreateRequestBody", name="Both", tiers={"ids": tiers})
        made = api.create_promotion_stack(campaign, body)
        changed = self.body("PromotionsStacksUpdateRequestBody", name="All")
        assert api.update_promotion_stack(campaign, made.id, changed).tiers.ids == tiers
        assert api.get_promotion_stack(campaign, made.id).name == "All"
        assert api.list_promotion_stacks_in_campaign(campaign).total == 1
        assert api.list_all_promotion_stacks(limit=5).total == 1
        api.delete_promotion_stack(campaign, made.id)
        assert gone(lambda: api.get_promotion_stack(campaign, made.id))


def gone(call: Any) -> bool:
    try:
        call()
    except ApiException as error:
        return error.status == 404
    return False
