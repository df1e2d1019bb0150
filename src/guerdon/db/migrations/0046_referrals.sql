-- Who holds which code, and in which role; and who has referred whom.

CREATE TABLE redeemable_holders (
    project_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    voucher_id text COLLATE "C" NOT NULL,
    campaign_id text COLLATE "C",
    campaign_type text,
    voucher_type text NOT NULL,
    customer_id text COLLATE "C" NOT NULL,
    role text NOT NULL CHECK (role IN ('OWNER', 'REFERRER', 'REFEREE')),
    publication_id text COLLATE "C",
    metadata jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT redeemable_holders_of_a_voucher FOREIGN KEY (project_id, voucher_id) REFERENCES vouchers ON DELETE CASCADE,
    CONSTRAINT redeemable_holders_by FOREIGN KEY (project_id, customer_id) REFERENCES customers ON DELETE CASCADE
);
CREATE INDEX redeemable_holders_by_customer ON redeemable_holders (project_id, customer_id, id DESC NULLS LAST);
CREATE INDEX redeemable_holders_by_voucher ON redeemable_holders (project_id, voucher_id, id DESC NULLS LAST);
ALTER TABLE redeemable_holders
    ADD CONSTRAINT redeemable_holders_once UNIQUE (project_id, voucher_id, customer_id);
ALTER TABLE redeemable_holders ADD PRIMARY KEY (project_id, id);
INSERT INTO redeemable_holders (
    project_id, id, voucher_id, campaign_id, campaign_type, voucher_type, customer_id, role, metadata, created_at
)
SELECT v.project_id, 'rh_' || substr(md5(v.id), 1, 18), v.id, v.campaign_id, c.campaign_type, v.type, v.holder_id,
    'OWNER', '{}', coalesce(v.updated_at, v.created_at)
FROM vouchers v JOIN customers h ON h.project_id = v.project_id AND h.id = v.holder_id
LEFT JOIN campaigns c ON c.project_id = v.project_id AND c.id = v.campaign_id;

-- Who has been referred by whom in a campaign: once, however often a code is used.
CREATE TABLE referrals (
    project_id text COLLATE "C" NOT NULL REFERENCES projects ON DELETE CASCADE,
    campaign_id text COLLATE "C" NOT NULL,
    referrer_id text COLLATE "C" NOT NULL,
    referee_id text COLLATE "C" NOT NULL,
    voucher_id text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (project_id, campaign_id, referrer_id, referee_id)
);

-- How many a customer has referred in a campaign. Whoever counts one more holds the row, and what follows from it.
CREATE TABLE referrers (
    project_id text COLLATE "C" NOT NULL REFERENCES projects ON DELETE CASCADE,
    campaign_id text COLLATE "C" NOT NULL,
    customer_id text COLLATE "C" NOT NULL,
    referees bigint NOT NULL,
    PRIMARY KEY (project_id, campaign_id, customer_id)
) WITH (fillfactor = 80);

-- What referrers get: for each customer they refer, or once when they have referred so many.
CREATE TABLE referral_tiers (
    project_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    campaign_id text COLLATE "C" NOT NULL,
    assignment_id text COLLATE "C" NOT NULL,
    banner text NOT NULL,
    type text NOT NULL CHECK (type IN ('EACH_REFEREE', 'MINIMUM_REFEREES')),
    minimum bigint,
    reward_id text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz,
    CONSTRAINT referral_tiers_minimum CHECK ((type = 'MINIMUM_REFEREES') = (minimum IS NOT NULL)),
    CONSTRAINT referral_tiers_of_a_reward FOREIGN KEY (project_id, reward_id) REFERENCES rewards
);
CREATE INDEX referral_tiers_by_campaign
    ON referral_tiers (project_id, campaign_id, created_at DESC NULLS LAST, id DESC);
CREATE INDEX referral_tiers_by_reward ON referral_tiers (project_id, reward_id);
ALTER TABLE referral_tiers ADD PRIMARY KEY (project_id, id);

-- Which referrer has got what a tier gives once.
CREATE TABLE referral_tiers_reached (
    project_id text COLLATE "C" NOT NULL REFERENCES projects ON DELETE CASCADE,
    tier_id text COLLATE "C" NOT NULL,
    customer_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (project_id, tier_id, customer_id)
);
