-- What earning rules react to besides paid orders, when they hold, and how long their points wait. `target` is the id of
-- the custom event, segment or tier that the event must be of; empty where the event says it all.
ALTER TABLE earning_rules ADD COLUMN target text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE earning_rules ADD COLUMN validity jsonb;
ALTER TABLE earning_rules ADD COLUMN pending_days int
    CONSTRAINT earning_rules_pending_days CHECK (pending_days BETWEEN 1 AND 90);

-- Which order or other event has earned by which rule, and what came of it: a movement, or points that wait.
ALTER TABLE order_earnings RENAME TO earnings;
ALTER TABLE earnings RENAME COLUMN order_id TO cause_id;
ALTER TABLE earnings RENAME COLUMN transaction_id TO entry_id;
ALTER TABLE earnings RENAME CONSTRAINT order_earnings_pkey TO earnings_pkey;
