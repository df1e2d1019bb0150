-- What a summary of a campaign needs and nothing else would keep.

-- Codes of campaigns that were deleted one by one, with what was left on them. They go with their campaign.
CREATE TABLE deleted_vouchers (
    project_id text COLLATE "C" NOT NULL REFERENCES projects ON DELETE CASCADE,
    campaign_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    balance bigint NOT NULL,
    created_at timestamptz NOT NULL,
    deleted_at timestamptz NOT NULL,
    PRIMARY KEY (project_id, campaign_id, id)
);

-- How often something that is not worth a row each time happened to a subject on a day of the project.
CREATE TABLE tallies (
    project_id text COLLATE "C" NOT NULL,
    subject_id text COLLATE "C" NOT NULL,
    day date NOT NULL,
    name text COLLATE "C" NOT NULL,
    times bigint NOT NULL,
    PRIMARY KEY (project_id, subject_id, day, name)
) WITH (fillfactor = 50);

-- Why points wait no longer: they can be used (ACTIVATED), were dropped (CANCELED), or somebody made them less (null).
ALTER TABLE points_changes ADD COLUMN cause text CHECK (cause IN ('ACTIVATED', 'CANCELED'));
CREATE INDEX points_changes_that_wait ON points_changes (project_id, campaign_id, created_at) WHERE waiting;

-- In the order of time, so that those of some days are found as well.
DROP INDEX publications_by_campaign;
CREATE INDEX publications_by_campaign ON publications (project_id, campaign_id, created_at);
