-- The same database a year on, had somebody begun by hand: the type and the table are there and the application has
-- written a million rows, but nothing refers to "User", no row needs an owner, and nothing but the key is indexed.
-- Another number of rows:  PGOPTIONS='-c interlock.media=10000' psql -f half_done.sql

CREATE TYPE media_type AS ENUM ('image', 'video');
CREATE TABLE "GeneratedMedia" (
    "id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    "userId" uuid,
    "session_id" varchar(64),
    "type" media_type NOT NULL,
    "url" text NOT NULL,
    "prompt" text,
    "model" varchar(100),
    "settings" json,
    "createdAt" timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP
);

-- Four of five belong to a user, the others to a guest.
INSERT INTO "GeneratedMedia" ("id", "userId", "session_id", "type", "url", "prompt", "model", "createdAt")
SELECT md5('media' || n)::uuid, CASE WHEN n % 5 > 0 THEN u.ids[1 + n * 7919 % cardinality(u.ids)] END,
       CASE WHEN n % 5 = 0 THEN 'guest-' || n % 1000 END,
       CASE WHEN n % 4 = 0 THEN 'video' ELSE 'image' END::media_type, 'https://media.example.com/' || n,
       'a red house, number ' || n, 'painter-2', timestamptz '2025-06-01 UTC' + n * interval '20 s'
  FROM (SELECT array_agg("id" ORDER BY "id") AS ids FROM "User") u,
       generate_series(1, coalesce(nullif(current_setting('interlock.media', true), ''), '1000000')::bigint) n;
ANALYZE "GeneratedMedia";
