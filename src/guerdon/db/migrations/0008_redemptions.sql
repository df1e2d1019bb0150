-- Redemptions, and what is owed for those of rewards. They outlive their vouchers, campaigns and customers.

CREATE TABLE redemptions (
    project_id text COLLATE "C" NOT NULL REFERENCES projects ON DELETE CASCADE,
    id text COLLATE "C" NOT NULL,
    customer_id text COLLATE "C",
    tracking_id text,
    voucher_id text COLLATE "C",
    campaign_id text COLLATE "C",
    reward_id text COLLATE "C",
    reward_assignment_id text COLLATE "C",
    order_id text COLLATE "C",
    amount bigint,
    result text NOT NULL,
    status text NOT NULL,
    channel_type text NOT NULL,
    channel_id text NOT NULL,
    metadata jsonb,
    created_at timestamptz NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX redemptions_by_voucher ON redemptions (project_id, voucher_id, id);
CREATE INDEX redemptions_by_customer ON redemptions (project_id, customer_id, id);
CREATE INDEX redemptions_by_creation ON redemptions (project_id, created_at DESC NULLS LAST, id DESC);
ALTER TABLE redemptions ADD PRIMARY KEY (project_id, id);

CREATE TABLE reward_redemptions (
    project_id text COLLATE "C" NOT NULL REFERENCES projects ON DELETE CASCADE,
    id text COLLATE "C" NOT NULL,
    state text NOT NULL CHECK (state IN ('CREATED', 'PENDING', 'COMPLETED', 'ROLLEDBACK')),
    voucher_id text COLLATE "C" NOT NULL,
    campaign_id text COLLATE "C" NOT NULL,
    customer_id text COLLATE "C" NOT NULL,
    reward_assignment_id text COLLATE "C" NOT NULL,
    source_id text COLLATE "C" NOT NULL,
    source_type text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz,
    PRIMARY KEY (project_id, id)
) WITH (fillfactor = 80);
