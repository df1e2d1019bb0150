-- Publications: which codes were given to whom, and by whose word. They outlive their codes, campaigns and customers.

CREATE TABLE publications (
    project_id text COLLATE "C" NOT NULL REFERENCES projects ON DELETE CASCADE,
    id text COLLATE "C" NOT NULL,
    customer_id text COLLATE "C" NOT NULL,
    tracking_id text,
    campaign_id text COLLATE "C",
    campaign text,
    voucher_code text COLLATE "C",
    voucher_type text NOT NULL,
    is_referral_code boolean NOT NULL,
    vouchers_id text[] COLLATE "C" NOT NULL,
    codes text[] COLLATE "C" NOT NULL,
    channel text NOT NULL,
    source_id text COLLATE "C",
    metadata jsonb NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX publications_by_creation ON publications (project_id, created_at DESC NULLS LAST, id DESC);
CREATE INDEX publications_by_customer ON publications (project_id, customer_id);
CREATE INDEX publications_by_campaign ON publications (project_id, campaign_id);
CREATE INDEX publications_by_voucher ON publications USING gin (vouchers_id);
ALTER TABLE publications ADD CONSTRAINT publications_source_id UNIQUE (project_id, source_id);
ALTER TABLE publications ADD PRIMARY KEY (project_id, id);
