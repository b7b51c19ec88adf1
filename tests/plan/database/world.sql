-- The database that the plans of this folder are run on; a plan's own lines "-- given: SQL" are run behind it.
CREATE ROLE deploy LOGIN;
CREATE SCHEMA app;
GRANT USAGE ON SCHEMA app TO deploy;
CREATE TYPE app.status AS ENUM ('open', 'paid');
CREATE TABLE app.orgs (id bigint PRIMARY KEY, name text NOT NULL);
CREATE TABLE app.users (
    id bigint PRIMARY KEY,
    email text NOT NULL,
    nick varchar(20),
    "createdAt" timestamptz NOT NULL DEFAULT now(),
    org_id bigint,
    age integer CHECK (age >= 0)
);
CREATE TABLE app.orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES app.users,
    total numeric(10, 2) NOT NULL,
    state app.status NOT NULL DEFAULT 'open',
    doubled numeric(10, 2) GENERATED ALWAYS AS (total * 2) STORED
);
CREATE VIEW app.open_orders AS SELECT id, user_id, total FROM app.orders WHERE state = 'open';
CREATE TABLE app.events (id bigint, day date NOT NULL, what text, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE app.events_2025 PARTITION OF app.events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');

INSERT INTO app.orgs VALUES (1, 'one'), (2, 'two');
INSERT INTO app.users (id, email, nick, org_id, age) VALUES
    (1, 'ann@example.com', 'ann', 1, 30), (2, 'bob@example.com', NULL, 2, 40), (3, 'ann@example.com', 'annie', 9, NULL);
INSERT INTO app.orders (user_id, total) VALUES (1, 10), (1, 20), (2, 30);
INSERT INTO app.events VALUES (1, '2025-02-01', 'sign-up');
