-- offline, too
CREATE TABLE users (id bigint PRIMARY KEY, email text);
INSERT INTO users SELECT n, 'u' || n FROM generate_series(1, 100) n;
-- then:
CREATE SCHEMA app;
CREATE TYPE app.status AS ENUM ('open', 'paid');
ALTER TYPE app.status ADD VALUE 'sent' AFTER 'open';
CREATE DOMAIN app.positive AS int CHECK (VALUE > 0);
CREATE SEQUENCE app.numbers AS integer START WITH 100 INCREMENT BY 5 NO MAXVALUE CACHE 10;
CREATE TABLE IF NOT EXISTS app.orders (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    state   app.status NOT NULL DEFAULT 'open', -- 'quoted' ]] here
    total   numeric(10, 2) CHECK (total >= 0),
    CONSTRAINT one_each UNIQUE (user_id, state)
);
CREATE TABLE app.log (at timestamptz NOT NULL, what text) PARTITION BY RANGE (at);
CREATE TABLE app.log_2026 PARTITION OF app.log FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE INDEX orders_user ON app.orders (user_id);
CREATE VIEW app.open_orders (id, who) WITH (security_barrier) AS
  SELECT o.id, u.email FROM app.orders o JOIN users u ON u.id = o.user_id WHERE o.state = 'open';
CREATE FUNCTION app.twice(n integer) RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT n * 2 $$;
CREATE MATERIALIZED VIEW app.totals AS SELECT user_id, sum(total) FROM app.orders GROUP BY 1;
COMMENT ON TABLE app.orders IS 'what''s been "ordered"';
COMMENT ON COLUMN app.orders.total IS 'with tax';
GRANT SELECT ON app.orders, users TO pg_monitor;
ALTER TABLE users ENABLE ROW LEVEL SECURITY;
CREATE POLICY everybody ON users USING (true);
CREATE EXTENSION IF NOT EXISTS citext;
ALTER TABLE users ADD COLUMN mail citext;
