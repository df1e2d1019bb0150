-- Segments of customers, who is in those that remember it, and which jobs a project has use for.

CREATE TABLE segments (
    project_id text COLLATE "C" NOT NULL REFERENCES projects ON DELETE CASCADE,
    id text COLLATE "C" NOT NULL,
    name text NOT NULL,
    type text NOT NULL,
    filter jsonb,
    follows_days boolean NOT NULL,
    swept_on date,
    created_at timestamptz NOT NULL,
    updated_at timestamptz,
    CONSTRAINT segments_type CHECK (type IN ('static', 'auto-update', 'passive')),
    CONSTRAINT segments_have_a_filter_or_members CHECK ((type = 'static') = (filter IS NULL))
);
CREATE INDEX segments_by_creation ON segments (project_id, created_at DESC NULLS LAST, id DESC);
ALTER TABLE segments ADD PRIMARY KEY (project_id, id);
CREATE INDEX segments_following_days ON segments (project_id, swept_on) WHERE follows_days;

CREATE TABLE segment_members (
    project_id text COLLATE "C" NOT NULL,
    segment_id text COLLATE "C" NOT NULL,
    customer_id text COLLATE "C" NOT NULL,
    FOREIGN KEY (project_id, segment_id) REFERENCES segments ON DELETE CASCADE,
    FOREIGN KEY (project_id, customer_id) REFERENCES customers ON DELETE CASCADE
);
CREATE INDEX segment_members_by_customer ON segment_members (project_id, customer_id);
ALTER TABLE segment_members ADD PRIMARY KEY (project_id, segment_id, customer_id);

CREATE TABLE followed (
    project_id text COLLATE "C" NOT NULL REFERENCES projects ON DELETE CASCADE,
    job text NOT NULL,
    PRIMARY KEY (project_id, job)
);
