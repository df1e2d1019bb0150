-- The tiers of loyalty campaigns, and which card is in which of them.

CREATE TABLE loyalty_tiers (
    project_id text COLLATE "C" NOT NULL REFERENCES projects ON DELETE CASCADE,
    id text COLLATE "C" NOT NULL,
    campaign_id text COLLATE "C" NOT NULL,
    name text NOT NULL,
    points_from bigint NOT NULL CHECK (points_from >= 0),
    points_to bigint,
    earning_rules jsonb NOT NULL,
    rewards jsonb NOT NULL,
    metadata jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz,
    CONSTRAINT loyalty_tiers_range CHECK (points_to >= points_from)
);
CREATE INDEX loyalty_tiers_by_campaign ON loyalty_tiers (project_id, campaign_id, created_at DESC NULLS LAST, id DESC);
ALTER TABLE loyalty_tiers ADD PRIMARY KEY (project_id, id);

-- The tier of a card, since when and through which day (null: as long as the points last). Changed only by whoever holds
-- the card's row.
CREATE TABLE loyalty_standings (
    project_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    campaign_id text COLLATE "C" NOT NULL,
    customer_id text COLLATE "C" NOT NULL,
    tier_id text COLLATE "C" NOT NULL,
    start_date date NOT NULL,
    expiration_date date,
    created_at timestamptz NOT NULL,
    updated_at timestamptz,
    CONSTRAINT loyalty_standings_of_a_card FOREIGN KEY (project_id, id) REFERENCES vouchers ON DELETE CASCADE
) WITH (fillfactor = 80);
CREATE INDEX loyalty_standings_by_holder ON loyalty_standings (project_id, campaign_id, customer_id);
CREATE INDEX loyalty_standings_ending ON loyalty_standings (project_id, expiration_date, id)
    WHERE expiration_date IS NOT NULL;
ALTER TABLE loyalty_standings ADD PRIMARY KEY (project_id, id);

-- When the cards of a campaign are looked at next because a period begins, where tiers start with one.
CREATE TABLE loyalty_periods (
    project_id text COLLATE "C" NOT NULL REFERENCES projects ON DELETE CASCADE,
    campaign_id text COLLATE "C" NOT NULL,
    next_on date NOT NULL,
    PRIMARY KEY (project_id, campaign_id)
);
CREATE INDEX loyalty_periods_next ON loyalty_periods (project_id, next_on);
