-- given: CREATE TABLE users (id bigint PRIMARY KEY, name text); INSERT INTO users SELECT n, 'x' FROM generate_series(1, 100) n
-- options: --assume-large
-- What is safe: each step short, or without a lock that others notice.
SET lock_timeout = '2s';
ALTER TABLE users ADD COLUMN plan text DEFAULT 'free';
ALTER TABLE users ADD CONSTRAINT has_name CHECK (name IS NOT NULL) NOT VALID;
ALTER TABLE users VALIDATE CONSTRAINT has_name;
ALTER TABLE users ALTER COLUMN name SET NOT NULL;
ALTER TABLE users DROP CONSTRAINT has_name;
SET lock_timeout = 0;
CREATE INDEX CONCURRENTLY users_name ON users (name);
