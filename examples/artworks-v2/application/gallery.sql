-- A gallery is read, from the new table where the rollout has come to this customer.
\set customer random(1, :customers)
BEGIN;
LOCK TABLE artworks IN ACCESS SHARE MODE;
SELECT EXISTS (SELECT FROM pg_proc WHERE proname = 'in_rollout') AND EXISTS (SELECT FROM pg_class WHERE relname = 'artworks_v2') AS asks \gset
\set early false
\if :asks
SELECT interlock.in_rollout('artworks_v2', 'customer' || :customer || '@example.com') AS early \gset
\endif
\if :early
SELECT id, generated_image_url FROM artworks_v2 WHERE lower(email) = 'customer' || :customer || '@example.com' ORDER BY created_at DESC LIMIT 20;
\else
SELECT id, generated_image_url FROM artworks WHERE lower(email) = 'customer' || :customer || '@example.com' ORDER BY created_at DESC LIMIT 20;
\endif
COMMIT;
