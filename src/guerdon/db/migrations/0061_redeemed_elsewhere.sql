-- What imported codes had been redeemed for before they came here: there are no redemptions and no ledger of that.
ALTER TABLE vouchers
    ADD COLUMN redeemed_before integer NOT NULL DEFAULT 0,
    ADD COLUMN spent_before bigint NOT NULL DEFAULT 0;
