-- Cards on which points end next, by the day.
CREATE INDEX vouchers_expiring ON vouchers (project_id, next_expiration_date) WHERE next_expiration_date IS NOT NULL;
