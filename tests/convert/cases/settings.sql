-- offline, too
CREATE SCHEMA app;
CREATE TABLE app.users (id bigint PRIMARY KEY, email text);
INSERT INTO app.users SELECT n, 'u' || n FROM generate_series(1, 100) n;
-- then:
SET search_path = app, public;
ALTER TABLE users ADD COLUMN seen timestamptz;
CREATE TABLE notes (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id));
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.seen := now();
  RETURN NEW;
END $$;
CREATE TRIGGER touch BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch();
CREATE INDEX users_seen ON users (seen);
RESET search_path;
ALTER TABLE app.users SET (fillfactor = 80);
