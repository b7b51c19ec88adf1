-- offline, too
CREATE TYPE mood AS ENUM ('a', 'b');
CREATE TABLE orgs (id bigint PRIMARY KEY);
CREATE TABLE users (id bigint PRIMARY KEY, email text DEFAULT 'x' NOT NULL, "Nick" text, org_id bigint CONSTRAINT org REFERENCES orgs, feeling text);
CREATE TABLE visits (id bigint PRIMARY KEY, at timestamptz);
CREATE VIEW recent AS SELECT * FROM visits;
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
INSERT INTO orgs VALUES (1);
INSERT INTO users SELECT n, 'u' || n, 'n', 1, 'a' FROM generate_series(1, 200) n;
INSERT INTO visits SELECT n, now() FROM generate_series(1, 200) n;
-- then:
DROP VIEW recent;
DROP TABLE IF EXISTS visits;
ALTER TABLE users DROP COLUMN "Nick", DROP CONSTRAINT org, ALTER COLUMN email DROP NOT NULL, ALTER COLUMN email DROP DEFAULT;
ALTER TABLE users DROP COLUMN feeling;
DROP TYPE mood;
DROP FUNCTION f();
