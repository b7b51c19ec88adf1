-- A second account of what the application wrote, which it keeps in the same transactions; and how the table differs.
SET client_min_messages = warning;
CREATE SCHEMA IF NOT EXISTS account;
CREATE TABLE IF NOT EXISTS account.artworks (
    id bigint PRIMARY KEY, email text, access_token text, prompt text, test boolean, status text, gone boolean NOT NULL
);
-- Each row as it was before the application began.
CREATE TABLE IF NOT EXISTS account.before AS TABLE artworks;
CREATE UNIQUE INDEX IF NOT EXISTS before_id_idx ON account.before (id);

-- Is `artworks` the new table?
CREATE OR REPLACE FUNCTION account.is_v2() RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'artworks'::regclass AND attname = 'generation_status')
$$;

-- The status of a row of either shape, in one word as the old shape has it.
CREATE OR REPLACE FUNCTION account.status(artwork jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN artwork ? 'status' THEN artwork ->> 'status'
                WHEN artwork ->> 'generation_status' <> 'completed' THEN artwork ->> 'generation_status'
                ELSE CASE artwork ->> 'upscale_status' WHEN 'running' THEN 'upscaling' WHEN 'completed' THEN 'upscaled'
                                                       WHEN 'failed' THEN 'upscale_failed' ELSE 'completed' END END
$$;

-- Notes a row as the application wrote it, and one that it deleted.
CREATE OR REPLACE FUNCTION account.wrote(artwork jsonb, status text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO account.artworks
    VALUES ((artwork ->> 'id')::bigint, artwork ->> 'email', artwork ->> 'access_token', artwork ->> 'prompt',
            coalesce(artwork ->> 'original_image_url' LIKE 'test-%', false), status, false)
        ON CONFLICT (id) DO UPDATE SET (email, access_token, prompt, test, status, gone) =
           (EXCLUDED.email, EXCLUDED.access_token, EXCLUDED.prompt, EXCLUDED.test, EXCLUDED.status, false)
$$;
CREATE OR REPLACE FUNCTION account.deleted(id bigint) RETURNS void LANGUAGE sql AS $$
    INSERT INTO account.artworks (id, gone) VALUES ($1, true) ON CONFLICT (id) DO UPDATE SET gone = true
$$;

-- What a row of the old shape is in short, and whether it goes over into the new table.
CREATE OR REPLACE VIEW account.known AS
    SELECT *, email IS NOT NULL AND access_token IS NOT NULL AND NOT test
              AND status IN ('completed', 'upscaling', 'upscaled', 'upscale_failed') AS goes_over
      FROM (SELECT true AS written, id, email, access_token, prompt, test, status FROM account.artworks WHERE NOT gone
            UNION ALL
            SELECT false, id, email, access_token, prompt, coalesce(original_image_url LIKE 'test-%', false), status
              FROM account.before b WHERE NOT EXISTS (SELECT FROM account.artworks a WHERE a.id = b.id)) AS x;

-- Rows that are not as the application wrote them, and of those that it did not write, rows that are not as they were.
CREATE OR REPLACE FUNCTION account.differences() RETURNS TABLE (what text, id bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    IF account.is_v2() THEN
        -- What the application wrote before the switch and does not go over is not there; what it wrote since is.
        RETURN QUERY SELECT CASE WHEN t.id IS NULL THEN 'lost' WHEN k.id IS NULL THEN 'from nowhere'
                                 WHEN NOT goes_over AND NOT written THEN 'should have stayed behind' ELSE 'not as it was written' END,
                            coalesce(k.id, t.id)
          FROM account.known k FULL JOIN artworks t ON t.id = k.id
         WHERE CASE WHEN t.id IS NULL THEN goes_over WHEN k.id IS NULL OR NOT goes_over AND NOT written THEN true
                    ELSE (t.email, t.access_token, t.prompt, t.generation_status, t.upscale_status) IS DISTINCT FROM
                         (k.email, k.access_token, k.prompt,
                          CASE WHEN k.status IN ('pending', 'generating', 'failed') THEN k.status ELSE 'completed' END,
                          CASE k.status WHEN 'upscaling' THEN 'running' WHEN 'upscaled' THEN 'completed' WHEN 'upscale_failed' THEN 'failed' ELSE 'none' END) END
        UNION ALL
        SELECT 'not its owner', t.id FROM artworks t JOIN users u ON u.id = t.user_id WHERE u.email <> lower(t.email);
    ELSE
        RETURN QUERY SELECT CASE WHEN t.id IS NULL THEN 'lost' WHEN k.id IS NULL THEN 'from nowhere' ELSE 'not as it was written' END,
                            coalesce(k.id, t.id)
          FROM account.known k FULL JOIN artworks t ON t.id = k.id
         WHERE k.id IS NULL OR t.id IS NULL
            OR (t.email, t.access_token, t.prompt, t.status) IS DISTINCT FROM (k.email, k.access_token, k.prompt, k.status)
        UNION ALL
        SELECT 'not as it was', t.id FROM account.before b JOIN artworks t ON t.id = b.id
         WHERE NOT EXISTS (SELECT FROM account.artworks a WHERE a.id = b.id) AND b::text <> t::text;
    END IF;
END$$;

GRANT USAGE ON SCHEMA account TO artworks_api;
GRANT SELECT, INSERT, UPDATE ON account.artworks TO artworks_api;
