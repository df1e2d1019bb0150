"""A day of a shop, played through the classes of the public Python client: every operation that it has and we have."""

import re
import warnings
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

with warnings.catch_warnings():  # the client's own, at import
    warnings.simplefilter("ignore")
    import voucherify
    from voucherify import models
    from voucherify.api_client import ApiClient
    from voucherify.exceptions import ApiException

from clubs import Clubs
from importing import Importing
from incentives import Incentives

from installation import Project, eventually
from points import Points
from redeeming import Redeeming

_OPERATION = re.compile(r"method='(\w+)',\s+resource_path='([^']+)'")
_PARAMETER = re.compile(r"\{[^}]*\}")


def operation(method: str, path: str) -> str:
    """The operation's name, whatever its parameters are called."""
    return f"{method} {_PARAMETER.sub('{}', path)}"


def known_to_the_client() -> set[str]:
    folder = Path(str(resources.files(voucherify))) / "api"
    return {operation(*found) for file in folder.glob("*.py") for found in _OPERATION.findall(file.read_text())}


class _Noting(ApiClient):
    """The client, noting what is called."""

    def __init__(self, configuration: Any, called: set[str]) -> None:
        super().__init__(configuration)
        self.called = called

    def param_serialize(self, method: str, resource_path: str, *args: Any, **more: Any) -> Any:
        self.called.add(operation(method, resource_path))
        return super().param_serialize(method, resource_path, *args, **more)


