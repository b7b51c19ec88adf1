-- Somebody orders a picture; one address of six was not seen before.
\set customer random(1, 1.2 * :customers)
\set painter random(1, 977)
BEGIN;
LOCK TABLE artworks IN ROW EXCLUSIVE MODE;
SELECT account.is_v2() AS v2 \gset
\if :v2
INSERT INTO users (email, anonymous) VALUES ('customer' || :customer || '@example.com', true) ON CONFLICT (email) DO NOTHING;
WITH made AS (
    INSERT INTO artworks (user_id, email, access_token, prompt, original_image_url)
    SELECT id, email, md5(random()::text || clock_timestamp()), 'A lighthouse in the style of painter ' || :painter,
           'https://cdn.example.com/originals/new.jpg'
      FROM users WHERE email = 'customer' || :customer || '@example.com'
    RETURNING *)
SELECT account.wrote(to_jsonb(made), 'pending') FROM made;
\else
WITH made AS (
    INSERT INTO artworks (email, access_token, prompt, original_image_url)
    VALUES ('customer' || :customer || '@example.com', md5(random()::text || clock_timestamp()),
            'A lighthouse in the style of painter ' || :painter, 'https://cdn.example.com/originals/new.jpg')
    RETURNING *)
SELECT account.wrote(to_jsonb(made), 'pending') FROM made;
\endif
COMMIT;
