-- Rows for schema.sql, the same every time: 100,000 artworks of 12,500 customers, of whom three in five have signed up.
-- The real table has a million:  PGOPTIONS='-c interlock.rows=1000000' psql -f data.sql
-- Plain SQL only, so that `interlock --sandbox --load data.sql` can send it too.

BEGIN;

CREATE FUNCTION pg_temp.artworks() RETURNS integer STABLE LANGUAGE sql
    AS $$ SELECT greatest(coalesce(nullif(current_setting('interlock.rows', true), ''), '100000')::integer, 1000) $$;
CREATE FUNCTION pg_temp.customers() RETURNS integer STABLE LANGUAGE sql AS $$ SELECT pg_temp.artworks() / 8 $$;

INSERT INTO users (id, email, name, created_at)
SELECT n, 'customer' || n || '@example.com', 'Customer ' || n, timestamptz '2025-01-01 UTC' + n * interval '1 minute'
  FROM generate_series(1, pg_temp.customers()) n WHERE n % 5 < 3;
DO $$BEGIN PERFORM setval('users_id_seq', pg_temp.customers()); END$$;

INSERT INTO artworks (id, user_id, email, access_token, prompt, original_image_url, generated_image_url, upscaled_image_url,
                      status, created_at, updated_at)
SELECT n,
       CASE WHEN n % 9 = 0 AND c % 5 < 3 THEN c END,
       CASE WHEN n % 25 = 1 THEN NULL                          -- nobody knows whose they are
            WHEN n % 7 = 0 THEN 'Customer' || c || '@Example.com'  -- as it was typed
            ELSE 'customer' || c || '@example.com' END,
       CASE WHEN n % 30 <> 2 THEN md5('token' || n) END,
       'A lighthouse in the style of painter ' || n % 977,
       CASE WHEN n % 20 = 7 THEN 'test-' || n
            WHEN n % 12 <> 6 THEN 'https://cdn.example.com/originals/' || n || '.jpg' END,
       CASE WHEN s NOT IN ('pending', 'generating', 'failed') THEN 'https://cdn.example.com/generated/' || n || '.png' END,
       CASE WHEN s = 'upscaled' THEN 'https://cdn.example.com/upscaled/' || n || '.png' END,
       s, at, at + interval '3 minutes'
  FROM generate_series(1, pg_temp.artworks()) n,
       LATERAL (SELECT 1 + (n::bigint * 7919) % pg_temp.customers(),
                       CASE WHEN n % 15 = 3 THEN 'pending' WHEN n % 40 = 4 THEN 'generating' WHEN n % 50 = 5 THEN 'failed'
                            WHEN n % 4 = 0 THEN 'upscaled' WHEN n % 33 = 8 THEN 'upscaling' WHEN n % 41 = 9 THEN 'upscale_failed'
                            ELSE 'completed' END,
                       timestamptz '2025-02-01 UTC' + n * interval '17 seconds') x (c, s, at);
DO $$BEGIN PERFORM setval('artworks_id_seq', pg_temp.artworks()); END$$;

-- Customers bought what was ready; and somebody once tried the till with pictures of tests.
INSERT INTO order_items (artwork_id, size, price_cents)
SELECT id, CASE WHEN id % 2 = 0 THEN 'A3' ELSE 'A4' END, 1900 + id % 10 * 100
  FROM artworks
 WHERE id % 11 = 0 AND email IS NOT NULL AND access_token IS NOT NULL AND original_image_url LIKE 'https:%'
   AND status IN ('completed', 'upscaling', 'upscaled', 'upscale_failed');
INSERT INTO order_items (artwork_id, size, price_cents)
SELECT id, 'A4', 1 FROM artworks WHERE id % 2000 = 7;

COMMIT;

ANALYZE users;
ANALYZE artworks;
ANALYZE order_items;
