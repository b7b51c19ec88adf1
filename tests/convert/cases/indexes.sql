-- offline, too
CREATE TABLE docs (id bigint PRIMARY KEY, title text, body jsonb, made timestamptz, state text);
INSERT INTO docs SELECT n, 't' || n, '{}', now(), 'open' FROM generate_series(1, 300) n;
CREATE INDEX docs_old ON docs (state);
-- then:
CREATE INDEX ON docs (lower(title), made DESC NULLS LAST);
CREATE UNIQUE INDEX docs_title ON docs USING btree (title) INCLUDE (state, made) WHERE state = 'open';
CREATE INDEX "Docs Body" ON docs USING gin (body jsonb_path_ops);
CREATE INDEX docs_filled ON docs (made) WITH (fillfactor = 70);
DROP INDEX docs_old;
