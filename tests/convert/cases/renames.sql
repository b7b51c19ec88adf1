-- offline, too
CREATE TABLE users (id bigint PRIMARY KEY, mail text);
INSERT INTO users SELECT n, 'u' || n FROM generate_series(1, 300) n;
-- then:
ALTER TABLE users RENAME TO people;
ALTER TABLE people RENAME COLUMN mail TO email;
CREATE INDEX people_email ON people (email);
ALTER TABLE people ADD COLUMN seen boolean NOT NULL DEFAULT false;
