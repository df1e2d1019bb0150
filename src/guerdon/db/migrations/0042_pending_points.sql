-- Points that wait until a day on which they can be used. Those that are PENDING add up to the card's `pending`. Changed
-- only by whoever holds the card's row.
CREATE TABLE pending_points (
    project_id text COLLATE "C" NOT NULL REFERENCES projects ON DELETE CASCADE,
    id text COLLATE "C" NOT NULL,
    voucher_id text COLLATE "C" NOT NULL,
    campaign_id text COLLATE "C" NOT NULL,
    customer_id text COLLATE "C" NOT NULL,
    order_id text COLLATE "C" NOT NULL,
    earning_rule_id text COLLATE "C" NOT NULL,
    points bigint NOT NULL,
    status text NOT NULL DEFAULT 'PENDING',
    activates_on date NOT NULL,
    expiration_rules jsonb,
    details jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz,
    CONSTRAINT pending_points_positive CHECK (points > 0),
    CONSTRAINT pending_points_status CHECK (status IN ('PENDING', 'ACTIVATED', 'CANCELED'))
) WITH (fillfactor = 80);
CREATE INDEX pending_points_by_campaign ON pending_points (project_id, campaign_id, id) WHERE status = 'PENDING';
CREATE INDEX pending_points_by_voucher ON pending_points (project_id, voucher_id, id);
CREATE INDEX pending_points_by_order ON pending_points (project_id, order_id) WHERE status = 'PENDING';
CREATE INDEX pending_points_due ON pending_points (project_id, activates_on, voucher_id) WHERE status = 'PENDING';
ALTER TABLE pending_points ADD PRIMARY KEY (project_id, id);

ALTER TABLE vouchers ADD CONSTRAINT vouchers_pending_not_negative CHECK (pending >= 0);
