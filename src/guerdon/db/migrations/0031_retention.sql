-- Weeks that are old enough are dropped, each in a short transaction of its own, and never with anything in them that
-- is still wanted. And a week whose rows already lie in the default partition (the workers were away for longer than
-- partitions are made ahead) no longer stops the making of the others.

CREATE OR REPLACE FUNCTION make_partitions(ahead interval) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    parent text;
    week date;
    taken boolean;
BEGIN
    FOREACH parent IN ARRAY ARRAY['events', 'deliveries', 'delivery_attempts'] LOOP
        FOR week IN SELECT generate_series(date_trunc('week', now()), now() + ahead, interval '7 days') LOOP
            CONTINUE WHEN to_regclass(format('%s_%s', parent, to_char(week, 'YYYYMMDD'))) IS NOT NULL;
            EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE recorded_at >= $1 AND recorded_at < $1 + 7)', parent || '_default')
                INTO taken USING week;
            CONTINUE WHEN taken;
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
        END LOOP;
    END LOOP;
END
$$;

-- The weeks of a table that ended before this moment, oldest first.
CREATE FUNCTION weeks_before(parent text, moment timestamptz)
RETURNS TABLE (partition text, starts_at timestamptz, ends_at timestamptz) LANGUAGE sql STABLE AS $$
    SELECT name, starts_at, starts_at + interval '7 days' FROM (
        SELECT c.relname::text AS name, to_date(right(c.relname::text, 8), 'YYYYMMDD')::timestamptz AS starts_at
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = parent::regclass AND c.relname::text ~ ('^' || parent || '_\d{8}$')
    ) week WHERE starts_at + interval '7 days' <= moment ORDER BY starts_at
$$;
