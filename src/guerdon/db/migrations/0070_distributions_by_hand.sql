-- A distribution that somebody starts by hand goes to its customers at `due_at`, in the project's time, in the order of
-- their ids; `reached` is the last of them that was told. One that also goes to those who are in its segment already has
-- a time as well.
ALTER TABLE distributions
    ADD COLUMN live_at timestamptz,
    ADD COLUMN due_at timestamptz,
    ADD COLUMN reached text COLLATE "C";
CREATE INDEX distributions_due ON distributions (project_id, due_at) WHERE due_at IS NOT NULL;
UPDATE distributions SET live_at = coalesce(updated_at, created_at) WHERE status = 'LIVE';
