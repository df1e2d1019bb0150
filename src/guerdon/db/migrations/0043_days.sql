-- Cards on which points end next, by the day and in slices.
DROP INDEX vouchers_expiring;
CREATE INDEX vouchers_expiring ON vouchers (project_id, next_expiration_date, id) WHERE next_expiration_date IS NOT NULL;
