CREATE TABLE users (id bigint PRIMARY KEY, age integer DEFAULT 3 NOT NULL CHECK (age > 0), code varchar(20), "Amount" numeric(10, 2),
  UNIQUE (code));
CREATE INDEX users_age ON users (age DESC, id) WHERE age > 5;
CREATE INDEX by_half ON users ((age / 2));
INSERT INTO users SELECT n, n, 'c' || n, n / 3.0 FROM generate_series(1, 300) n;
-- then:
ALTER TABLE users ALTER COLUMN age TYPE bigint;
ALTER TABLE users ALTER COLUMN code SET DATA TYPE varchar(10);
ALTER TABLE users ALTER COLUMN "Amount" TYPE bigint USING (round("Amount" * 100)::bigint);
