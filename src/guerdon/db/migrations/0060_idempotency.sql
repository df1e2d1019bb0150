-- Answers to requests that named themselves with an Idempotency-Key. A row is claimed by the transaction that does the
-- work and filled by the same one, so that nobody ever sees it without its answer. `project_id` is empty for operations
-- that belong to no project yet.

CREATE TABLE idempotency_keys (
    project_id text COLLATE "C" NOT NULL,
    app_id text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    fingerprint bytea NOT NULL,
    created_at timestamptz NOT NULL,
    status smallint,
    media_type text,
    body bytea
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
ALTER TABLE idempotency_keys ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (project_id, app_id, key);
