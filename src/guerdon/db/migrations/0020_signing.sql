-- The secret before the last rotation, which signs too until then (by the project's clock), and Standard Webhooks' headers.

ALTER TABLE delivery_settings
    ADD COLUMN previous_secret text,
    ADD COLUMN previous_until timestamptz,
    ADD COLUMN standard_webhooks boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT delivery_settings_previous_ends CHECK ((previous_secret IS NULL) = (previous_until IS NULL));
