-- Retries of an endpoint, found among any number of first attempts; those that somebody asked for come first, then those
-- that are nearest to the end of their schedule.
-- Costs nothing while calls succeed: a delivery that has never failed has no entry.
CREATE INDEX deliveries_due_again ON deliveries (project_id, endpoint_id, by_hand DESC, attempts_count DESC, due_at, id)
    WHERE due_at IS NOT NULL AND (first_attempt_at IS NOT NULL OR by_hand);
