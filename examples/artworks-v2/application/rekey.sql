-- A picture that was not sold gets another key.
\set id random(1, :artworks)
BEGIN;
LOCK TABLE artworks IN ROW EXCLUSIVE MODE;
SELECT FROM artworks WHERE id = :id FOR UPDATE;
WITH moved AS (
    UPDATE artworks SET id = nextval('artworks_id_seq')
     WHERE id = :id AND NOT EXISTS (SELECT FROM order_items WHERE artwork_id = :id)
    RETURNING *)
SELECT account.deleted(:id), account.wrote(to_jsonb(moved), account.status(to_jsonb(moved))) FROM moved;
COMMIT;
