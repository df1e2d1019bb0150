-- Ends a statement whose guarded part has not touched as many rows as were decided on: somebody else was faster. Then the
-- statement is the whole transaction, and what it wrote otherwise must not stay.

CREATE FUNCTION require_rows(touched bigint, wanted bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF touched <> wanted THEN
        RAISE EXCEPTION 'what was decided on has changed' USING ERRCODE = 'serialization_failure';
    END IF;
END $$;
