-- offline, too
CREATE TABLE orgs (id bigint PRIMARY KEY, a int, b int, UNIQUE (a, b));
CREATE TABLE users (id bigint NOT NULL, email text, age int, org_id bigint, a int, b int, during int4range);
INSERT INTO orgs SELECT n, n, n FROM generate_series(1, 5) n;
INSERT INTO users SELECT n, 'u' || n, n, 1 + n % 5, 1 + n % 5, 1 + n % 5, int4range(n, n + 1) FROM generate_series(1, 300) n;
-- then:
ALTER TABLE users ADD PRIMARY KEY (id);
ALTER TABLE users ADD CONSTRAINT users_mail UNIQUE (email), ADD CHECK (age > 0 AND age < b * 1000), ADD CHECK (age <> 0);
ALTER TABLE users ADD CONSTRAINT adult CHECK (age >= 0) NOT VALID;
ALTER TABLE users ADD FOREIGN KEY (org_id) REFERENCES orgs;
ALTER TABLE users ADD CONSTRAINT pair FOREIGN KEY (a, b) REFERENCES orgs (a, b) MATCH FULL ON DELETE SET NULL;
ALTER TABLE users ALTER COLUMN email SET NOT NULL, ALTER age SET DEFAULT 1 + 1, ALTER COLUMN email SET DEFAULT 'no@body';
ALTER TABLE users ADD CONSTRAINT not_at_once EXCLUDE USING gist (during WITH &&);
