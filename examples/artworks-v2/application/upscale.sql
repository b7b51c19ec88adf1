-- A picture is made larger.
\set id random(1, :artworks)
BEGIN;
LOCK TABLE artworks IN ROW EXCLUSIVE MODE;
SELECT account.is_v2() AS v2 \gset
\if :v2
WITH done AS (
    UPDATE artworks SET upscale_status = 'completed', upscaled_at = now(),
                        upscaled_image_url = 'https://cdn.example.com/upscaled/' || id || '.png'
     WHERE id = :id AND generation_status = 'completed' AND upscale_status = 'none'
    RETURNING *)
SELECT account.wrote(to_jsonb(done), 'upscaled') FROM done;
\else
WITH done AS (
    UPDATE artworks SET status = 'upscaled', upscaled_image_url = 'https://cdn.example.com/upscaled/' || id || '.png'
     WHERE id = :id AND status = 'completed'
    RETURNING *)
SELECT account.wrote(to_jsonb(done), 'upscaled') FROM done;
\endif
COMMIT;
