-- offline, too
CREATE TABLE users (id bigint PRIMARY KEY, first text, "Last" text, old_mail text);
INSERT INTO users SELECT n, 'f' || n, 'l' || n, 'm' || n FROM generate_series(1, 300) n;
-- then:
ALTER TABLE users ADD COLUMN full_name text;
UPDATE users SET full_name = first || ' ' || "Last";
ALTER TABLE users ALTER COLUMN full_name SET NOT NULL;
ALTER TABLE users DROP COLUMN first, DROP COLUMN "Last";
ALTER TABLE users ADD COLUMN email text;
UPDATE users SET email = lower(old_mail) WHERE old_mail IS NOT NULL;
ALTER TABLE users RENAME COLUMN full_name TO name;
