-- Everything at once, as a person writes it who has never been asked about it.
BEGIN;
SET lock_timeout = '2s';
CREATE TYPE mood AS ENUM ('sad', 'o''k');
CREATE TABLE orders (
  id bigint PRIMARY KEY,
  -- a comment
  note text DEFAULT 'x;y',
  feeling mood,
  user_id bigint REFERENCES users (id)
);
CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_note ON orders USING gin (note gin_trgm_ops) WHERE note <> 'a' AND user_id > 3;
ALTER TABLE users ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid(), ADD COLUMN age int NOT NULL DEFAULT 3 CHECK (age > 0),
  ALTER COLUMN email SET NOT NULL, ADD CONSTRAINT e UNIQUE (email), DROP COLUMN "Nick";
ALTER TABLE users ADD CONSTRAINT fk FOREIGN KEY (org_id) REFERENCES orgs (id) ON DELETE CASCADE NOT VALID;
ALTER TABLE users VALIDATE CONSTRAINT fk;
UPDATE users SET age = 18, "Full Name" = first || ' ' || "Last" WHERE age IS NOT NULL;
UPDATE users SET visits = visits + 1;
DELETE FROM users WHERE email IS NULL;
INSERT INTO kinds (a, b) VALUES (1, 'x'), (2, 'y') ON CONFLICT DO NOTHING;
ALTER TABLE users RENAME TO people;
ALTER TABLE people RENAME COLUMN age TO years;
CREATE INDEX ON people (years);
DROP TABLE old_things, "Older Things" CASCADE;
CREATE VIEW v AS SELECT * FROM people WHERE x = '1';
COMMENT ON TABLE people IS 'who''s who';
GRANT SELECT, INSERT ON people TO bob;
ALTER TABLE files ADD COLUMN size_text text GENERATED ALWAYS AS (size::text) STORED;
VACUUM FULL files;
DO $$ BEGIN PERFORM 1; END $$;
COMMIT;
