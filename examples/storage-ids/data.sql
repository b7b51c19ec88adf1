-- Rows for schema.sql, the same every time: 200,000 posts, a tenth as many users, 1.1 files for each of both.
-- Another number of posts:  PGOPTIONS='-c interlock.rows=5000' psql -f data.sql
-- Files with n % 11 = 0 belong to nobody; three posts and a user name files that storage does not know.
BEGIN;

CREATE TEMPORARY TABLE size ON COMMIT DROP AS
SELECT greatest(coalesce(nullif(current_setting('interlock.rows', true), ''), '200000')::integer, 1000) AS posts;

INSERT INTO storage (key, bytes, created_at)
SELECT 'files/' || md5('file' || n) || '.jpg', 10000 + n % 90000, timestamptz '2025-01-01 UTC' + n * interval '1 minute'
  FROM size, generate_series(1, posts * 11 / 10) n;

INSERT INTO "user" (name, image)
SELECT 'User ' || n, 'files/' || md5('file' || n * 11 - 1) || '.jpg' FROM size, generate_series(1, posts / 10) n;

INSERT INTO posts (user_id, title, image_key, created_at)
SELECT 1 + n % (posts / 10), 'Post ' || n,
       CASE WHEN n % 10 <> 0 THEN 'files/' || md5('file' || n + n / 10) || '.jpg' END,
       timestamptz '2025-01-01 UTC' + n * interval '1 minute'
  FROM size, generate_series(1, posts) n;

UPDATE posts SET image_key = 'files/lost-' || id || '.jpg' WHERE id IN (101, 202, 303);
UPDATE "user" SET image = 'files/lost-me.jpg' WHERE id = 42;

COMMIT;
ANALYZE storage, "user", posts;
