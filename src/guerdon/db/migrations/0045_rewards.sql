-- Rewards that are paid with as many points as a customer likes, or that the engine redeems by itself, and what was given.

ALTER TABLE reward_assignments
    ALTER COLUMN points DROP NOT NULL,
    ADD COLUMN auto_redeem boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT reward_assignments_price_of_automatic CHECK (points IS NOT NULL OR NOT auto_redeem);
CREATE UNIQUE INDEX reward_assignments_one_automatic ON reward_assignments (project_id, campaign_id) WHERE auto_redeem;

-- The code that was published, or the card that credits or points are put on, and how many of them.
ALTER TABLE reward_redemptions
    ADD COLUMN granted_id text COLLATE "C",
    ADD COLUMN granted_amount bigint,
    ADD COLUMN publication_id text COLLATE "C";
CREATE INDEX reward_redemptions_by_source ON reward_redemptions (project_id, source_id);

ALTER TABLE redemptions ADD COLUMN loyalty_tier_id text COLLATE "C";

-- How often the engine has redeemed for a customer on a day of the project.
CREATE TABLE automatic_redemptions (
    project_id text COLLATE "C" NOT NULL REFERENCES projects ON DELETE CASCADE,
    reward_assignment_id text COLLATE "C" NOT NULL,
    customer_id text COLLATE "C" NOT NULL,
    day date NOT NULL,
    runs integer NOT NULL,
    PRIMARY KEY (project_id, reward_assignment_id, customer_id)
) WITH (fillfactor = 80);
-- Those who may be redeemed for again on the next day.
CREATE INDEX automatic_redemptions_blocked ON automatic_redemptions (project_id, day) WHERE runs >= 10;
