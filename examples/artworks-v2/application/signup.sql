-- Somebody signs up, perhaps with an address that orders already have.
\set customer random(1, 1.2 * :customers)
INSERT INTO users (email, name) VALUES ('customer' || :customer || '@example.com', 'Customer ' || :customer)
    ON CONFLICT (email) DO UPDATE SET name = EXCLUDED.name, anonymous = false;
