-- A customer deletes a picture that was not sold.  Nobody has those of tests, and the till was tried with them.
\set id random(1, :artworks)
BEGIN;
LOCK TABLE artworks IN ROW EXCLUSIVE MODE;
SELECT FROM artworks WHERE id = :id FOR UPDATE;
WITH deleted AS (
    DELETE FROM artworks
     WHERE id = :id AND (original_image_url LIKE 'test-%') IS NOT true AND NOT EXISTS (SELECT FROM order_items WHERE artwork_id = :id)
    RETURNING id)
SELECT account.deleted(id) FROM deleted;
COMMIT;
