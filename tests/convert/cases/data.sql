-- offline, too
CREATE TABLE kinds (id int PRIMARY KEY, name text, at date);
CREATE TABLE users (id bigint PRIMARY KEY, first text, "Last" text, email text, active boolean);
INSERT INTO users SELECT n, 'f' || n, 'l' || n, CASE WHEN n % 3 > 0 THEN 'u' || n END, n % 2 = 0 FROM generate_series(1, 300) n;
-- then:
ALTER TABLE users ADD COLUMN "Full Name" text;
UPDATE users SET "Full Name" = first || ' ' || "Last";
UPDATE users SET active = true, first = 'nobody' WHERE email IS NULL;
DELETE FROM users WHERE email IS NULL;
ALTER TABLE users ALTER COLUMN email SET NOT NULL;
ALTER TABLE users ALTER COLUMN "Full Name" SET NOT NULL;
INSERT INTO kinds VALUES (1, 'one', '2026-01-01'), (2, 'two', NULL);
INSERT INTO kinds (id, name) SELECT 10 + id, first FROM users WHERE id < 5 ON CONFLICT DO NOTHING;
