-- Redemptions of everything: refused ones, those of several redeemables with their parent, and rollbacks.

ALTER TABLE redemptions
    ADD COLUMN parent_id text COLLATE "C",
    ADD COLUMN redemption_id text COLLATE "C",
    ADD COLUMN promotion_tier_id text COLLATE "C",
    ADD COLUMN promotion_stack_id text COLLATE "C",
    ADD COLUMN failure_code text,
    ADD COLUMN failure_message text,
    ADD COLUMN reason text,
    ADD COLUMN voucher_code text COLLATE "C",
    ADD COLUMN session_key text COLLATE "C",
    ADD COLUMN related_object_type text NOT NULL DEFAULT 'voucher',
    ADD COLUMN order_amount bigint,
    ADD COLUMN discounted_amount bigint,
    ADD COLUMN units jsonb,
    ADD COLUMN counted jsonb,
    ADD COLUMN drained jsonb,
    ADD COLUMN snapshot jsonb;
ALTER TABLE redemptions ALTER COLUMN related_object_type DROP DEFAULT;
CREATE INDEX redemptions_by_campaign ON redemptions (project_id, campaign_id, created_at);
CREATE INDEX redemptions_by_tier ON redemptions (project_id, promotion_tier_id, created_at)
    WHERE promotion_tier_id IS NOT NULL;
CREATE INDEX redemptions_by_parent ON redemptions (project_id, parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX redemptions_by_original ON redemptions (project_id, redemption_id) WHERE redemption_id IS NOT NULL;

-- What limits have counted, by limit. It is made from the redemptions when a limit is first asked for, and kept from
-- then on by every redemption that the limit binds.
CREATE TABLE redemption_counters (
    project_id text COLLATE "C" NOT NULL REFERENCES projects ON DELETE CASCADE,
    key text COLLATE "C" NOT NULL,
    value bigint CONSTRAINT redemption_counters_not_negative CHECK (value >= 0),
    PRIMARY KEY (project_id, key)
) WITH (fillfactor = 80);

-- What validations have locked: one redemption of a voucher, and credits or points of it.
CREATE TABLE redemption_sessions (
    project_id text COLLATE "C" NOT NULL,
    voucher_id text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    amount bigint NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (project_id, voucher_id, key),
    FOREIGN KEY (project_id, voucher_id) REFERENCES vouchers ON DELETE CASCADE
);
CREATE INDEX redemption_sessions_by_key ON redemption_sessions (project_id, key);

-- Changes whenever something is locked or released, so that a redemption can tell that it decided on other locks.
ALTER TABLE vouchers ADD COLUMN locks integer NOT NULL DEFAULT 0;

-- Codes that anybody may use without their being published, for qualifications.
CREATE INDEX vouchers_alone ON vouchers (project_id, created_at DESC, id DESC) WHERE campaign_id IS NULL;
