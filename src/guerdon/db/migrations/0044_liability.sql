-- Of a day, only the bucket that can still be used is the one that gets more: points that come when their last day is over
-- already have a bucket of their own, and the one that has ended stays as it was.
ALTER TABLE points_buckets DROP CONSTRAINT points_buckets_one_per_day;
CREATE UNIQUE INDEX points_buckets_one_per_day ON points_buckets (project_id, voucher_id, expires_on) NULLS NOT DISTINCT
    WHERE status = 'ACTIVE';

-- How many points came to a day or went from it, and when, so that it can be told what was owed at any time: points that
-- can be used by their last day, points that wait by the day on which they can be used. Rows are only ever added.
CREATE TABLE points_changes (
    project_id text COLLATE "C" NOT NULL REFERENCES projects ON DELETE CASCADE,
    id bigint GENERATED ALWAYS AS IDENTITY,
    campaign_id text COLLATE "C",
    waiting boolean NOT NULL,
    day date,
    points bigint NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX points_changes_by_time ON points_changes (project_id, created_at);
ALTER TABLE points_changes ADD PRIMARY KEY (project_id, id);
