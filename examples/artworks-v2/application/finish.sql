-- The newest generation that waits is done: from now on its row is one that goes over.  One in five is bought at once.
\set buys random(1, 5)
BEGIN;
LOCK TABLE artworks IN ROW EXCLUSIVE MODE;
SELECT account.is_v2() AS v2 \gset
\if :v2
WITH done AS (
    UPDATE artworks SET generation_status = 'completed', generated_at = now(),
                        generated_image_url = 'https://cdn.example.com/generated/' || id || '.png'
     WHERE id = (SELECT id FROM artworks WHERE generation_status = 'pending' ORDER BY id DESC LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING *)
SELECT coalesce(max(id), 0) AS id, count(account.wrote(to_jsonb(done), 'completed')) FROM done \gset
\else
WITH done AS (
    UPDATE artworks SET status = 'completed', generated_image_url = 'https://cdn.example.com/generated/' || id || '.png'
     WHERE id = (SELECT id FROM artworks WHERE status = 'pending' AND email IS NOT NULL AND access_token IS NOT NULL
                    AND (original_image_url LIKE 'test-%') IS NOT true ORDER BY id DESC LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING *)
SELECT coalesce(max(id), 0) AS id, count(account.wrote(to_jsonb(done), 'completed')) FROM done \gset
\endif
INSERT INTO order_items (artwork_id, size, price_cents) SELECT :id, 'A3', 2900 WHERE :buys = 1 AND :id > 0;
COMMIT;
