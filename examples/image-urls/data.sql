-- Rows for schema.sql, the same every time: 200,000 messages, 5,000 projects, 5,000 design briefs, 2,000 users.
-- Another number of messages:  PGOPTIONS='-c interlock.rows=10000' psql -f data.sql
-- Plain SQL only, so that `interlock --sandbox --load data.sql` can send it too.

BEGIN;

-- How many messages, and in proportion the rest.
CREATE FUNCTION pg_temp.messages() RETURNS integer STABLE LANGUAGE sql
    AS $$ SELECT greatest(coalesce(nullif(current_setting('interlock.rows', true), ''), '200000')::integer, 100) $$;
CREATE FUNCTION pg_temp.projects() RETURNS integer STABLE LANGUAGE sql AS $$ SELECT greatest(pg_temp.messages() / 40, 1) $$;
CREATE FUNCTION pg_temp.users() RETURNS integer STABLE LANGUAGE sql AS $$ SELECT greatest(pg_temp.messages() / 100, 1) $$;

CREATE FUNCTION pg_temp.user_key(n integer) RETURNS varchar IMMUTABLE LANGUAGE sql
    AS $$ SELECT 'user_2a' || substr(md5('user ' || n), 1, 25) $$;
CREATE FUNCTION pg_temp.key(kind text, n integer) RETURNS uuid IMMUTABLE LANGUAGE sql AS $$ SELECT md5(kind || n)::uuid $$;

INSERT INTO "bazaar-vid_user" ("id", "name", "email", "emailVerified", "createdAt")
SELECT pg_temp.user_key(n), 'User ' || n, 'user' || n || '@example.com',
       CASE WHEN n % 3 > 0 THEN timestamptz '2025-01-01 UTC' + n * interval '1 hour' END,
       timestamptz '2025-01-01 UTC' + n * interval '1 hour'
  FROM generate_series(1, pg_temp.users()) n;

INSERT INTO "bazaar-vid_account" ("userId", "type", "provider", "providerAccountId", "access_token")
SELECT pg_temp.user_key(n), 'oauth', CASE WHEN n % 2 = 0 THEN 'github' ELSE 'google' END, n::text, md5('token' || n)
  FROM generate_series(1, pg_temp.users()) n;

INSERT INTO "bazaar-vid_session" ("sessionToken", "userId", "expires")
SELECT md5('session' || n), pg_temp.user_key(1 + n % pg_temp.users()), timestamptz '2026-01-01 UTC' + n * interval '1 minute'
  FROM generate_series(1, pg_temp.users() * 2) n;

INSERT INTO "bazaar-vid_project" ("id", "userId", "title", "props", "createdAt")
SELECT pg_temp.key('project', n), pg_temp.user_key(1 + n % pg_temp.users()), 'Video ' || n,
       jsonb_build_object('meta', jsonb_build_object('duration', 30 + n % 270)),
       timestamptz '2025-02-01 UTC' + n * interval '10 minutes'
  FROM generate_series(1, pg_temp.projects()) n;

INSERT INTO "bazaar-vid_message" ("id", "projectId", "role", "content", "createdAt")
SELECT pg_temp.key('message', n), pg_temp.key('project', 1 + n % pg_temp.projects()),
       CASE WHEN n % 2 = 0 THEN 'assistant' ELSE 'user' END,
       'Make the logo bounce ' || n || ' times, then fade to ' || md5(n::text),
       timestamptz '2025-03-01 UTC' + n * interval '1 minute'
  FROM generate_series(1, pg_temp.messages()) n;

-- Every brief is filled: dropping the column would lose all of them.
INSERT INTO "bazaar-vid_animation_design_brief" ("id", "projectId", "sceneId", "designBrief", "llmModel", "createdAt")
SELECT pg_temp.key('brief', n), pg_temp.key('project', n), pg_temp.key('scene', n),
       jsonb_build_object('sceneName', 'Scene ' || n, 'colors', jsonb_build_array('#0f172a', '#38bdf8'), 'durationInFrames', n % 600),
       'model-' || n % 3, timestamptz '2025-04-01 UTC' + n * interval '1 minute'
  FROM generate_series(1, pg_temp.projects()) n;

COMMIT;

ANALYZE "bazaar-vid_user";
ANALYZE "bazaar-vid_account";
ANALYZE "bazaar-vid_session";
ANALYZE "bazaar-vid_project";
ANALYZE "bazaar-vid_message";
ANALYZE "bazaar-vid_animation_design_brief";
