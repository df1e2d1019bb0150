-- Promotion tiers, the sums of what they were redeemed for, and stacks of tiers.

CREATE TABLE promotion_tiers (
    project_id text COLLATE "C" NOT NULL REFERENCES projects ON DELETE CASCADE,
    id text COLLATE "C" NOT NULL,
    campaign_id text COLLATE "C" NOT NULL,
    name text NOT NULL,
    banner text,
    discount jsonb NOT NULL,
    hierarchy bigint NOT NULL,
    active boolean NOT NULL,
    category_id text COLLATE "C",
    start_date timestamptz,
    expiration_date timestamptz,
    validity jsonb,
    metadata jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz
);
CREATE INDEX promotion_tiers_by_campaign ON promotion_tiers (project_id, campaign_id, hierarchy);
CREATE INDEX promotion_tiers_by_creation ON promotion_tiers (project_id, created_at DESC NULLS LAST, id DESC);
ALTER TABLE promotion_tiers ADD PRIMARY KEY (project_id, id);

-- In slots, so that those who redeem a tier do not wait for each other. Amounts are in minor units.
CREATE TABLE promotion_tier_sums (
    project_id text COLLATE "C" NOT NULL,
    tier_id text COLLATE "C" NOT NULL,
    slot int NOT NULL,
    redeemed bigint NOT NULL,
    amount bigint NOT NULL,
    discount_amount bigint NOT NULL,
    PRIMARY KEY (project_id, tier_id, slot)
) WITH (fillfactor = 50);

CREATE TABLE promotion_stacks (
    project_id text COLLATE "C" NOT NULL REFERENCES projects ON DELETE CASCADE,
    id text COLLATE "C" NOT NULL,
    campaign_id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    tier_ids text[] NOT NULL,
    category_id text COLLATE "C",
    created_at timestamptz NOT NULL,
    updated_at timestamptz
);
CREATE INDEX promotion_stacks_by_campaign ON promotion_stacks (project_id, campaign_id, created_at DESC);
CREATE INDEX promotion_stacks_by_creation ON promotion_stacks (project_id, created_at DESC NULLS LAST, id DESC);
ALTER TABLE promotion_stacks ADD PRIMARY KEY (project_id, id);
