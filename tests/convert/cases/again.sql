-- offline, too
CREATE TABLE orgs (id bigint PRIMARY KEY);
CREATE TABLE users (id bigint PRIMARY KEY, org_id bigint CONSTRAINT org REFERENCES orgs, code int);
INSERT INTO orgs VALUES (1);
INSERT INTO users SELECT n, 1, n FROM generate_series(1, 300) n;
CREATE INDEX users_org ON users (org_id);
-- then:
ALTER TABLE users DROP CONSTRAINT org;
ALTER TABLE users ADD CONSTRAINT org FOREIGN KEY (org_id) REFERENCES orgs (id) ON DELETE CASCADE;
DROP INDEX users_org;
CREATE INDEX users_org ON users (org_id DESC);
ALTER TABLE users DROP COLUMN code;
ALTER TABLE users ADD COLUMN code text;
CREATE TYPE pair AS (a int, b text);
