-- given: CREATE TABLE small (id int, name text); INSERT INTO small SELECT n, 'x' FROM generate_series(1, 40) n; ANALYZE small
-- given: CREATE TABLE middle (id int, name text); INSERT INTO middle SELECT n, repeat('x', 900) FROM generate_series(1, 20000) n; ANALYZE middle
-- given: CREATE TABLE nothing (id int, name text)
-- given: CREATE TABLE parent (id bigint PRIMARY KEY)
SET lock_timeout = '1s';
ALTER TABLE small ALTER COLUMN name SET NOT NULL;
ALTER TABLE middle ALTER COLUMN name SET NOT NULL;
ALTER TABLE nothing ALTER COLUMN name SET NOT NULL;
