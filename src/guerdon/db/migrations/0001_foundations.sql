-- Projects and keys; the outbox, the feed of events and the deliveries made of it; jobs and asynchronous actions.
-- Identifiers are compared byte by byte (COLLATE "C"): they sort by time that way, in every database.
-- Keys are made after the other indexes; 0005_campaigns.sql tells why.

CREATE SEQUENCE node_numbers;

CREATE TABLE installation (
    key text PRIMARY KEY,
    value text NOT NULL
);
INSERT INTO installation VALUES ('asset_secret', encode(sha256((gen_random_uuid()::text || gen_random_uuid()::text)::bytea), 'hex'));

CREATE TABLE projects (
    id text COLLATE "C" PRIMARY KEY,
    name text NOT NULL,
    description text NOT NULL DEFAULT '',
    timezone text NOT NULL,
    currency text NOT NULL,
    dial_code text,
    case_sensitive_codes boolean NOT NULL,
    is_sandbox boolean NOT NULL,
    clock_offset interval NOT NULL DEFAULT interval '0',
    cluster_id text NOT NULL,
    client_trusted_domains jsonb NOT NULL,
    client_abilities jsonb NOT NULL,
    notifications jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT projects_clock_moves_in_sandboxes CHECK (is_sandbox OR clock_offset = interval '0')
);

CREATE TABLE api_keys (
    app_id text COLLATE "C" PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('SERVER', 'CLIENT', 'MANAGEMENT')),
    project_id text COLLATE "C" REFERENCES projects ON DELETE CASCADE,
    name text NOT NULL,
    token_sha256 bytea NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT api_keys_management_has_no_project CHECK ((kind = 'MANAGEMENT') = (project_id IS NULL))
);

