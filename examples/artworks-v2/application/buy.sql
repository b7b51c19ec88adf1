-- Somebody buys a print of a picture that is ready.
\set id random(1, :artworks)
BEGIN;
LOCK TABLE artworks IN ROW EXCLUSIVE MODE;
SELECT account.is_v2() AS v2 \gset
\if :v2
INSERT INTO order_items (artwork_id, size, price_cents)
SELECT id, 'A4', 1900 FROM artworks WHERE id = :id AND access_token IS NOT NULL AND generation_status = 'completed' FOR SHARE;
\else
INSERT INTO order_items (artwork_id, size, price_cents)
SELECT id, 'A4', 1900 FROM artworks
 WHERE id = :id AND email IS NOT NULL AND access_token IS NOT NULL AND (original_image_url LIKE 'test-%') IS NOT true
   AND status IN ('completed', 'upscaling', 'upscaled', 'upscale_failed') FOR SHARE;
\endif
COMMIT;
