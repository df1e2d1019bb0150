-- Categories, and how redeemables of a request stack: at most one set of rules per project.

CREATE TABLE categories (
    project_id text COLLATE "C" NOT NULL REFERENCES projects ON DELETE CASCADE,
    id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    hierarchy bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz,
    CONSTRAINT categories_hierarchy_not_negative CHECK (hierarchy >= 0)
);
CREATE INDEX categories_by_name ON categories (project_id, name);
CREATE INDEX categories_by_creation ON categories (project_id, created_at DESC NULLS LAST, id DESC);
ALTER TABLE categories ADD PRIMARY KEY (project_id, id);

CREATE TABLE stacking_rules (
    project_id text COLLATE "C" NOT NULL REFERENCES projects ON DELETE CASCADE,
    id text COLLATE "C" NOT NULL,
    settings jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz,
    PRIMARY KEY (project_id)
);
