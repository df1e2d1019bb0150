-- Orders. A customer who is deleted stays named in the orders, so there is no foreign key.
-- Keys come last, as 0005_campaigns.sql tells; then what cannot be used for a look-up by id, because it is partial.

CREATE TABLE orders (
    project_id text COLLATE "C" NOT NULL REFERENCES projects ON DELETE CASCADE,
    id text COLLATE "C" NOT NULL,
    source_id text COLLATE "C",
    status text NOT NULL,
    customer_id text COLLATE "C",
    referrer_id text COLLATE "C",
    amount bigint,
    initial_amount bigint,
    discount_amount bigint,
    total_amount bigint,
    items jsonb NOT NULL,
    metadata jsonb NOT NULL,
    redemptions jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz,
    CONSTRAINT orders_status CHECK (status IN ('CREATED', 'PAID', 'CANCELED', 'FULFILLED')),
    CONSTRAINT orders_amounts_not_negative CHECK (amount >= 0 AND total_amount >= 0)
) WITH (fillfactor = 80);
CREATE INDEX orders_by_creation ON orders (project_id, created_at DESC NULLS LAST, id DESC);
-- What a customer has spent, newest last.
CREATE INDEX orders_spent ON orders (project_id, customer_id, created_at, id) WHERE status IN ('PAID', 'FULFILLED');
ALTER TABLE orders ADD PRIMARY KEY (project_id, id);
CREATE UNIQUE INDEX orders_source_id ON orders (project_id, source_id) WHERE source_id IS NOT NULL;
