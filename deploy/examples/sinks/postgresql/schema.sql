-- The table that the connector of alerts.json fills: one row for each alert, its latest revision.
CREATE TABLE IF NOT EXISTS alerts (
    id       text PRIMARY KEY,
    body     jsonb NOT NULL,
    revision integer     GENERATED ALWAYS AS ((body ->> 'revision')::integer) STORED,
    state    text        GENERATED ALWAYS AS (body ->> 'state') STORED,
    account  text        GENERATED ALWAYS AS (body -> 'account' ->> 'id') STORED,
    type     text        GENERATED ALWAYS AS (body -> 'signal' ->> 'type') STORED
);
CREATE INDEX IF NOT EXISTS alerts_account ON alerts (account, type);

-- A message without value comes as a row without body: the alert was taken off the topic. And an older revision never
-- replaces a newer one, in case the connector goes back.
CREATE OR REPLACE FUNCTION alerts_take() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.body IS NULL THEN
        DELETE FROM alerts WHERE id = NEW.id;
        RETURN NULL;
    END IF;
    IF EXISTS (SELECT FROM alerts WHERE id = NEW.id AND revision >= (NEW.body ->> 'revision')::integer) THEN
        RETURN NULL;
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER alerts_take BEFORE INSERT ON alerts FOR EACH ROW EXECUTE FUNCTION alerts_take();