-- Rows live here for milliseconds: from the commit of a change until the relay has numbered and fanned out its events.
CREATE TABLE outbox (
    project_id text COLLATE "C" NOT NULL,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    id text COLLATE "C" NOT NULL,
    type text NOT NULL,
    entity_id text COLLATE "C" NOT NULL,
    group_id text NOT NULL,
    created_at timestamptz NOT NULL,
    event_source text NOT NULL,
    category text NOT NULL,
    campaign_id text COLLATE "C",
    quiet boolean NOT NULL,
    data text NOT NULL,
    PRIMARY KEY (project_id, seq)
) WITH (toast_tuple_target = 8160, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

CREATE TABLE event_feeds (
    project_id text COLLATE "C" PRIMARY KEY REFERENCES projects ON DELETE CASCADE,
    last_number bigint NOT NULL DEFAULT 0
);

CREATE TABLE events (
    project_id text COLLATE "C" NOT NULL,
    number bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    id text COLLATE "C" NOT NULL,
    type text NOT NULL,
    entity_id text COLLATE "C" NOT NULL,
    group_id text NOT NULL,
    created_at timestamptz NOT NULL,
    event_source text NOT NULL,
    category text NOT NULL,
    campaign_id text COLLATE "C",
    quiet boolean NOT NULL,
    data text NOT NULL
) PARTITION BY RANGE (recorded_at);
CREATE INDEX events_by_entity ON events (project_id, entity_id, number);
ALTER TABLE events ADD PRIMARY KEY (project_id, number, recorded_at);

-- Where events go: one row per project webhook, and one per channel of a distribution.
CREATE TABLE endpoints (
    project_id text COLLATE "C" NOT NULL REFERENCES projects ON DELETE CASCADE,
    id text COLLATE "C" NOT NULL,
    source_id text COLLATE "C" NOT NULL,
    target_url text NOT NULL,
    events text[] NOT NULL,
    all_events boolean NOT NULL DEFAULT false,
    active boolean NOT NULL,
    active_since text COLLATE "C" NOT NULL,
    campaign_id text COLLATE "C",
    event_name text,
    headers jsonb NOT NULL DEFAULT '{}',
    template text,
    raw boolean NOT NULL DEFAULT false,
    prepared_by text,
    description text,
    rate_limit_per_s int,
    disabled_reason text,
    disabled_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz
);
CREATE INDEX endpoints_by_source ON endpoints (project_id, source_id);
ALTER TABLE endpoints ADD PRIMARY KEY (project_id, id);

CREATE TABLE delivery_settings (
    project_id text COLLATE "C" PRIMARY KEY REFERENCES projects ON DELETE CASCADE,
    secret text NOT NULL,
    catch_up boolean NOT NULL,
    clock_offset interval NOT NULL DEFAULT interval '0'
);

CREATE TABLE deliveries (
    project_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    recorded_at timestamptz NOT NULL,
    endpoint_id text COLLATE "C" NOT NULL,
    source_id text COLLATE "C" NOT NULL,
    event_number bigint NOT NULL,
    event_recorded_at timestamptz NOT NULL,
    event_id text COLLATE "C" NOT NULL,
    event_type text NOT NULL,
    entity_id text COLLATE "C" NOT NULL,
    type text NOT NULL,
    target_url text NOT NULL,
    status text NOT NULL DEFAULT 'PENDING' CHECK (status IN ('PENDING', 'RETRYING', 'SENT', 'FAILED')),
    attempts_count int NOT NULL DEFAULT 0,
    by_hand boolean NOT NULL DEFAULT false,
    first_attempt_at timestamptz,
    due_at timestamptz,
    leased_until timestamptz,
    created_at timestamptz NOT NULL,
    sent_at timestamptz,
    data text,
    body text,
    PRIMARY KEY (project_id, id, recorded_at),
    CONSTRAINT deliveries_unfinished_are_due CHECK ((due_at IS NOT NULL) OR status IN ('SENT', 'FAILED'))
) PARTITION BY RANGE (recorded_at);
CREATE INDEX deliveries_due ON deliveries (project_id, endpoint_id, due_at, id) WHERE due_at IS NOT NULL;

CREATE TABLE delivery_attempts (
    project_id text COLLATE "C" NOT NULL,
    delivery_id text COLLATE "C" NOT NULL,
    number int NOT NULL,
    recorded_at timestamptz NOT NULL,
    started_at timestamptz NOT NULL,
    duration_ms int NOT NULL,
    status_code int,
    error text,
    response_excerpt text,
    PRIMARY KEY (project_id, delivery_id, number, recorded_at)
) PARTITION BY RANGE (recorded_at);

CREATE TABLE jobs (
    project_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    name text NOT NULL,
    payload jsonb NOT NULL,
    group_id text NOT NULL,
    due_at timestamptz NOT NULL,
    leased_until timestamptz,
    attempts int NOT NULL DEFAULT 0,
    last_error text,
    parked_at timestamptz,
    PRIMARY KEY (project_id, id)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX jobs_due ON jobs (project_id, due_at, id) WHERE parked_at IS NULL;

CREATE TABLE async_actions (
    project_id text COLLATE "C" NOT NULL REFERENCES projects ON DELETE CASCADE,
    id text COLLATE "C" NOT NULL,
    type text NOT NULL,
    status text NOT NULL,
    operation_status text,
    result jsonb,
    progress int NOT NULL DEFAULT 0,
    processing_time int,
    request_id text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz,
    PRIMARY KEY (project_id, id)
);

-- What an asynchronous action still has to do, in pieces that one job does in one transaction.
CREATE TABLE async_action_pieces (
    project_id text COLLATE "C" NOT NULL,
    action_id text COLLATE "C" NOT NULL,
    number int NOT NULL,
    rows jsonb NOT NULL,
    PRIMARY KEY (project_id, action_id, number),
    FOREIGN KEY (project_id, action_id) REFERENCES async_actions ON DELETE CASCADE
);

-- A partition per week, made some weeks ahead; the default one takes what falls outside, so that no event is refused.
CREATE TABLE events_default PARTITION OF events DEFAULT;
CREATE TABLE deliveries_default PARTITION OF deliveries DEFAULT;
CREATE TABLE delivery_attempts_default PARTITION OF delivery_attempts DEFAULT;

CREATE FUNCTION make_partitions(ahead interval) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    parent text;
    week date;
BEGIN
    FOREACH parent IN ARRAY ARRAY['events', 'deliveries', 'delivery_attempts'] LOOP
        FOR week IN SELECT generate_series(date_trunc('week', now()), now() + ahead, interval '7 days') LOOP
            IF to_regclass(format('%s_%s', parent, to_char(week, 'YYYYMMDD'))) IS NULL THEN
                EXECUTE format(
                    'CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)%s',
                    format('%s_%s', parent, to_char(week, 'YYYYMMDD')), parent, week, week + 7,
                    CASE parent
                        WHEN 'events' THEN ' WITH (toast_tuple_target = 8160)'
                        WHEN 'deliveries' THEN
                            ' WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0)'
                        ELSE ''
                    END
                );
            END IF;
        END LOOP;
    END LOOP;
END
$$;
SELECT make_partitions(interval '28 days');
