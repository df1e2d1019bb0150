"""A shop's day, step by step, through the public client `voucherify`, as a shop's own program would do it."""

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeVar

from voucherify.api.campaigns_api import CampaignsApi
from voucherify.api.customers_api import CustomersApi
from voucherify.api.loyalties_api import LoyaltiesApi
from voucherify.api.orders_api import OrdersApi
from voucherify.api.products_api import ProductsApi
from voucherify.api.publications_api import PublicationsApi
from voucherify.api.rewards_api import RewardsApi
from voucherify.api_client import ApiClient
from voucherify.configuration import Configuration
from voucherify.models.campaigns_create_request_body import CampaignsCreateRequestBody
from voucherify.models.customers_create_request_body import CustomersCreateRequestBody
from voucherify.models.customers_update_request_body import CustomersUpdateRequestBody
from voucherify.models.loyalties_earning_rules_create_request_body_item import (
    LoyaltiesEarningRulesCreateRequestBodyItem,
)
from voucherify.models.loyalties_members_balance_update_request_body import LoyaltiesMembersBalanceUpdateRequestBody
from voucherify.models.loyalties_members_redemption_redeem_request_body import (
    LoyaltiesMembersRedemptionRedeemRequestBody,
)
from voucherify.models.orders_create_request_body import OrdersCreateRequestBody
from voucherify.models.products_create_request_body import ProductsCreateRequestBody
from voucherify.models.publications_create_request_body import PublicationsCreateRequestBody
from voucherify.models.rewards_assignments_create_request_body import RewardsAssignmentsCreateRequestBody
from voucherify.models.rewards_create_request_body import RewardsCreateRequestBody

from guerdon.cli.demo.kinds import CODES, MESSAGES, WEBHOOK
from guerdon.cli.demo.management import Management, Project

T = TypeVar("T")
_NORA, _THEO = "nora-lind", "theo-marsh"
_BY_AN_ORDER = ("paid", "paid_code", "coupon", "earned")
_BY_A_REDEMPTION = ("rewarded", "paid_redeeming", "paid_redeeming_code", "coupon", "earned")
_CLUB, _THANKS = "Corner Club", "Thank you"


class Step(NamedTuple):
    """Something the shop does: what, how (giving what came of it), and the kinds of delivery that it brings."""

    title: str
    play: Callable[[], str]
    brings: tuple[str, ...] = ()


