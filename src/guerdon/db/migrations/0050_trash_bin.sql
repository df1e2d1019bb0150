-- What was deleted but not for good: nothing of it is left but its name, which nobody else can have until the entry goes.
-- Keys come last, as 0005_campaigns.sql tells.

CREATE TABLE trash_bin (
    project_id text COLLATE "C" NOT NULL REFERENCES projects ON DELETE CASCADE,
    id text COLLATE "C" NOT NULL,
    resource_id text COLLATE "C" NOT NULL,
    resource_type text NOT NULL CHECK (resource_type IN ('campaign', 'voucher', 'product', 'sku')),
    resource_name text NOT NULL,
    resource_parent_id text COLLATE "C",
    created_at timestamptz NOT NULL
);
ALTER TABLE trash_bin ADD PRIMARY KEY (project_id, id);

-- A name counts only as long as its entry is there.
CREATE TABLE reserved_names (
    project_id text COLLATE "C" NOT NULL REFERENCES projects ON DELETE CASCADE,
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('campaign', 'code', 'product', 'sku')),
    name text COLLATE "C" NOT NULL,
    entry_id text COLLATE "C" NOT NULL
);
CREATE INDEX reserved_names_of_entry ON reserved_names (project_id, entry_id);
ALTER TABLE reserved_names ADD PRIMARY KEY (project_id, kind, name);
