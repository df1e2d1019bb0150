-- The events that a project has defined, and how often each customer has had one.

CREATE TABLE custom_event_schemas (
    project_id text COLLATE "C" NOT NULL REFERENCES projects ON DELETE CASCADE,
    id text COLLATE "C" NOT NULL,
    name text NOT NULL,
    properties jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz
);
ALTER TABLE custom_event_schemas ADD PRIMARY KEY (project_id, id);
ALTER TABLE custom_event_schemas ADD CONSTRAINT custom_event_schemas_name UNIQUE (project_id, name);

CREATE TABLE custom_event_counts (
    project_id text COLLATE "C" NOT NULL,
    customer_id text COLLATE "C" NOT NULL,
    event text NOT NULL,
    count bigint NOT NULL,
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    FOREIGN KEY (project_id, customer_id) REFERENCES customers ON DELETE CASCADE
) WITH (fillfactor = 80);
ALTER TABLE custom_event_counts ADD PRIMARY KEY (project_id, customer_id, event);
