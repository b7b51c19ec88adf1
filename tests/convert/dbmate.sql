-- migrate:up
ALTER TABLE app.users ADD COLUMN seen_at timestamptz DEFAULT clock_timestamp() NOT NULL;

-- migrate:down
ALTER TABLE app.users DROP COLUMN seen_at;