class Shop:
    """The client's classes with a project's keys, and what has been called through them."""

    def __init__(self, project: Project, base_url: str, *, with_nulls: bool = False) -> None:
        first = project.installation.first
        keys = {
            "X-App-Id": project.key["app_id"],
            "X-App-Token": project.key["app_token"],
            "X-Management-Id": first.management_id,
            "X-Management-Token": first.management_token,
        }
        self.called: set[str] = set()
        self.project = project
        self.with_nulls = with_nulls
        client = _Noting(voucherify.Configuration(host=base_url, api_key=keys), self.called)
        self.customers = voucherify.CustomersApi(client)
        self.products = voucherify.ProductsApi(client)
        self.orders = voucherify.OrdersApi(client)
        self.campaigns = voucherify.CampaignsApi(client)
        self.vouchers = voucherify.VouchersApi(client)
        self.loyalties = voucherify.LoyaltiesApi(client)
        self.rewards = voucherify.RewardsApi(client)
        self.publications = voucherify.PublicationsApi(client)
        self.actions = voucherify.AsyncActionsApi(client)
        self.management = voucherify.ManagementApi(client)
        self.incentives = Incentives(client, self.management, project.id, self._body)
        self.points = Points(client, project, base_url, self._body)
        self.redeeming = Redeeming(client, self._body)
        self.importing = Importing(client, self._body, self._done)
        self.clubs = Clubs(client, project, self._body)
        self.events = voucherify.EventsApi(client)
        self.metadata = voucherify.MetadataSchemasApi(client)
        self.segments = voucherify.SegmentsApi(client)

    def play(self) -> None:
        self.look_after_webhooks()
        self.keep_customers()
        self.group_customers()
        self.define_metadata()
        self.track_events()
        self.keep_products()
        self.take_orders()
        self.give_codes()
        self.keep_vouchers()
        self.keep_a_club()
        self.incentives.play()
        self.points.play()
        self.redeeming.play()
        self.importing.play()
        self.clubs.play()

    def _body(self, kind: str, /, **fields: Any) -> Any:
        """A request body as the client's class makes it.

        One that is made of a dict also sends what was left out, as null; in changes this would clear.
        """
        made = getattr(models, kind)
        return made.from_dict(fields) if self.with_nulls and "Create" in kind else made.model_validate(fields)

    def look_after_webhooks(self) -> None:
        api, project_id = self.management, self.project.id
        made = api.create_project(
            self._body(
                "ManagementProjectsCreateRequestBody",
                name="Other",
                timezone="Europe/Warsaw",
                currency="PLN",
                case_sensitive_codes=True,
            )
        )
        assert made.server_side_key.app_id
        assert api.get_project(made.id).name == "Other"
        renaming = self._body("ManagementProjectsUpdateRequestBody", name="Renamed", timezone="UTC")
        assert api.update_project(made.id, renaming).name == "Renamed"
        assert api.list_projects().total >= 2
        target = self.project.receiver.url(f"/{project_id}/contract")
        body = self._body("ManagementProjectsWebhooksCreateRequestBody", target_url=target, events=["customer.deleted"])
        webhook = api.create_webhook(project_id, body)
        assert webhook.active
        changed = self._body(
            "ManagementProjectsWebhooksUpdateRequestBody", target_url=target, events=["voucher.published"]
        )
        assert api.update_webhook(project_id, webhook.id, changed).events == ["voucher.published"]
        assert api.get_webhook(project_id, webhook.id).id == webhook.id
        assert api.list_webhooks(project_id).total == 1
        api.delete_webhook(project_id, webhook.id)
        _gone(lambda: api.get_webhook(project_id, webhook.id))

    def keep_customers(self) -> None:
        api = self.customers
        ann = api.create_customer(
            self._body(
                "CustomersCreateRequestBody",
                source_id="ann",
                name="Ann",
                email="ann@example.com",
                birthdate="1990-02-03",
                address={"city": "Kraków", "country": "PL"},
                metadata={"vip": True, "sizes": [1, 2.5]},
            )
        )
        assert (ann.source_id, ann.metadata) == ("ann", {"vip": True, "sizes": [1, 2.5]})
        changed = api.update_customer("ann", self._body("CustomersUpdateRequestBody", phone="+48 1"))
        assert (changed.phone, api.get_customer(ann.id).name) == ("+48 1", "Ann")
        api.create_customer(self._body("CustomersCreateRequestBody", source_id="bob"))
        assert {row.source_id for row in api.list_customers(limit=5, order="-created_at").customers} == {"ann", "bob"}
        api.delete_customer("bob")
        _gone(lambda: api.get_customer("bob"))
        gone = api.create_customer(self._body("CustomersCreateRequestBody", source_id="eve"))
        assert api.customer_permanently_deletion("eve").related_object_id == gone.id
        rows = [self._body("CustomersUpdateInBulkRequestBody", source_id="cid", name="Cid")]
        self._done(api.update_customers_in_bulk(rows))
        metadata = self._body("CustomersMetadataUpdateInBulkRequestBody", source_ids=["cid"], metadata={"a": 1})
        self._done(api.update_customers_metadata_in_bulk(metadata))
        assert api.get_customer("cid").metadata == {"a": 1}
        self._done(api.import_customers_using_csv(file=b"Name,Source_id\nDan,dan\n"))
        assert api.get_customer("dan").name == "Dan"
        assert len(self.actions.list_async_actions(limit=2).async_actions) == 2

    def group_customers(self) -> None:
        api = self.segments
        city = {"junction": "and", "address.city": {"conditions": {"$is": ["Kraków"]}}}
        for body in ({"type": "passive", "filter": city}, {"type": "static", "customers": []}):
            made = api.create_segment(self._body("SegmentsCreateRequestBody", name="Some", **body))
            assert made.actual_instance.name == "Some" if hasattr(made, "actual_instance") else made.name == "Some"
            assert api.get_segment(made.id).type == body["type"]
        found = self.customers.list_customer_segments("ann").data
        assert [segment.name for segment in found] == ["Some"]
        assert self.customers.list_customers(segment_id=found[0].id).total == 1
        api.delete_segment(found[0].id)
        _gone(lambda: api.get_segment(found[0].id))

    def define_metadata(self) -> None:
        api, project_id = self.management, self.project.id
        size = {"type": "number", "optional": True, "array": False, "lt": 5, "eq": [1, 2]}
        made = api.create_metadata_schema(
            project_id,
            self._body(
                "ManagementProjectsMetadataSchemasCreateRequestBody",
                related_object="loyalty_tier",
                properties={"size": size},
            ),
        )
        changes = {"properties": {"name": {"type": "string", "optional": True, "array": True}}}
        patch = self._body("ManagementProjectsMetadataSchemasUpdateRequestBody", **changes)
        assert set(api.update_metadata_schema(project_id, made.id, patch).properties) == {"size", "name"}
        assert api.get_metadata_schema1(project_id, made.id).properties["size"]["lt"] == 5
        assert api.list_metadata_schemas1(project_id).total == 1
        assert self.metadata.get_metadata_schema("loyalty_tier").properties["name"]
        assert len(self.metadata.list_metadata_schemas().schemas) == 1
        api.delete_metadata_schema(project_id, made.id)
        _gone(lambda: api.get_metadata_schema1(project_id, made.id))

    def track_events(self) -> None:
        api, project_id = self.management, self.project.id
        schema = {"properties": {"stars": {"type": "number", "optional": False}}}
        made = api.create_custom_event_schema(
            project_id, self._body("ManagementProjectsCustomEventSchemasCreateRequestBody", name="rated", schema=schema)
        )
        patch = self._body("ManagementProjectsCustomEventSchemasUpdateRequestBody", var_schema=schema)
        assert api.update_custom_event_schema(project_id, made.id, patch).name == "rated"
        assert api.get_custom_event_schema(project_id, made.id).id == made.id
        assert api.list_custom_event_schemas(project_id).total == 1
        rated = self._body(
            "EventsCreateRequestBody", event="rated", customer={"source_id": "ann"}, metadata={"stars": 5}
        )
        assert self.events.track_custom_event(rated).type == "rated"
        api.delete_custom_event_schema(project_id, made.id)
        _gone(lambda: api.get_custom_event_schema(project_id, made.id))

    def _done(self, accepted: Any) -> None:
        """The action's end, read through the client each time."""

        def look() -> bool:
            return self.actions.get_async_action(accepted.async_action_id).status == "DONE"

        eventually(look)

    def keep_products(self) -> None:
        api = self.products
        phone = api.create_product(
            self._body(
                "ProductsCreateRequestBody",
                source_id="phone",
                name="Phone",
                price=50_000,
                attributes=["color"],
                metadata={"a": 1},
                image_url="https://example.com/phone.png",
            )
        )
        sku = api.create_sku(
            "phone",
            self._body(
                "ProductsSkusCreateRequestBody", source_id="red", sku="Red", price=51_000, attributes={"color": "red"}
            ),
        )
        assert api.update_product(phone.id, self._body("ProductsUpdateRequestBody", name="Phone 2")).name == "Phone 2"
        assert api.update_sku("phone", "red", self._body("ProductsSkusUpdateRequestBody", price=52_000)).price == 52_000
        assert api.get_product("phone").price == 50_000
        assert api.get_sku("red").id == sku.id
        assert api.list_skus_in_product("phone").total == 1
        assert "phone" in {row.source_id for row in api.list_products(limit=100).products}
        api.create_sku(
            "phone", self._body("ProductsSkusCreateRequestBody", source_id="blue", attributes={"color": "blue"})
        )
        api.delete_sku("phone", "blue")
        api.create_product(self._body("ProductsCreateRequestBody", source_id="case", name="Case"))
        api.delete_product("case")
        _gone(lambda: api.get_product("case"))

    def take_orders(self) -> None:
        api = self.orders
        items = [
            {"source_id": "phone", "related_object": "product", "quantity": 2},
            {"source_id": "red", "related_object": "sku", "quantity": 1, "discount_amount": 5},
        ]
        made = api.create_order(
            self._body(
                "OrdersCreateRequestBody",
                source_id="o1",
                customer={"source_id": "ann"},
                items=items,
                metadata={"a": 1},
            )
        )
        assert made.amount == 152_000
        assert api.update_order("o1", self._body("OrdersUpdateRequestBody", status="PAID")).status == "PAID"
        assert api.get_order(made.id).source_id == "o1"
        assert api.list_orders(limit=5).total == 1

    def give_codes(self) -> None:
        kinds: dict[str, Any] = {
            "Club": {
                "campaign_type": "LOYALTY_PROGRAM",
                "voucher": {"type": "LOYALTY_CARD", "loyalty_card": {"points": 5}},
            },
            "Gifts": {"campaign_type": "GIFT_VOUCHERS", "voucher": {"type": "GIFT_VOUCHER", "gift": {"amount": 1_000}}},
            "Sale": {
                "campaign_type": "DISCOUNT_COUPONS",
                "voucher": {"type": "DISCOUNT_VOUCHER", "discount": {"type": "PERCENT", "percent_off": 10}},
            },
        }
        for name, fields in kinds.items():
            self._give_codes_of(name, fields)
        assert self.campaigns.list_campaigns(limit=10).total >= 2
        assert self.vouchers.list_vouchers(limit=10).total >= 4
        assert self.publications.list_publications(limit=10).total >= 3

    def _give_codes_of(self, name: str, fields: dict[str, Any]) -> None:
        api = self.campaigns
        made = api.create_campaign(
            self._body("CampaignsCreateRequestBody", name=name, type="AUTO_UPDATE", vouchers_count=1, **fields)
        )
        eventually(lambda: api.get_campaign(made.id).creation_status == "DONE")
        self._done(api.add_vouchers_to_campaign(made.id, 2, self._body("CampaignsVouchersCreateInBulkRequestBody")))
        code = f"{name}-1"
        added = api.add_voucher_with_specific_code_to_campaign(
            made.id, code, self._body("CampaignsVouchersCreateRequestBody", metadata={"a": 1})
        )
        assert self.vouchers.get_voucher(code).id == added.id
        body = {"campaign": {"name": name}, "customer": {"source_id": "ann"}, "metadata": {"why": "test"}}
        published = self.publications.create_publication(
            publications_create_request_body=self._body("PublicationsCreateRequestBody", **body)
        )
        assert published.result == "SUCCESS"
        summary = api.get_campaign_summary(made.id, start_date="2020-01-01")
        assert (summary.campaign.name, summary.vouchers_created, summary.publications) == (name, 4, 1)
        api.disable_campaign(made.id)
        api.enable_campaign(made.id)
        if name == "Sale":
            self._done(api.delete_campaign(made.id))

    def keep_vouchers(self) -> None:
        api = self.vouchers
        percent = {"type": "PERCENT", "percent_off": 10}
        coupon = self._body("VouchersCreateWithSpecificCodeRequestBody", type="DISCOUNT_VOUCHER", discount=percent)
        assert api.create_voucher("TEN", coupon).code == "TEN"
        changed = self._body("VouchersUpdateRequestBody", metadata={"a": 1})
        assert api.update_voucher("TEN", changed).metadata == {"a": 1}
        assert api.disable_voucher("TEN").active is False
        assert api.enable_voucher("TEN").active is True
        api.delete_voucher("TEN", force=True)
        _gone(lambda: api.get_voucher("TEN"))
        gift = self._body("VouchersCreateRequestBody", type="GIFT_VOUCHER", gift={"amount": 500, "balance": 500})
        code = api.generate_random_code(gift).code
        more = self._body("VouchersBalanceUpdateRequestBody", amount=100)
        assert api.update_voucher_balance(code, more).balance == 600
        assert len(api.list_voucher_transactions(code).data) == 1

    def keep_a_club(self) -> None:
        with warnings.catch_warnings():  # the client calls these operations deprecated
            warnings.simplefilter("ignore", DeprecationWarning)
            self._keep_a_club()

    def _keep_a_club(self) -> None:
        """In a programme made by its own path: rules, cards, points and rewards."""
        api = self.loyalties
        card = {"type": "LOYALTY_CARD", "loyalty_card": {"points": 0}}
        club = api.create_loyalty_program(
            self._body("LoyaltiesCreateCampaignRequestBody", name="Circle", type="AUTO_UPDATE", voucher=card)
        )
        assert api.get_loyalty_program("Circle").id == club.id
        assert api.list_loyalty_programs().total >= 1
        self._keep_rules(club.id)
        self._keep_members(club.id, self._offer_a_reward(club.id))
        self._keep_offers(club.id)
        self._done(api.delete_loyalty_program(club.id))

    def _keep_rules(self, club: str) -> None:
        api = self.loyalties
        steps = {"amount": {"every": 100, "points": 1}}
        loyalties = [
            {"type": "FIXED", "points": 5},
            {"type": "PROPORTIONAL", "calculation_type": "ORDER_AMOUNT", "order": steps},
        ]
        kind = "LoyaltiesEarningRulesCreateRequestBodyItem"
        bodies = [self._body(kind, event="order.paid", loyalty=one, source={"banner": "x"}) for one in loyalties]
        made = api.create_earning_rule(club, bodies)
        assert [rule.loyalty.type for rule in made] == ["FIXED", "PROPORTIONAL"]
        assert api.get_earning_rule(club, made[0].id).id == made[0].id
        assert api.list_earning_rules(club).total == 2
        changed = self._body("LoyaltiesEarningRulesUpdateRequestBody", source={"banner": "y"})
        assert api.update_earning_rule(club, made[0].id, changed).source.banner == "y"
        assert api.disable_earning_rule(club, made[0].id).active is False
        assert api.enable_earning_rule(club, made[0].id).active is True
        api.delete_earning_rule(club, made[0].id)
        _gone(lambda: api.get_earning_rule(club, made[0].id))

    def _offer_a_reward(self, club: str) -> str:
        product = {"product": {"id": self.products.get_product("phone").id}}
        made = self.rewards.create_reward(
            self._body("RewardsCreateRequestBody", name="A phone", parameters=product, stock=3)
        )
        assert self.rewards.get_reward(made.id).parameters.product.id == product["product"]["id"]
        assert self.rewards.list_rewards().total == 1
        price = {"loyalty": {"points": 10}}
        offer = self._body("RewardsAssignmentsCreateRequestBody", campaign=club, parameters=price)
        assert self.rewards.create_reward_assignment(made.id, offer).reward_id == made.id
        assert self.rewards.list_reward_assignments(made.id).total == 1
        assert self.loyalties.list_reward_assignments1(club).total == 1
        assert self.loyalties.list_reward_assignments2(club).total == 1
        return made.id

    def _keep_offers(self, club: str) -> None:
        """What is offered, changed and withdrawn by both paths."""
        api, rewards = self.loyalties, self.rewards
        reward = rewards.list_rewards().data[0]
        changed = self._body("RewardsUpdateRequestBody", name="Another phone")
        assert rewards.update_reward(reward.id, changed).name == "Another phone"
        offer = rewards.list_reward_assignments(reward.id).data[0]
        assert (
            api.get_reward_assignment1(club, offer.id).id == api.get_reward_assignment2(club, offer.id).id == offer.id
        )
        assert rewards.get_reward_assignment(reward.id, offer.id).reward_id == reward.id
        assert api.get_reward_details(club, offer.id).id == reward.id
        price = {"loyalty": {"points": 20}}
        by_campaign = self._body("LoyaltiesRewardsUpdateAssignmentRequestBody", parameters=price)
        assert api.update_reward_assignment1(club, offer.id, by_campaign).parameters.loyalty.points == 20
        by_reward = self._body("RewardsAssignmentsUpdateRequestBody", parameters=price)
        assert rewards.update_reward_assignment(reward.id, offer.id, by_reward).parameters.loyalty.points == 20
        api.delete_reward_assignment1(club, offer.id)
        _gone(lambda: rewards.get_reward_assignment(reward.id, offer.id))
        again = self._body("RewardsAssignmentsCreateRequestBody", campaign=club, parameters=price)
        rewards.delete_reward_assignment(reward.id, rewards.create_reward_assignment(reward.id, again).id)
        rewards.delete_reward(reward.id)
        _gone(lambda: rewards.get_reward(reward.id))

    def _keep_members(self, club: str, reward: str) -> None:
        api = self.loyalties
        body = self._body("LoyaltiesMembersCreateRequestBody", customer={"source_id": "ann"})
        code = api.add_member(club, body).code
        assert api.get_member(code).code == api.get_member1(club, code).code == code
        assert api.list_members(club).total >= 1
        change = self._body("LoyaltiesMembersBalanceUpdateRequestBody", points=50, reason="x")
        assert api.update_loyalty_card_balance(code, change).balance == 50
        assert api.update_loyalty_card_balance1(club, code, change).balance == 100
        wish = self._body("LoyaltiesMembersRedemptionRedeemRequestBody", reward={"id": reward})
        assert api.redeem_reward(code, wish).loyalty_card.points == 10
        assert api.redeem_reward1(club, code, wish).voucher.loyalty_card.balance == 80
        assert eventually(lambda: len(api.list_member_activity(code).data) > 1)
        assert eventually(lambda: len(api.list_member_activity1(club, code).data) > 1)
        assert self.customers.list_customer_activity("ann", limit=2).has_more
        assert len(api.list_loyalty_card_transactions(code).data) == 4
        assert len(api.list_loyalty_card_transactions1(club, code).data) == 4
        assert len(api.list_loyalty_campaign_transactions(club).data) == 4
        assert api.list_member_rewards(code).total == 1
        assert api.list_points_expiration(club, code).total == 1


def _gone(call: Callable[[], Any]) -> None:
    with pytest.raises(ApiException) as raised:
        call()
    assert raised.value.status == 404
