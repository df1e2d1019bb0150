-- Which reward a referrer has got by which tier: such rewards are counted without a redemption.
ALTER TABLE reward_redemptions
    ADD COLUMN reward_id text COLLATE "C",
    ADD COLUMN referral_tier_id text COLLATE "C";
