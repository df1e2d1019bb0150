-- Points as ledgers, and what moves them: earning rules, rewards and where these are offered.

-- Everything that was ever added to or taken from a card or gift card. Rows are only ever added; `amount` is signed.
CREATE TABLE voucher_transactions (
    project_id text COLLATE "C" NOT NULL REFERENCES projects ON DELETE CASCADE,
    id text COLLATE "C" NOT NULL,
    voucher_id text COLLATE "C" NOT NULL,
    campaign_id text COLLATE "C",
    type text NOT NULL,
    amount bigint NOT NULL,
    source text,
    source_id text,
    reason text,
    details jsonb NOT NULL,
    related_transaction_id text COLLATE "C",
    created_at timestamptz NOT NULL
);
CREATE INDEX voucher_transactions_by_campaign ON voucher_transactions (project_id, campaign_id, id DESC NULLS LAST);
CREATE INDEX voucher_transactions_by_voucher ON voucher_transactions (project_id, voucher_id, id DESC NULLS LAST);
ALTER TABLE voucher_transactions ADD PRIMARY KEY (project_id, id);

-- The points of a card by the last day on which they can be used (null: for ever). Those that are ACTIVE add up to the
-- card's balance. Changed only by whoever holds the card's row.
CREATE TABLE points_buckets (
    project_id text COLLATE "C" NOT NULL REFERENCES projects ON DELETE CASCADE,
    id text COLLATE "C" NOT NULL,
    voucher_id text COLLATE "C" NOT NULL,
    campaign_id text COLLATE "C",
    points bigint NOT NULL,
    status text NOT NULL DEFAULT 'ACTIVE',
    expires_on date,
    created_at timestamptz NOT NULL,
    updated_at timestamptz,
    CONSTRAINT points_buckets_not_negative CHECK (points >= 0),
    CONSTRAINT points_buckets_status CHECK (status IN ('ACTIVE', 'EXPIRED'))
) WITH (fillfactor = 80);
ALTER TABLE points_buckets ADD PRIMARY KEY (project_id, id);
ALTER TABLE points_buckets
    ADD CONSTRAINT points_buckets_one_per_day UNIQUE NULLS NOT DISTINCT (project_id, voucher_id, expires_on);

CREATE TABLE earning_rules (
    project_id text COLLATE "C" NOT NULL REFERENCES projects ON DELETE CASCADE,
    id text COLLATE "C" NOT NULL,
    automation_id text COLLATE "C" NOT NULL,
    campaign_id text COLLATE "C" NOT NULL,
    event text NOT NULL,
    loyalty jsonb NOT NULL,
    expiration_rules jsonb,
    banner text,
    active boolean NOT NULL,
    start_date timestamptz,
    expiration_date timestamptz,
    metadata jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz
) WITH (fillfactor = 80);
CREATE INDEX earning_rules_by_event ON earning_rules (project_id, event) WHERE active;
CREATE INDEX earning_rules_by_campaign ON earning_rules (project_id, campaign_id, created_at DESC NULLS LAST, id DESC);
ALTER TABLE earning_rules ADD PRIMARY KEY (project_id, id);

-- Which order has earned by which rule: a key, so that it can happen only once.
CREATE TABLE order_earnings (
    project_id text COLLATE "C" NOT NULL REFERENCES projects ON DELETE CASCADE,
    order_id text COLLATE "C" NOT NULL,
    earning_rule_id text COLLATE "C" NOT NULL,
    transaction_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (project_id, order_id, earning_rule_id)
);

CREATE TABLE rewards (
    project_id text COLLATE "C" NOT NULL REFERENCES projects ON DELETE CASCADE,
    id text COLLATE "C" NOT NULL,
    name text NOT NULL,
    type text NOT NULL CHECK (type IN ('CAMPAIGN', 'COIN', 'MATERIAL')),
    parameters jsonb NOT NULL,
    stock bigint,
    redeemed bigint NOT NULL DEFAULT 0,
    attributes jsonb,
    metadata jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz,
    CONSTRAINT rewards_stock_not_exceeded CHECK (redeemed <= stock)
) WITH (fillfactor = 80);
CREATE INDEX rewards_by_creation ON rewards (project_id, created_at DESC NULLS LAST, id DESC);
ALTER TABLE rewards ADD PRIMARY KEY (project_id, id);

-- Which rewards a campaign offers, and for how many points.
CREATE TABLE reward_assignments (
    project_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    reward_id text COLLATE "C" NOT NULL,
    campaign_id text COLLATE "C" NOT NULL,
    points bigint NOT NULL CHECK (points > 0),
    created_at timestamptz NOT NULL,
    updated_at timestamptz,
    CONSTRAINT reward_assignments_of_a_reward FOREIGN KEY (project_id, reward_id) REFERENCES rewards
) WITH (fillfactor = 80);
CREATE INDEX reward_assignments_by_reward
    ON reward_assignments (project_id, reward_id, created_at DESC NULLS LAST, id DESC);
ALTER TABLE reward_assignments ADD CONSTRAINT reward_assignments_once UNIQUE (project_id, campaign_id, reward_id);
ALTER TABLE reward_assignments ADD PRIMARY KEY (project_id, id);
