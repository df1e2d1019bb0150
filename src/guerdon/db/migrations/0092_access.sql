-- To which areas and stores campaigns are assigned. These are somebody else's: there is nothing here that the ids name.
CREATE TABLE campaign_access (
    project_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    campaign_id text COLLATE "C" NOT NULL,
    scope text COLLATE "C" NOT NULL CHECK (scope IN ('AREA', 'STORE', 'ALL_STORES')),
    target_id text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT campaign_access_of_a_campaign FOREIGN KEY (project_id, campaign_id) REFERENCES campaigns ON DELETE CASCADE
);
ALTER TABLE campaign_access ADD PRIMARY KEY (project_id, id);
ALTER TABLE campaign_access
    ADD CONSTRAINT campaign_access_once UNIQUE (project_id, campaign_id, scope, target_id);
