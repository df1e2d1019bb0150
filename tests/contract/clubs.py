"""The part of a shop's day in which points buy rewards of every kind, tiers are reached and friends are brought."""

import warnings
from typing import Any

import voucherify
from voucherify import models

import make
from installation import Project, eventually

Body = Any  # makes a request body of the client's class with this name
CUSTOM = {
    "qualification_type": "BALANCE",
    "start_date": {"type": "IMMEDIATE"},
    "expiration_date": {"type": "CUSTOM", "extend": "P3M", "rounding": {"type": "MONTH", "strategy": "END"}},
}


class Clubs:
    """The client's classes for rewards, tiers and referrals. `body` makes request bodies as the shop makes them."""

    def __init__(self, client: Any, project: Project, body: Body) -> None:
        self.loyalties = voucherify.LoyaltiesApi(client)
        self.rewards = voucherify.RewardsApi(client)
        self.referrals = voucherify.ReferralsApi(client)
        self.customers = voucherify.CustomersApi(client)
        self.redemptions = voucherify.RedemptionsApi(client)
        self.project = project
        self.body = body

    def play(self) -> None:
        with warnings.catch_warnings():  # the client calls these operations deprecated
            warnings.simplefilter("ignore", DeprecationWarning)
            club = make.campaign(self.project, name="Levels", loyalty_tiers_expiration=CUSTOM)["id"]
            card = make.member(self.project, "gus", 900, campaign="Levels")["code"]
            self.reach_tiers(club, card)
            self.spend_points(card)
        self.bring_friends()

    def reach_tiers(self, club: str, card: str) -> None:
        api = self.loyalties
        rule = make.rule(self.project, campaign="Levels")["id"]
        bottle = make.reward(self.project, 40, campaign="Levels")
        mapping = {"earning_rules": {rule: {"type": "MULTIPLY", "multiplier": 2}}}
        prices = {"rewards": {bottle["assignment"]["id"]: {"type": "CUSTOM", "points": 30}}}
        body = [
            {"name": "Low", "points": {"from": 1, "to": 499}},
            {"name": "High", "points": {"from": 500, "to": 5_000}, **mapping, **prices},
        ]
        item = models.LoyaltiesTiersCreateInBulkRequestBodyItem
        high = api.create_in_bulk_loyalty_tiers(club, [item.from_dict(one) for one in body])[1].id
        reached = eventually(lambda: api.list_member_loyalty_tier(card).data)
        assert (reached[0].id, bool(reached[0].expiration.expiration_date)) == (high, True)
        assert api.list_loyalty_tiers(club).total == 2
        assert api.get_loyalty_tier(club, high).name == "High"
        assert api.list_loyalty_tier_earning_rules(club, high).total == 1
        assert api.list_loyalty_tier_rewards(club, high).data[0].assignment.parameters.loyalty.points == 30
        assert api.list_member_rewards(card, affordable_only=True).total == 1
        change = models.LoyaltiesUpdateCampaignRequestBody.from_dict({"description": "Levels for everybody"})
        assert api.update_loyalty_program(club, change).description == "Levels for everybody"

    def spend_points(self, card: str) -> None:
        make.campaign(self.project, "DISCOUNT_COUPONS", "Thanks")
        make.campaign(self.project, "GIFT_VOUCHERS", "Presents")
        make.campaign(self.project, name="Friends of ours")
        for given in (
            {"campaign": {"id": "Thanks"}},
            {"campaign": {"id": "Presents", "balance": 500}},
            {"campaign": {"id": "Friends of ours", "balance": 5}},
            {"coin": {"exchange_ratio": "20", "points_ratio": "100"}},
        ):
            made = make.reward(self.project, 10, campaign="Levels", parameters=given)
            found = self.rewards.get_reward(made["id"])
            assert self.rewards.get_reward_assignment(found.id, made["assignment"]["id"]).reward_id == found.id
            order = {"amount": 3_000} if "coin" in given else None
            wish = {"reward": {"id": found.id}, **({"order": order} if order else {})}
            done = self.loyalties.redeem_reward(
                card, models.LoyaltiesMembersRedemptionRedeemRequestBody.from_dict(wish)
            )
            self.redemptions.get_redemption(done.id)
            back = self.redemptions.rollback_redemption(done.id)
            assert back.amount == -done.amount

    def bring_friends(self) -> None:
        api = self.referrals
        code = make.referral_code(self.project, "gus")["code"]
        wish = models.ReferralsMembersHoldersCreateInBulkRequestBody.from_dict({"holders": [{"source_id": "hal"}]})
        (friend,) = api.referrals_add_holders(code, wish).holders
        assert api.referrals_code_holders1(code).total == 2
        api.referrals_remove_holder(code, friend.id)
        (friend,) = api.referrals_add_holders1("Friends", code, wish).holders
        assert len(api.referrals_code_holders("Friends", code).data) == 2
        api.referrals_remove_holder1("Friends", code, friend.id)
        body = {
            "redeemables": [{"object": "voucher", "id": code}],
            "customer": {"source_id": "ida"},
            "order": {"amount": 1_000},
        }
        self.project.post("/v1/redemptions", body)
        eventually(lambda: self.customers.get_customer("ida").referrals.total == 1)
        assert self.customers.get_customer("gus").loyalty.referred_customers == 1
        assert self.customers.list_customer_redeemables("gus").total >= 2
