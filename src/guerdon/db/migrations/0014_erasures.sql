-- Customers that were to be forgotten, until the last of their events is gone as well.

CREATE TABLE erasures (
    project_id text COLLATE "C" NOT NULL REFERENCES projects ON DELETE CASCADE,
    id text COLLATE "C" NOT NULL,
    customer_id text COLLATE "C" NOT NULL,
    entities text[] NOT NULL,
    created_at timestamptz NOT NULL
);
ALTER TABLE erasures ADD PRIMARY KEY (project_id, id);
