-- migrate:up
ALTER TABLE users ADD COLUMN nick text;
CREATE INDEX CONCURRENTLY users_nick ON users (nick);

-- migrate:down
DROP INDEX users_nick;
ALTER TABLE users DROP COLUMN nick;
