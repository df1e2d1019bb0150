-- The rule that an earning rule is bound by, as its answers show it; the assignment itself stands with the others.
ALTER TABLE earning_rules ADD COLUMN validation_rule_id text COLLATE "C";
ALTER TABLE earning_rules ADD CONSTRAINT earning_rules_validation_rule
    FOREIGN KEY (project_id, validation_rule_id) REFERENCES validation_rules (project_id, id)
    ON DELETE SET NULL (validation_rule_id);
CREATE INDEX earning_rules_by_validation_rule ON earning_rules (project_id, validation_rule_id)
    WHERE validation_rule_id IS NOT NULL;
