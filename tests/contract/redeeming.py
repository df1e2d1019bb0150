"""The part of a shop's day in which codes are used: validated, redeemed and rolled back."""

from typing import Any

import voucherify
from voucherify import models

Body = Any  # makes a request body of the client's class with this name


class Redeeming:
    """The client's classes for what is redeemed. `body` makes request bodies as the shop makes them."""

    def __init__(self, client: Any, body: Body) -> None:
        self.validations = voucherify.ValidationsApi(client)
        self.redemptions = voucherify.RedemptionsApi(client)
        self.qualifications = voucherify.QualificationsApi(client)
        self.vouchers = voucherify.VouchersApi(client)
        self.body = body

    def play(self) -> None:
        for code in ("TEN", "FIVE"):
            discount = {"type": "PERCENT", "percent_off": 10, "effect": "APPLY_TO_ORDER"}
            fields = models.VouchersCreateWithSpecificCodeRequestBody.from_dict(
                {"type": "DISCOUNT_VOUCHER", "discount": discount, "redemption": {"quantity": 2}}
            )
            self.vouchers.create_voucher(code=code, vouchers_create_with_specific_code_request_body=fields)
        self.qualify()
        self.validate()
        self.redeem()
        self.release()

    def request(self, kind: str, *codes: str, **fields: Any) -> Any:
        redeemables = [{"object": "voucher", "id": code} for code in codes]
        order = {"items": [{"product_id": "phone", "quantity": 2, "price": 5_000}]}
        wanted = {"redeemables": redeemables, "order": order, "customer": {"source_id": "ann"}, **fields}
        return getattr(models, kind).from_dict(wanted)

    def validate(self) -> None:
        found = self.validations.validate_stacked_discounts(self.request("ValidationsValidateRequestBody", "TEN"))
        assert found.valid
        assert found.order.total_amount == 9_000
        assert found.inapplicable_redeemables is None

    def qualify(self) -> None:
        wanted = models.QualificationsCheckEligibilityRequestBody.from_dict(
            {"scenario": "ALL", "order": {"amount": 1_000}, "customer": {"source_id": "ann"}, "options": {"limit": 50}}
        )
        found = self.qualifications.check_eligibility(wanted)
        assert {"TEN", "FIVE"} <= {one.id for one in found.redeemables.data}

    def redeem(self) -> None:
        api = self.redemptions
        one = api.redeem_stacked_discounts(self.request("RedemptionsRedeemRequestBody", "TEN"))
        assert (one.redemptions[0].result, one.order.total_amount, one.parent_redemption) == ("SUCCESS", 9_000, None)
        both = api.redeem_stacked_discounts(self.request("RedemptionsRedeemRequestBody", "TEN", "FIVE"))
        assert (len(both.redemptions), both.order.total_amount) == (2, 8_100)
        undone = api.rollback_redemption(one.redemptions[0].id)
        assert undone.redemption == one.redemptions[0].id
        all_undone = api.rollback_stacked_redemptions(both.parent_redemption.id)
        assert [rollback.redemption for rollback in all_undone.rollbacks] == [child.id for child in both.redemptions]
        assert api.get_redemption(one.redemptions[0].id).status == "ROLLED_BACK"
        assert api.list_redemptions(limit=100).total >= 8
        assert api.get_voucher_redemptions("TEN").redeemed_quantity == 0

    def release(self) -> None:
        session = {"type": "LOCK", "key": "basket-1"}
        locked = self.validations.validate_stacked_discounts(
            self.request("ValidationsValidateRequestBody", "FIVE", session=session)
        )
        assert locked.session.key == "basket-1"
        self.vouchers.release_validation_session("FIVE", "basket-1")
