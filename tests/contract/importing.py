"""The part of the shop's day in which many things come at once."""

from collections.abc import Callable
from typing import Any

import pytest
import voucherify
from voucherify import models
from voucherify.api_client import ApiClient
from voucherify.exceptions import ApiException


class Importing:
    """Imports and changes of many things through the client's classes."""

    def __init__(self, client: ApiClient, body: Callable[..., Any], done: Callable[[Any], Any]) -> None:
        self._body = body
        self._done = done
        self.vouchers = voucherify.VouchersApi(client)
        self.campaigns = voucherify.CampaignsApi(client)
        self.products = voucherify.ProductsApi(client)
        self.orders = voucherify.OrdersApi(client)
        self.publications = voucherify.PublicationsApi(client)
        self.bin = voucherify.BinApi(client)

    def play(self) -> None:
        self.import_codes()
        self.import_goods()
        order = self._body("OrdersImportCreateRequestBodyItem", source_id="imported", amount=500, status="FULFILLED")
        self._done(self.orders.import_orders([order]))
        assert self.orders.get_order("imported").amount == 500
        self.empty_the_bin()
        with pytest.raises(ApiException) as refused:  # only for keys of integrations
            self.publications.create_publication1(customer=models.Customer.model_construct(source_id="ann"))
        assert refused.value.status == 403

    def empty_the_bin(self) -> None:
        self.vouchers.delete_voucher("FILED")
        self.products.delete_sku("chair", "red-chair")
        variant, code = self.bin.list_bin_entries(limit=2).data
        assert (variant.resource_name, code.resource_name) == ("Red chair", "FILED")
        self.bin.delete_bin_entry(code.id)
        assert code.id not in {entry.id for entry in self.bin.list_bin_entries().data}

    def import_codes(self) -> None:
        gift = {"amount": 700, "balance": 700}
        item = self._body("VouchersImportCreateItemRequestBody", code="BROUGHT", type="GIFT_VOUCHER", gift=gift)
        self._done(self.vouchers.import_vouchers([item]))
        row = b"Code,Voucher Type,Value\nFILED,GIFT_VOUCHER,7\n"
        self._done(self.vouchers.import_vouchers_using_csv(file=row, webhooks_enable=False))
        assert self.vouchers.get_voucher("FILED").gift.amount == 700
        campaign = self._body(
            "CampaignsCreateRequestBody",
            name="Brought cards",
            campaign_type="GIFT_VOUCHERS",
            type="STATIC",
            voucher={"type": "GIFT_VOUCHER", "gift": {"amount": 100, "balance": 100}},
        )
        made = self.campaigns.create_campaign(campaign)
        card = self._body("CampaignsImportVoucherItem", code="CARD-1", type="GIFT_VOUCHER", gift=gift)
        self._done(self.campaigns.import_vouchers_to_campaign(made.id, [card]))
        self._done(self.campaigns.import_vouchers_to_campaign_using_csv(made.id, file=b"Code\nCARD-2\n"))
        assert self.vouchers.get_voucher("CARD-2").gift.amount == 100
        update = self._body("VouchersUpdateInBulkItemRequestBody", code="CARD-1", metadata={"a": 1})
        self._done(self.vouchers.update_vouchers_in_bulk([update]))
        same = self._body("VouchersMetadataUpdateInBulkRequestBody", codes=["CARD-1"], metadata={"b": 2})
        self._done(self.vouchers.update_vouchers_metadata_in_bulk(same))
        assert self.vouchers.get_voucher("CARD-1").metadata == {"a": 1, "b": 2}

    def import_goods(self) -> None:
        self._done(self.products.import_products_using_csv(file=b"name,source_id,price\nChair,chair,500\n"))
        self._done(self.products.import_skus_using_csv(file=b"product_id,sku,source_id\nchair,Red chair,red-chair\n"))
        assert self.products.get_sku("red-chair").sku == "Red chair"
        update = self._body("ProductsUpdateInBulkRequestBody", source_id="chair", price=600)
        self._done(self.products.update_products_in_bulk([update]))
        same = self._body("ProductsMetadataUpdateInBulkRequestBody", source_ids=["chair"], metadata={"c": 3})
        self._done(self.products.update_products_metadata_in_bulk(same))
        assert (self.products.get_product("chair").price, self.products.get_product("chair").metadata) == (
            600,
            {"c": 3},
        )
