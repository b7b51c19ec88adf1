-- given: CREATE TABLE items (id integer PRIMARY KEY, total integer DEFAULT 0 NOT NULL CHECK (total >= 0), name varchar(20), note text)
-- given: CREATE UNIQUE INDEX items_total ON items (total, id)
-- given: INSERT INTO items SELECT n, n, n FROM generate_series(1, 10) n
ALTER TABLE items ALTER COLUMN name TYPE varchar(100);
ALTER TABLE items ALTER COLUMN total TYPE bigint;
ALTER TABLE items ALTER COLUMN id TYPE bigint;