class Shop:
    """The shop's programs, and what they have made so far."""

    def __init__(self, base_url: str, project: Project, management: Management, receiver: str) -> None:
        key = project.server_side_key
        configuration = Configuration(host=base_url, api_key={"X-App-Id": key.app_id, "X-App-Token": key.app_token})
        self._client = ApiClient(configuration)
        self._loyalties = LoyaltiesApi(self._client)
        self._project = project
        self._management = management
        self._receiver = receiver
        self._bottle = self._shipping = self._club = self._thanks = self._reward = self._card = ""

    def steps(self) -> tuple[Step, ...]:
        """The day in order."""
        return (
            Step("Two customers sign up", self._sign_up),
            Step("Goods come into the catalogue", self._fill_catalogue),
            Step("A loyalty club opens: points for orders, a bottle for points", self._open_club),
            Step("Thank-you coupons are prepared", self._prepare_coupons),
            Step("A webhook and distributions go live", self._listen),
            Step("Nora gets her club card", self._publish_card, ("card",)),
            Step("Nora buys four bottles and pays", self._sell_to_nora, _BY_AN_ORDER),
            Step("Theo buys one, and joins the club by it", self._sell_to_theo, ("card", *_BY_AN_ORDER)),
            Step("The shop gives Nora points by hand", self._add_points, ("by_hand",)),
            Step("Nora redeems points for a bottle and pays its shipping", self._redeem, _BY_A_REDEMPTION),
            Step("Nora tells her address", self._update_customer, ("updated",)),
        )

    def _sign_up(self) -> str:
        customers = CustomersApi(self._client)
        for source_id, name in ((_NORA, "Nora Lind"), (_THEO, "Theo Marsh")):
            body = {"source_id": source_id, "name": name, "metadata": {"region": "EMEA"}}
            customers.create_customer(CustomersCreateRequestBody.model_validate(body))
        return "Nora Lind and Theo Marsh"

    def _fill_catalogue(self) -> str:
        self._bottle = self._product("steel-bottle", "Steel bottle", 2_500)
        self._shipping = self._product("shipping", "Shipping", None)
        return "a steel bottle for 25.00, and shipping"

    def _product(self, source_id: str, name: str, price: int | None) -> str:
        body = ProductsCreateRequestBody(source_id=source_id, name=name, price=price)
        return _known(ProductsApi(self._client).create_product(body).id)

    def _open_club(self) -> str:
        body = {
            "name": _CLUB,
            "campaign_type": "LOYALTY_PROGRAM",
            "type": "AUTO_UPDATE",
            "auto_join": True,
            "join_once": True,
            "voucher": {"type": "LOYALTY_CARD", "loyalty_card": {"points": 0}},
        }
        self._club = self._campaign(body)
        self._loyalties.create_earning_rule(self._club, [self._point_per_euro()])
        self._offer_reward()
        return "one point for each euro; 50 points for a steel bottle"

    def _point_per_euro(self) -> LoyaltiesEarningRulesCreateRequestBodyItem:
        earned = {"type": "PROPORTIONAL", "calculation_type": "ORDER_AMOUNT"}
        return LoyaltiesEarningRulesCreateRequestBodyItem.model_validate(
            {
                "event": "order.paid",
                "loyalty": {**earned, "order": {"amount": {"every": 100, "points": 1}}},
                "source": {"banner": "A point for each euro"},
            }
        )

    def _offer_reward(self) -> None:
        rewards = RewardsApi(self._client)
        offered = {"name": "A steel bottle", "stock": 10, "parameters": {"product": {"id": self._bottle}}}
        self._reward = _known(rewards.create_reward(RewardsCreateRequestBody.model_validate(offered)).id)
        price = {"campaign": self._club, "parameters": {"loyalty": {"points": 50}}}
        # Not by way of the campaign: that answers with a list, which the client does not expect.
        rewards.create_reward_assignment(self._reward, RewardsAssignmentsCreateRequestBody.model_validate(price))

    def _prepare_coupons(self) -> str:
        body = {
            "name": _THANKS,
            "campaign_type": "DISCOUNT_COUPONS",
            "type": "AUTO_UPDATE",
            "voucher": {
                "type": "DISCOUNT_VOUCHER",
                "discount": {"type": "PERCENT", "percent_off": 10},
                "redemption": {"quantity": 1},
            },
        }
        self._thanks = self._campaign(body)
        return "10 % off the next order"

    def _campaign(self, body: Mapping[str, object]) -> str:
        request = CampaignsCreateRequestBody.model_validate(body)
        return _known(CampaignsApi(self._client).create_campaign(request).id)

    def _listen(self) -> str:
        self._management.webhook(self._project, self._receiver + WEBHOOK, "customer.updated", "voucher.published")
        for name, trigger in (
            ("Order-paid", "customer.order.paid"),
            ("Points-added", "customer.voucher.loyalty_card.points_added"),
            ("Reward-redeemed", "customer.rewarded"),
        ):
            self._management.distribution(self._project, name, trigger, self._receiver + MESSAGES)
        self._management.distribution(
            self._project, "Thank-you-code", "customer.order.paid", self._receiver + CODES, codes_of=self._thanks
        )
        return "1 webhook for two events; 3 distributions with messages, 1 with codes"

    def _publish_card(self) -> str:
        body = {"campaign": {"name": _CLUB}, "customer": {"source_id": _NORA}}
        request = PublicationsCreateRequestBody.model_validate(body)
        published = PublicationsApi(self._client).create_publication(publications_create_request_body=request)
        self._card = _known(_known(published.voucher).code)
        return f"card {self._card}"

    def _sell_to_nora(self) -> str:
        return self._sell(_NORA, bottles=4)

    def _sell_to_theo(self) -> str:
        return self._sell(_THEO, bottles=1)

    def _sell(self, source_id: str, *, bottles: int) -> str:
        body = {
            "status": "PAID",
            "customer": {"source_id": source_id},
            "items": [
                {"product_id": self._bottle, "quantity": bottles},
                {"product_id": self._shipping, "quantity": 1, "price": 0},
            ],
            "metadata": {"region": "EMEA", "card": ["Visa"]},
        }
        order = OrdersApi(self._client).create_order(OrdersCreateRequestBody.model_validate(body))
        return f"order {order.id} over {_money(_known(order.total_amount))}"

    def _add_points(self) -> str:
        body = LoyaltiesMembersBalanceUpdateRequestBody(points=50, reason="Spring time", source_id="spring-nora")
        balance = self._loyalties.update_loyalty_card_balance1(self._club, self._card, body)
        return f"50 points, which makes {_known(balance.balance)}"

    def _redeem(self) -> str:
        order = {"items": [{"product_id": self._shipping, "quantity": 1, "price": 400}]}
        body = LoyaltiesMembersRedemptionRedeemRequestBody.model_validate(
            {"reward": {"id": self._reward}, "order": order}
        )
        redemption = self._loyalties.redeem_reward1(self._club, self._card, body)
        return f"redemption {redemption.id} for {_known(redemption.amount)} points"

    def _update_customer(self) -> str:
        body = {
            "email": "nora.lind@example.org",
            "description": "Reads the newsletter",
            "birthdate": "1990-07-14",
            "address": {
                "city": "Bergen",
                "state": "Vestland",
                "line_1": "Strandgaten 7",
                "country": "Norway",
                "postal_code": "5013",
            },
        }
        request = CustomersUpdateRequestBody.model_validate(body)
        updated = CustomersApi(self._client).update_customer(_NORA, request)
        return f"{_known(_known(updated.address).line_1)}, {_known(_known(updated.address).city)}"


def _known(value: T | None) -> T:
    """What the client's types leave open and the answer has."""
    if value is None:
        raise ValueError("the answer lacks what the next step needs")
    return value


def _money(amount: int) -> str:
    return f"{amount // 100}.{amount % 100:02}"
