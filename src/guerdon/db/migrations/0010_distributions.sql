-- Distributions: what is sent to whom when an event happens. Their channels are endpoints while they are live.

CREATE TABLE distributions (
    project_id text COLLATE "C" NOT NULL REFERENCES projects ON DELETE CASCADE,
    id text COLLATE "C" NOT NULL,
    name text NOT NULL,
    status text NOT NULL CHECK (status IN ('DRAFT', 'LIVE', 'PAUSED', 'DONE')),
    trigger jsonb NOT NULL,
    action jsonb NOT NULL,
    channels jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz,
    PRIMARY KEY (project_id, id)
);
