-- A token is taken back: its row does not go over any more.  What was sold stays as it is.
\set id random(1, :artworks)
BEGIN;
LOCK TABLE artworks IN ROW EXCLUSIVE MODE;
SELECT FROM artworks WHERE id = :id FOR UPDATE;
WITH taken AS (
    UPDATE artworks SET access_token = NULL WHERE id = :id AND NOT EXISTS (SELECT FROM order_items WHERE artwork_id = :id)
    RETURNING *)
SELECT account.wrote(to_jsonb(taken), account.status(to_jsonb(taken))) FROM taken;
COMMIT;
