-- Collections of goods, validation rules, and what each rule is assigned to.

CREATE TABLE product_collections (
    project_id text COLLATE "C" NOT NULL REFERENCES projects ON DELETE CASCADE,
    id text COLLATE "C" NOT NULL,
    name text NOT NULL,
    type text NOT NULL CHECK (type IN ('STATIC', 'AUTO_UPDATE')),
    filter jsonb,
    products jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz
);
CREATE INDEX product_collections_by_creation ON product_collections (project_id, created_at DESC NULLS LAST, id DESC);
ALTER TABLE product_collections ADD PRIMARY KEY (project_id, id);

-- `collection_ids` are the collections that the rule names, which cannot be deleted as long as it does.
CREATE TABLE validation_rules (
    project_id text COLLATE "C" NOT NULL REFERENCES projects ON DELETE CASCADE,
    id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    type text NOT NULL,
    context_type text NOT NULL,
    rules jsonb NOT NULL,
    bundle_rules jsonb,
    applicable_to jsonb NOT NULL,
    error jsonb,
    collection_ids text[] NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz
);
CREATE INDEX validation_rules_by_creation ON validation_rules (project_id, created_at DESC NULLS LAST, id DESC);
ALTER TABLE validation_rules ADD PRIMARY KEY (project_id, id);

CREATE TABLE validation_rule_assignments (
    project_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    rule_id text COLLATE "C" NOT NULL,
    related_object_id text COLLATE "C" NOT NULL,
    related_object_type text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX validation_rule_assignments_by_creation
    ON validation_rule_assignments (project_id, created_at DESC NULLS LAST, id DESC);
CREATE INDEX validation_rule_assignments_by_rule ON validation_rule_assignments (project_id, rule_id, created_at DESC);
ALTER TABLE validation_rule_assignments ADD CONSTRAINT validation_rule_assignments_once
    UNIQUE (project_id, related_object_id, rule_id);
ALTER TABLE validation_rule_assignments ADD PRIMARY KEY (project_id, id);
ALTER TABLE validation_rule_assignments ADD CONSTRAINT validation_rule_assignments_rule
    FOREIGN KEY (project_id, rule_id) REFERENCES validation_rules (project_id, id) ON DELETE CASCADE;
