-- Campaigns, the codes of every kind of voucher with the account that each one carries, and who holds codes of what.
-- Keys are made after the other indexes: on a table that has not been analysed yet, all of them look equally good for a
-- look-up by id, and PostgreSQL then takes the one that was made last.

CREATE TABLE campaigns (
    project_id text COLLATE "C" NOT NULL REFERENCES projects ON DELETE CASCADE,
    id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    description text,
    campaign_type text NOT NULL,
    type text NOT NULL CHECK (type IN ('AUTO_UPDATE', 'STATIC', 'STANDALONE')),
    active boolean NOT NULL,
    join_once boolean NOT NULL,
    auto_join boolean NOT NULL,
    protected boolean NOT NULL DEFAULT false,
    voucher_type text,
    category_id text COLLATE "C",
    start_date timestamptz,
    expiration_date timestamptz,
    settings jsonb NOT NULL,
    metadata jsonb NOT NULL,
    vouchers_count bigint NOT NULL DEFAULT 0,
    creation_status text NOT NULL,
    vouchers_generation_status text NOT NULL,
    generations_running int NOT NULL DEFAULT 0 CHECK (generations_running >= 0),
    created_at timestamptz NOT NULL,
    updated_at timestamptz
) WITH (fillfactor = 80);
CREATE INDEX campaigns_by_creation ON campaigns (project_id, created_at DESC NULLS LAST, id DESC);
ALTER TABLE campaigns ADD CONSTRAINT campaigns_name UNIQUE (project_id, name);
ALTER TABLE campaigns ADD PRIMARY KEY (project_id, id);

-- Codes made one by one while they are published; in slots, so that publishers of a campaign do not wait for each other.
CREATE TABLE campaign_growth (
    project_id text COLLATE "C" NOT NULL,
    campaign_id text COLLATE "C" NOT NULL,
    slot int NOT NULL,
    codes bigint NOT NULL,
    PRIMARY KEY (project_id, campaign_id, slot)
) WITH (fillfactor = 50);

-- One row per code of any type. Amounts are points of a loyalty card or cents of a gift card; `redemption_quantity` null
-- is no limit. `code_key` is the code as the project compares it.
CREATE TABLE vouchers (
    project_id text COLLATE "C" NOT NULL REFERENCES projects ON DELETE CASCADE,
    id text COLLATE "C" NOT NULL,
    code text COLLATE "C" NOT NULL,
    code_key text COLLATE "C" NOT NULL,
    type text NOT NULL CHECK (type IN ('DISCOUNT_VOUCHER', 'GIFT_VOUCHER', 'LOYALTY_CARD')),
    campaign_id text COLLATE "C",
    campaign text COLLATE "C",
    discount jsonb,
    gift_effect text,
    added bigint NOT NULL DEFAULT 0,
    subtracted bigint NOT NULL DEFAULT 0,
    expired bigint NOT NULL DEFAULT 0,
    redeemed bigint NOT NULL DEFAULT 0,
    balance bigint NOT NULL DEFAULT 0,
    pending bigint NOT NULL DEFAULT 0,
    next_expiration_date date,
    next_expiration_points bigint,
    redemption_quantity bigint,
    redeemed_quantity bigint NOT NULL DEFAULT 0,
    holder_id text COLLATE "C",
    referrer_id text COLLATE "C",
    is_referral_code boolean NOT NULL DEFAULT false,
    publish_count int NOT NULL DEFAULT 0,
    active boolean NOT NULL,
    category_id text COLLATE "C",
    start_date timestamptz,
    expiration_date timestamptz,
    validity jsonb,
    additional_info text,
    metadata jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz,
    CONSTRAINT vouchers_balance_adds_up CHECK (balance = added - subtracted - expired - redeemed),
    CONSTRAINT vouchers_balance_not_negative CHECK (balance >= 0),
    CONSTRAINT vouchers_quantity_not_exceeded CHECK (redeemed_quantity <= redemption_quantity)
) WITH (fillfactor = 80);
CREATE INDEX vouchers_free ON vouchers (project_id, campaign_id, id)
    WHERE holder_id IS NULL AND publish_count = 0 AND active;
CREATE INDEX vouchers_by_campaign ON vouchers (project_id, campaign_id, created_at DESC NULLS LAST, id DESC);
CREATE INDEX vouchers_by_holder ON vouchers (project_id, holder_id) WHERE holder_id IS NOT NULL;
CREATE INDEX vouchers_by_creation ON vouchers (project_id, created_at DESC NULLS LAST, id DESC);
ALTER TABLE vouchers ADD CONSTRAINT vouchers_code UNIQUE (project_id, code_key);
ALTER TABLE vouchers ADD PRIMARY KEY (project_id, id);

-- Who was given how many codes of a campaign. A campaign that is joined once has one row per customer, decided by this key.
CREATE TABLE campaign_holders (
    project_id text COLLATE "C" NOT NULL,
    campaign_id text COLLATE "C" NOT NULL,
    customer_id text COLLATE "C" NOT NULL,
    codes int NOT NULL,
    PRIMARY KEY (project_id, campaign_id, customer_id)
);
