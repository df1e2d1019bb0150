-- What the metadata of a project's objects must be like, and how many such schemas a project has.

ALTER TABLE projects ADD metadata_schemas int NOT NULL DEFAULT 0;

CREATE TABLE metadata_schemas (
    project_id text COLLATE "C" NOT NULL REFERENCES projects ON DELETE CASCADE,
    id text COLLATE "C" NOT NULL,
    related_object text NOT NULL,
    properties jsonb NOT NULL,
    allow_defined_only boolean NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz
);
ALTER TABLE metadata_schemas ADD PRIMARY KEY (project_id, id);
ALTER TABLE metadata_schemas ADD CONSTRAINT metadata_schemas_related_object UNIQUE (project_id, related_object);
