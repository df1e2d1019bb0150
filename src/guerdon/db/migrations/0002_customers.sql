-- Customers with the sums that are kept of their orders, redemptions, cards and referrals.
-- Keys come last, as 0005_campaigns.sql tells; then what cannot be used for a look-up by id, because it is partial.

CREATE TABLE customers (
    project_id text COLLATE "C" NOT NULL REFERENCES projects ON DELETE CASCADE,
    id text COLLATE "C" NOT NULL,
    source_id text COLLATE "C",
    name text,
    description text,
    email text,
    phone text,
    birthday date,
    birthdate date,
    address jsonb,
    metadata jsonb NOT NULL,
    redemptions_succeeded int NOT NULL DEFAULT 0,
    redemptions_failed int NOT NULL DEFAULT 0,
    rollbacks_succeeded int NOT NULL DEFAULT 0,
    rollbacks_failed int NOT NULL DEFAULT 0,
    gift_redeemed bigint NOT NULL DEFAULT 0,
    gift_to_go bigint NOT NULL DEFAULT 0,
    points_redeemed bigint NOT NULL DEFAULT 0,
    orders_amount bigint NOT NULL DEFAULT 0,
    orders_count int NOT NULL DEFAULT 0,
    last_order_amount bigint NOT NULL DEFAULT 0,
    last_order_at timestamptz,
    programs jsonb NOT NULL DEFAULT '{}',
    referrals jsonb NOT NULL DEFAULT '[]',
    version int NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    updated_at timestamptz
) WITH (fillfactor = 80);
CREATE INDEX customers_by_email ON customers (project_id, email);
CREATE INDEX customers_by_creation ON customers (project_id, created_at DESC NULLS LAST, id DESC);
ALTER TABLE customers ADD PRIMARY KEY (project_id, id);
CREATE UNIQUE INDEX customers_source_id ON customers (project_id, source_id) WHERE source_id IS NOT NULL;
