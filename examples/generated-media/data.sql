-- Rows for schema.sql, the same every time: 10,000 users.
-- Another number of them:  PGOPTIONS='-c interlock.rows=1000' psql -f data.sql

INSERT INTO "User" ("id", "email", "name", "stripeCustomerId", "createdAt")
SELECT md5('user' || n)::uuid, 'user' || n || '@example.com', 'User ' || n, CASE WHEN n % 10 = 0 THEN 'cus_' || n END,
       timestamptz '2025-01-01 UTC' + n * interval '1 hour'
  FROM generate_series(1, greatest(coalesce(nullif(current_setting('interlock.rows', true), ''), '10000')::integer, 10)) n;
