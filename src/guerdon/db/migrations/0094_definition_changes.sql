-- Who changes a definition (what campaigns, tiers, rules, categories and goods are) leaves the number of the transaction
-- here, so that processes can remember definitions and still know with every statement whether they are as they were:
-- they are if no row here can be seen that could not be seen when they were read. Nobody waits for anybody: every
-- transaction has a row of its own. Rules that bind single codes are not remembered, so they leave nothing here.

CREATE TABLE definition_changes (
    project_id text COLLATE "C" NOT NULL,
    xid xid8 NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (project_id, xid)
);
CREATE INDEX definition_changes_by_age ON definition_changes (changed_at);

CREATE FUNCTION note_definition_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO definition_changes (project_id, xid)
    SELECT DISTINCT project_id, pg_current_xact_id() FROM changed ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;

CREATE FUNCTION note_assignment_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO definition_changes (project_id, xid)
    SELECT DISTINCT project_id, pg_current_xact_id() FROM changed WHERE related_object_type <> 'voucher'
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;

DO $$
DECLARE
    definitions text;
    noting text;
BEGIN
    FOREACH definitions IN ARRAY ARRAY[
        'campaigns', 'promotion_tiers', 'validation_rules', 'validation_rule_assignments', 'categories', 'stacking_rules',
        'products', 'skus'
    ] LOOP
        noting := CASE definitions
            WHEN 'validation_rule_assignments' THEN 'note_assignment_change' ELSE 'note_definition_change'
        END;
        EXECUTE format(
            'CREATE TRIGGER note_insert AFTER INSERT ON %I REFERENCING NEW TABLE AS changed '
            'FOR EACH STATEMENT EXECUTE FUNCTION %I()', definitions, noting
        );
        EXECUTE format(
            'CREATE TRIGGER note_update AFTER UPDATE ON %I REFERENCING NEW TABLE AS changed '
            'FOR EACH STATEMENT EXECUTE FUNCTION %I()', definitions, noting
        );
        EXECUTE format(
            'CREATE TRIGGER note_delete AFTER DELETE ON %I REFERENCING OLD TABLE AS changed '
            'FOR EACH STATEMENT EXECUTE FUNCTION %I()', definitions, noting
        );
    END LOOP;
END $$;
